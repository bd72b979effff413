// SPDX-License-Identifier: GPL-2.0

//! Guest physical addresses.

/// Width of a guest physical address, with the shared bit.
///
/// Bit 52 is the lowest that the MMU ignores in a page-table entry, so that shared and private
/// mappings of a page reach the same memory without any help.
pub(crate) const WIDTH: u32 = 53;

/// The bit that makes an address a shared one.
const SHARED: u64 = 1 << (WIDTH - 1);

/// Size of the smallest page.
pub(crate) const PAGE_SIZE: u64 = 4096;

/// A guest physical address.
///
/// # Invariants
///
/// Has no bit above [`WIDTH`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gpa(u64);

impl Gpa {
    /// Takes an address from the guest, if it is one.
    pub(crate) fn new(raw: u64) -> Option<Self> {
        // INVARIANT: The comparison shows that no bit above `WIDTH` is set.
        (raw >> WIDTH == 0).then_some(Self(raw))
    }

    /// Tells whether the shared bit is set.
    pub(crate) fn is_shared(self) -> bool {
        self.0 & SHARED != 0
    }

    /// Returns the place in memory, without the shared bit.
    pub(crate) fn address(self) -> u64 {
        self.0 & !SHARED
    }

    /// Returns the number of the page.
    pub(crate) fn page(self) -> u64 {
        self.address() / PAGE_SIZE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_the_shared_bit_off() {
        let gpa = Gpa::new(SHARED | 0x1234).unwrap();
        assert!(gpa.is_shared());
        assert_eq!(gpa.address(), 0x1234);
        assert_eq!(gpa.page(), 1);
        assert!(!Gpa::new(0x1234).unwrap().is_shared());
    }

    #[test]
    fn refuses_bits_above_the_width() {
        assert_eq!(Gpa::new(1 << WIDTH), None);
        assert_eq!(Gpa::new(u64::MAX), None);
    }
}
