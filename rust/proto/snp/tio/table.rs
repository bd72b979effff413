// SPDX-License-Identifier: GPL-2.0

//! The blobs that the host gives with an answer to [`TdiInfo`](super::TdiInfo), in pages that are shared. RFC 2026 and
//! AMD 2.
//!
//! A table of entries, of which one with a GUID of zeros is the last, and after it the blobs. The host has written all of
//! it, and may write at any time: it is parsed in a copy. Those drivers look at three entries at most, do not check offset
//! and length, and do not need a last entry.

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

use super::{
    Error,
    Kind,
    Result, //
};

/// A GUID as `guid_t` of the kernel has it: the first three of its fields are little-endian numbers. In the table of
/// [`certificates`](crate::snp::certificates) they are not.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(transparent)]
pub struct Guid([u8; 16]);

impl Guid {
    /// That of the last entry.
    pub const END: Self = Self([0; 16]);
    /// `078ccb75-2644-49e8-afe7-5686c5cf72f1`.
    pub const CERTIFICATES: Self = Self::of(0x078ccb75_2644_49e8_afe7_5686c5cf72f1);
    /// `5caa80c6-12ef-401a-b364-ec59a93abe3f`.
    pub const MEASUREMENTS: Self = Self::of(0x5caa80c6_12ef_401a_b364_ec59a93abe3f);
    /// `70dc5b0e-0cc0-4cd5-97bb-ff0ba25bf320`.
    pub const REPORT: Self = Self::of(0x70dc5b0e_0cc0_4cd5_97bb_ff0ba25bf320);

    /// Takes the bytes as they are in a table.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Takes the digits as they are written.
    const fn of(digits: u128) -> Self {
        let [a, b, c, d, e, f, g, h, rest @ ..] = digits.to_be_bytes();
        let [i, j, k, l, m, n, o, p] = rest;

        Self([d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p])
    }
}

impl Kind {
    /// Returns what the blob of this GUID is, if that is known.
    fn of(guid: Guid) -> Option<Self> {
        match guid {
            Guid::CERTIFICATES => Some(Self::Certificates),
            Guid::MEASUREMENTS => Some(Self::Measurements),
            Guid::REPORT => Some(Self::Report),
            _ => None,
        }
    }
}

/// Where a blob is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Entry {
    /// What it is.
    pub guid: Guid,
    /// Where it starts, in bytes after the start of the table.
    pub offset: U32,
    /// How many bytes it has.
    pub length: U32,
}

impl Entry {
    /// Size in bytes.
    pub const SIZE: usize = 24;

    /// Returns where the blob starts and ends, if these are numbers at all.
    fn place(&self) -> Option<(usize, usize)> {
        let end = self.offset.get().checked_add(self.length.get())?;

        usize::try_from(self.offset.get())
            .ok()
            .zip(usize::try_from(end).ok())
    }
}

const _: () = {
    assert!(size_of::<Entry>() == Entry::SIZE);
    assert!(offset_of!(Entry, guid) == 0);
    assert!(offset_of!(Entry, offset) == 16);
    assert!(offset_of!(Entry, length) == 20);
};

/// A blob that was found, and where it starts.
#[derive(Debug, Clone, Copy)]
struct Found<'a> {
    start: usize,
    bytes: &'a [u8],
}

impl Found<'_> {
    /// Tells whether the two have a byte in common.
    fn overlaps(&self, other: &Self) -> bool {
        // OVERFLOW: Both end within the pages.
        let (end, other_end) = (
            self.start + self.bytes.len(),
            other.start + other.bytes.len(),
        );

        self.start.max(other.start) < end.min(other_end)
    }
}

/// A table whose blobs are all where it says, and apart. [`Blob`](super::Blob) hands them out.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    certificates: Option<Found<'a>>,
    measurements: Option<Found<'a>>,
    report: Option<Found<'a>>,
}

impl<'a> Table<'a> {
    /// Parses a private copy of the pages.
    ///
    /// Entries of other GUIDs are skipped. One of no length, wherever it is, says that there is no such blob.
    ///
    /// # Errors
    ///
    /// [`Error::Unterminated`] when no entry is the last, [`Error::Outside`] when a blob is not wholly between the table
    /// and the end of `pages`, [`Error::Overlap`] when two have a byte in common, [`Error::Duplicate`] when there are two
    /// entries of one GUID.
    pub fn parse(pages: &'a [u8]) -> Result<Self> {
        let count = entries(pages)
            .position(|entry| entry.guid == Guid::END)
            .ok_or(Error::Unterminated)?;
        // OVERFLOW: As many entries were found in `pages`.
        let first = (count + 1) * Entry::SIZE;
        let mut table = Self {
            certificates: None,
            measurements: None,
            report: None,
        };

        for (index, entry) in entries(pages).take(count).enumerate() {
            let Some(kind) = Kind::of(entry.guid) else {
                continue;
            };
            let found = match entry.length.get() {
                0 => Some(Found {
                    start: first,
                    bytes: &[],
                }),
                _ => entry
                    .place()
                    .filter(|(start, _)| *start >= first)
                    .and_then(|(start, end)| {
                        let bytes = pages.get(start..end)?;

                        Some(Found { start, bytes })
                    }),
            };
            let found = found.ok_or(Error::Outside(index))?;

            if table.slot(kind).is_some() {
                return Err(Error::Duplicate(index));
            }
            if table.all().any(|other| other.overlaps(&found)) {
                return Err(Error::Overlap(index));
            }
            *table.slot(kind) = Some(found);
        }
        Ok(table)
    }

    /// Returns the bytes of a blob, which are the host's.
    pub(super) fn bytes(&self, kind: Kind) -> Option<&'a [u8]> {
        let mut table = *self;
        let found = (*table.slot(kind))?;

        Some(found.bytes).filter(|bytes| !bytes.is_empty())
    }

    /// Tells whether there is such a blob.
    pub fn has(&self, kind: Kind) -> bool {
        self.bytes(kind).is_some()
    }

    fn slot(&mut self, kind: Kind) -> &mut Option<Found<'a>> {
        match kind {
            Kind::Certificates => &mut self.certificates,
            Kind::Measurements => &mut self.measurements,
            Kind::Report => &mut self.report,
        }
    }

    fn all(&self) -> impl Iterator<Item = Found<'a>> {
        [self.certificates, self.measurements, self.report]
            .into_iter()
            .flatten()
    }
}

/// Returns what may be entries at the start of `pages`.
fn entries(pages: &[u8]) -> impl Iterator<Item = Entry> + '_ {
    pages
        .chunks_exact(Entry::SIZE)
        .filter_map(|chunk| Entry::read_from_bytes(chunk).ok())
}
