// SPDX-License-Identifier: GPL-2.0

//! The length of a message in whole dwords.

use super::{
    Error,
    Result, //
};

/// The length of a message that is sent as whole dwords. It remembers the true length: padding is no
/// part of a message and enters no transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Padded(usize);

impl Padded {
    /// Takes the true length of a message, in bytes.
    pub const fn new(len: usize) -> Self {
        Self(len)
    }

    /// Returns the true length in bytes.
    pub const fn len(self) -> usize {
        self.0
    }

    /// Tells whether there is no message.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the number of dwords that hold the message.
    pub const fn dwords(self) -> usize {
        self.0.div_ceil(4)
    }

    /// Borrows the dwords of the message that `buffer` begins with, the padding set to zero.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when `buffer` has no room for the padding.
    pub fn fill(self, buffer: &mut [u8]) -> Result<&mut [u8]> {
        let size = self.dwords().checked_mul(4).ok_or(Error::TooLarge)?;
        let padded = buffer.get_mut(..size).ok_or(Error::TooLarge)?;

        padded.iter_mut().skip(self.0).for_each(|byte| *byte = 0);
        Ok(padded)
    }
}
