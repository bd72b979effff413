// SPDX-License-Identifier: GPL-2.0

//! TDISP and IDE_KM: the first byte of an input says which request it answers. The report of an interface.

use tsm_proto::{
    ide_km::{
        key_program::KeyProgram,
        key_set::{
            KeySet,
            Use, //
        },
        query::Query,
        Direction,
        KeySlot,
        Keys,
        SubStream, //
    },
    tdisp::{
        capabilities::GetCapabilities,
        lock::{
            Flags,
            LockInterface, //
        },
        ranges::Bars,
        report::Report,
        report_portion::GetReport,
        start::StartInterface,
        state::GetState,
        stop::StopInterface,
        version::GetVersion,
        FunctionId,
        Request, //
    },
};

const FUNCTION: FunctionId = FunctionId::new(0x0201);

/// Parses an answer. One that is accepted has the header of an answer to this request, and its length.
fn parse<'a, R: Request>(
    request: &R,
    message: &'a [u8],
    len: Option<usize>,
) -> Option<R::Response<'a>> {
    let response = request.parse(FUNCTION, message).ok()?;

    assert_eq!(message[..2], [0x10, R::TYPE.raw() & 0x7f]);
    assert_eq!(message[4..8], [1, 2, 0, 0]);
    if let Some(len) = len {
        assert_eq!(message.len(), len);
    }
    Some(response)
}

/// An answer is accepted if it is all of the message.
pub(crate) fn message(data: &[u8]) -> bool {
    let Some((which, message)) = data.split_first() else {
        return false;
    };
    let lock = LockInterface {
        flags: Flags::NONE,
        stream: 0,
    };

    match which {
        0 => {
            let count = message.get(16).copied().map_or(0, usize::from);
            parse(&GetVersion, message, Some(17 + count)).is_some()
        }
        1 => parse(&GetCapabilities, message, Some(44)).is_some(),
        2 => parse(&lock, message, Some(48)).is_some_and(|nonce| {
            assert_eq!(nonce, &message[16..]);
            true
        }),
        3 => parse(&GetReport::first(100), message, None).is_some_and(|portion| {
            assert!((1..=100).contains(&portion.bytes.len()));
            assert_eq!(portion.bytes, &message[20..]);
            true
        }),
        4 => parse(&GetState, message, Some(17)).is_some_and(|_| {
            assert!(message[16] <= 3);
            true
        }),
        5 => parse(&StartInterface(&[0; 32]), message, Some(16)).is_some(),
        6 => parse(&StopInterface, message, Some(16)).is_some(),
        _ => false,
    }
}

/// The ranges of a report that is accepted are in their BARs, and apart from each other.
pub(crate) fn report(data: &[u8]) -> bool {
    const BARS: Bars = Bars([0x4000, 0, 0x1000_0000, 0, 0x100, 1 << 62]);
    let Ok(report) = Report::parse(data) else {
        return false;
    };
    let count = report.ranges().count();
    assert_eq!(20 + 16 * count + report.device_specific.len(), data.len());
    let Ok(ranges) = BARS.ranges(&report) else {
        return false;
    };

    // Each is compared with each, so that it must not be too many.
    let ranges: Vec<_> = ranges.take(64).collect();
    for (number, range) in ranges.iter().enumerate() {
        let end = range.offset + range.length;
        assert!(range.length > 0 && end <= BARS.0[usize::from(range.bar)]);
        assert_eq!((range.offset % 4096, range.length % 4096), (0, 0));
        let raw = report.ranges().nth(range.index.raw().into());
        assert!(raw.is_some_and(|raw| {
            raw.id == range.bar && u64::from(raw.pages) * 4096 == range.length
        }));
        for other in &ranges[..number] {
            assert!(other.bar <= range.bar);
            let apart = other.offset + other.length <= range.offset || end <= other.offset;
            assert!(other.bar != range.bar || apart);
        }
    }
    true
}

/// An answer of IDE_KM is accepted if it is about the keys of the request.
pub(crate) fn ide_km(data: &[u8]) -> bool {
    let slot = KeySlot {
        stream: 3,
        port: 1,
        keys: Keys {
            second_set: false,
            direction: Direction::Transmit,
            sub_stream: SubStream::Posted,
        },
    };
    let program = KeyProgram {
        slot,
        key: &[0; 32],
        iv: &[0; 8],
    };
    let set = KeySet {
        usage: Use::Go,
        slot,
    };
    let Some((which, message)) = data.split_first() else {
        return false;
    };

    let accepted = match which {
        0 => {
            let port = Query { port: 1 }.parse(message);
            return port.is_ok_and(|port| {
                assert_eq!(message.len(), 7 + 4 * port.registers().count());
                assert!(port.last >= 1);
                assert_eq!((message[0], message[2]), (1, 1));
                true
            });
        }
        1 => program.parse(message).is_ok_and(|()| {
            assert_eq!(message[4], 0);
            true
        }),
        2 => set.parse(message).is_ok(),
        _ => false,
    };
    assert!(!accepted || message.len() == 7 && (message[3], message[5], message[6]) == (3, 2, 1));
    accepted
}
