// SPDX-License-Identifier: GPL-2.0

//! IDE_KM messages, as a device may send them. One source, three runners: KUnit, `cargo test`, Miri.

#[cfg(kernel)]
use kernel::prelude::*;

#[cfg_attr(kernel, kunit_tests(tsm_ide_km))]
mod tests {
    use tsm_proto::{
        ide_km::{
            key_program::KeyProgram,
            key_set::{
                KeySet,
                Use, //
            },
            query::Query,
            Direction,
            Error,
            KeySlot,
            Keys,
            ObjectId,
            Status,
            SubStream, //
        },
        spdm, //
    };

    /// Key set 0 for non-posted requests that port 1 sends, in stream 5.
    const SLOT: KeySlot = KeySlot {
        stream: 5,
        port: 1,
        keys: Keys {
            second_set: false,
            direction: Direction::Transmit,
            sub_stream: SubStream::NonPosted,
        },
    };
    const TRUNCATED: Error = Error::Message(spdm::Error::Truncated);
    const TRAILING: Error = Error::Message(spdm::Error::Trailing);
    const TOO_LARGE: Error = Error::Message(spdm::Error::TooLarge);

    /// Overwrites a byte of a message.
    fn with<const N: usize>(mut message: [u8; N], offset: usize, value: u8) -> [u8; N] {
        if let Some(byte) = message.get_mut(offset) {
            *byte = value;
        }
        message
    }

    #[test]
    fn names_each_keys() {
        let mut seen = 0_u64;

        for sub_stream in SubStream::ALL {
            for direction in Direction::ALL {
                for second_set in [false, true] {
                    let keys = Keys {
                        second_set,
                        direction,
                        sub_stream,
                    };
                    seen |= 1 << keys.raw();
                }
            }
        }
        // 0 to 3 of each of three sub-streams.
        assert_eq!(seen, 0xf_000f_000f);
        assert_eq!(SLOT.keys.raw(), 0x12);
    }

    #[test]
    fn asks_for_a_port() {
        let mut buffer = [0xcc; 3];
        assert_eq!(Query { port: 2 }.encode(&mut buffer), Ok(3));
        assert_eq!(buffer, [0, 0, 2]);
        let refused = Query { port: 2 }.encode(&mut [0; 2]);
        assert_eq!(refused, Err(TOO_LARGE));
    }

    #[test]
    fn reads_a_port() {
        let right = [1, 0, 2, 0x29, 0x81, 3, 7, 1, 2, 3, 4, 5, 6, 7, 8];
        let parse = |message: &[u8]| {
            let parsed = Query { port: 2 }.parse(message);
            parsed.map(|port| (port.requester_id, port.segment, port.last))
        };
        assert_eq!(parse(&right), Ok((0x8129, 3, 7)));
        let port = Query { port: 2 }.parse(&right);
        assert!(port.is_ok_and(|port| port.registers().eq([0x0403_0201, 0x0807_0605])));
        // E has registers of zeros, others have none.
        assert_eq!(parse(&[1, 0, 2, 0, 0, 0, 2]), Ok((0, 0, 2)));

        let other = ObjectId::new(3);
        assert_eq!(
            parse(&with(right, 0, 3)),
            Err(Error::UnexpectedObject(other))
        );
        assert_eq!(parse(&with(right, 2, 1)), Err(Error::Mismatch));
        assert_eq!(parse(&with(right, 2, 255)), Err(Error::Mismatch));
        assert_eq!(parse(&with(right, 6, 1)), Err(Error::Port));
        for len in 0..right.len() {
            let refused = parse(right.get(..len).unwrap_or_default());
            let expected = match len {
                0..7 => Err(TRUNCATED),
                7 | 11 => Ok((0x8129, 3, 7)),
                _ => Err(Error::Registers),
            };
            assert_eq!(refused, expected);
        }
    }

    #[test]
    fn programs_a_key() {
        let request = KeyProgram {
            slot: SLOT,
            key: &[0x5a; 32],
            iv: &[1, 2, 3, 4, 5, 6, 7, 8],
        };
        let mut buffer = [0xcc; KeyProgram::SIZE + 1];
        assert_eq!(request.encode(&mut buffer), Ok(KeyProgram::SIZE));
        let head = buffer.get(..8);
        assert_eq!(head, Some([2, 0, 0, 5, 0, 0x12, 1, 0x5a].as_slice()));
        let tail = buffer.get(38..);
        let expected = [0x5a, 1, 2, 3, 4, 5, 6, 7, 8, 0xcc];
        assert_eq!(tail, Some(expected.as_slice()));
        let refused = request.encode(&mut [0; KeyProgram::SIZE - 1]);
        assert_eq!(refused, Err(TOO_LARGE));

        let right = [3, 0, 0, 5, 0, 0x12, 1];
        assert_eq!(request.parse(&right), Ok(()));
        for status in [1, 2, 3, 4, 255] {
            let refused = request.parse(&with(right, 4, status));
            assert_eq!(refused, Err(Error::Refused(Status::new(status))));
        }
        for (offset, value) in [(3, 4), (5, 0x10), (5, 0x02), (5, 0x13), (6, 0)] {
            let refused = request.parse(&with(right, offset, value));
            assert_eq!(refused, Err(Error::Mismatch));
        }
        let other = ObjectId::K_GOSTOP_ACK;
        let refused = request.parse(&with(right, 0, 6));
        assert_eq!(refused, Err(Error::UnexpectedObject(other)));
        for len in 0..right.len() {
            let short = right.get(..len).unwrap_or_default();
            assert_eq!(request.parse(short), Err(TRUNCATED));
        }
        let long = [3, 0, 0, 5, 0, 0x12, 1, 0];
        assert_eq!(request.parse(&long), Err(TRAILING));
    }

    #[test]
    fn uses_and_stops_keys() {
        for (usage, object) in [(Use::Go, 4), (Use::Stop, 5)] {
            let request = KeySet { usage, slot: SLOT };
            let mut buffer = [0xcc; 7];
            assert_eq!(request.encode(&mut buffer), Ok(7));
            assert_eq!(buffer, [object, 0, 0, 5, 0, 0x12, 1]);
            assert_eq!(request.encode(&mut [0; 6]), Err(TOO_LARGE));

            let right = [6, 0, 0, 5, 0, 0x12, 1];
            assert_eq!(request.parse(&right), Ok(()));
            // That byte is reserved here.
            assert_eq!(request.parse(&with(right, 4, 9)), Ok(()));
            for (offset, value) in [(3, 4), (5, 0x22), (6, 2)] {
                let refused = request.parse(&with(right, offset, value));
                assert_eq!(refused, Err(Error::Mismatch));
            }
            let refused = request.parse(&with(right, 0, 3));
            assert_eq!(refused, Err(Error::UnexpectedObject(ObjectId::KP_ACK)));
            for len in 0..right.len() {
                let short = right.get(..len).unwrap_or_default();
                assert_eq!(request.parse(short), Err(TRUNCATED));
            }
            let long = [6, 0, 0, 5, 0, 0x12, 1, 0];
            assert_eq!(request.parse(&long), Err(TRAILING));
        }
    }
}
