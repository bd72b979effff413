// SPDX-License-Identifier: GPL-2.0

//! Guest physical addresses.

/// An address of memory that is the guest's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gpa(u64);

impl Gpa {
    /// Takes a physical address, without the shared bit.
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// Returns the address.
    pub const fn raw(self) -> u64 {
        self.0
    }
}
