// SPDX-License-Identifier: GPL-2.0

//! Sections of a firmware, and each refusal.

use super::*;

/// A section: offset and size in the image, address and size in memory, type, attributes.
pub(in super::super) type Row = (u32, u32, u64, u64, u32, u32);

/// A firmware of two pages, whose RAM is from 64 KiB to 80 KiB.
pub(in super::super) const ROWS: [Row; 4] = [
    (0x1000, 0x1000, TOP - 0x1000, 0x1000, 0, 1),
    (0, 0x1000, TOP - 0x2000, 0x1000, 1, 0),
    (0, 0, 0x1_0000, 0x2000, 3, 0),
    (0, 0, 0x1_2000, 0x2000, 2, 0),
];

/// Makes metadata.
pub(in super::super) fn metadata(rows: &[Row]) -> Vec<u8> {
    let count = u32::try_from(rows.len()).unwrap();
    let mut bytes = b"TDVF".to_vec();
    for word in [16 + 32 * count, 1, count] {
        bytes.extend(word.to_le_bytes());
    }
    for (offset, data, address, size, kind, attributes) in rows {
        bytes.extend(offset.to_le_bytes());
        bytes.extend(data.to_le_bytes());
        bytes.extend(address.to_le_bytes());
        bytes.extend(size.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(attributes.to_le_bytes());
    }
    bytes
}

/// Returns why metadata are refused in which one section was replaced.
fn refusal(index: usize, row: Row) -> String {
    let mut rows = ROWS;
    rows[index] = row;
    Metadata::parse(&metadata(&rows)).unwrap_err()
}

#[test]
fn has_the_sections_in_their_order() {
    let metadata = Metadata::parse(&metadata(&ROWS)).unwrap();
    let sections = metadata.sections();
    let kinds: Vec<_> = sections.iter().map(|section| section.kind).collect();
    assert_eq!(
        kinds,
        [Kind::Code, Kind::Variables, Kind::Memory, Kind::HandOff]
    );
    assert_eq!(sections[0].memory(), TOP - 0x1000..TOP);
    assert_eq!(sections[2].memory(), 0x1_0000..0x1_2000);
    assert!(sections[0].extends() && !sections[1].extends());
    assert!(sections[1].is_image() && !sections[2].is_image());
    assert!(sections[1].is_variables() && !sections[0].is_variables());
    assert_eq!(metadata.hand_off(), 0x1_2000..0x1_4000);
}

#[test]
fn refuses_other_headers() {
    for (place, byte, why) in [
        (0, b'X', "its metadata do not begin with TDVF"),
        (4, 0x91, "its metadata of 145 bytes have 4 sections"),
        (8, 2, "its metadata have version 2"),
        (12, 3, "its metadata of 144 bytes have 3 sections"),
        (
            15,
            0xff,
            "its metadata of 144 bytes have 4278190084 sections",
        ),
    ] {
        let mut bytes = metadata(&ROWS);
        bytes[place] = byte;
        assert_eq!(Metadata::parse(&bytes).unwrap_err(), why);
    }
}

#[test]
fn refuses_metadata_that_are_cut_off() {
    let bytes = metadata(&ROWS);
    for len in [0, 15, 16, bytes.len() - 1] {
        let no = Metadata::parse(&bytes[..len]).unwrap_err();
        assert_eq!(no, "its metadata are cut off");
    }
}

#[test]
fn refuses_types_and_attributes_that_it_does_not_know() {
    let no = refusal(2, (0, 0, 0x1_0000, 0x2000, 4, 0));
    assert_eq!(no, "its section at 0x10000 has type 4");
    let no = refusal(2, (0, 0, 0x1_0000, 0x2000, 3, 2));
    assert_eq!(no, "its section at 0x10000 has attributes 0x2");
}

#[test]
fn refuses_sections_that_are_empty_or_wrap() {
    let no = refusal(2, (0, 0, 0x1_0000, 0, 3, 0));
    assert_eq!(no, "its section at 0x10000 has size 0x0");
    let no = refusal(2, (0, 0, 0x1_0000, u64::MAX - 0xfff, 3, 0));
    assert_eq!(no, "its section at 0x10000 has size 0xfffffffffffff000");
}

#[test]
fn refuses_sections_that_are_not_of_whole_pages() {
    for (start, size) in [(0x1_0800, 0x1000), (0x1_0000, 0x1800)] {
        let no = refusal(2, (0, 0, start, size, 3, 0));
        assert_eq!(
            no,
            format!("its section at {start:#x} is not of whole pages")
        );
    }
}

#[test]
fn refuses_sections_that_overlap() {
    for (start, size) in [(0x1_1000, 0x2000), (0x1_3000, 0x1000), (0x1_2000, 0x2000)] {
        let no = refusal(2, (0, 0, start, size, 3, 0));
        assert_eq!(
            no,
            format!("its sections at {start:#x} and 0x12000 overlap")
        );
    }
}

#[test]
fn refuses_sections_that_the_image_has_not_or_has_elsewhere() {
    let no = refusal(0, (0x1000, 0x800, TOP - 0x1000, 0x1000, 0, 1));
    assert_eq!(
        no,
        "its section at 0xfffff000 of 0x1000 bytes has 0x800 in the image"
    );
    let no = refusal(0, (0x1000, 0x2000, TOP - 0x1000, 0x2000, 0, 1));
    assert_eq!(
        no,
        "its section at 0xfffff000 of 0x2000 bytes has 0x2000 in the image"
    );
    let no = refusal(2, (0, 0x1000, 0x1_0000, 0x1000, 3, 0));
    assert_eq!(
        no,
        "its section at 0x10000 of 0x1000 bytes has 0x1000 in the image"
    );
    let no = refusal(1, (0x1000, 0x1000, TOP - 0x2000, 0x1000, 1, 0));
    assert_eq!(
        no,
        "its section at 0xffffe000 is not where it is in the image"
    );
    let no = refusal(0, (0x3000, 0x1000, 0x2000, 0x1000, 0, 0));
    assert_eq!(no, "its section at 0x2000 is not where it is in the image");
}

#[test]
fn refuses_metadata_without_code_or_one_place_for_hand_off_blocks() {
    let hand_off = "its metadata have not one section for hand-off blocks";
    assert_eq!(
        Metadata::parse(&metadata(&ROWS[..3])).unwrap_err(),
        hand_off
    );
    assert_eq!(refusal(2, (0, 0, 0x1_0000, 0x1000, 2, 0)), hand_off);
    let no = Metadata::parse(&metadata(&ROWS[1..])).unwrap_err();
    assert_eq!(no, "its metadata have no section with code");
}
