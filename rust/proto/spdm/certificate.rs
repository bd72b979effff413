// SPDX-License-Identifier: GPL-2.0

//! GET_CERTIFICATE and CERTIFICATE. DSP0274 1.4, tables "GET_CERTIFICATE request message format" and
//! "Successful CERTIFICATE response message format".

use super::{
    header::{
        Code,
        Header,
        Request, //
    },
    Error,
    Layout,
    Reader,
    Result,
    Slot,
    Writer, //
};

/// Bit 7 of Param1, from 1.4 on: the lengths have 32 bits.
const LARGE: u8 = 1 << 7;
/// Bits of Param1 that are the slot.
const SLOT: u8 = 0x0f;

/// The request for a portion of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetCertificate {
    /// The slot of the chain.
    pub slot: Slot,
    /// Where the portion begins.
    pub offset: u16,
    /// How many bytes are wanted at most.
    pub length: u16,
}

/// The response: a portion of a chain. It may be shorter than asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portion<'a> {
    /// The bytes, at least one.
    pub bytes: &'a [u8],
    /// How many bytes of the chain follow.
    pub remainder: u16,
}

impl GetCertificate {
    /// Returns the request for what follows `portion`, the answer to this request, if anything does.
    ///
    /// `total` is the length of the chain as the first answer gives it.
    ///
    /// # Errors
    ///
    /// [`Error::Portion`] when the portion and the remainder do not add up to it.
    pub fn next(&self, portion: &Portion<'_>, total: u16) -> Result<Option<Self>> {
        let end = self.end(portion)?;

        if end.checked_add(portion.remainder) != Some(total) {
            return Err(Error::Portion);
        }
        Ok((portion.remainder > 0).then_some(Self {
            offset: end,
            ..*self
        }))
    }

    /// Returns the length of the whole chain after the first portion of it.
    ///
    /// # Errors
    ///
    /// [`Error::Portion`] when it is not below 64 KiB.
    pub fn total(&self, portion: &Portion<'_>) -> Result<u16> {
        self.end(portion)?
            .checked_add(portion.remainder)
            .ok_or(Error::Portion)
    }

    /// Returns where a portion ends.
    fn end(&self, portion: &Portion<'_>) -> Result<u16> {
        u16::try_from(portion.bytes.len())
            .ok()
            .and_then(|len| self.offset.checked_add(len))
            .ok_or(Error::Portion)
    }
}

impl Request for GetCertificate {
    const CODE: Code = Code::GET_CERTIFICATE;
    type Response<'a> = Portion<'a>;

    fn write(&self, layout: &Layout, writer: &mut Writer<'_>) -> Result {
        Header::new(layout.version, Self::CODE, self.slot.number(), 0).write(writer)?;
        writer.u16(self.offset)?;
        writer.u16(self.length)
    }

    /// Fails with [`Error::Mismatch`] when the portion is of another slot, with [`Error::Portion`] when it
    /// is empty or longer than asked for.
    fn read<'a>(
        &self,
        layout: &Layout,
        header: &Header,
        reader: &mut Reader<'a>,
    ) -> Result<Portion<'a>> {
        // Which form it is, only the answer says: E chooses by itself from 1.4 on.
        let is_large = layout.version.has_large_certificates() && header.param1 & LARGE != 0;
        if header.param1 & SLOT != self.slot.number() {
            return Err(Error::Mismatch);
        }

        let (length, remainder) = (u32::from(reader.u16()?), u32::from(reader.u16()?));
        let (length, remainder) = match is_large {
            true => (reader.u32()?, reader.u32()?),
            false => (length, remainder),
        };
        if length == 0 || length > u32::from(self.length) {
            return Err(Error::Portion);
        }
        Ok(Portion {
            bytes: reader.bytes(usize::try_from(length).map_err(|_| Error::Portion)?)?,
            remainder: u16::try_from(remainder).map_err(|_| Error::Portion)?,
        })
    }
}
