// SPDX-License-Identifier: GPL-2.0

//! What a driver has the device do: copy a buffer to guest memory or from there.
//!
//! Its registers of 32 bits are in BAR 0 behind those of `control`, and in the vendor's capability.
//! The buffer is the second page of BAR 0.
//!
//! | offset | access | what |
//! |---|---|---|
//! | `0x20` | both | low half of an address of guest memory |
//! | `0x24` | both | high half of it |
//! | `0x28` | both | number of bytes, 4096 at most |
//! | `0x2c` | write | doorbell: 1 copies from the buffer to guest memory, 2 the other way |
//! | `0x30` | read | transfers that were done |
//! | `0x34` | read | transfers that were refused: no bus master, more than the buffer, no memory there, private |
//! | `0x38` | read | those of them that were refused because a page is private and the interface not in RUN |
//!
//! Each transfer ends with an interrupt, done or refused. QEMU posts writes: a driver reads the
//! counters before it looks at its memory.

use super::memory::AddressSpace;

/// Where the registers are.
pub(super) const REGISTERS: u64 = 0x20;
/// Size of the registers.
pub(super) const SIZE: u64 = 0x1c;
/// Size of the buffer.
pub(super) const BUFFER: usize = 4096;

/// The doorbell.
const DOORBELL: u64 = 0x0c;

/// The registers, and the buffer.
#[derive(Debug)]
pub(super) struct Dma {
    /// The address, low half first, and the number of bytes.
    request: [u32; 3],
    done: u32,
    refused: u32,
    /// Those of the refused ones that were about private pages.
    private: u32,
    buffer: Vec<u8>,
}

impl Dma {
    /// Makes registers and a buffer that are 0.
    pub(super) fn new() -> Self {
        Self {
            request: [0; 3],
            done: 0,
            refused: 0,
            private: 0,
            buffer: vec![0; BUFFER],
        }
    }

    /// Forgets all but what it counts.
    pub(super) fn reset(&mut self) {
        self.request = [0; 3];
        self.buffer.fill(0);
    }

    /// Returns a register.
    pub(super) fn read(&self, offset: u64) -> u32 {
        match offset {
            0x10 => self.done,
            0x14 => self.refused,
            0x18 => self.private,
            _ => register(offset)
                .and_then(|index| self.request.get(index))
                .map_or(0, |value| *value),
        }
    }

    /// Writes the bits of a mask in a register. Returns whether a transfer has ended.
    pub(super) fn write(
        &mut self,
        offset: u64,
        value: u32,
        mask: u32,
        address_space: AddressSpace<'_>,
    ) -> bool {
        if offset == DOORBELL {
            let to_memory = match value & mask {
                1 => true,
                2 => false,
                _ => return false,
            };
            let count = match self.transfer(to_memory, address_space) {
                Some(true) => &mut self.done,
                _ => &mut self.refused,
            };
            *count = count.wrapping_add(1);
            return true;
        }
        if let Some(register) = register(offset).and_then(|index| self.request.get_mut(index)) {
            *register = (*register & !mask) | (value & mask);
        }
        false
    }

    /// Copies bytes. Returns whether that worked; without bus mastering, it does not.
    fn transfer(&mut self, to_memory: bool, address_space: AddressSpace<'_>) -> Option<bool> {
        let [low, high, size] = self.request;
        let address = (u64::from(high) << 32) | u64::from(low);
        let memory = address_space.memory?;
        let bytes = self.buffer.get_mut(..usize::try_from(size).ok()?)?;

        if address_space.is_private(address, size) {
            self.private = self.private.wrapping_add(1);
            return None;
        }
        Some(match to_memory {
            true => memory.write(address, bytes),
            false => memory.read(address, bytes),
        })
    }

    /// Returns a DWORD of the buffer.
    pub(super) fn read_buffer(&self, offset: u64) -> u32 {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = self.buffer.get(start..).and_then(|rest| rest.first_chunk());

        bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    /// Writes the bits of a mask in a DWORD of the buffer.
    pub(super) fn write_buffer(&mut self, offset: u64, value: u32, mask: u32) {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let value = (self.read_buffer(offset) & !mask) | (value & mask);
        let rest = self.buffer.get_mut(start..);

        if let Some(bytes) = rest.and_then(|rest| rest.first_chunk_mut()) {
            *bytes = value.to_le_bytes();
        }
    }
}

/// Returns the number of a register.
fn register(offset: u64) -> Option<usize> {
    usize::try_from(offset / 4).ok()
}

#[cfg(test)]
mod tests;
