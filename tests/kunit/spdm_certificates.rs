// SPDX-License-Identifier: GPL-2.0

//! DIGESTS, CERTIFICATE and chains, as a device may send them. One source, three runners: KUnit, `cargo
//! test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_spdm_certificates))]
mod tests {
    use tsm_proto::spdm::{
        certificate::{
            GetCertificate,
            Portion, //
        },
        chain::Chain,
        digests::GetDigests,
        Error,
        Layout,
        Padding,
        Request,
        Slot,
        Version, //
    };

    const LAYOUT: Layout = Layout {
        version: Version::V1_2,
        hash: 2,
        signature: 4,
        exchange: 4,
    };

    fn slot(number: u8) -> Slot {
        Slot::new(number).unwrap_or(Slot::FIRST)
    }

    #[test]
    fn finds_the_digest_of_each_slot() {
        let message = [0x12, 1, 0, 0b1001, 10, 11, 20, 21];
        let digests = GetDigests.parse(&LAYOUT, &message, Padding::None);
        let get = |number| digests.map(|(digests, _)| digests.get(slot(number)));
        assert_eq!(get(0), Ok(Some([10, 11].as_slice())));
        assert_eq!(get(3), Ok(Some([20, 21].as_slice())));
        for number in [1, 2, 4, 7] {
            assert_eq!(get(number), Ok(None));
        }
    }

    #[test]
    fn refuses_fewer_digests_than_slots() {
        let message = [0x12, 1, 0, 0xff, 10, 11, 20, 21];
        let digests = GetDigests.parse(&LAYOUT, &message, Padding::None);
        assert_eq!(digests.map(|_| ()), Err(Error::Truncated));
    }

    #[test]
    fn refuses_more_digests_than_slots() {
        let message = [0x12, 1, 0, 1, 10, 11, 20, 21];
        let digests = GetDigests.parse(&LAYOUT, &message, Padding::None);
        assert_eq!(digests.map(|_| ()), Err(Error::Trailing));
    }

    #[test]
    fn has_eight_slots() {
        assert_eq!(Slot::new(7).map(Slot::number), Ok(7));
        for number in [8, 255] {
            assert_eq!(Slot::new(number), Err(Error::NoSuchSlot));
        }
    }

    const GET: GetCertificate = GetCertificate {
        slot: Slot::FIRST,
        offset: 10,
        length: 4,
    };

    fn portion<'a>(layout: &Layout, message: &'a [u8]) -> Result<Portion<'a>, Error> {
        GET.parse(layout, message, Padding::None)
            .map(|(portion, _)| portion)
    }

    #[test]
    fn takes_a_portion() {
        let taken = portion(&LAYOUT, &[0x12, 2, 0, 0, 3, 0, 7, 0, 1, 2, 3]);
        let expected = Portion {
            bytes: &[1, 2, 3],
            remainder: 7,
        };
        assert_eq!(taken, Ok(expected));
    }

    #[test]
    fn takes_a_portion_with_long_lengths_from_1_4_on() {
        let message = [0x14, 2, 0x80, 0, 0, 0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 1, 2];
        let newest = Layout {
            version: Version::V1_4,
            ..LAYOUT
        };
        let expected = Portion {
            bytes: &[1, 2],
            remainder: 7,
        };
        assert_eq!(portion(&newest, &message), Ok(expected));
        let short = message.get(..12).unwrap_or_default();
        assert_eq!(portion(&newest, short), Err(Error::Truncated));
        let mut long = message;
        if let Some(byte) = long.get_mut(14) {
            *byte = 1;
        }
        assert_eq!(portion(&newest, &long), Err(Error::Portion));
    }

    #[test]
    fn refuses_a_portion_that_is_empty_or_longer_than_asked_for() {
        assert_eq!(
            portion(&LAYOUT, &[0x12, 2, 0, 0, 0, 0, 7, 0]),
            Err(Error::Portion)
        );
        assert_eq!(
            portion(&LAYOUT, &[0x12, 2, 0, 0, 5, 0, 0, 0, 1, 2, 3, 4, 5]),
            Err(Error::Portion)
        );
    }

    #[test]
    fn refuses_a_portion_that_is_not_all_there() {
        assert_eq!(
            portion(&LAYOUT, &[0x12, 2, 0, 0, 4, 0, 0, 0, 1, 2, 3]),
            Err(Error::Truncated)
        );
        assert_eq!(
            portion(&LAYOUT, &[0x12, 2, 0, 0, 4, 0]),
            Err(Error::Truncated)
        );
    }

    #[test]
    fn refuses_a_portion_of_another_slot() {
        assert_eq!(
            portion(&LAYOUT, &[0x12, 2, 1, 0, 1, 0, 0, 0, 1]),
            Err(Error::Mismatch)
        );
    }

    #[test]
    fn asks_for_what_follows() {
        let bytes = &[1, 2, 3];
        let next = |remainder, total| GET.next(&Portion { bytes, remainder }, total);
        assert_eq!(next(7, 20), Ok(Some(GetCertificate { offset: 13, ..GET })));
        assert_eq!(next(0, 13), Ok(None));
    }

    #[test]
    fn refuses_a_remainder_that_does_not_shrink() {
        let bytes = &[1, 2, 3];
        for (remainder, total) in [(8, 20), (10, 20), (6, 20), (0, 20), (u16::MAX, 20)] {
            let next = GET.next(&Portion { bytes, remainder }, total);
            assert_eq!(next, Err(Error::Portion));
        }
    }

    #[test]
    fn refuses_a_chain_of_64_kib() {
        let bytes = &[1, 2, 3];
        let total = |remainder| GET.total(&Portion { bytes, remainder });
        assert_eq!(total(u16::MAX - 13), Ok(u16::MAX));
        assert_eq!(total(u16::MAX - 12), Err(Error::Portion));
    }

    /// Length, root hash, two certificates.
    const CHAIN: [u8; 13] = [13, 0, 0, 0, 0xaa, 0xbb, 0x30, 2, 5, 0, 0x30, 1, 9];

    /// Parses such a chain with other bytes after the root hash.
    fn chain(certificates: &[u8]) -> Result<usize, Error> {
        let mut bytes = [0; 300];
        let len = 6 + certificates.len();
        for (to, from) in bytes.iter_mut().skip(6).zip(certificates) {
            *to = *from;
        }
        for (to, from) in bytes.iter_mut().take(4).zip(len.to_le_bytes()) {
            *to = from;
        }
        let bytes = bytes.get(..len).unwrap_or_default();
        Chain::parse(2, bytes).map(|chain| chain.leaf().len())
    }

    #[test]
    fn finds_the_leaf() {
        let chain = Chain::parse(2, &CHAIN);
        assert_eq!(chain.map(|chain| chain.leaf()), Ok([0x30, 1, 9].as_slice()));
        assert_eq!(
            chain.map(|chain| chain.root_hash()),
            Ok([0xaa, 0xbb].as_slice())
        );
        assert_eq!(chain.map(|chain| chain.certificates().count()), Ok(2));
    }

    #[test]
    fn takes_long_certificates() {
        let mut certificate = [0; 131];
        for (to, from) in certificate.iter_mut().zip([0x30, 0x81, 0x80]) {
            *to = from;
        }
        assert_eq!(chain(&certificate), Ok(131));
        let mut certificate = [0; 260];
        for (to, from) in certificate.iter_mut().zip([0x30, 0x82, 1, 0]) {
            *to = from;
        }
        assert_eq!(chain(&certificate), Ok(260));
    }

    #[test]
    fn refuses_a_chain_of_another_length() {
        for length in [0, 12, 14, 255] {
            let mut bytes = CHAIN;
            if let Some(byte) = bytes.first_mut() {
                *byte = length;
            }
            assert_eq!(Chain::parse(2, &bytes).map(|_| ()), Err(Error::Chain));
        }
        let mut bytes = CHAIN;
        if let Some(byte) = bytes.get_mut(2) {
            *byte = 1;
        }
        assert_eq!(Chain::parse(2, &bytes).map(|_| ()), Err(Error::Chain));
    }

    #[test]
    fn refuses_a_chain_without_certificates() {
        assert_eq!(chain(&[]), Err(Error::Chain));
        for len in 0..6 {
            let short = CHAIN.get(..len).unwrap_or_default();
            assert_eq!(Chain::parse(2, short).map(|_| ()), Err(Error::Chain));
        }
    }

    #[test]
    fn refuses_certificates_that_are_not_whole() {
        assert_eq!(chain(&[0x30]), Err(Error::Chain));
        assert_eq!(chain(&[0x30, 2, 5]), Err(Error::Chain));
        assert_eq!(chain(&[0x30, 0, 0x30, 2, 5]), Err(Error::Chain));
        assert_eq!(chain(&[0x30, 0, 0]), Err(Error::Chain));
    }

    #[test]
    fn refuses_lengths_that_are_not_definite_and_minimal() {
        assert_eq!(chain(&[0x30, 0x80, 0, 0]), Err(Error::Chain));
        assert_eq!(chain(&[0x30, 0x81, 1, 0]), Err(Error::Chain));
        assert_eq!(chain(&[0x30, 0x82, 0, 1, 0]), Err(Error::Chain));
        assert_eq!(chain(&[0x30, 0x83, 0, 0, 1, 0]), Err(Error::Chain));
        assert_eq!(chain(&[0x30, 0x84, 0, 0, 0, 1, 0]), Err(Error::Chain));
        assert_eq!(
            chain(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
            Err(Error::Chain)
        );
    }

    #[test]
    fn refuses_another_tag() {
        assert_eq!(chain(&[0x30, 0]), Ok(2));
        assert_eq!(chain(&[0x31, 0]), Err(Error::Chain));
    }
}
