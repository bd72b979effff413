// SPDX-License-Identifier: GPL-2.0

//! What TDX Connect answers: the first byte of an input says what. 0 is a state; 1 to 7 what the VMM answers to this
//! operation; 11 and 12 what it answers to operation 3 or 4, after a hash that the TDX module has; 16 what calls return
//! that accept pages.

use tsm_proto::{
    tdisp::{
        ranges::{
            Range,
            RangeIndex, //
        },
        report::Attributes,
        state::State,
        FunctionId, //
    },
    tdx::{
        call::{
            Call as _,
            Results, //
        },
        connect::{
            Acceptance,
            Bind,
            CheckTeeIo,
            Error,
            GetDeviceInfo,
            GetReport,
            HashLength,
            HashPage,
            Kind,
            Progress,
            ReadHash,
            ReadState,
            Request,
            StartTdi,
            Subrange,
            TdcmError,
            TdcmStatus,
            Unbind,
            Unchecked, //
        },
        Status, //
    },
    Digest384,
    Gpa, //
};

use crate::bytes::{
    u32_at,
    u64_at, //
};

const FUNCTION: FunctionId = FunctionId::new(0x0102);

/// A state is one of four numbers.
fn state(data: &[u8]) -> bool {
    let Some(rcx) = u64_at(data, 0) else {
        return false;
    };
    let results = Results {
        rcx,
        ..Results::default()
    };
    let expected = match rcx {
        0 => Ok(State::Unlocked),
        1 => Ok(State::Locked),
        2 => Ok(State::Run),
        3 => Ok(State::Error),
        _ => Err(Error::State(rcx)),
    };

    assert_eq!(ReadState::reply(&results), expected);
    expected.is_ok()
}

/// Says what the layout says: which data there are, or why the answer is refused.
fn data(copy: &[u8]) -> Result<&[u8], Error> {
    let length = u32_at(copy, 16).ok_or(Error::Truncated)?;

    match copy[8] {
        0 => Err(Error::Pending),
        1 => copy[20..].get(..length as usize).ok_or(Error::Truncated),
        2 => Err(Error::Refused(TdcmError::new(copy[9]))),
        status => Err(Error::UnknownStatus(TdcmStatus::new(status))),
    }
}

/// An answer without data is accepted if there are none.
fn nothing(request: &impl for<'a> Request<Answer<'a> = ()>, copy: &[u8]) -> bool {
    let expected = match data(copy) {
        Ok([]) => Ok(()),
        Ok(_) => Err(Error::Trailing),
        Err(err) => Err(err),
    };

    assert_eq!(request.parse(copy), expected);
    expected.is_ok()
}

/// An answer about TEE-IO is accepted if it is one byte.
fn tee_io(copy: &[u8]) -> bool {
    let expected = match data(copy) {
        Ok([byte]) => Ok(*byte != 0),
        Ok([]) => Err(Error::Truncated),
        Ok(_) => Err(Error::Trailing),
        Err(err) => Err(err),
    };

    assert_eq!(CheckTeeIo.parse(copy), expected);
    expected.is_ok()
}

/// Parses an answer with evidence, which is accepted if there is any.
fn evidence(which: u8, copy: &[u8]) -> Option<Unchecked<'_>> {
    let (kind, parsed) = match which {
        3 => (Kind::DeviceInfo, GetDeviceInfo.parse(copy)),
        _ => (Kind::Report, GetReport.parse(copy)),
    };
    let expected = match data(copy) {
        Ok([]) => Some(Error::Empty(kind)),
        Ok(_) => None,
        Err(err) => Some(err),
    };

    assert_eq!(parsed.as_ref().err().copied(), expected);
    assert!(parsed.as_ref().is_ok_and(|found| found.kind() == kind) || expected.is_some());
    parsed.ok()
}

/// Stands in for a hash: repeats the first byte.
fn sha384(bytes: &[u8]) -> Digest384 {
    Digest384::new([bytes[0]; 48])
}

/// Evidence is handed out if the hash before it is that of the evidence.
fn checked(which: u8, input: &[u8]) -> bool {
    let Some((kind, rest)) = input.split_first() else {
        return false;
    };
    let Some(length) = u64_at(rest, 0) else {
        return false;
    };
    let (kind, page) = match kind {
        0 => (Kind::Report, &rest[8..]),
        _ => (Kind::DeviceInfo, &rest[8..]),
    };
    let read = ReadHash {
        function: FUNCTION,
        kind,
        page: HashPage::new(Gpa::new(0x1000)).expect("it is the address of a page"),
    };
    let hash = read.parse(HashLength::new(length), page);
    let expected = match length {
        48 if page.len() < 48 => Some(Error::Truncated),
        48 => None,
        _ => Some(Error::HashLength(length)),
    };
    assert_eq!(hash.err(), expected);
    let Ok(hash) = hash else { return false };
    assert_eq!(hash.digest().bytes(), &page[..48]);

    let copy = &page[48..];
    let Some(found) = evidence(which, copy) else {
        return false;
    };
    let bytes = data(copy).expect("what is right is accepted");
    let is_same = found.kind() == kind && page[..48].iter().all(|byte| *byte == bytes[0]);
    match found.check(&hash, sha384) {
        Ok(checked) => {
            assert!(is_same);
            assert_eq!((checked.kind(), checked.as_bytes()), (kind, bytes));
            true
        }
        Err(err) => {
            assert!(!is_same);
            assert_eq!(err, Error::Digest(found.kind()));
            false
        }
    }
}

/// The pages that are to be accepted: pages 2 to 6 of the range, from this address on.
const PAGES: (u64, u64, u64) = (0x10000, 2, 5);

/// Pages are accepted if what is left is always the end of what was left before, and then nothing.
fn pages(input: &[u8]) -> bool {
    let range = Range {
        index: RangeIndex::new(1),
        bar: 0,
        offset: 0x4000,
        length: 0x7000,
        attributes: Attributes::new(0),
    };
    let (mut gpa, mut offset, mut count) = PAGES;
    let mut interruptions = 0;
    let mut rest = Subrange::new(2, 5)
        .and_then(|pages| Acceptance::new(FUNCTION, &range, Gpa::new(0xa000), pages))
        .expect("there are such pages");

    for call in input.chunks_exact(24) {
        let arguments = rest.call().arguments();
        assert_eq!((arguments.rcx, arguments.r9), (gpa, (offset << 32) + count));
        assert_eq!((arguments.rdx, arguments.r8), (1, 0x0102));

        let number = |index: usize| u64_at(call, 8 * index).expect("it has 24 bytes");
        let (status, rcx, r9) = (Status::new(number(0)), number(1), number(2));
        let results = Results {
            rcx,
            r9,
            ..Results::default()
        };
        let is_as_before = r9 == arguments.r9;
        let done = (r9 >> 32).wrapping_sub(offset);
        let is_rest = done > 0 && done < count && r9 % (1 << 32) == count - done;
        let is_right = is_rest && rcx == gpa + done * 4096;

        let found = rest.advance(status, &results);
        match (status.raw() >> 32, found) {
            (0, Ok(Progress::Done)) => {
                assert!(is_as_before || r9 % (1 << 32) == 0);
                return true;
            }
            (0 | 0x8000_0003, Ok(Progress::Left(left))) if !is_as_before => {
                assert!(is_right);
                (gpa, offset, count) = (rcx, offset + done, count - done);
                interruptions = 0;
                rest = left;
            }
            (0x8000_0003 | 0x8000_0004, Ok(Progress::Left(left))) => {
                interruptions += 1;
                assert!(interruptions <= Acceptance::INTERRUPTIONS);
                rest = left;
            }
            (0 | 0x8000_0003, Err(Error::Resumption)) => {
                assert!(!is_right && !is_as_before);
                return false;
            }
            (0x8000_0003 | 0x8000_0004, Err(Error::Stalled)) => {
                assert_eq!(interruptions, Acceptance::INTERRUPTIONS);
                return false;
            }
            (_, found) => {
                assert!(![0, 0x8000_0003, 0x8000_0004].contains(&(status.raw() >> 32)));
                assert_eq!(found, Err(Error::Status(status)));
                return false;
            }
        }
    }
    false
}

/// What the TDX module and the VMM answer.
pub(crate) fn connect(input: &[u8]) -> bool {
    let Some((which, rest)) = input.split_first() else {
        return false;
    };

    match which {
        0 => state(rest),
        1 => tee_io(rest),
        2 => nothing(&Bind, rest),
        3 | 4 => evidence(*which, rest).is_some(),
        5 => nothing(&StartTdi, rest),
        7 => nothing(&Unbind, rest),
        11 | 12 => checked(which - 8, rest),
        16 => pages(rest),
        _ => false,
    }
}
