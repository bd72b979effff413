// SPDX-License-Identifier: GPL-2.0

//! A certificate chain in a slot. DSP0274 1.4, table "Certificate chain format".
//!
//! Only the outermost lengths of the certificates are read; what is in them is for an X.509 parser.

use super::{
    Error,
    Reader,
    Result, //
};

/// A chain: certificates one after the other, the leaf last.
///
/// # Invariants
///
/// `certificates` is one or more whole DER sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain<'a> {
    root_hash: &'a [u8],
    certificates: &'a [u8],
}

impl<'a> Chain<'a> {
    /// Borrows the chain in `bytes`, which are a whole slot; its root hash has `hash` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Chain`] when the length in the header is another, or when what follows the root hash is
    /// not one or more whole certificates.
    pub fn parse(hash: usize, bytes: &'a [u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        // The length has 16 bits and is followed by 16 reserved ones, up to 1.3; in 1.4 it has 32.
        let length = reader.u32().map_err(|_| Error::Chain)?;
        let root_hash = reader.bytes(hash).map_err(|_| Error::Chain)?;
        let certificates = reader.rest();

        let has_length = usize::try_from(length) == Ok(bytes.len());
        let mut walk = Certificates(certificates);
        let is_whole = walk.by_ref().count() > 0 && walk.0.is_empty();
        match has_length && is_whole {
            // INVARIANT: The walk has found certificates, and nothing after them.
            true => Ok(Self {
                root_hash,
                certificates,
            }),
            false => Err(Error::Chain),
        }
    }

    /// Returns the hash of the root certificate, which need not be the first of the chain.
    pub const fn root_hash(&self) -> &'a [u8] {
        self.root_hash
    }

    /// Returns the certificates as they came.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.certificates
    }

    /// Returns each certificate, the leaf last.
    pub const fn certificates(&self) -> Certificates<'a> {
        Certificates(self.certificates)
    }

    /// Returns the certificate of the responder.
    pub fn leaf(&self) -> &'a [u8] {
        self.certificates().last().unwrap_or_default()
    }
}

/// DER sequences one after the other. It ends before the first one that is malformed.
#[derive(Debug, Clone, Copy)]
pub struct Certificates<'a>(&'a [u8]);

impl<'a> Iterator for Certificates<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (certificate, rest) = self.0.split_at_checked(sequence_len(self.0)?)?;

        self.0 = rest;
        Some(certificate)
    }
}

/// The tag of a sequence.
const SEQUENCE: u8 = 0x30;

/// Returns how many bytes the DER sequence at the start of `bytes` has, header included. [`None`] when there is
/// none, or its length is not definite and minimal, or needs more than 24 bits.
fn sequence_len(bytes: &[u8]) -> Option<usize> {
    let (header, len, least) = match *bytes {
        [SEQUENCE, len @ 0..=0x7f, ..] => (2, u32::from(len), 0),
        [SEQUENCE, 0x81, a, ..] => (3, u32::from(a), 0x80),
        [SEQUENCE, 0x82, a, b, ..] => (4, u32::from_be_bytes([0, 0, a, b]), 0x100),
        [SEQUENCE, 0x83, a, b, c, ..] => (5, u32::from_be_bytes([0, a, b, c]), 0x1_0000),
        _ => return None,
    };

    usize::try_from(len)
        .ok()
        .filter(|_| len >= least)
        .and_then(|len| len.checked_add(header))
}
