// SPDX-License-Identifier: GPL-2.0

//! Data objects of a DOE mailbox. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_doe))]
mod tests {
    use tsm_proto::doe::{
        Discovery,
        Error,
        Feature,
        Header,
        ObjectType,
        Padded,
        Vendor, //
    };
    use zerocopy::IntoBytes as _;

    /// GET_VERSION as spdm-emu sends it.
    const GET_VERSION: [u8; 12] = [1, 0, 1, 0, 3, 0, 0, 0, 0x10, 0x84, 0, 0];

    /// Returns such an object with another byte at `offset`.
    fn with(offset: usize, value: u8) -> [u8; 12] {
        let mut object = GET_VERSION;
        if let Some(byte) = object.get_mut(offset) {
            *byte = value;
        }
        object
    }

    fn parse(object: &[u8]) -> Result<&[u8], Error> {
        Header::parse(ObjectType::CMA_SPDM, object)
    }

    #[test]
    fn makes_the_header_of_an_object() {
        let header = Header::new(ObjectType::CMA_SPDM, Padded::new(4));
        assert_eq!(
            header.as_ref().map(|header| header.as_bytes()),
            Ok([1, 0, 1, 0, 3, 0, 0, 0].as_slice())
        );
        let header = Header::new(ObjectType::SECURED_CMA_SPDM, Padded::new(5));
        assert_eq!(header.map(|header| header.dwords()), Ok(4));
    }

    #[test]
    fn makes_the_header_of_the_longest_object() {
        let longest = Header::new(ObjectType::CMA_SPDM, Padded::new((1 << 20) - 8));
        assert_eq!(
            longest.as_ref().map(|header| header.as_bytes()),
            Ok([1, 0, 1, 0, 0, 0, 0, 0].as_slice())
        );
        assert_eq!(longest.map(|header| header.dwords()), Ok(1 << 18));
        for len in [(1 << 20) - 7, usize::MAX] {
            let header = Header::new(ObjectType::CMA_SPDM, Padded::new(len));
            assert_eq!(header, Err(Error::TooLarge));
        }
    }

    #[test]
    fn borrows_the_payload() {
        assert_eq!(parse(&GET_VERSION), Ok([0x10, 0x84, 0, 0].as_slice()));
        assert_eq!(parse(&[1, 0, 1, 0, 2, 0, 0, 0]), Ok([].as_slice()));
    }

    #[test]
    fn ignores_reserved_bits() {
        assert_eq!(parse(&with(3, 0xff)).map(<[u8]>::len), Ok(4));
        assert_eq!(parse(&with(7, 0xff)).map(<[u8]>::len), Ok(4));
        assert_eq!(parse(&with(6, 0xfc)).map(<[u8]>::len), Ok(4));
    }

    #[test]
    fn refuses_an_object_of_another_kind() {
        let vendor = Err(Error::Vendor(Vendor::new(0x0101)));
        assert_eq!(parse(&with(1, 1)), vendor);
        let secured = Err(Error::Type(ObjectType::SECURED_CMA_SPDM));
        assert_eq!(parse(&with(2, 2)), secured);
    }

    #[test]
    fn refuses_half_a_header() {
        for len in 0..Header::SIZE {
            let short = GET_VERSION.get(..len).unwrap_or_default();
            assert_eq!(parse(short), Err(Error::Truncated));
        }
    }

    #[test]
    fn refuses_an_object_that_is_shorter_or_longer_than_announced() {
        assert_eq!(parse(&with(4, 4)), Err(Error::Truncated));
        // 2 to the power of 18 dwords.
        assert_eq!(parse(&with(4, 0)), Err(Error::Truncated));
        assert_eq!(parse(&with(4, 1)), Err(Error::Length(1)));
        assert_eq!(parse(&with(4, 2)), Err(Error::Length(2)));
    }

    #[test]
    fn rounds_up_to_dwords() {
        for (len, dwords) in [
            (0, 0),
            (1, 1),
            (4, 1),
            (5, 2),
            (usize::MAX, usize::MAX / 4 + 1),
        ] {
            assert_eq!(Padded::new(len).dwords(), dwords);
            assert_eq!(Padded::new(len).len(), len);
        }
    }

    #[test]
    fn pads_with_zeros() {
        let mut buffer = [0xff; 8];
        let padded = Padded::new(5).fill(&mut buffer).map(|padded| padded.len());
        assert_eq!(padded, Ok(8));
        assert_eq!(buffer, [0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0]);
    }

    #[test]
    fn refuses_to_pad_without_room() {
        let mut buffer = [0xff; 7];
        for len in [5, 8, usize::MAX] {
            let padded = Padded::new(len).fill(&mut buffer).map(|_| ());
            assert_eq!(padded, Err(Error::TooLarge));
        }
        assert_eq!(buffer, [0xff; 7]);
    }

    #[test]
    fn discovers_each_feature() {
        let cma = Feature {
            vendor: Vendor::PCI_SIG,
            object_type: ObjectType::CMA_SPDM,
        };
        let next = Discovery::FIRST.parse(&[1, 0, 0, 1]);
        let second = next.ok().and_then(|(_, next)| next);
        assert_eq!(second.map(|next| next.request()), Some([1, 0, 0, 0]));
        assert_eq!(
            second.map(|second| second.parse(&[1, 0, 1, 0])),
            Some(Ok((cma, None)))
        );
    }

    #[test]
    fn refuses_a_discovery_that_does_not_ascend() {
        let at = |index| {
            let next = Discovery::FIRST.parse(&[1, 0, 1, index]);
            next.ok().and_then(|(_, next)| next)
        };
        for index in [1, 2, 255] {
            let again = at(index).map(|next| next.parse(&[1, 0, 1, index]));
            assert_eq!(again, Some(Err(Error::DiscoveryLoop(index))));
        }
        let back = at(255).map(|next| next.parse(&[1, 0, 1, 254]));
        assert_eq!(back, Some(Err(Error::DiscoveryLoop(254))));
    }

    #[test]
    fn refuses_a_discovery_that_is_no_dword() {
        for len in 0..4 {
            let short = GET_VERSION.get(..len).unwrap_or_default();
            assert_eq!(Discovery::FIRST.parse(short), Err(Error::Truncated));
        }
        assert_eq!(Discovery::FIRST.parse(&[0; 5]), Err(Error::Trailing));
    }
}
