// SPDX-License-Identifier: GPL-2.0

//! The registers of configuration space that only hold bits.

/// Size of configuration space in bytes.
pub(super) const SIZE: u64 = 4096;

/// A DWORD of configuration space.
#[derive(Debug, Clone, Copy, Default)]
struct Dword {
    value: u32,
    /// The value after a reset.
    initial: u32,
    /// The bits that can be written.
    writable: u32,
}

/// Configuration space: registers that software can write some bits of.
#[derive(Debug)]
pub(super) struct ConfigSpace(Vec<Dword>);

impl ConfigSpace {
    /// Makes an empty one: all bits are 0, and none can be written.
    pub(super) fn new() -> Self {
        Self((0..SIZE / 4).map(|_| Dword::default()).collect())
    }

    /// Defines a DWORD: its value after a reset, and which of its bits can be written.
    pub(super) fn define(&mut self, offset: u64, initial: u32, writable: u32) {
        if let Some(dword) = self.dword(offset) {
            *dword = Dword {
                value: initial,
                initial,
                writable,
            };
        }
    }

    /// Returns a DWORD. What is outside is 0.
    pub(super) fn read(&self, offset: u64) -> u32 {
        let dword = index(offset).and_then(|index| self.0.get(index));

        dword.map_or(0, |dword| dword.value)
    }

    /// Writes the bits of a mask, as far as they can be written.
    pub(super) fn write(&mut self, offset: u64, value: u32, mask: u32) {
        if let Some(dword) = self.dword(offset) {
            let mask = mask & dword.writable;
            dword.value = dword.value & !mask | value & mask;
        }
    }

    /// Gives all registers the values that they have after a reset.
    pub(super) fn reset(&mut self) {
        for dword in &mut self.0 {
            dword.value = dword.initial;
        }
    }

    /// Finds a DWORD.
    fn dword(&mut self, offset: u64) -> Option<&mut Dword> {
        index(offset).and_then(|index| self.0.get_mut(index))
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
    fn writes_only_bits_that_can_be_written_and_are_in_the_mask() {
        let mut space = ConfigSpace::new();

        space.define(8, 0x1000_0001, 0x00ff_ff00);
        space.write(8, u32::MAX, 0xffff);
        assert_eq!(space.read(8), 0x1000_ff01);
        space.write(8, 0, u32::MAX);
        assert_eq!(space.read(8), 0x1000_0001);
    }

    #[test]
    fn has_its_initial_values_after_a_reset() {
        let mut space = ConfigSpace::new();

        space.define(4, 5, u32::MAX);
        space.write(4, 6, u32::MAX);
        space.reset();
        assert_eq!(space.read(4), 5);
    }

    #[test]
    fn is_0_and_cannot_be_written_elsewhere() {
        let mut space = ConfigSpace::new();

        for offset in [0, SIZE - 4, SIZE, u64::MAX - 3] {
            space.write(offset, u32::MAX, u32::MAX);
            assert_eq!(space.read(offset), 0);
        }
        space.define(SIZE, 1, 1);
        assert_eq!(space.read(SIZE), 0);
    }
}
