// SPDX-License-Identifier: GPL-2.0

//! Slots of certificate chains.

use super::{
    Error,
    Result, //
};

/// The number of a slot, 0 to 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(u8);

impl Slot {
    /// The first slot.
    pub const FIRST: Self = Self(0);

    /// Takes a number.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchSlot`] when it is above 7.
    pub const fn new(number: u8) -> Result<Self> {
        match number {
            0..=7 => Ok(Self(number)),
            _ => Err(Error::NoSuchSlot),
        }
    }

    /// Returns the number.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A set of slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotMask(u8);

impl SlotMask {
    /// Takes a mask; bit 0 is slot 0.
    pub const fn new(raw: u8) -> Self {
        Self(raw)
    }

    /// Returns the mask.
    pub const fn raw(self) -> u8 {
        self.0
    }

    /// Tells whether a slot is in the set.
    pub const fn has(self, slot: Slot) -> bool {
        // OVERFLOW: The number is below 8.
        self.0 & (1 << slot.0) != 0
    }

    /// Returns the number of slots in the set.
    pub const fn count(self) -> usize {
        // CAST: At most 8.
        self.0.count_ones() as usize
    }

    /// Returns the slots in the set, in ascending order.
    pub fn slots(self) -> impl Iterator<Item = Slot> {
        (0..8).map(Slot).filter(move |slot| self.has(*slot))
    }
}
