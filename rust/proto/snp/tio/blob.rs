// SPDX-License-Identifier: GPL-2.0

//! Blobs of the host that the firmware vouches for.

use super::{
    Error,
    Info,
    Kind,
    Result,
    Table, //
};
use crate::Digest384;

/// A blob that the host gave.
///
/// There is no other way to the bytes of a [`Table`]: a host that exchanges a blob is found out here.
///
/// # Invariants
///
/// The firmware has the SHA-384 digest of `bytes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blob<'a> {
    kind: Kind,
    bytes: &'a [u8],
}

impl<'a> Blob<'a> {
    /// Takes a blob from the table if the firmware has the same digest of it. `sha384` is from outside.
    ///
    /// What exactly the firmware has a digest of is in no public source. The first draft of AMD's driver has a note to
    /// compare it with that of the blob, and this does.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when the host did not give such a blob, [`Error::NoDigest`] when the firmware has no valid
    /// digest, [`Error::Digest`] when it is that of something else.
    pub fn verify(
        table: &Table<'a>,
        info: &Info<'_>,
        kind: Kind,
        sha384: impl FnOnce(&[u8]) -> Digest384,
    ) -> Result<Self> {
        let bytes = table.bytes(kind).ok_or(Error::Missing(kind))?;
        let digest = info.digest(kind).ok_or(Error::NoDigest(kind))?;

        match sha384(bytes) == *digest {
            // INVARIANT: The digest of `bytes` is the one that the firmware has; `bytes` does not
            // change while it is borrowed.
            true => Ok(Self { kind, bytes }),
            false => Err(Error::Digest(kind)),
        }
    }

    /// Returns what the blob is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }
}
