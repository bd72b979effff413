// SPDX-License-Identifier: GPL-2.0

//! Guest memory, as seen from outside the guest.

use std::ops::Range;

/// Where QEMU has the firmware: the last 256 KiB below 4 GiB.
pub(crate) const FIRMWARE: Range<u64> = (1 << 32) - (256 << 10)..1 << 32;

/// There is no memory at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoMemory;

/// Copies between guest memory and private buffers. Addresses have no shared bit.
pub(crate) trait GuestMemory {
    /// Copies out of the guest.
    fn read(&self, address: u64, to: &mut [u8]) -> Result<(), NoMemory>;

    /// Copies into the guest.
    fn write(&self, address: u64, from: &[u8]) -> Result<(), NoMemory>;

    /// Clears `len` bytes.
    fn clear(&self, address: u64, len: u64) -> Result<(), NoMemory> {
        const ZEROS: Block = [0; BLOCK];

        self.fill(address, len, &ZEROS)
    }

    /// Replaces `len` bytes by some that mean nothing, as encryption does with those that were written with
    /// another key.
    fn scramble(&self, address: u64, len: u64) -> Result<(), NoMemory> {
        const NOISE: Block = noise();

        self.fill(address, len, &NOISE)
    }

    /// Repeats a block in `len` bytes.
    fn fill(&self, address: u64, len: u64, with: &Block) -> Result<(), NoMemory> {
        let mut done = 0;

        while done < len {
            // CAST: A block is small.
            let step = (len - done).min(BLOCK as u64);
            self.write(address + done, &with[..step as usize])?;
            done += step;
        }
        Ok(())
    }
}

/// Size of a [`Block`].
const BLOCK: usize = 16384;

/// Bytes that memory is filled with.
type Block = [u8; BLOCK];

/// Makes bytes of a linear congruential generator.
const fn noise() -> Block {
    let (mut block, mut state, mut at) = ([0; BLOCK], 1u32, 0);

    while at < BLOCK {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // CAST: Its upper bits, which are the better ones.
        block[at] = (state >> 24) as u8;
        at += 1;
    }
    block
}

/// Memory for tests: some bytes at 0, and the firmware below 4 GiB.
#[cfg(test)]
pub(crate) struct FakeMemory {
    ram: std::cell::RefCell<Vec<u8>>,
}

#[cfg(test)]
impl FakeMemory {
    /// Makes `size` bytes of zeros.
    pub(crate) fn new(size: usize) -> Self {
        Self {
            ram: std::cell::RefCell::new(vec![0; size]),
        }
    }

    /// Copies `len` bytes out.
    pub(crate) fn bytes(&self, address: u64, len: usize) -> Vec<u8> {
        let mut to = vec![0; len];
        self.read(address, &mut to).unwrap();
        to
    }
}

#[cfg(test)]
impl GuestMemory for FakeMemory {
    fn read(&self, address: u64, to: &mut [u8]) -> Result<(), NoMemory> {
        let ram = self.ram.borrow();

        if FIRMWARE.contains(&address) {
            to.fill(0xf4);
            return Ok(());
        }
        let start = usize::try_from(address).map_err(|_| NoMemory)?;
        let from = ram.get(start..start + to.len()).ok_or(NoMemory)?;
        to.copy_from_slice(from);
        Ok(())
    }

    fn write(&self, address: u64, from: &[u8]) -> Result<(), NoMemory> {
        let start = usize::try_from(address).map_err(|_| NoMemory)?;
        let mut ram = self.ram.borrow_mut();
        let to = ram.get_mut(start..start + from.len()).ok_or(NoMemory)?;
        to.copy_from_slice(from);
        Ok(())
    }
}
