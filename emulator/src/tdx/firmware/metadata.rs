// SPDX-License-Identifier: GPL-2.0

//! The metadata of a TDVF: its sections. TDVF, "TDVF Metadata".

use std::ops::Range;

use zerocopy::{
    little_endian::{
        U32,
        U64, //
    },
    FromBytes as _, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    KnownLayout,
    Unaligned, //
};

use crate::machine::{
    gpa::PAGE_SIZE,
    image::TOP, //
};

/// What is before the sections.
#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Header {
    signature: [u8; 4],
    /// Length of the metadata, sections included.
    length: U32,
    version: U32,
    count: U32,
}

impl Header {
    pub(super) const SIZE: usize = size_of::<Self>();

    /// Returns the length of the metadata that begin with these bytes. The error is for the user.
    pub(super) fn length(bytes: &[u8]) -> Result<usize, String> {
        let (header, _) = Self::read_from_prefix(bytes).map_err(|_| "its metadata are cut off")?;
        let (length, count) = (
            u64::from(header.length.get()),
            u64::from(header.count.get()),
        );

        if header.signature != *b"TDVF" {
            return Err("its metadata do not begin with TDVF".into());
        }
        if header.version.get() != 1 {
            return Err(format!("its metadata have version {}", header.version));
        }
        // CAST: Small.
        if length != (Self::SIZE as u64) + count * (size_of::<Entry>() as u64) {
            return Err(format!(
                "its metadata of {length} bytes have {count} sections"
            ));
        }
        usize::try_from(length).map_err(|_| "its metadata are cut off".into())
    }
}

/// A section.
#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Entry {
    data_offset: U32,
    data_size: U32,
    address: U64,
    size: U64,
    kind: U32,
    attributes: U32,
}

const _: () = {
    assert!(Header::SIZE == 16 && size_of::<Entry>() == 32);
};

/// What a section is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The boot firmware volume, which is code.
    Code,
    /// The configuration firmware volume: variables.
    Variables,
    /// Where the VMM puts the list of hand-off blocks.
    HandOff,
    /// RAM that the firmware needs before it accepts any.
    Memory,
}

impl Kind {
    /// Takes the number of a type.
    fn new(raw: u32) -> Option<Self> {
        Some(match raw {
            0 => Self::Code,
            1 => Self::Variables,
            2 => Self::HandOff,
            3 => Self::Memory,
            _ => return None,
        })
    }

    /// Tells whether a section of this type is a part of the image.
    fn is_image(self) -> bool {
        matches!(self, Self::Code | Self::Variables)
    }
}

/// A section.
///
/// # Invariants
///
/// Begins and ends with a page, is not empty, and does not wrap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    kind: Kind,
    memory: Range<u64>,
    extends: bool,
}

impl Section {
    /// Parses a section, and where the image begins if that is a part of it. The error is for the user.
    fn parse(entry: &Entry) -> Result<(Self, Option<u64>), String> {
        /// `MR.EXTEND`. No firmware has the other attribute, for pages that are added later.
        const EXTEND: u32 = 1;
        let (start, size) = (entry.address.get(), entry.size.get());
        let (offset, data) = (u64::from(entry.data_offset), u64::from(entry.data_size));
        let kind = Kind::new(entry.kind.get())
            .ok_or_else(|| format!("its section at {start:#x} has type {}", entry.kind))?;
        let end = start.checked_add(size).filter(|end| *end > start);
        let end = end.ok_or_else(|| format!("its section at {start:#x} has size {size:#x}"))?;

        if start % PAGE_SIZE != 0 || size % PAGE_SIZE != 0 {
            return Err(format!("its section at {start:#x} is not of whole pages"));
        }
        if entry.attributes.get() & !EXTEND != 0 {
            let attributes = entry.attributes;
            return Err(format!(
                "its section at {start:#x} has attributes {attributes:#x}"
            ));
        }
        let base = match kind.is_image() {
            true if data == size && end <= TOP => start.checked_sub(offset),
            false if data == 0 => None,
            _ => {
                return Err(format!(
                    "its section at {start:#x} of {size:#x} bytes has {data:#x} in the image"
                ))
            }
        };
        if kind.is_image() && base.is_none() {
            return Err(format!(
                "its section at {start:#x} is not where it is in the image"
            ));
        }
        // INVARIANT: That is what the checks above show.
        let section = Self {
            kind,
            memory: start..end,
            extends: entry.attributes.get() & EXTEND != 0,
        };
        Ok((section, base))
    }

    /// Returns where it is in memory.
    pub(crate) fn memory(&self) -> Range<u64> {
        self.memory.clone()
    }

    /// Tells whether it is a part of the image, and not in RAM.
    pub(crate) fn is_image(&self) -> bool {
        self.kind.is_image()
    }

    /// Tells whether it has the firmware's variables.
    pub(crate) fn is_variables(&self) -> bool {
        self.kind == Kind::Variables
    }

    /// Tells whether what is in it is measured.
    pub(crate) fn extends(&self) -> bool {
        self.extends
    }
}

/// The metadata.
///
/// # Invariants
///
/// No two sections overlap, one is for the hand-off blocks, and all that are parts of the image are where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Metadata {
    sections: Vec<Section>,
    hand_off: Range<u64>,
}

impl Metadata {
    /// Parses all of them. The error is for the user.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let length = Header::length(bytes)?;
        let entries = bytes
            .get(Header::SIZE..length)
            .and_then(|entries| <[Entry]>::ref_from_bytes(entries).ok())
            .ok_or("its metadata are cut off")?;
        let mut sections: Vec<Section> = Vec::new();
        let mut image = None;

        for entry in entries {
            let (section, base) = Section::parse(entry)?;
            let Range { start, end } = section.memory;
            let overlaps = |other: &&Section| other.memory.start < end && start < other.memory.end;
            if let Some(other) = sections.iter().find(overlaps) {
                return Err(format!(
                    "its sections at {:#x} and {start:#x} overlap",
                    other.memory.start
                ));
            }
            if base.is_some_and(|base| *image.get_or_insert(base) != base) {
                return Err(format!(
                    "its section at {start:#x} is not where it is in the image"
                ));
            }
            sections.push(section);
        }
        let mut places = sections
            .iter()
            .filter(|section| section.kind == Kind::HandOff);
        let (Some(place), None) = (places.next(), places.next()) else {
            return Err("its metadata have not one section for hand-off blocks".into());
        };
        if !sections.iter().any(|section| section.kind == Kind::Code) {
            return Err("its metadata have no section with code".into());
        }
        let hand_off = place.memory();
        // INVARIANT: That is what the checks above show.
        Ok(Self { sections, hand_off })
    }

    /// Returns the sections, in the order in which they are measured.
    pub(crate) fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Returns where the hand-off blocks go.
    pub(crate) fn hand_off(&self) -> Range<u64> {
        self.hand_off.clone()
    }
}

#[cfg(test)]
pub(super) mod tests;
