// SPDX-License-Identifier: GPL-2.0

//! A cursor over a buffer that a message is written to.

use super::{
    Error,
    Result, //
};

/// A buffer, and how much of it was written.
///
/// A write past the end is [`Error::TooLarge`] and writes nothing.
#[derive(Debug)]
pub struct Writer<'a> {
    rest: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    /// Starts at the first byte of `buffer`.
    pub fn new(buffer: &'a mut [u8]) -> Self {
        Self {
            rest: buffer,
            len: 0,
        }
    }

    /// Returns how many bytes were written.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Tells whether nothing was written.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes `bytes`.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when there is no room.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result {
        self.room(bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    /// Writes `len` zeros.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when there is no room.
    pub fn zeros(&mut self, len: usize) -> Result {
        self.room(len)?.fill(0);
        Ok(())
    }

    /// Writes a number of 16 bits.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when there is no room.
    pub fn u16(&mut self, number: u16) -> Result {
        self.bytes(&number.to_le_bytes())
    }

    /// Writes a number of 32 bits.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when there is no room.
    pub fn u32(&mut self, number: u32) -> Result {
        self.bytes(&number.to_le_bytes())
    }

    /// Writes `bytes`, and before them their length as a number of 16 bits.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when there is no room, or the length is no such number.
    pub fn counted(&mut self, bytes: &[u8]) -> Result {
        self.u16(u16::try_from(bytes.len()).map_err(|_| Error::TooLarge)?)?;
        self.bytes(bytes)
    }

    /// Takes the next `len` bytes, to be written by the caller.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when there is no room.
    pub fn room(&mut self, len: usize) -> Result<&'a mut [u8]> {
        if len > self.rest.len() {
            return Err(Error::TooLarge);
        }
        let (room, rest) = core::mem::take(&mut self.rest)
            .split_at_mut_checked(len)
            .ok_or(Error::TooLarge)?;

        self.rest = rest;
        // OVERFLOW: No more than the length of the buffer.
        self.len += len;
        Ok(room)
    }
}
