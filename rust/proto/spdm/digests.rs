// SPDX-License-Identifier: GPL-2.0

//! GET_DIGESTS and DIGESTS. DSP0274 1.4, table "Successful DIGESTS response message format".

use super::{
    header::{
        Code,
        Header,
        Request, //
    },
    Layout,
    Reader,
    Result,
    Slot,
    SlotMask,
    Writer, //
};

/// The request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetDigests;

/// The response: a digest of the chain in each slot that has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digests<'a> {
    slots: SlotMask,
    digests: &'a [u8],
    hash: usize,
}

impl<'a> Digests<'a> {
    /// Returns the slots that have a chain.
    pub const fn slots(&self) -> SlotMask {
        self.slots
    }

    /// Returns the digest of the chain in a slot, if there is one. It is over the whole structure, see
    /// [`chain`](super::chain).
    pub fn get(&self, slot: Slot) -> Option<&'a [u8]> {
        let place = self.slots.slots().position(|found| found == slot)?;

        // `chunks_exact` takes no 0.
        self.digests.chunks_exact(self.hash.max(1)).nth(place)
    }
}

impl Request for GetDigests {
    const CODE: Code = Code::GET_DIGESTS;
    type Response<'a> = Digests<'a>;

    fn write(&self, layout: &Layout, writer: &mut Writer<'_>) -> Result {
        Header::new(layout.version, Self::CODE, 0, 0).write(writer)
    }

    /// What follows the digests where several keys were negotiated is not offered and not read. Param1,
    /// which is SupportedSlotMask from 1.3 on, is not needed.
    fn read<'a>(
        &self,
        layout: &Layout,
        header: &Header,
        reader: &mut Reader<'a>,
    ) -> Result<Digests<'a>> {
        let slots = SlotMask::new(header.param2);

        Ok(Digests {
            slots,
            // OVERFLOW: 8 digests of 64 bytes at most.
            digests: reader.bytes(slots.count() * layout.hash)?,
            hash: layout.hash,
        })
    }
}
