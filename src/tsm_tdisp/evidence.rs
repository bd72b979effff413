// SPDX-License-Identifier: GPL-2.0

//! Evidence: what a device has proved of itself.
//!
//! A [`Builder`] collects it while the device is asked. Only after all of it was verified it becomes a [`Snapshot`],
//! which does not change any more, and which [`Published`] shows to readers.

mod builder;
mod published;

pub(crate) use builder::{
    Builder,
    Serial, //
};
pub(crate) use published::{
    Published,
    State, //
};

use kernel::{
    alloc::AllocError,
    prelude::*,
    sync::Arc, //
};
use tsm_proto::spdm::{
    chain::Chain,
    measurements::{
        Block,
        Index,
        Record, //
    },
    requester::Peer,
    transcript::Part,
    Nonce,
    Slot, //
};

/// Bytes that do not change, and a number that no other bytes of the device have.
pub(crate) struct Bytes {
    serial: usize,
    bytes: KVVec<u8>,
}

impl Bytes {
    /// Returns the number.
    pub(crate) fn serial(&self) -> usize {
        self.serial
    }

    /// Returns the bytes.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes
    }
}

/// Parts of the evidence.
pub(crate) type Parts = KVec<(Part, Arc<Bytes>)>;

/// The evidence of a connection at one time.
pub(crate) struct Snapshot {
    serial: usize,
    parts: Parts,
    peer: Peer,
    has_session: bool,
    nonce: Option<Nonce>,
}

impl Snapshot {
    /// Makes a snapshot. `nonce` is that of the measurements, if these are signed.
    pub(crate) fn new(
        parts: Parts,
        peer: Peer,
        has_session: bool,
        nonce: Option<Nonce>,
        serial: &mut Serial,
    ) -> Result<Arc<Self>, AllocError> {
        Arc::new(
            Self {
                serial: serial.next(),
                parts,
                peer,
                has_session,
                nonce,
            },
            GFP_KERNEL,
        )
    }

    /// Makes a snapshot of the same evidence, with the chain in one more slot.
    pub(crate) fn with_chain(
        &self,
        slot: Slot,
        chain: Arc<Bytes>,
    ) -> Result<Arc<Self>, AllocError> {
        let mut parts = KVec::with_capacity(self.parts.len() + 1, GFP_KERNEL)?;

        for (part, bytes) in &self.parts {
            parts.push((*part, bytes.clone()), GFP_KERNEL)?;
        }
        parts.push((Part::Chain(slot), chain), GFP_KERNEL)?;
        Arc::new(
            Self {
                parts,
                serial: self.serial,
                peer: self.peer,
                has_session: self.has_session,
                nonce: self.nonce,
            },
            GFP_KERNEL,
        )
    }

    /// Returns a number that no snapshot of the device has in which the same files say something else.
    pub(crate) fn serial(&self) -> usize {
        self.serial
    }

    /// Returns what was negotiated.
    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Tells whether there was a session.
    pub(crate) fn has_session(&self) -> bool {
        self.has_session
    }

    /// Returns the nonce of the measurements, if these are signed.
    pub(crate) fn nonce(&self) -> Option<&Nonce> {
        self.nonce.as_ref()
    }

    /// Returns a part, if there is one.
    pub(crate) fn part(&self, part: Part) -> Option<&Bytes> {
        self.parts
            .iter()
            .find(|(name, _)| *name == part)
            .map(|(_, bytes)| &**bytes)
    }

    /// Returns the chain in a slot: its number, and the certificates.
    pub(crate) fn certificates(&self, slot: Slot) -> Option<(usize, &[u8])> {
        let bytes = self.part(Part::Chain(slot))?;
        let chain = Chain::parse(self.peer.layout.hash, bytes.as_slice()).ok()?;

        Some((bytes.serial(), chain.as_bytes()))
    }

    /// Returns each measurement.
    pub(crate) fn measurements(&self) -> impl Iterator<Item = Block<'_>> {
        let record = self.part(Part::Record).map(Bytes::as_slice);

        record.into_iter().flat_map(Record::blocks_of)
    }

    /// Returns the measurement with this index.
    pub(crate) fn measurement(&self, index: Index) -> Option<Block<'_>> {
        self.measurements().find(|block| block.index == index)
    }
}
