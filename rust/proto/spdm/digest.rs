// SPDX-License-Identifier: GPL-2.0

//! A digest of a negotiated hash.

use super::{
    Error,
    Result, //
};

/// A digest, of up to 48 bytes.
///
/// # Invariants
///
/// `len` is at most [`Digest::MAX`]; the bytes after it are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    bytes: [u8; Self::MAX],
    len: usize,
}

impl Digest {
    /// Bytes of the longest digest.
    pub const MAX: usize = 48;

    /// Copies a digest.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when it has more than 48 bytes.
    pub fn new(digest: &[u8]) -> Result<Self> {
        let mut bytes = [0; Self::MAX];
        let len = digest.len();

        bytes
            .get_mut(..len)
            .ok_or(Error::TooLarge)?
            .copy_from_slice(digest);
        // INVARIANT: The digest fitted into `MAX` bytes, and the bytes after it are 0.
        Ok(Self { bytes, len })
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl From<[u8; 32]> for Digest {
    fn from(digest: [u8; 32]) -> Self {
        let mut bytes = [0; Self::MAX];

        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        // INVARIANT: 32 is less than `MAX`, and the bytes after the digest are 0.
        Self { bytes, len: 32 }
    }
}

impl From<[u8; 48]> for Digest {
    fn from(bytes: [u8; 48]) -> Self {
        // INVARIANT: 48 is `MAX`, and there are no bytes after the digest.
        Self { bytes, len: 48 }
    }
}
