// SPDX-License-Identifier: GPL-2.0

//! Tables of certificates, as a host may write them. One source, three runners: KUnit, `cargo test`,
//! Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_snp_certificates))]
mod tests {
    use tsm_proto::snp::certificates::{
        Entry,
        Error,
        Table, //
    };
    use zerocopy::IntoBytes as _;

    /// The table of a machine that signs with a VLEK, and the GUID of that.
    const VLEK: &[u8] = include_bytes!("../vectors/snp/vlek-certificates.bin");
    const VLEK_GUID: [u8; 16] = 0xa807_4bc2_a25a_483e_aae6_39c0_45a0_b8a1_u128.to_be_bytes();

    const LEN: usize = 256;

    /// Makes a buffer that starts with these entries, `(GUID, offset, length)`, and is `0xcc` after
    /// them.
    fn table(entries: &[(u8, u32, u32)]) -> [u8; LEN] {
        let mut bytes = [0xcc; LEN];

        for (to, (guid, offset, length)) in bytes.chunks_exact_mut(Entry::SIZE).zip(entries) {
            let entry = Entry {
                guid: [*guid; 16],
                offset: (*offset).into(),
                length: (*length).into(),
            };
            to.copy_from_slice(entry.as_bytes());
        }
        bytes
    }

    const END: (u8, u32, u32) = (0, 0, 0);

    /// Parses such a buffer and returns how much of it the table is.
    fn parse(entries: &[(u8, u32, u32)]) -> Result<Option<usize>, Error> {
        Table::parse(&table(entries)).map(|table| table.map(|table| table.as_bytes().len()))
    }

    #[test]
    fn accepts_a_host_without_certificates() {
        assert_eq!(parse(&[END]), Ok(None));
        assert_eq!(
            Table::parse(&[0; 4096]).map(|table| table.is_none()),
            Ok(true)
        );
    }

    #[test]
    fn cuts_what_follows_the_last_certificate() {
        assert_eq!(parse(&[(1, 48, 10), END]), Ok(Some(58)));
        assert_eq!(parse(&[(1, 100, 10), (2, 72, 4), END]), Ok(Some(110)));
    }

    #[test]
    fn finds_the_one_certificate_of_a_key_that_was_loaded() {
        let table = Table::parse(VLEK).ok().flatten();
        let certificate = VLEK.get(2 * Entry::SIZE..).unwrap_or_default();
        let mut found = table.into_iter().flat_map(|table| table.certificates());
        assert!(!certificate.is_empty());
        assert_eq!(found.next(), Some((VLEK_GUID, certificate)));
        assert_eq!(found.next(), None);
        assert_eq!(table.map(|table| table.as_bytes().len()), Some(VLEK.len()));
    }

    #[test]
    fn finds_each_certificate() {
        let bytes = table(&[(1, 100, 10), (2, 72, 4), END]);
        let table = Table::parse(&bytes).ok().flatten();
        let mut found = table.into_iter().flat_map(|table| table.certificates());
        let first = bytes.get(100..110).unwrap_or_default();
        let second = bytes.get(72..76).unwrap_or_default();
        assert_eq!(found.next(), Some(([1; 16], first)));
        assert_eq!(found.next(), Some(([2; 16], second)));
        assert_eq!(found.next(), None);
    }

    #[test]
    fn accepts_a_certificate_up_to_the_end() {
        assert_eq!(parse(&[(1, 48, 208), END]), Ok(Some(LEN)));
        assert_eq!(parse(&[(1, 256, 0), END]), Ok(Some(LEN)));
    }

    #[test]
    fn accepts_certificates_that_overlap() {
        assert_eq!(parse(&[(1, 72, 20), (2, 80, 20), END]), Ok(Some(100)));
        assert_eq!(parse(&[(1, 72, 20), (2, 72, 20), END]), Ok(Some(92)));
    }

    #[test]
    fn accepts_an_empty_certificate_within_the_table() {
        for at in [0, 1, 47, 48] {
            assert_eq!(parse(&[(1, at, 0), END]), Ok(Some(48)));
            assert_eq!(parse(&[(1, at, 0), (2, 72, 8), END]), Ok(Some(80)));
        }
        let bytes = table(&[(1, 0, 0), (2, 72, 4), END]);
        let table = Table::parse(&bytes).ok().flatten();
        let mut found = table.into_iter().flat_map(|table| table.certificates());
        assert_eq!(found.next(), Some(([1; 16], [].as_slice())));
        assert_eq!(
            found.next(),
            Some(([2; 16], bytes.get(72..76).unwrap_or_default()))
        );
    }

    #[test]
    fn refuses_a_certificate_after_the_end() {
        let outside = |index| Err(Error::Outside(index));
        assert_eq!(parse(&[(1, 48, 209), END]), outside(0));
        assert_eq!(parse(&[(1, 257, 0), END]), outside(0));
        assert_eq!(parse(&[(1, 72, 8), (2, 1000, 8), END]), outside(1));
    }

    #[test]
    fn refuses_a_certificate_that_wraps_around() {
        let outside = |index| Err(Error::Outside(index));
        assert_eq!(parse(&[(1, 48, u32::MAX), END]), outside(0));
        assert_eq!(parse(&[(1, u32::MAX, 64), END]), outside(0));
        assert_eq!(parse(&[(1, u32::MAX, u32::MAX), END]), outside(0));
    }

    #[test]
    fn refuses_a_certificate_within_the_table() {
        let outside = |index| Err(Error::Outside(index));
        assert_eq!(parse(&[(1, 0, 64), END]), outside(0));
        assert_eq!(parse(&[(1, 47, 64), END]), outside(0));
        assert_eq!(parse(&[(1, 71, 8), (2, 80, 8), END]), outside(0));
    }

    #[test]
    fn refuses_a_table_without_end() {
        let unterminated = Err(Error::Unterminated);
        assert_eq!(parse(&[]), unterminated);
        assert_eq!(parse(&[(1, 48, 8)]), unterminated);
        assert_eq!(parse(&[(1, 240, 8); LEN / Entry::SIZE]), unterminated);
    }

    #[test]
    fn takes_an_entry_for_the_last_only_if_all_of_it_is_zero() {
        assert_eq!(parse(&[(0, 72, 8), (0, 80, 0), END]), Ok(Some(80)));
        assert_eq!(parse(&[(1, 0, 0), END]), Ok(Some(48)));
    }

    #[test]
    fn refuses_a_buffer_without_room_for_an_entry() {
        for len in [0, 1, Entry::SIZE - 1] {
            let bytes = [0; Entry::SIZE];
            let short = bytes.get(..len).unwrap_or_default();
            assert_eq!(Table::parse(short).map(|_| ()), Err(Error::Unterminated));
        }
    }
}
