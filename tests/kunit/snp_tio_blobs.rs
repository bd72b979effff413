// SPDX-License-Identifier: GPL-2.0

//! The blobs that a host gives about a TDI, as it may write them. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_snp_tio_blobs))]
mod tests {
    use tsm_proto::{
        snp::tio::{
            Blob,
            Entry,
            Error,
            Guid,
            Kind,
            MessageVersion,
            Request,
            Table,
            TdiId,
            TdiInfo, //
        },
        Digest384, //
    };

    /// Returns `bytes` with others at `offset`.
    fn put<const LEN: usize>(mut bytes: [u8; LEN], offset: usize, new: &[u8]) -> [u8; LEN] {
        for (to, from) in bytes.iter_mut().skip(offset).zip(new) {
            *to = *from;
        }
        bytes
    }

    const CERTIFICATES: [u8; 16] = [
        0x75, 0xcb, 0x8c, 0x07, 0x44, 0x26, 0xe8, 0x49, 0xaf, 0xe7, 0x56, 0x86, 0xc5, 0xcf, 0x72,
        0xf1,
    ];
    const MEASUREMENTS: [u8; 16] = [
        0xc6, 0x80, 0xaa, 0x5c, 0xef, 0x12, 0x1a, 0x40, 0xb3, 0x64, 0xec, 0x59, 0xa9, 0x3a, 0xbe,
        0x3f,
    ];
    const REPORT: [u8; 16] = [
        0x0e, 0x5b, 0xdc, 0x70, 0xc0, 0x0c, 0xd5, 0x4c, 0x97, 0xbb, 0xff, 0x0b, 0xa2, 0x5b, 0xf3,
        0x20,
    ];
    const OTHER: [u8; 16] = [5; 16];

    /// Bytes of the pages below.
    const LEN: usize = 160;

    /// Makes pages that start with these entries, `(GUID, offset, length)`, and one of zeros. What follows counts up.
    fn pages(entries: &[([u8; 16], u32, u32)]) -> [u8; LEN] {
        let mut bytes = [0; LEN];

        for (number, byte) in (0..).zip(&mut bytes) {
            *byte = number;
        }
        bytes = put(bytes, entries.len() * Entry::SIZE, &[0; Entry::SIZE]);
        for (index, (guid, offset, length)) in entries.iter().enumerate() {
            let start = index * Entry::SIZE;

            bytes = put(bytes, start, guid);
            bytes = put(bytes, start + 16, &offset.to_le_bytes());
            bytes = put(bytes, start + 20, &length.to_le_bytes());
        }
        bytes
    }

    /// Returns why a table of these entries was refused.
    fn table(entries: &[([u8; 16], u32, u32)]) -> Option<Error> {
        Table::parse(&pages(entries)).err()
    }

    #[test]
    fn writes_guids_as_the_kernel_does() {
        assert_eq!(Guid::CERTIFICATES, Guid::new(CERTIFICATES));
        assert_eq!(Guid::MEASUREMENTS, Guid::new(MEASUREMENTS));
        assert_eq!(Guid::REPORT, Guid::new(REPORT));
        assert_eq!(Guid::END, Guid::new([0; 16]));
    }

    /// Returns which blobs there are.
    fn found(entries: &[([u8; 16], u32, u32)]) -> Result<[bool; 3], Error> {
        Table::parse(&pages(entries)).map(|table| {
            [Kind::Certificates, Kind::Measurements, Kind::Report].map(|kind| table.has(kind))
        })
    }

    #[test]
    fn finds_each_blob() {
        assert_eq!(found(&[]), Ok([false; 3]));
        assert_eq!(found(&[(CERTIFICATES, 48, 8)]), Ok([true, false, false]));
        assert_eq!(found(&[(MEASUREMENTS, 48, 8)]), Ok([false, true, false]));
        assert_eq!(found(&[(REPORT, 48, 8)]), Ok([false, false, true]));
        let all = [
            (REPORT, 120, 40),
            (MEASUREMENTS, 96, 8),
            (CERTIFICATES, 104, 16),
        ];
        assert_eq!(found(&all), Ok([true; 3]));
    }

    #[test]
    fn skips_a_blob_that_is_not_known() {
        let outside = (OTHER, u32::MAX, u32::MAX);
        assert_eq!(found(&[outside, outside]), Ok([false; 3]));
        let entries = [outside, (REPORT, 96, 8), outside];
        assert_eq!(found(&entries), Ok([false, false, true]));
    }

    #[test]
    fn takes_no_length_for_no_blob() {
        for offset in [0, 72, u32::MAX] {
            let entries = [(REPORT, offset, 0), (CERTIFICATES, 72, 88)];
            assert_eq!(found(&entries), Ok([true, false, false]));
        }
    }

    #[test]
    fn refuses_a_blob_outside() {
        let outside = Some(Error::Outside(0));
        assert_eq!(table(&[(REPORT, 48, 112)]), None);
        for (offset, length) in [
            (0, 8),
            (24, 8),
            (47, 8),
            (48, 113),
            (160, 1),
            (u32::MAX, 1),
            (48, u32::MAX),
            (u32::MAX, u32::MAX),
        ] {
            assert_eq!(table(&[(REPORT, offset, length)]), outside);
        }
        let entries = [(REPORT, 72, 8), (CERTIFICATES, 71, 1)];
        assert_eq!(table(&entries), Some(Error::Outside(1)));
    }

    #[test]
    fn refuses_blobs_that_overlap() {
        let overlap = |offset, length| table(&[(REPORT, 80, 16), (MEASUREMENTS, offset, length)]);
        assert_eq!(overlap(72, 8), None);
        assert_eq!(overlap(96, 8), None);
        for (offset, length) in [(72, 9), (95, 1), (80, 16), (84, 4), (72, 88), (80, 1)] {
            assert_eq!(overlap(offset, length), Some(Error::Overlap(1)));
        }
        let entries = [
            (REPORT, 96, 8),
            (MEASUREMENTS, 104, 8),
            (CERTIFICATES, 100, 1),
        ];
        assert_eq!(table(&entries), Some(Error::Overlap(2)));
    }

    #[test]
    fn refuses_two_blobs_of_a_kind() {
        for (offset, length) in [(80, 8), (72, 8), (0, 0)] {
            let entries = [(REPORT, 72, 8), (REPORT, offset, length)];
            assert_eq!(table(&entries), Some(Error::Duplicate(1)));
        }
        let entries = [(REPORT, 0, 0), (OTHER, 0, 0), (REPORT, 96, 8)];
        assert_eq!(table(&entries), Some(Error::Duplicate(2)));
    }

    #[test]
    fn refuses_a_table_without_end() {
        let entries = [(OTHER, 0, 0); 5];
        assert_eq!(table(&entries), None);
        let bytes = put(pages(&entries), 5 * Entry::SIZE, &[1]);
        let unterminated = Some(Error::Unterminated);
        assert_eq!(Table::parse(&bytes).err(), unterminated);
        for len in [0, 1, Entry::SIZE - 1] {
            let zeros = [0; Entry::SIZE];
            let short = zeros.get(..len).unwrap_or_default();
            assert_eq!(Table::parse(short).err(), unterminated);
        }
        // Offset and length of the last entry count for nothing.
        let bytes = put(pages(&[]), 16, &[0xff; 8]);
        assert_eq!(Table::parse(&bytes).err(), None);
    }

    /// What the tests take for a hash: the first byte, 48 times.
    fn hash(bytes: &[u8]) -> Digest384 {
        Digest384::new([bytes.first().copied().unwrap_or_default(); 48])
    }

    /// Verifies the blob of this kind in these pages, which has to begin with 100, 110 or 120, and returns its first
    /// byte and its length.
    fn verify(pages: &[u8], kind: Kind, flags: u8) -> Result<(Option<u8>, usize), Error> {
        let answer = put([0; 192], 16, &[flags]);
        let answer = put(put(answer, 32, &[100; 48]), 80, &[110; 48]);
        let answer = put(answer, 128, &[120; 48]);
        let info = TdiInfo.parse(TdiId::new(0), MessageVersion::V2, &answer)?;
        let table = Table::parse(pages)?;
        let blob = Blob::verify(&table, &info, kind, hash)?;

        assert_eq!(blob.kind(), kind);
        Ok((blob.as_bytes().first().copied(), blob.as_bytes().len()))
    }

    #[test]
    fn hands_out_a_blob_that_the_firmware_knows() {
        let pages = pages(&[
            (CERTIFICATES, 100, 10),
            (MEASUREMENTS, 110, 9),
            (REPORT, 120, 1),
        ]);
        assert_eq!(verify(&pages, Kind::Certificates, 1), Ok((Some(100), 10)));
        assert_eq!(verify(&pages, Kind::Measurements, 1), Ok((Some(110), 9)));
        assert_eq!(verify(&pages, Kind::Report, 1), Ok((Some(120), 1)));
    }

    #[test]
    fn keeps_a_blob_that_the_firmware_does_not_know() {
        let pages = pages(&[
            (CERTIFICATES, 101, 9),
            (MEASUREMENTS, 111, 9),
            (REPORT, 121, 1),
        ]);
        for kind in [Kind::Certificates, Kind::Measurements, Kind::Report] {
            assert_eq!(verify(&pages, kind, 1), Err(Error::Digest(kind)));
        }
    }

    #[test]
    fn keeps_a_blob_that_another_one_was_exchanged_for() {
        let pages = pages(&[
            (REPORT, 100, 10),
            (CERTIFICATES, 110, 9),
            (MEASUREMENTS, 120, 1),
        ]);
        for kind in [Kind::Certificates, Kind::Measurements, Kind::Report] {
            assert_eq!(verify(&pages, kind, 1), Err(Error::Digest(kind)));
        }
    }

    #[test]
    fn keeps_measurements_without_a_valid_digest() {
        let pages = pages(&[(MEASUREMENTS, 110, 9), (REPORT, 120, 1)]);
        let refused = Err(Error::NoDigest(Kind::Measurements));
        assert_eq!(verify(&pages, Kind::Measurements, 0), refused);
        assert_eq!(verify(&pages, Kind::Measurements, 2), refused);
        assert_eq!(verify(&pages, Kind::Report, 0), Ok((Some(120), 1)));
    }

    #[test]
    fn tells_which_blob_is_not_there() {
        let pages = pages(&[(MEASUREMENTS, 110, 0), (REPORT, 120, 1)]);
        for kind in [Kind::Certificates, Kind::Measurements] {
            assert_eq!(verify(&pages, kind, 1), Err(Error::Missing(kind)));
        }
    }
}
