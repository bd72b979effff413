// SPDX-License-Identifier: GPL-2.0

//! The memory of an interface, behind BAR 4.

use super::MEMORY_SIZE;

/// Memory.
#[derive(Debug)]
pub(crate) struct Memory(Vec<u32>);

impl Memory {
    /// Makes memory that is 0.
    pub(super) fn new() -> Self {
        Self((0..MEMORY_SIZE / 4).map(|_| 0).collect())
    }

    /// Makes it 0 again.
    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Reads a DWORD. What is outside is 0.
    pub(super) fn read(&self, offset: u64) -> u32 {
        index(offset)
            .and_then(|index| self.0.get(index))
            .map_or(0, |dword| *dword)
    }

    /// Writes the bits of a mask in a DWORD.
    pub(super) fn write(&mut self, offset: u64, value: u32, mask: u32) {
        if let Some(dword) = index(offset).and_then(|index| self.0.get_mut(index)) {
            *dword = (*dword & !mask) | (value & mask);
        }
    }
}

/// Returns the number of a DWORD.
fn index(offset: u64) -> Option<usize> {
    usize::try_from(offset / 4).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_is_written_until_it_is_cleared() {
        let mut memory = Memory::new();
        let last = u64::from(MEMORY_SIZE) - 4;

        memory.write(last, 0x0403_0201, u32::MAX);
        memory.write(last, 0x1111_1111, 0xff00);
        assert_eq!(memory.read(last), 0x0403_1101);
        memory.write(last + 4, 1, u32::MAX);
        assert_eq!(memory.read(last + 4), 0);
        memory.clear();
        assert_eq!(memory.read(last), 0);
    }
}
