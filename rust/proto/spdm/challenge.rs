// SPDX-License-Identifier: GPL-2.0

//! CHALLENGE and CHALLENGE_AUTH. DSP0274 1.4, tables "CHALLENGE request message format" and "Successful
//! CHALLENGE_AUTH response message format".

use super::{
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
    SlotMask,
    Writer, //
};
use crate::open_enum::open_enum;

open_enum! {
    /// Which measurements a summary is over. DSP0274 1.4, table "CHALLENGE request message format",
    /// "Requested measurement summary hash type".
    pub struct Summary(u8) {
        /// No summary.
        NONE = 0,
        /// The trusted computing base.
        TCB = 1,
        /// All measurements.
        ALL = 0xff,
    }
}

impl Summary {
    /// Reads the summary. It is not padded with zeros but absent, if none was asked for.
    pub(super) fn read<'a>(self, layout: &Layout, reader: &mut Reader<'a>) -> Result<&'a [u8]> {
        match self {
            Self::NONE => Ok(&[]),
            _ => reader.bytes(layout.hash),
        }
    }
}

/// Bits of Param1 that are the slot.
const SLOT: u8 = 0x0f;
/// Bit 7 of Param1: the requester has to authenticate itself.
const MUTUAL: u8 = 1 << 7;

/// The request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// The slot of the chain that authenticates.
    pub slot: Slot,
    /// Which measurements to summarize.
    pub summary: Summary,
    /// A random number.
    pub nonce: Nonce,
    /// Comes back in the response, from 1.3 on.
    pub context: RequesterContext,
}

/// The response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChallengeAuth<'a> {
    /// Whether the responder wants the requester to authenticate itself.
    pub wants_mutual: bool,
    /// The slots that have a chain.
    pub slots: SlotMask,
    /// The digest of the chain that authenticates.
    pub chain_digest: &'a [u8],
    /// A random number of the responder.
    pub nonce: &'a Nonce,
    /// The digest of the measurements that were asked for; empty for none.
    pub summary: &'a [u8],
    /// Opaque data.
    pub opaque: &'a [u8],
    /// The message before the signature, as it enters the transcript.
    pub signed: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
}

impl Request for Challenge {
    const CODE: Code = Code::CHALLENGE;
    type Response<'a> = ChallengeAuth<'a>;

    fn write(&self, layout: &Layout, writer: &mut Writer<'_>) -> Result {
        let (slot, summary) = (self.slot.number(), self.summary.raw());

        Header::new(layout.version, Self::CODE, slot, summary).write(writer)?;
        writer.bytes(&self.nonce)?;
        write_context(&self.context, layout, writer)
    }

    /// Fails with [`Error::Mismatch`] when the answer is about another slot or context.
    fn read<'a>(
        &self,
        layout: &Layout,
        header: &Header,
        reader: &mut Reader<'a>,
    ) -> Result<ChallengeAuth<'a>> {
        if header.param1 & SLOT != self.slot.number() {
            return Err(Error::Mismatch);
        }
        let chain_digest = reader.bytes(layout.hash)?;
        let nonce = reader.array()?;
        let summary = self.summary.read(layout, reader)?;
        let opaque = reader.counted()?;
        check_context(&self.context, layout, reader)?;
        let signed = reader.consumed();

        Ok(ChallengeAuth {
            wants_mutual: header.param1 & MUTUAL != 0,
            slots: SlotMask::new(header.param2),
            chain_digest,
            nonce,
            summary,
            opaque,
            signed,
            signature: reader.bytes(layout.signature)?,
        })
    }
}

/// Writes the context, where the version has one.
pub(super) fn write_context(
    context: &RequesterContext,
    layout: &Layout,
    writer: &mut Writer<'_>,
) -> Result {
    match layout.version.has_requester_context() {
        true => writer.bytes(context),
        false => Ok(()),
    }
}

/// Reads the context, where the version has one, and compares it with that of the request.
pub(super) fn check_context(
    context: &RequesterContext,
    layout: &Layout,
    reader: &mut Reader<'_>,
) -> Result {
    if layout.version.has_requester_context() && reader.array()? != context {
        return Err(Error::Mismatch);
    }
    Ok(())
}
