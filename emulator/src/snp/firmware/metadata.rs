// SPDX-License-Identifier: GPL-2.0

//! The metadata of a firmware for SEV-SNP: its sections, and where hashes go.
//!
//! There is no specification but the sources of EDK2 and QEMU. The table of GUIDs has the distance of the metadata from the end
//! of the image, and the address of the table of hashes.

use std::ops::Range;

use zerocopy::{
    little_endian::U32,
    FromBytes as _, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    KnownLayout,
    Unaligned, //
};

use super::hashes;
use crate::machine::{
    gpa::PAGE_SIZE,
    guid_table::{
        self,
        Entry, //
    },
    image::{
        read,
        tail, //
    },
    memory::GuestMemory, //
};

/// The entry of SEV: dc886566-984a-4798-a75e-5585a7bf67cc.
const SEV: Entry = Entry {
    guid: [
        0x66, 0x65, 0x88, 0xdc, 0x4a, 0x98, 0x98, 0x47, 0xa7, 0x5e, 0x55, 0x85, 0xa7, 0xbf, 0x67,
        0xcc,
    ],
    name: "SEV",
};

/// The entry of the table of hashes: 7255371f-3a3b-4b04-927b-1da6efa8d454.
const HASHES: Entry = Entry {
    guid: [
        0x1f, 0x37, 0x55, 0x72, 0x3b, 0x3a, 0x04, 0x4b, 0x92, 0x7b, 0x1d, 0xa6, 0xef, 0xa8, 0xd4,
        0x54,
    ],
    name: "hashes",
};

/// No firmware has more sections than this.
const MOST: u32 = 64;

/// What is before the sections.
#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Header {
    signature: [u8; 4],
    /// Length of the metadata, sections included.
    length: U32,
    version: U32,
    count: U32,
}

/// A section.
#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Raw {
    address: U32,
    size: U32,
    kind: U32,
}

const _: () = {
    assert!(size_of::<Header>() == 16 && size_of::<Raw>() == 12);
};

/// What a section is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// RAM that the firmware needs before it validates any.
    Memory,
    /// Where the secrets page goes.
    Secrets,
    /// Where the CPUID page goes.
    Cpuid,
    /// The calling area of an SVSM.
    CallingArea,
    /// Where the table of hashes goes.
    Hashes,
}

impl Kind {
    /// Takes the number of a type.
    fn new(raw: u32) -> Option<Self> {
        Some(match raw {
            1 => Self::Memory,
            2 => Self::Secrets,
            3 => Self::Cpuid,
            4 => Self::CallingArea,
            0x10 => Self::Hashes,
            _ => return None,
        })
    }
}

/// A section.
///
/// # Invariants
///
/// Begins and ends with a page, is not empty, and does not wrap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) kind: Kind,
    memory: Range<u64>,
}

impl Section {
    /// Parses a section. The error is for the user.
    fn parse(raw: &Raw) -> Result<Self, String> {
        let (start, size) = (u64::from(raw.address), u64::from(raw.size));
        let kind = Kind::new(raw.kind.get())
            .ok_or_else(|| format!("its section at {start:#x} has type {:#x}", raw.kind))?;

        if start % PAGE_SIZE != 0 || size % PAGE_SIZE != 0 || size == 0 {
            return Err(format!(
                "its section at {start:#x} of {size:#x} bytes is not of whole pages"
            ));
        }
        // INVARIANT: That is what the check shows; both numbers have 32 bits.
        Ok(Self {
            kind,
            memory: start..start + size,
        })
    }

    /// Returns where it is in memory.
    pub(super) fn memory(&self) -> Range<u64> {
        self.memory.clone()
    }
}

/// The metadata.
///
/// # Invariants
///
/// No two sections overlap. The secrets page, the CPUID page and the one of the hashes are there once each, and the table of
/// hashes has room in the latter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metadata {
    sections: Vec<Section>,
    table: u64,
}

impl Metadata {
    /// Reads the metadata of the image in memory. The error is for the user.
    pub(super) fn read(memory: &dyn GuestMemory) -> Result<Self, String> {
        let tail = tail(memory)?;
        let below = word(&guid_table::find(&tail, &SEV)?).ok_or("its entry of SEV is too short")?;
        let header = read(memory, below.into(), size_of::<Header>())?;
        let (header, _) =
            Header::read_from_prefix(&header).map_err(|_| "its metadata are cut off")?;
        let (length, count) = (header.length.get(), header.count.get());

        if header.signature != *b"ASEV" {
            return Err("its metadata do not begin with ASEV".into());
        }
        if header.version.get() != 1 {
            return Err(format!("its metadata have version {}", header.version));
        }
        // CAST: Small.
        let (before, each) = (size_of::<Header>() as u32, size_of::<Raw>() as u32);
        if count > MOST || length != before + count * each {
            return Err(format!(
                "its metadata of {length} bytes have {count} sections"
            ));
        }
        // CAST: Small.
        let all = read(memory, below.into(), length as usize)?;
        let raw = all
            .get(size_of::<Header>()..)
            .and_then(|raw| <[Raw]>::ref_from_bytes(raw).ok())
            .ok_or("its metadata are cut off")?;
        let table = word(&guid_table::find(&tail, &HASHES)?);

        Self::parse(raw, table.ok_or("its entry of hashes is too short")?.into())
    }

    /// Parses the sections. The error is for the user.
    fn parse(raw: &[Raw], table: u64) -> Result<Self, String> {
        let mut sections: Vec<Section> = Vec::new();

        for raw in raw {
            let section = Section::parse(raw)?;
            let Range { start, end } = section.memory();
            let overlaps = |other: &&Section| other.memory.start < end && start < other.memory.end;
            if let Some(other) = sections.iter().find(overlaps) {
                return Err(format!(
                    "its sections at {:#x} and {start:#x} overlap",
                    other.memory.start
                ));
            }
            sections.push(section);
        }
        let page = |kind: Kind| {
            let mut pages = sections.iter().filter(|section| section.kind == kind);
            match (pages.next(), pages.next()) {
                (Some(page), None) if page.memory.end - page.memory.start == PAGE_SIZE => {
                    Some(page.memory.start)
                }
                _ => None,
            }
        };

        page(Kind::Secrets).ok_or("its metadata do not list exactly one secrets page")?;
        page(Kind::Cpuid).ok_or("its metadata do not list exactly one CPUID page")?;
        let hashes =
            page(Kind::Hashes).ok_or("its metadata do not list exactly one page for hashes")?;
        let last = hashes + PAGE_SIZE - hashes::SIZE;
        if !(hashes..=last).contains(&table) {
            return Err(format!(
                "its table of hashes at {table:#x} is not in the page for that"
            ));
        }
        // INVARIANT: That is what the checks above show.
        Ok(Self { sections, table })
    }

    /// Returns the sections, in the order in which they are measured.
    pub(super) fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Returns where in its page the table of hashes is.
    pub(super) fn table(&self) -> usize {
        // CAST: Below 4096.
        (self.table % PAGE_SIZE) as usize
    }
}

/// Returns the number that an entry begins with.
fn word(entry: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(*entry.first_chunk()?))
}

#[cfg(test)]
pub(super) mod tests;
