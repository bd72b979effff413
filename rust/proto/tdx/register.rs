// SPDX-License-Identifier: GPL-2.0

//! Run-time measurement registers.

use crate::tdx::Error;

/// The number of a run-time measurement register.
///
/// # Invariants
///
/// Is in `0..=3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rtmr(u8);

impl Rtmr {
    /// Every register, in order.
    // INVARIANT: Each of the numbers is in `0..=3`.
    pub const ALL: [Self; 4] = [Self(0), Self(1), Self(2), Self(3)];

    /// Returns the number.
    pub const fn index(self) -> u8 {
        self.0
    }
}

impl TryFrom<u64> for Rtmr {
    type Error = Error;

    fn try_from(index: u64) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|rtmr| u64::from(rtmr.0) == index)
            .ok_or(Error::NoSuchRegister)
    }
}
