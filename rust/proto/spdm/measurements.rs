// SPDX-License-Identifier: GPL-2.0

//! GET_MEASUREMENTS and MEASUREMENTS. DSP0274 1.4, tables "GET_MEASUREMENTS request message format" and
//! "Successful MEASUREMENTS response message format".

mod index;
mod record;

pub use index::{
    Index,
    Indices, //
};
pub use record::{
    Block,
    Record, //
};

use super::{
    challenge::{
        check_context,
        write_context, //
    },
    header::{
        Code,
        Header,
        Request, //
    },
    Error,
    Layout,
    Nonce,
    Reader,
    RequesterContext,
    Result,
    Slot,
    Writer, //
};

/// Which measurements are asked for: Param2 of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// None, only how many there are. It is the number of blocks; their indices may have gaps.
    Count,
    /// The one with this index.
    One(Index),
    /// All.
    All,
}

impl Operation {
    /// Returns the value as it is in a message.
    pub const fn raw(self) -> u8 {
        match self {
            Self::Count => 0,
            Self::One(index) => index.number(),
            Self::All => 0xff,
        }
    }
}

/// Bit 0 of Param1: with a signature.
const SIGNED: u8 = 1;
/// Bit 1 of Param1: raw values and no digests, where the responder has both. From 1.2 on.
const RAW: u8 = 1 << 1;
/// Bits of Param2 of the response that are the slot. Others say whether measurements changed.
const SLOT: u8 = 0x0f;

/// What is needed for a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signing {
    /// A random number.
    pub nonce: Nonce,
    /// The slot of the chain that authenticates. Version 1.0 has only slot 0.
    pub slot: Slot,
}

/// The request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetMeasurements {
    /// Which measurements.
    pub operation: Operation,
    /// Whether raw values are wanted.
    pub raw: bool,
    /// Whether the response is to be signed.
    pub signing: Option<Signing>,
    /// Comes back in the response, from 1.3 on.
    pub context: RequesterContext,
}

/// The response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measurements<'a> {
    /// The number of measurements there are, with [`Operation::Count`].
    pub total: u8,
    /// The measurements.
    pub record: Record<'a>,
    /// A random number of the responder.
    pub nonce: &'a Nonce,
    /// Opaque data.
    pub opaque: &'a [u8],
    /// The message before the signature, as it enters the transcript.
    pub signed: &'a [u8],
    /// The signature, if it was asked for.
    pub signature: Option<&'a [u8]>,
}

impl GetMeasurements {
    /// Checks that the blocks are those that were asked for.
    fn check(&self, record: &Record<'_>) -> Result {
        let mut blocks = record.blocks();
        let is_right = match self.operation {
            Operation::Count => record.count() == 0,
            Operation::All => true,
            Operation::One(index) => {
                record.count() == 1 && blocks.all(|block| block.index == index)
            }
        };

        match is_right {
            true => Ok(()),
            false => Err(Error::Mismatch),
        }
    }
}

impl Request for GetMeasurements {
    const CODE: Code = Code::GET_MEASUREMENTS;
    type Response<'a> = Measurements<'a>;

    fn write(&self, layout: &Layout, writer: &mut Writer<'_>) -> Result {
        let signed = if self.signing.is_some() { SIGNED } else { 0 };
        let raw = if self.raw { RAW } else { 0 };

        Header::new(
            layout.version,
            Self::CODE,
            signed | raw,
            self.operation.raw(),
        )
        .write(writer)?;
        if let Some(signing) = &self.signing {
            writer.bytes(&signing.nonce)?;
            if layout.version.has_measurement_slot() {
                writer.bytes(&[signing.slot.number()])?;
            }
        }
        write_context(&self.context, layout, writer)
    }

    /// Fails with [`Error::MeasurementBlock`] or [`Error::MeasurementCount`] when the record is malformed,
    /// with [`Error::Mismatch`] when the answer is about another index, slot or context.
    fn read<'a>(
        &self,
        layout: &Layout,
        header: &Header,
        reader: &mut Reader<'a>,
    ) -> Result<Measurements<'a>> {
        let slot = self.signing.map(|signing| signing.slot.number());
        if slot.is_some_and(|slot| header.param2 & SLOT != slot) {
            return Err(Error::Mismatch);
        }
        let count = reader.u8()?;
        let len = usize::try_from(reader.u24()?).map_err(|_| Error::TooLarge)?;
        let record = Record::parse(reader.bytes(len)?, count)?;
        self.check(&record)?;
        // The nonce is there without a signature as well.
        let nonce = reader.array()?;
        let opaque = reader.counted()?;
        check_context(&self.context, layout, reader)?;
        let signed = reader.consumed();
        let signature = match self.signing {
            None => None,
            Some(_) => Some(reader.bytes(layout.signature)?),
        };

        Ok(Measurements {
            total: header.param1,
            record,
            nonce,
            opaque,
            signed,
            signature,
        })
    }
}
