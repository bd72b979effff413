// SPDX-License-Identifier: GPL-2.0

//! A cursor over a received message.

use super::{
    Error,
    Result, //
};

/// A message, and how much of it was read.
///
/// A read past the end is [`Error::Truncated`] and moves nothing.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    message: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `message`.
    pub const fn new(message: &'a [u8]) -> Self {
        Self {
            message,
            rest: message,
        }
    }

    /// Returns what was not read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Returns what was read so far.
    pub fn consumed(&self) -> &'a [u8] {
        // OVERFLOW: `rest` is the end of `message`.
        let len = self.message.len() - self.rest.len();

        self.message.get(..len).unwrap_or_default()
    }

    /// Reads `len` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] when there are not as many.
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(Error::Truncated)?;

        self.rest = rest;
        Ok(bytes)
    }

    /// Reads `N` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] when there are not as many.
    pub fn array<const N: usize>(&mut self) -> Result<&'a [u8; N]> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(Error::Truncated)?;

        self.rest = rest;
        Ok(array)
    }

    /// Reads a byte.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] when there is none.
    pub fn u8(&mut self) -> Result<u8> {
        let [byte] = *self.array()?;

        Ok(byte)
    }

    /// Reads a number of 16 bits.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] when there are too few bytes.
    pub fn u16(&mut self) -> Result<u16> {
        self.array().map(|bytes| u16::from_le_bytes(*bytes))
    }

    /// Reads a number of 24 bits.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] when there are too few bytes.
    pub fn u24(&mut self) -> Result<u32> {
        let [a, b, c] = *self.array()?;

        Ok(u32::from_le_bytes([a, b, c, 0]))
    }

    /// Reads a number of 32 bits.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] when there are too few bytes.
    pub fn u32(&mut self) -> Result<u32> {
        self.array().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// Reads as many bytes as the number of 16 bits before them says.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] when there are not as many.
    pub fn counted(&mut self) -> Result<&'a [u8]> {
        let mut reader = *self;
        let len = usize::from(reader.u16()?);
        let bytes = reader.bytes(len)?;

        *self = reader;
        Ok(bytes)
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    ///
    /// [`Error::Trailing`] when something is.
    pub fn end(&self) -> Result {
        match self.rest {
            [] => Ok(()),
            _ => Err(Error::Trailing),
        }
    }
}
