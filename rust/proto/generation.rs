// SPDX-License-Identifier: GPL-2.0

//! How often a report was written.

/// A count can't go up any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted;

/// A number of writes. Two of a report are never the same: when there is no next one, there is no
/// further write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Generation(u64);

impl Generation {
    /// Takes a number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Returns what it is after one more write.
    ///
    /// # Errors
    ///
    /// [`Exhausted`] when there were as many writes as can be counted.
    pub fn next(self) -> Result<Self, Exhausted> {
        self.0.checked_add(1).map(Self).ok_or(Exhausted)
    }
}
