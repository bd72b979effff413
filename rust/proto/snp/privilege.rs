// SPDX-License-Identifier: GPL-2.0

//! Privilege levels, and the keys that go with them.

use crate::snp::Error;

/// A virtual machine privilege level. The smaller the number, the more it may do.
///
/// # Invariants
///
/// Is in `0..=3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vmpl(u8);

impl Vmpl {
    /// The level of an SVSM, or of a guest without.
    // INVARIANT: 0 is in the range.
    pub const MOST_PRIVILEGED: Self = Self(0);

    /// Every level, in order.
    // INVARIANT: Each of the numbers is in `0..=3`.
    pub const ALL: [Self; 4] = [Self(0), Self(1), Self(2), Self(3)];

    /// Returns the number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Returns the key that a guest at this level uses if no other one was chosen.
    pub const fn key(self) -> Vmpck {
        // INVARIANT: Levels and keys have the same range.
        Vmpck(self.0)
    }
}

impl TryFrom<u32> for Vmpl {
    type Error = Error;

    fn try_from(number: u32) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|vmpl| u32::from(vmpl.0) == number)
            .ok_or(Error::NoSuchLevel)
    }
}

/// The number of a key between the guest and the firmware, a "VM platform communication key". ABI,
/// section "Secrets Page".
///
/// # Invariants
///
/// Is in `0..=3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vmpck(u8);

impl Vmpck {
    /// Returns the number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Returns the most privileged level that the firmware makes reports for under this key.
    pub const fn floor(self) -> Vmpl {
        // INVARIANT: Levels and keys have the same range.
        Vmpl(self.0)
    }
}

impl TryFrom<u32> for Vmpck {
    type Error = Error;

    fn try_from(number: u32) -> Result<Self, Error> {
        Ok(Vmpl::try_from(number)?.key())
    }
}
