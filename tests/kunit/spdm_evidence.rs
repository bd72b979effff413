// SPDX-License-Identifier: GPL-2.0

//! CHALLENGE_AUTH, MEASUREMENTS and ERROR, as a device may send them. One source, three runners: KUnit,
//! `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_spdm_evidence))]
mod tests {
    use tsm_proto::spdm::{
        challenge::{
            Challenge,
            Summary, //
        },
        digests::GetDigests,
        measurements::{
            GetMeasurements,
            Index,
            Operation,
            Record,
            Signing, //
        },
        Code,
        Error,
        ErrorCode,
        Layout,
        NotReady,
        Padding,
        Request,
        Slot,
        Version,
        Writer, //
    };

    const LAYOUT: Layout = Layout {
        version: Version::V1_3,
        hash: 2,
        signature: 4,
        exchange: 4,
    };
    const CONTEXT: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
    const SIGNATURE: [u8; 4] = [0xf1, 0xf2, 0xf3, 0xf4];

    /// Writes parts one after the other and returns the number of bytes.
    fn concat(parts: &[&[u8]], buffer: &mut [u8]) -> usize {
        let mut writer = Writer::new(buffer);
        for part in parts {
            assert!(writer.bytes(part).is_ok());
        }
        writer.len()
    }

    const CHALLENGE: Challenge = Challenge {
        slot: Slot::FIRST,
        summary: Summary::ALL,
        nonce: [7; 32],
        context: CONTEXT,
    };

    /// Parses a CHALLENGE_AUTH with this first parameter, context and tail.
    fn challenge(param1: u8, context: &[u8], tail: &[u8]) -> Result<(bool, usize), Error> {
        let mut buffer = [0; 128];
        let header = [0x13, 3, param1, 1];
        let summary = [0xcc, 0xdd];
        let opaque = [1, 0, 0xee];
        let parts: [&[u8]; 7] = [
            &header,
            &[0xaa, 0xbb],
            &[9; 32],
            &summary,
            &opaque,
            context,
            tail,
        ];
        let len = concat(&parts, &mut buffer);

        let message = buffer.get(..len).unwrap_or_default();
        let (auth, _) = CHALLENGE.parse(&LAYOUT, message, Padding::None)?;
        assert_eq!(auth.chain_digest, [0xaa, 0xbb]);
        assert_eq!(auth.nonce, &[9; 32]);
        assert_eq!(auth.summary, summary);
        assert_eq!(auth.opaque, [0xee]);
        assert_eq!(auth.signature, SIGNATURE);
        Ok((auth.wants_mutual, auth.signed.len()))
    }

    #[test]
    fn asks_with_the_context_from_1_3_on() {
        let mut buffer = [0xff; 44];
        assert_eq!(CHALLENGE.encode(&LAYOUT, &mut buffer), Ok(44));
        assert_eq!(buffer.get(..5), Some([0x13, 0x83, 0, 0xff, 7].as_slice()));
        assert_eq!(buffer.get(36..), Some(CONTEXT.as_slice()));
        let older = Layout {
            version: Version::V1_2,
            ..LAYOUT
        };
        assert_eq!(CHALLENGE.encode(&older, &mut buffer), Ok(36));
    }

    #[test]
    fn takes_the_answer_to_a_challenge() {
        assert_eq!(challenge(0, &CONTEXT, &SIGNATURE), Ok((false, 51)));
    }

    #[test]
    fn tells_that_mutual_authentication_is_wanted() {
        assert_eq!(challenge(0x80, &CONTEXT, &SIGNATURE), Ok((true, 51)));
    }

    #[test]
    fn refuses_the_answer_about_another_slot_or_context() {
        let mismatch = Err(Error::Mismatch);
        assert_eq!(challenge(1, &CONTEXT, &SIGNATURE), mismatch);
        assert_eq!(challenge(0, &[0; 8], &SIGNATURE), mismatch);
    }

    #[test]
    fn refuses_a_signature_of_another_size() {
        assert_eq!(challenge(0, &CONTEXT, &[1, 2, 3]), Err(Error::Truncated));
        assert_eq!(challenge(0, &CONTEXT, &[1; 5]), Err(Error::Trailing));
    }

    #[test]
    fn leaves_out_a_summary_that_was_not_asked_for() {
        let mut buffer = [0; 128];
        let parts: [&[u8]; 6] = [
            &[0x13, 3, 0, 1, 0xaa, 0xbb],
            &[9; 32],
            &[0, 0],
            &CONTEXT,
            &SIGNATURE,
            &[],
        ];
        let len = concat(&parts, &mut buffer);
        let message = buffer.get(..len).unwrap_or_default();
        let request = Challenge {
            summary: Summary::NONE,
            ..CHALLENGE
        };
        let auth = request.parse(&LAYOUT, message, Padding::None);
        assert_eq!(auth.map(|(auth, _)| auth.summary.len()), Ok(0));
    }

    /// Two blocks: a digest of two bytes, a raw value of one.
    const RECORD: [u8; 17] = [
        1, 1, 5, 0, 0, 2, 0, 0xa, 0xb, 0x10, 1, 4, 0, 0x87, 1, 0, 0xc,
    ];

    fn index(number: u8) -> Option<Index> {
        Index::new(number).ok()
    }

    /// Returns the record with another byte at `offset`.
    fn with(offset: usize, value: u8) -> [u8; 17] {
        let mut record = RECORD;
        if let Some(byte) = record.get_mut(offset) {
            *byte = value;
        }
        record
    }

    fn record(bytes: &[u8], count: u8) -> Result<u8, Error> {
        Record::parse(bytes, count).map(|record| record.count())
    }

    #[test]
    fn finds_each_measurement() {
        let record = Record::parse(&RECORD, 2);
        let mut blocks = record.iter().flat_map(|record| record.blocks());
        let first = blocks.next();
        assert_eq!(first.map(|block| block.index), index(1));
        assert_eq!(first.map(|block| block.value), Some([0xa, 0xb].as_slice()));
        assert_eq!(first.map(|block| block.is_raw()), Some(false));
        let second = blocks.next();
        assert_eq!(second.map(|block| block.index), index(0x10));
        assert_eq!(second.map(|block| block.is_raw()), Some(true));
        assert_eq!(blocks.next(), None);
    }

    #[test]
    fn refuses_another_number_of_measurements() {
        for count in [0, 1, 3, 254] {
            assert_eq!(record(&RECORD, count), Err(Error::MeasurementCount));
        }
        assert_eq!(record(&[], 1), Err(Error::MeasurementCount));
        assert_eq!(record(&[], 0), Ok(0));
    }

    #[test]
    fn refuses_an_index_out_of_range_or_twice() {
        for number in [0, 255, 0x10] {
            assert_eq!(record(&with(0, number), 2), Err(Error::MeasurementBlock));
        }
        assert_eq!(record(&with(9, 1), 2), Err(Error::MeasurementBlock));
        assert_eq!(record(&with(9, 254), 2), Ok(2));
    }

    #[test]
    fn refuses_another_specification() {
        for specification in [0, 2, 3] {
            let record = record(&with(1, specification), 2);
            assert_eq!(record, Err(Error::MeasurementBlock));
        }
    }

    #[test]
    fn refuses_a_measurement_of_another_length() {
        for (offset, value) in [
            (2, 4),
            (2, 6),
            (3, 1),
            (5, 1),
            (5, 3),
            (6, 1),
            (11, 3),
            (11, 5),
            (14, 255),
        ] {
            let record = record(&with(offset, value), 2);
            assert_eq!(record, Err(Error::MeasurementBlock));
        }
    }

    #[test]
    fn refuses_half_a_measurement() {
        for len in 1..RECORD.len() {
            let short = RECORD.get(..len).unwrap_or_default();
            let expected = if len == 9 {
                Ok(1)
            } else {
                Err(Error::MeasurementBlock)
            };
            assert_eq!(record(short, 1), expected);
        }
    }

    fn request(operation: Operation, is_signed: bool) -> GetMeasurements {
        GetMeasurements {
            operation,
            raw: false,
            signing: is_signed.then_some(Signing {
                nonce: [7; 32],
                slot: Slot::FIRST,
            }),
            context: CONTEXT,
        }
    }

    /// Parses MEASUREMENTS with this second parameter, number of blocks, record, length of opaque data and
    /// tail.
    fn measurements(
        request: &GetMeasurements,
        param2: u8,
        blocks: u8,
        record: &[u8],
        opaque: u8,
        tail: &[u8],
    ) -> Result<u8, Error> {
        let mut buffer = [0; 128];
        let header = [0x13, 0x60, 8, param2, blocks];
        let Ok(len) = u8::try_from(record.len()) else {
            return Err(Error::TooLarge);
        };
        let parts: [&[u8]; 7] = [
            &header,
            &[len, 0, 0],
            record,
            &[9; 32],
            &[opaque, 0],
            &CONTEXT,
            tail,
        ];
        let len = concat(&parts, &mut buffer);

        let message = buffer.get(..len).unwrap_or_default();
        let (answer, _) = request.parse(&LAYOUT, message, Padding::None)?;
        assert_eq!(answer.signature.is_some(), request.signing.is_some());
        assert_eq!(answer.signed.len(), message.len() - tail.len());
        Ok(answer.total)
    }

    #[test]
    fn asks_for_measurements() {
        let mut buffer = [0xff; 45];
        let signed = request(Operation::All, true);
        assert_eq!(signed.encode(&LAYOUT, &mut buffer), Ok(45));
        assert_eq!(buffer.get(..5), Some([0x13, 0xe0, 1, 0xff, 7].as_slice()));
        assert_eq!(buffer.get(36), Some(&0));
        let unsigned = request(Operation::Count, false);
        assert_eq!(unsigned.encode(&LAYOUT, &mut buffer), Ok(12));
        let oldest = Layout::new(Version::V1_0);
        assert_eq!(signed.encode(&oldest, &mut buffer), Ok(36));
        assert_eq!(unsigned.encode(&oldest, &mut buffer), Ok(4));
    }

    #[test]
    fn takes_measurements() {
        let all = request(Operation::All, true);
        assert_eq!(measurements(&all, 0x20, 2, &RECORD, 0, &SIGNATURE), Ok(8));
        let count = request(Operation::Count, false);
        assert_eq!(measurements(&count, 0, 0, &[], 0, &[]), Ok(8));
    }

    #[test]
    fn refuses_measurements_that_were_not_asked_for() {
        let mismatch = Err(Error::Mismatch);
        let count = request(Operation::Count, false);
        assert_eq!(measurements(&count, 0, 2, &RECORD, 0, &[]), mismatch);
        let one = Record::parse(RECORD.get(..9).unwrap_or_default(), 1);
        let one = one.map(|record| record.as_bytes()).unwrap_or_default();
        for (asked, expected) in [(1, Ok(8)), (2, mismatch)] {
            let asked = index(asked).map(Operation::One);
            let request = request(asked.unwrap_or(Operation::All), false);
            assert_eq!(measurements(&request, 0, 1, one, 0, &[]), expected);
            assert_eq!(measurements(&request, 0, 0, &[], 0, &[]), mismatch);
            assert_eq!(measurements(&request, 0, 2, &RECORD, 0, &[]), mismatch);
        }
    }

    #[test]
    fn refuses_measurements_signed_for_another_slot() {
        let all = request(Operation::All, true);
        let found = measurements(&all, 1, 2, &RECORD, 0, &SIGNATURE);
        assert_eq!(found, Err(Error::Mismatch));
    }

    #[test]
    fn refuses_measurements_without_the_signature() {
        let all = request(Operation::All, true);
        let found = measurements(&all, 0, 2, &RECORD, 0, &[]);
        assert_eq!(found, Err(Error::Truncated));
        let unsigned = request(Operation::All, false);
        let found = measurements(&unsigned, 0, 2, &RECORD, 0, &SIGNATURE);
        assert_eq!(found, Err(Error::Trailing));
    }

    #[test]
    fn refuses_opaque_data_past_the_end() {
        let all = request(Operation::All, false);
        let found = measurements(&all, 0, 2, &RECORD, 9, &[]);
        assert_eq!(found, Err(Error::Truncated));
        let found = measurements(&all, 0, 2, &RECORD, 1, &[1]);
        assert_eq!(found, Err(Error::Mismatch));
    }

    #[test]
    fn refuses_a_record_past_the_end() {
        let message = [0x13, 0x60, 0, 0, 1, 0, 0, 1, 1, 1, 5, 0, 0, 2, 0, 0xa, 0xb];
        let all = request(Operation::All, false);
        let found = all.parse(&LAYOUT, &message, Padding::None).map(|_| ());
        assert_eq!(found, Err(Error::Truncated));
    }

    fn error(message: &[u8]) -> Error {
        let parsed = GetDigests.parse(&LAYOUT, message, Padding::Dword);
        parsed.err().unwrap_or(Error::State)
    }

    #[test]
    fn keeps_the_code_of_an_error() {
        for code in [0, 1, 3, 0x43, 0xee, 0xff] {
            // The version may be the one of before the negotiation.
            let err = error(&[0x10, 0x7f, code, 5]);
            let Error::Peer(response) = err else {
                assert_eq!(err, Error::State);
                return;
            };
            assert_eq!(response.code, ErrorCode::new(code));
            assert_eq!((response.data, response.not_ready), (5, None));
        }
    }

    #[test]
    fn asks_again_when_the_response_is_ready() {
        let err = error(&[0x13, 0x7f, 0x42, 0, 1, 0x81, 9, 2]);
        let Error::Peer(response) = err else {
            assert_eq!(err, Error::State);
            return;
        };
        let expected = NotReady {
            exponent: 1,
            request: Code::GET_DIGESTS,
            token: 9,
            multiplier: 2,
        };
        assert_eq!(response.not_ready, Some(expected));
        assert_eq!(expected.delay(), Some(2));
        let mut buffer = [0; 4];
        assert_eq!(expected.respond_if_ready(&LAYOUT, &mut buffer), Ok(4));
        assert_eq!(buffer, [0x13, 0xff, 0x81, 9]);
    }

    #[test]
    fn refuses_a_delay_that_is_no_number() {
        for (exponent, delay) in [(0, Some(1)), (31, Some(1 << 31)), (32, None), (255, None)] {
            let not_ready = NotReady {
                exponent,
                request: Code::GET_DIGESTS,
                token: 0,
                multiplier: 1,
            };
            assert_eq!(not_ready.delay(), delay);
        }
    }

    #[test]
    fn refuses_half_an_error() {
        assert_eq!(error(&[0x13, 0x7f, 3]), Error::Truncated);
        assert_eq!(error(&[0x13, 0x7f, 0x42, 0, 1, 0x81, 9]), Error::Truncated);
    }
}
