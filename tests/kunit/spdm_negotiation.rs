// SPDX-License-Identifier: GPL-2.0

//! VERSION, CAPABILITIES and ALGORITHMS, as a device may send them. One source, three runners: KUnit,
//! `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_spdm_negotiation))]
mod tests {
    use tsm_proto::spdm::{
        algorithms::{
            Aead,
            Algorithms,
            BaseAsym,
            BaseHash,
            Dhe,
            KeySchedule,
            NegotiateAlgorithms,
            Table,
            Tables,
            DMTF_MEASUREMENTS,
            OPAQUE_FORMAT_1, //
        },
        capabilities::{
            Capabilities,
            Flags,
            GetCapabilities, //
        },
        get_version::GetVersion,
        Code,
        Error,
        Layout,
        Padding,
        Request,
        SigningContext,
        Version, //
    };

    const LAYOUT: Layout = Layout::new(Version::V1_2);

    /// VERSION of E: 1.0 to 1.4.
    const VERSION: [u8; 16] = [
        0x10, 4, 0, 0, 0, 5, 0, 0x10, 0, 0x11, 0, 0x12, 0, 0x13, 0, 0x14,
    ];

    /// Returns `message` with the byte at `offset` set to `value`.
    fn with<const N: usize>(message: [u8; N], offset: usize, value: u8) -> [u8; N] {
        let mut message = message;
        if let Some(byte) = message.get_mut(offset) {
            *byte = value;
        }
        message
    }

    fn select(message: &[u8], highest: Version) -> Result<Version, Error> {
        GetVersion
            .parse(&LAYOUT, message, Padding::Dword)
            .and_then(|(versions, _)| versions.select(highest))
    }

    #[test]
    fn selects_the_highest_common_version() {
        assert_eq!(select(&VERSION, Version::V1_4), Ok(Version::V1_4));
        assert_eq!(select(&VERSION, Version::V1_2), Ok(Version::V1_2));
        assert_eq!(
            select(&with(VERSION, 15, 0x15), Version::V1_4),
            Ok(Version::V1_3)
        );
    }

    #[test]
    fn passes_over_drafts() {
        assert_eq!(
            select(&with(VERSION, 14, 1), Version::V1_4),
            Ok(Version::V1_3)
        );
        // An update number is no draft.
        assert_eq!(
            select(&with(VERSION, 14, 0x10), Version::V1_4),
            Ok(Version::V1_4)
        );
    }

    #[test]
    fn refuses_a_device_without_a_common_version() {
        let none = Err(Error::NoCommonVersion);
        assert_eq!(select(&[0x10, 4, 0, 0, 0, 0], Version::V1_4), none);
        assert_eq!(select(&[0x10, 4, 0, 0, 0, 1, 0, 0x20], Version::V1_4), none);
    }

    #[test]
    fn refuses_fewer_versions_than_announced() {
        for count in [6, 255] {
            assert_eq!(
                select(&with(VERSION, 5, count), Version::V1_4),
                Err(Error::Truncated)
            );
        }
        let short = VERSION.get(..15).unwrap_or_default();
        assert_eq!(select(short, Version::V1_4), Err(Error::Truncated));
    }

    #[test]
    fn refuses_more_bytes_than_padding() {
        assert_eq!(
            select(&with(VERSION, 5, 4), Version::V1_4),
            Ok(Version::V1_3)
        );
        assert_eq!(
            select(&with(VERSION, 5, 3), Version::V1_4),
            Err(Error::Trailing)
        );
    }

    #[test]
    fn refuses_a_message_of_another_kind() {
        assert_eq!(
            select(&with(VERSION, 0, 0x12), Version::V1_4),
            Err(Error::MessageVersion(0x12))
        );
        assert_eq!(
            select(&with(VERSION, 1, 0x61), Version::V1_4),
            Err(Error::UnexpectedCode(Code::new(0x61)))
        );
    }

    #[test]
    fn knows_only_versions_of_the_specification() {
        for version in [
            Version::V1_0,
            Version::V1_1,
            Version::V1_2,
            Version::V1_3,
            Version::V1_4,
        ] {
            assert_eq!(Version::new(version.raw()), Some(version));
        }
        assert_eq!(Version::new(0x15), None);
        assert_eq!(Version::new(0), None);
    }

    #[test]
    fn makes_the_prefix_of_a_signature() {
        let prefix = Version::V1_2.signing_prefix(SigningContext::Measurements);
        let prefix = prefix.bytes();
        let part = |from, to| prefix.and_then(|bytes| bytes.get(from..to));
        assert_eq!(part(48, 64), Some(b"dmtf-spdm-v1.2.*".as_slice()));
        assert_eq!(part(64, 70), Some([0; 6].as_slice()));
        assert_eq!(
            part(70, 100),
            Some(b"responder-measurements signing".as_slice())
        );
        let older = Version::V1_1.signing_prefix(SigningContext::Challenge);
        assert_eq!(older.bytes(), None);
    }

    const CAPABILITIES: [u8; 20] = [
        0x12, 0x61, 0, 0, 0, 9, 0, 0, 0xf7, 0xfb, 0x1a, 0, 0, 0x12, 0, 0, 0, 0x12, 0, 0,
    ];

    const GET_CAPABILITIES: GetCapabilities = GetCapabilities {
        ct_exponent: 3,
        flags: Flags::CERT.with(Flags::KEY_EX),
        data_transfer_size: 4032,
        max_message_size: 4032,
    };

    fn capabilities(layout: &Layout, message: &[u8]) -> Result<Capabilities, Error> {
        GET_CAPABILITIES
            .parse(layout, message, Padding::Dword)
            .map(|(capabilities, _)| capabilities)
    }

    #[test]
    fn asks_for_capabilities_as_the_version_has_them() {
        let mut buffer = [0xff; 20];
        for (version, len) in [
            (Version::V1_0, 4),
            (Version::V1_1, 12),
            (Version::V1_2, 20),
            (Version::V1_4, 20),
        ] {
            let encoded = GET_CAPABILITIES.encode(&Layout::new(version), &mut buffer);
            assert_eq!(encoded, Ok(len));
            assert_eq!(buffer.first(), Some(&version.raw()));
        }
        assert_eq!(
            buffer,
            [0x14, 0xe1, 0, 0, 0, 3, 0, 0, 2, 2, 0, 0, 0xc0, 0xf, 0, 0, 0xc0, 0xf, 0, 0]
        );
    }

    #[test]
    fn refuses_to_write_past_the_buffer() {
        let mut buffer = [0xff; 19];
        assert_eq!(
            GET_CAPABILITIES.encode(&LAYOUT, &mut buffer),
            Err(Error::TooLarge)
        );
    }

    #[test]
    fn takes_unknown_capabilities() {
        let all = with(with(CAPABILITIES, 11, 0xff), 5, 0xff);
        let parsed = capabilities(&LAYOUT, &all);
        assert_eq!(parsed.map(|parsed| parsed.ct_exponent), Ok(255));
        assert_eq!(parsed.map(|parsed| parsed.has_sessions()), Ok(true));
    }

    #[test]
    fn refuses_the_reserved_value_of_measurements() {
        let of = |low| {
            let parsed = capabilities(&LAYOUT, &with(CAPABILITIES, 8, low));
            parsed.map(|_| ())
        };
        assert_eq!(of(0x1a), Err(Error::Reserved));
        for low in [0x02, 0x0a, 0x12] {
            assert_eq!(of(low), Ok(()));
        }
    }

    #[test]
    fn tells_what_a_device_can_do() {
        let of = |low, high| {
            let message = with(with(CAPABILITIES, 8, low), 9, high);
            let parsed = capabilities(&LAYOUT, &message);
            parsed.map(|parsed| (parsed.has_sessions(), parsed.has_challenge()))
        };
        assert_eq!(of(0xc2, 2), Ok((true, false)));
        assert_eq!(of(0x42, 2), Ok((false, false)));
        assert_eq!(of(0x82, 2), Ok((false, false)));
        assert_eq!(of(0xc0, 2), Ok((false, false)));
        assert_eq!(of(0x06, 0), Ok((false, true)));
        assert_eq!(of(0x04, 0), Ok((false, false)));
    }

    #[test]
    fn refuses_transfer_sizes_out_of_range() {
        let with_sizes = |transfer: u32, longest: u32| {
            let mut message = CAPABILITIES;
            let sizes = [transfer.to_le_bytes(), longest.to_le_bytes()];
            let to = message.iter_mut().skip(12);
            to.zip(sizes.iter().flatten())
                .for_each(|(to, from)| *to = *from);
            capabilities(&LAYOUT, &message).map(|parsed| parsed.data_transfer_size)
        };
        assert_eq!(with_sizes(42, 42), Ok(Some(42)));
        assert_eq!(with_sizes(u32::MAX, u32::MAX), Ok(Some(u32::MAX)));
        for (transfer, longest) in [(0, 4096), (41, 4096), (u32::MAX, 4096), (43, 42)] {
            assert_eq!(with_sizes(transfer, longest), Err(Error::Capabilities));
        }
    }

    #[test]
    fn refuses_capabilities_of_another_version() {
        assert_eq!(
            capabilities(&Layout::new(Version::V1_1), &CAPABILITIES),
            Err(Error::MessageVersion(0x12))
        );
        let older = with(CAPABILITIES, 0, 0x11);
        assert_eq!(
            capabilities(&Layout::new(Version::V1_1), &older),
            Err(Error::Trailing)
        );
        let short = CAPABILITIES.get(..12).unwrap_or_default();
        assert_eq!(capabilities(&LAYOUT, short), Err(Error::Truncated));
    }

    /// ALGORITHMS of E for such an offer.
    const ALGORITHMS: [u8; 48] = [
        0x12, 0x63, 3, 0, 48, 0, 1, 2, 4, 0, 0, 0, 0x80, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x20, 0x10, 0, 3, 0x20, 2, 0, 5, 0x20, 1, 0,
    ];

    fn offer() -> NegotiateAlgorithms {
        NegotiateAlgorithms {
            measurement_specification: DMTF_MEASUREMENTS,
            other_params: OPAQUE_FORMAT_1,
            base_asym: BaseAsym::ECDSA_P384.with(BaseAsym::ECDSA_P256),
            base_hash: BaseHash::SHA_384.with(BaseHash::SHA_256),
            measurement_log: 0,
            tables: Tables::NONE
                .with(Table::DHE, Dhe::SECP_384_R1.with(Dhe::SECP_256_R1).raw())
                .with(Table::AEAD, Aead::AES_256_GCM.raw())
                .with(Table::KEY_SCHEDULE, KeySchedule::SPDM.raw()),
        }
    }

    fn algorithms(message: &[u8]) -> Result<Algorithms, Error> {
        algorithms_of(Version::V1_2, offer(), message)
    }

    fn algorithms_of(
        version: Version,
        offer: NegotiateAlgorithms,
        message: &[u8],
    ) -> Result<Algorithms, Error> {
        offer
            .parse(&Layout::new(version), message, Padding::Dword)
            .map(|(algorithms, _)| algorithms)
    }

    #[test]
    fn offers_algorithms_in_the_order_of_their_tables() {
        let mut buffer = [0xff; 64];
        assert_eq!(offer().encode(&LAYOUT, &mut buffer), Ok(44));
        assert_eq!(
            buffer.get(..16),
            Some([0x12, 0xe3, 3, 0, 44, 0, 1, 2, 0x90, 0, 0, 0, 3, 0, 0, 0].as_slice())
        );
        assert_eq!(buffer.get(16..32), Some([0; 16].as_slice()));
        assert_eq!(
            buffer.get(32..44),
            Some([2, 0x20, 0x18, 0, 3, 0x20, 2, 0, 5, 0x20, 1, 0].as_slice())
        );
        // 1.0 has no tables and no other parameters.
        let oldest = Layout::new(Version::V1_0);
        assert_eq!(offer().encode(&oldest, &mut buffer), Ok(32));
        assert_eq!(buffer.get(2..8), Some([0, 0, 32, 0, 1, 0].as_slice()));
    }

    #[test]
    fn takes_one_of_each_offer() {
        let selected = algorithms(&ALGORITHMS);
        let layout = selected.and_then(|selected| selected.layout(Version::V1_2));
        assert_eq!(
            layout,
            Ok(Layout {
                version: Version::V1_2,
                hash: 48,
                signature: 96,
                exchange: 96,
            })
        );
        assert_eq!(
            selected.map(|selected| selected.tables.aead()),
            Ok(Some(Aead::AES_256_GCM))
        );
    }

    #[test]
    fn takes_a_table_in_which_nothing_is_selected() {
        let selected = algorithms(&with(ALGORITHMS, 42, 0));
        assert_eq!(selected.map(|selected| selected.tables.aead()), Ok(None));
    }

    #[test]
    fn refuses_a_selection_that_is_not_one_of_the_offer() {
        for (offset, value) in [
            // Measurement specification, opaque format, measurement hash.
            (6, 2),
            (7, 4),
            (7, 6),
            (8, 6),
            // Signature: both, another.
            (12, 0x90),
            (12, 4),
            (13, 1),
            // Hash: both, another.
            (16, 3),
            (16, 4),
            // Tables: both, another.
            (38, 0x18),
            (38, 0x20),
            (39, 0x10),
            (42, 1),
            (46, 2),
        ] {
            assert_eq!(
                algorithms(&with(ALGORITHMS, offset, value)),
                Err(Error::NotOffered)
            );
        }
    }

    #[test]
    fn ignores_reserved_bytes_of_algorithms() {
        // Post-quantum signatures from 1.4 on, and MELspecification from 1.3 on, are there.
        for offset in [20, 23, 24, 30, 31] {
            let message = with(ALGORITHMS, offset, 1);
            assert!(algorithms(&message).is_ok());
        }
        let message = with(with(ALGORITHMS, 0, 0x13), 20, 1);
        assert!(algorithms_of(Version::V1_3, offer(), &message).is_ok());
        for offset in [24, 30] {
            let message = with(with(ALGORITHMS, 0, 0x14), offset, 1);
            assert!(algorithms_of(Version::V1_4, offer(), &message).is_ok());
        }
    }

    #[test]
    fn refuses_what_later_versions_have_in_reserved_bytes() {
        let refused = Err(Error::NotOffered);
        let log = with(with(ALGORITHMS, 0, 0x13), 31, 1);
        assert_eq!(algorithms_of(Version::V1_3, offer(), &log), refused);
        for offset in [20, 21, 22, 23, 31] {
            let message = with(with(ALGORITHMS, 0, 0x14), offset, 1);
            assert_eq!(algorithms_of(Version::V1_4, offer(), &message), refused);
        }
    }

    #[test]
    fn offers_a_measurement_log_from_1_3_on() {
        let mut buffer = [0xff; 64];
        let mut offer = offer();
        offer.measurement_log = 1;
        assert!(offer.encode(&LAYOUT, &mut buffer).is_ok());
        assert_eq!(buffer.get(31), Some(&0));
        let later = Layout::new(Version::V1_3);
        assert!(offer.encode(&later, &mut buffer).is_ok());
        assert_eq!(buffer.get(31), Some(&1));
        let log = with(with(ALGORITHMS, 0, 0x13), 31, 1);
        let selected = algorithms_of(Version::V1_3, offer, &log);
        assert_eq!(selected.map(|selected| selected.measurement_log), Ok(1));
    }

    #[test]
    fn refuses_a_selection_of_nothing() {
        // Signature, hash.
        for offset in [12, 16] {
            assert_eq!(
                algorithms(&with(ALGORITHMS, offset, 0)),
                Err(Error::NoAlgorithm)
            );
        }
    }

    #[test]
    fn refuses_a_table_that_was_not_offered() {
        assert_eq!(algorithms(&with(ALGORITHMS, 40, 4)), Err(Error::NotOffered));
    }

    #[test]
    fn refuses_tables_out_of_order_or_twice_or_of_unknown_types() {
        for (offset, table) in [
            (36, 3),
            (36, 5),
            (40, 2),
            (44, 3),
            (36, 1),
            (36, 0),
            (44, 8),
            (44, 255),
        ] {
            assert_eq!(
                algorithms(&with(ALGORITHMS, offset, table)),
                Err(Error::AlgorithmTable)
            );
        }
    }

    #[test]
    fn refuses_external_algorithms() {
        for (offset, count) in [(32, 1), (33, 1), (37, 0x21), (37, 0x40), (37, 0)] {
            assert_eq!(
                algorithms(&with(ALGORITHMS, offset, count)),
                Err(Error::AlgorithmTable)
            );
        }
    }

    #[test]
    fn refuses_another_number_of_tables() {
        assert_eq!(algorithms(&with(ALGORITHMS, 2, 0)), Err(Error::Trailing));
        assert_eq!(algorithms(&with(ALGORITHMS, 2, 2)), Err(Error::Trailing));
        for count in [4, 255] {
            assert_eq!(
                algorithms(&with(ALGORITHMS, 2, count)),
                Err(Error::Truncated)
            );
        }
    }

    #[test]
    fn refuses_another_length() {
        for length in [0, 5, 6, 35, 47, 49, 255] {
            assert_eq!(
                algorithms(&with(ALGORITHMS, 4, length)).err(),
                Some(Error::Truncated)
            );
        }
        assert_eq!(algorithms(&with(ALGORITHMS, 4, 44)), Err(Error::Truncated));
        assert_eq!(
            algorithms(&with(with(ALGORITHMS, 4, 44), 2, 2)),
            Err(Error::Trailing)
        );
    }
}
