// SPDX-License-Identifier: GPL-2.0

//! What is taken of metadata, and what is refused.

use std::cell::RefCell;

use super::*;
use crate::machine::{
    image::TOP,
    memory::{
        FakeMemory,
        NoMemory, //
    },
};

/// The sections of [`FakeImage`]: address, size and type.
pub(in crate::snp::firmware) const ROWS: [[u32; 3]; 5] = [
    [0x8000, 0x2000, 1],
    [0xb000, 0x1000, 2],
    [0xc000, 0x1000, 3],
    [0xd000, 0x1000, 4],
    [0xe000, 0x1000, 0x10],
];

/// 00f771de-1a7e-4fcb-890e-68c77e2fb44e.
const RESET: [u8; 16] = [
    0xde, 0x71, 0xf7, 0x00, 0x7e, 0x1a, 0xcb, 0x4f, 0x89, 0x0e, 0x68, 0xc7, 0x7e, 0x2f, 0xb4, 0x4e,
];

/// Size of the image.
const SIZE: usize = 0x2000;

/// RAM at 0, and an image of two pages that ends at 4 GiB.
pub(in crate::snp::firmware) struct FakeImage {
    pub(in crate::snp::firmware) ram: FakeMemory,
    pub(in crate::snp::firmware) image: RefCell<Vec<u8>>,
}

impl FakeImage {
    /// Makes one with these sections, and the table of hashes at this address.
    pub(in crate::snp::firmware) fn new(rows: &[[u32; 3]], table: u32) -> Self {
        let length = u32::try_from(16 + 12 * rows.len()).unwrap();
        let count = u32::try_from(rows.len()).unwrap();
        let header = [
            *b"ASEV",
            length.to_le_bytes(),
            [1, 0, 0, 0],
            count.to_le_bytes(),
        ]
        .concat();
        let rows = rows.iter().flatten().flat_map(|word| word.to_le_bytes());
        Self::with(&[header, rows.collect()].concat(), 0x800, table)
    }

    /// Makes one with these bytes of metadata, `below` bytes before its end.
    fn with(metadata: &[u8], below: u32, table: u32) -> Self {
        let mut image = vec![0xf4; SIZE];
        if let Some(start) = SIZE.checked_sub(usize::try_from(below).unwrap()) {
            image[start..start + metadata.len()].copy_from_slice(metadata);
        }
        let footer = [
            0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45, 0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a,
            0x08, 0x2d,
        ];
        let hashes = [&table.to_le_bytes()[..], &0x400u32.to_le_bytes()].concat();
        let mut entries = Vec::new();
        for (data, guid) in [
            (&hashes[..], HASHES.guid),
            (&below.to_le_bytes()[..], SEV.guid),
            // The address where other vCPUs start. Tools need it.
            (&[0, 0xb0, 0x80, 0][..], RESET),
        ] {
            let len = u16::try_from(data.len() + 18).unwrap();
            entries.extend([data, &len.to_le_bytes(), &guid].concat());
        }
        let len = u16::try_from(entries.len() + 18).unwrap();
        entries.extend([&len.to_le_bytes()[..], &footer].concat());
        image[SIZE - 32 - entries.len()..SIZE - 32].copy_from_slice(&entries);
        Self {
            ram: FakeMemory::new(0x1_0000),
            image: RefCell::new(image),
        }
    }
}

impl GuestMemory for FakeImage {
    fn read(&self, address: u64, to: &mut [u8]) -> Result<(), NoMemory> {
        let Some(start) = address.checked_sub(TOP - SIZE as u64) else {
            return self.ram.read(address, to);
        };
        let start = usize::try_from(start).map_err(|_| NoMemory)?;
        let image = self.image.borrow();
        to.copy_from_slice(image.get(start..start + to.len()).ok_or(NoMemory)?);
        Ok(())
    }

    fn write(&self, address: u64, from: &[u8]) -> Result<(), NoMemory> {
        self.ram.write(address, from)
    }
}

/// Returns why these sections and this table are refused.
fn refusal(rows: &[[u32; 3]], table: u32) -> String {
    Metadata::read(&FakeImage::new(rows, table)).unwrap_err()
}

#[test]
fn has_the_sections_in_their_order() {
    let metadata = Metadata::read(&FakeImage::new(&ROWS, 0xec00)).unwrap();
    let sections: Vec<_> = metadata
        .sections()
        .iter()
        .map(|section| (section.kind, section.memory()))
        .collect();
    assert_eq!(
        sections,
        [
            (Kind::Memory, 0x8000..0xa000),
            (Kind::Secrets, 0xb000..0xc000),
            (Kind::Cpuid, 0xc000..0xd000),
            (Kind::CallingArea, 0xd000..0xe000),
            (Kind::Hashes, 0xe000..0xf000),
        ]
    );
    assert_eq!(metadata.table(), 0xc00);
}

#[test]
fn refuses_sections_that_make_no_sense() {
    for (row, why) in [
        ([0x1000, 0x1000, 5], "section at 0x1000 has type 0x5"),
        (
            [0x1800, 0x1000, 1],
            "at 0x1800 of 0x1000 bytes is not of whole",
        ),
        (
            [0x1000, 0x800, 1],
            "at 0x1000 of 0x800 bytes is not of whole",
        ),
        ([0x1000, 0, 1], "at 0x1000 of 0x0 bytes is not of whole"),
        ([0x9000, 0x1000, 1], "sections at 0x8000 and 0x9000 overlap"),
        ([0x7000, 0x2000, 1], "sections at 0x8000 and 0x7000 overlap"),
        ([0x1000, 0x1000, 2], "do not list exactly one secrets page"),
        ([0x1000, 0x1000, 3], "do not list exactly one CPUID page"),
        (
            [0x1000, 0x1000, 0x10],
            "do not list exactly one page for hashes",
        ),
    ] {
        let no = refusal(&[&ROWS[..], &[row]].concat(), 0xec00);
        assert!(no.contains(why), "{no}");
    }
}

#[test]
fn refuses_metadata_without_what_is_needed() {
    for (missing, why) in [
        (1, "do not list exactly one secrets page"),
        (2, "do not list exactly one CPUID page"),
        (4, "do not list exactly one page for hashes"),
    ] {
        let mut rows = ROWS.to_vec();
        rows.remove(missing);
        assert!(refusal(&rows, 0xec00).contains(why));
    }
    let mut rows = ROWS;
    rows[1][1] = 0x2000;
    rows[2][0] = 0x1000;
    assert!(refusal(&rows, 0xec00).contains("do not list exactly one secrets page"));
}

#[test]
fn refuses_a_table_of_hashes_that_is_not_in_its_page() {
    assert!(Metadata::read(&FakeImage::new(&ROWS, 0xef50)).is_ok());
    for table in [0xdfff, 0xef51, 0] {
        let no = refusal(&ROWS, table);
        let why = format!("table of hashes at {table:#x} is not in the page");
        assert!(no.contains(&why), "{no}");
    }
}

#[test]
fn refuses_what_is_no_metadata() {
    let good = [*b"ASEV", [16, 0, 0, 0], [1, 0, 0, 0], [0; 4]].concat();
    for (at, byte, why) in [
        (3, b'X', "do not begin with ASEV"),
        (8, 2, "have version 2"),
        (4, 17, "of 17 bytes have 0 sections"),
        (12, 1, "of 16 bytes have 1 sections"),
        (15, 1, "of 16 bytes have 16777216 sections"),
    ] {
        let mut bad = good.clone();
        bad[at] = byte;
        let no = Metadata::read(&FakeImage::with(&bad, 0x800, 0)).unwrap_err();
        assert!(no.contains(why), "{no}");
    }
    for below in [0x5_0000, 8, 0, u32::MAX] {
        let no = Metadata::read(&FakeImage::with(&[], below, 0)).unwrap_err();
        assert_eq!(no, "its metadata are not in it");
    }
}
