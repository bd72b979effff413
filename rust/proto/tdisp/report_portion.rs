// SPDX-License-Identifier: GPL-2.0

//! GET_DEVICE_INTERFACE_REPORT and DEVICE_INTERFACE_REPORT.

use super::{
    Error,
    MessageType,
    Request,
    Result, //
};
use crate::spdm::{
    Reader,
    Writer, //
};

/// The request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetReport {
    /// Where the portion begins.
    pub offset: u16,
    /// How many bytes are wanted at most.
    pub length: u16,
}

/// A portion of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portion<'a> {
    /// The bytes. There is one at least.
    pub bytes: &'a [u8],
    /// How many bytes of the report follow.
    pub remainder: u16,
}

impl GetReport {
    /// Starts at the first byte.
    pub const fn first(length: u16) -> Self {
        Self { offset: 0, length }
    }

    /// Returns what to ask for after this portion, or [`None`] after the last one. `before` is what the remainder of
    /// the portion before was, if there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Portion`] when the report would be longer than 65,535 bytes, or the remainder does not shrink by the
    /// portion.
    pub fn next(&self, portion: &Portion<'_>, before: Option<u16>) -> Result<Option<Self>> {
        let length = u16::try_from(portion.bytes.len()).map_err(|_| Error::Portion)?;
        let offset = self.offset.checked_add(length).ok_or(Error::Portion)?;
        offset
            .checked_add(portion.remainder)
            .ok_or(Error::Portion)?;

        if before.is_some_and(|before| before.checked_sub(length) != Some(portion.remainder)) {
            return Err(Error::Portion);
        }
        match portion.remainder {
            0 => Ok(None),
            _ => Ok(Some(Self { offset, ..*self })),
        }
    }
}

impl Request for GetReport {
    const TYPE: MessageType = MessageType::GET_REPORT;
    type Response<'a> = Portion<'a>;

    fn write(&self, writer: &mut Writer<'_>) -> Result {
        writer.u16(self.offset)?;
        Ok(writer.u16(self.length)?)
    }

    /// # Errors
    ///
    /// [`Error::Portion`] when the portion is empty or longer than asked for.
    fn read<'a>(&self, reader: &mut Reader<'a>) -> Result<Portion<'a>> {
        let length = reader.u16()?;
        let remainder = reader.u16()?;

        if length == 0 || length > self.length {
            return Err(Error::Portion);
        }
        Ok(Portion {
            bytes: reader.bytes(length.into())?,
            remainder,
        })
    }
}
