// SPDX-License-Identifier: GPL-2.0

//! Hashes that the TDX module has of evidence.

use super::{
    read::arguments,
    Error,
    Level,
    Page,
    Result,
    TdiField, //
};
use crate::{
    tdisp::FunctionId,
    tdx::call::{
        Arguments,
        Call,
        Leaf,
        Results, //
    },
    Digest384,
    Gpa, //
};

/// What the TDX module has a hash of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The report of the interface.
    Report,
    /// What attests the device, behind the interface.
    DeviceInfo,
}

impl Kind {
    /// Returns the field with the hash.
    const fn field(self) -> TdiField {
        match self {
            Self::Report => TdiField::TDISP_REPORT_HASH,
            Self::DeviceInfo => TdiField::DEVICE_ATTESTATION_INFO_HASH,
        }
    }
}

/// A private page of 4 KiB that the TDX module writes a hash to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashPage(Gpa);

impl HashPage {
    /// Takes the address of the page.
    ///
    /// # Errors
    ///
    /// [`Error::Page`] when it is not that of a page.
    pub fn new(page: Gpa) -> Result<Self> {
        Page::new(page, Level::Page4K).map(|_| Self(page))
    }
}

/// How many bytes a hash has, as the TDX module says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashLength(u64);

impl HashLength {
    /// Takes the number.
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }
}

/// `TDG.TDI.RD`: reads a hash into a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadHash {
    /// The TDI.
    pub function: FunctionId,
    /// What it is the hash of.
    pub kind: Kind,
    /// Where it goes.
    pub page: HashPage,
}

impl Call for ReadHash {
    const LEAF: Leaf = Leaf::TDI_RD;
    type Reply = HashLength;

    fn arguments(&self) -> Arguments {
        arguments(self.function, self.kind.field(), self.page.0.raw())
    }

    fn reply(results: &Results) -> HashLength {
        HashLength(results.rcx)
    }
}

impl ReadHash {
    /// Parses what the page begins with after the call.
    ///
    /// # Errors
    ///
    /// [`Error::HashLength`] when the hash has not the length of a SHA-384 digest, [`Error::Truncated`] when `page` is
    /// shorter.
    pub fn parse(&self, length: HashLength, page: &[u8]) -> Result<Hash> {
        // CAST: Widens.
        if length.0 != Digest384::SIZE as u64 {
            return Err(Error::HashLength(length.0));
        }
        let digest = page.first_chunk().ok_or(Error::Truncated)?;

        Ok(Hash {
            function: self.function,
            kind: self.kind,
            digest: Digest384::new(*digest),
        })
    }
}

/// A hash that the TDX module has. There is no other way to one than [`ReadHash`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hash {
    function: FunctionId,
    kind: Kind,
    digest: Digest384,
}

impl Hash {
    /// Returns the TDI.
    pub const fn function(&self) -> FunctionId {
        self.function
    }

    /// Returns what it is the hash of.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the digest.
    pub const fn digest(&self) -> &Digest384 {
        &self.digest
    }
}
