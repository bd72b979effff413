// SPDX-License-Identifier: GPL-2.0

//! The certificates that a host gives with a report. GHCB, section "SNP Extended Guest Request".
//!
//! A table of entries, of which one that is all zeros is the last, and after it the certificates. The
//! host has written all of it.

use core::mem::offset_of;

use zerocopy::{
    little_endian::U32,
    FromBytes as _, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use crate::{
    Answer,
    PlatformStatus, //
};

/// Why a table was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The table has no last entry.
    Unterminated,
    /// A certificate is not where certificates are, that of the entry of this number, from 0.
    Outside(usize),
}

impl PlatformStatus for Error {
    fn answer(&self) -> Option<Answer> {
        let (source, status) = match *self {
            Self::Unterminated => (c"table", 0),
            // CAST: Widens.
            Self::Outside(index) => (c"certificate", index as u64),
        };

        Some(Answer { source, status })
    }
}

/// Where a certificate is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Entry {
    /// What certificate it is, a GUID, its bytes in the order in which it is written.
    pub guid: [u8; 16],
    /// Where it starts, in bytes after the start of the table.
    pub offset: U32,
    /// How many bytes it has.
    pub length: U32,
}

impl Entry {
    /// Size in bytes.
    pub const SIZE: usize = 24;
    /// The entry after the last one.
    pub const END: Self = Self {
        guid: [0; 16],
        offset: U32::ZERO,
        length: U32::ZERO,
    };

    /// Returns where the certificate ends, if that is a number at all.
    fn end(&self) -> Option<usize> {
        let end = self.offset.get().checked_add(self.length.get())?;

        usize::try_from(end).ok()
    }
}

const _: () = {
    assert!(size_of::<Entry>() == Entry::SIZE);
    assert!(offset_of!(Entry, guid) == 0);
    assert!(offset_of!(Entry, offset) == 16);
    assert!(offset_of!(Entry, length) == 20);
};

/// A table whose certificates are all where it says.
///
/// # Invariants
///
/// `bytes` starts with `count` entries and one of zeros, and has each of the certificates; one that is not
/// empty is after the entries.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    bytes: &'a [u8],
    count: usize,
}

impl<'a> Table<'a> {
    /// Borrows the table that `bytes` starts with, without what follows the last certificate. [`None`]
    /// if there are no certificates.
    ///
    /// Certificates may overlap, which does no harm to a reader that takes them one by one. One of no length may be
    /// anywhere in `bytes`: an offset of 0 says that there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Unterminated`] when no entry is the last, [`Error::Outside`] when a
    /// certificate is not wholly between the table and the end of `bytes`.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<Self>, Error> {
        let count = entries(bytes)
            .position(|entry| entry == Entry::END)
            .ok_or(Error::Unterminated)?;
        if count == 0 {
            return Ok(None);
        }
        // OVERFLOW: As many entries were found in `bytes`.
        let first = (count + 1) * Entry::SIZE;
        let mut size = first;

        for (index, entry) in entries(bytes).take(count).enumerate() {
            let start = usize::try_from(entry.offset.get()).ok();
            let end = entry.end();
            let (Some(start), Some(end)) = (start, end) else {
                return Err(Error::Outside(index));
            };

            let is_in_table = start < first && start < end;
            if is_in_table || end > bytes.len() {
                return Err(Error::Outside(index));
            }
            size = size.max(end);
        }
        // INVARIANT: There are `count` entries before the one of zeros. The loop has found each
        // certificate in `bytes`, after the entries unless it is empty, and none ends after `size`.
        Ok(Some(Self {
            bytes: bytes.get(..size).unwrap_or(bytes),
            count,
        }))
    }

    /// Returns the table and the certificates as they came.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns each certificate with its GUID.
    pub fn certificates(&self) -> impl Iterator<Item = ([u8; 16], &'a [u8])> {
        let bytes = self.bytes;

        entries(bytes).take(self.count).map(move |entry| {
            let certificate = usize::try_from(entry.offset.get())
                .ok()
                .zip(entry.end())
                .and_then(|(start, end)| bytes.get(start..end));

            (entry.guid, certificate.unwrap_or_default())
        })
    }
}

/// Returns what may be entries at the start of `bytes`.
fn entries(bytes: &[u8]) -> impl Iterator<Item = Entry> + '_ {
    bytes
        .chunks_exact(Entry::SIZE)
        .filter_map(|chunk| Entry::read_from_bytes(chunk).ok())
}
