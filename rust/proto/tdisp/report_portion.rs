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
    offset: u16,
    /// How many bytes are wanted at most.
    length: u16,
    /// How many bytes of the report are left, as the portion before said.
    left: Option<u16>,
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
    /// Starts at the first byte, with portions of so many bytes at most.
    pub const fn first(length: u16) -> Self {
        Self {
            offset: 0,
            length,
            left: None,
        }
    }

    /// Returns what to ask for after this portion, or [`None`] after the last one.
    ///
    /// # Errors
    ///
    /// [`Error::Portion`] when the report would be longer than 65,535 bytes.
    pub fn next(&self, portion: &Portion<'_>) -> Result<Option<Self>> {
        let length = u16::try_from(portion.bytes.len()).map_err(|_| Error::Portion)?;
        let offset = self.offset.checked_add(length).ok_or(Error::Portion)?;
        let left = portion.remainder;
        offset.checked_add(left).ok_or(Error::Portion)?;

        Ok((left > 0).then_some(Self {
            offset,
            length: self.length.min(left),
            left: Some(left),
        }))
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
    /// [`Error::Portion`] when the portion is empty or longer than asked for, or the remainder does not shrink by it.
    fn read<'a>(&self, reader: &mut Reader<'a>) -> Result<Portion<'a>> {
        let length = reader.u16()?;
        let remainder = reader.u16()?;

        let shrinks = |left: u16| left.checked_sub(length) == Some(remainder);

        if length == 0 || length > self.length || !self.left.is_none_or(shrinks) {
            return Err(Error::Portion);
        }
        Ok(Portion {
            bytes: reader.bytes(length.into())?,
            remainder,
        })
    }
}
