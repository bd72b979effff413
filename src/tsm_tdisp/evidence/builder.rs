// SPDX-License-Identifier: GPL-2.0

//! Evidence that is collected from a device.

use core::mem::replace;

use kernel::{
    prelude::*,
    sync::{
        Arc,
        UniqueArc, //
    }, //
};
use tsm_proto::spdm::{
    self,
    transcript::{
        Evidence,
        Part, //
    }, //
};

use super::{
    Bytes,
    Parts, //
};

/// The longest part. A chain has less than 64 KiB. The transcript of a challenge has the chain in it, with headers of 24
/// bytes for each portion; a portion has 26 bytes at least.
const MAX_PART: usize = 160 << 10;

/// Numbers evidence. No number is 0.
#[derive(Default)]
pub(crate) struct Serial(usize);

impl Serial {
    /// Returns the next number.
    pub(super) fn next(&mut self) -> usize {
        // It does not get there in practice.
        self.0 = self.0.wrapping_add(1).max(1);
        self.0
    }
}

/// The bytes of a part.
enum Piece {
    Growing(KVVec<u8>),
    /// Readers may have a reference to it.
    Frozen(Arc<Bytes>),
}

impl Piece {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Growing(bytes) => bytes,
            Self::Frozen(bytes) => bytes.as_slice(),
        }
    }

    /// Returns the bytes to append to: a copy, if readers may have a reference to them.
    fn thaw(&mut self) -> Result<&mut KVVec<u8>> {
        if let Self::Frozen(bytes) = self {
            let mut copy = KVVec::new();

            copy.extend_from_slice(bytes.as_slice(), GFP_KERNEL)?;
            *self = Self::Growing(copy);
        }
        match self {
            Self::Growing(bytes) => Ok(bytes),
            Self::Frozen(_) => Err(EINVAL),
        }
    }

    fn freeze(&mut self, serial: &mut Serial) -> Result<Arc<Bytes>> {
        if let Self::Growing(bytes) = self {
            // First, so that nothing is lost without memory.
            let frozen = UniqueArc::new_uninit(GFP_KERNEL)?;
            let bytes = Bytes {
                serial: serial.next(),
                bytes: replace(bytes, KVVec::new()),
            };

            *self = Self::Frozen(frozen.write(bytes).into());
        }
        match self {
            Self::Frozen(bytes) => Ok(bytes.clone()),
            Self::Growing(_) => Err(EINVAL),
        }
    }
}

/// Evidence that the requester appends to.
pub(crate) struct Builder(KVec<(Part, Piece)>);

impl Builder {
    /// Makes a builder without evidence.
    pub(crate) fn new() -> Self {
        Self(KVec::new())
    }

    /// Returns all parts, which are not copied.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`]. The builder is unchanged.
    pub(crate) fn freeze(&mut self, serial: &mut Serial) -> Result<Parts> {
        let mut parts = KVec::with_capacity(self.0.len(), GFP_KERNEL)?;

        for (part, piece) in &mut self.0 {
            parts.push((*part, piece.freeze(serial)?), GFP_KERNEL)?;
        }
        Ok(parts)
    }

    /// Returns one part, which is not copied.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`], and [`EINVAL`] when there is no such part.
    pub(crate) fn freeze_part(&mut self, part: Part, serial: &mut Serial) -> Result<Arc<Bytes>> {
        let found = self.0.iter_mut().find(|(name, _)| *name == part);
        let (_, piece) = found.ok_or(EINVAL)?;

        piece.freeze(serial)
    }

    /// Appends bytes to a part.
    fn extend(&mut self, part: Part, bytes: &[u8]) -> Result {
        let found = self.0.iter().position(|(name, _)| *name == part);

        if found.is_none() {
            self.0
                .push((part, Piece::Growing(KVVec::new())), GFP_KERNEL)?;
        }
        let index = found.unwrap_or(self.0.len() - 1);
        let (_, piece) = self.0.get_mut(index).ok_or(EINVAL)?;
        piece.thaw()?.extend_from_slice(bytes, GFP_KERNEL)?;
        Ok(())
    }
}

impl Evidence for Builder {
    fn append(&mut self, part: Part, bytes: &[u8]) -> spdm::Result {
        // What is empty is no evidence.
        if bytes.is_empty() {
            return Ok(());
        }
        if self.get(part).len() + bytes.len() > MAX_PART {
            return Err(spdm::Error::TooLarge);
        }
        self.extend(part, bytes).map_err(|_| spdm::Error::NoMemory)
    }

    fn clear(&mut self, part: Part) {
        self.0.retain(|(name, _)| *name != part);
    }

    fn get(&self, part: Part) -> &[u8] {
        self.0
            .iter()
            .find(|(name, _)| *name == part)
            .map(|(_, piece)| piece.as_slice())
            .unwrap_or_default()
    }
}
