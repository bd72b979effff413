// SPDX-License-Identifier: GPL-2.0

//! Evidence of the VMM that the TDX module vouches for.

use super::{
    Error,
    Hash,
    Kind,
    Result, //
};
use crate::{
    tdisp::FunctionId,
    Digest384, //
};

/// Evidence as the VMM gave it. [`Unchecked::check`] is the only way to its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Unchecked<'a> {
    kind: Kind,
    bytes: &'a [u8],
}

impl<'a> Unchecked<'a> {
    /// Takes bytes of the VMM.
    pub(super) const fn new(kind: Kind, bytes: &'a [u8]) -> Self {
        Self { kind, bytes }
    }

    /// Returns what the VMM was asked for.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Takes the evidence if the TDX module has the same digest of it. `sha384` is from outside.
    ///
    /// Neither Intel nor OpenVMM does that. If the hash is not of exactly these bytes, which none of them says,
    /// evidence is refused and never believed.
    ///
    /// # Errors
    ///
    /// [`Error::Digest`] when the hash is one of something else.
    pub fn check(
        self,
        hash: &Hash,
        sha384: impl FnOnce(&[u8]) -> Digest384,
    ) -> Result<Checked<'a>> {
        if hash.kind() != self.kind || sha384(self.bytes) != *hash.digest() {
            return Err(Error::Digest(self.kind));
        }
        // INVARIANT: The digest of `bytes` is the one that the TDX module has; `bytes` does not
        // change while it is borrowed.
        Ok(Checked {
            function: hash.function(),
            kind: self.kind,
            bytes: self.bytes,
        })
    }
}

/// Evidence of a TDI.
///
/// # Invariants
///
/// The TDX module has the SHA-384 digest of `bytes` as that of `kind` of `function`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked<'a> {
    function: FunctionId,
    kind: Kind,
    bytes: &'a [u8],
}

impl<'a> Checked<'a> {
    /// Returns the TDI.
    pub const fn function(&self) -> FunctionId {
        self.function
    }

    /// Returns what it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }
}
