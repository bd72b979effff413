// SPDX-License-Identifier: GPL-2.0

//! The blobs that `tsm_fake` makes.

use std::ops::Deref;

/// A blob of `tsm_fake`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    bytes: Vec<u8>,
}

impl Blob {
    /// Size of the header.
    pub const HEADER: usize = 168;

    /// Takes a blob of the kind `out`, `aux` or `man` if it is one that `tsm_fake` has made, as a
    /// whole.
    pub fn parse(kind: &str, bytes: Vec<u8>) -> Option<Self> {
        let blob = Self { bytes };

        if blob.bytes.len() < Self::HEADER
            || blob.bytes[..8] != *format!("fake{kind}\0").as_bytes()
            || blob.number(8) as usize != blob.bytes.len()
            || !(1..=64).contains(&blob.number(24))
        {
            return None;
        }
        let inblob = blob.inblob();
        let call = blob.call() as u8;
        let mut expected = inblob.iter().cycle().skip(Self::HEADER % inblob.len());

        blob[Self::HEADER..]
            .iter()
            .zip(Self::HEADER..)
            .all(|(byte, index)| {
                expected.next().is_some_and(|expected| {
                    *byte == expected.wrapping_add((index >> 8) as u8).wrapping_add(call)
                })
            })
            .then_some(blob)
    }

    /// Takes an outblob.
    ///
    /// # Panics
    ///
    /// If `tsm_fake` has not made it.
    pub fn out(bytes: Vec<u8>) -> Self {
        let len = bytes.len();

        Self::parse("out", bytes).unwrap_or_else(|| panic!("not a legal blob, of {len} bytes"))
    }

    /// Returns the number of the call that made it.
    pub fn call(&self) -> u32 {
        self.number(12)
    }

    /// Returns the privilege level that was asked for.
    pub fn privlevel(&self) -> u32 {
        self.number(16)
    }

    /// Returns the manifest version that was asked for.
    pub fn manifest_version(&self) -> u32 {
        self.number(20)
    }

    /// Returns the inblob.
    pub fn inblob(&self) -> &[u8] {
        &self[28..][..self.number(24) as usize]
    }

    /// Returns the service GUID, as the kernel stores it.
    pub fn guid(&self) -> &[u8] {
        &self[92..108]
    }

    /// Returns the service provider, empty for none.
    ///
    /// # Panics
    ///
    /// If it is not a C string.
    pub fn service_provider(&self) -> &str {
        let name = self[108..168].split(|byte| *byte == 0).next();

        std::str::from_utf8(name.unwrap_or_default()).expect("the name is text")
    }

    fn number(&self, offset: usize) -> u32 {
        self[offset..][..4]
            .iter()
            .rev()
            .fold(0, |number, byte| (number << 8) | u32::from(*byte))
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}
