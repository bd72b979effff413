// SPDX-License-Identifier: GPL-2.0

//! Indices of measurements.

use crate::spdm::{
    Error,
    Result, //
};

/// The index of a measurement, 1 to 254.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Index(u8);

impl Index {
    /// The lowest index.
    pub const FIRST: Self = Self(1);

    /// Takes a number.
    ///
    /// # Errors
    ///
    /// [`Error::MeasurementBlock`] when it is 0 or 255.
    pub const fn new(number: u8) -> Result<Self> {
        match number {
            0 | 0xff => Err(Error::MeasurementBlock),
            _ => Ok(Self(number)),
        }
    }

    /// Returns the number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Returns the index above this one, if there is one.
    pub const fn next(self) -> Option<Self> {
        match self.0 {
            0xfe.. => None,
            number => Some(Self(number + 1)),
        }
    }
}

/// A set of indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indices([u32; 8]);

impl Indices {
    /// No index.
    pub const NONE: Self = Self([0; 8]);
    /// Each index that there can be.
    pub const ALL: Self = Self([u32::MAX; 8]);

    /// Returns the bit of an index.
    const fn bit(index: Index) -> u32 {
        1 << (index.0 % 32)
    }

    /// Adds an index and tells whether it was not there.
    pub fn insert(&mut self, index: Index) -> bool {
        match self.0.get_mut(usize::from(index.0 / 32)) {
            Some(word) if *word & Self::bit(index) == 0 => {
                *word |= Self::bit(index);
                true
            }
            _ => false,
        }
    }

    /// Tells whether an index is there.
    pub fn has(&self, index: Index) -> bool {
        let word = self.0.get(usize::from(index.0 / 32));

        word.is_some_and(|word| word & Self::bit(index) != 0)
    }

    /// Returns the first index that is there, from this one on.
    pub fn from(&self, index: Index) -> Option<Index> {
        let above = core::iter::successors(Some(index), |index| index.next());

        above.into_iter().find(|index| self.has(*index))
    }
}
