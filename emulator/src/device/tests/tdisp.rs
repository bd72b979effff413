// SPDX-License-Identifier: GPL-2.0

//! TDISP in a session: messages are byte strings, in the order of the tables of PCIe r6 11.3.

use super::{
    conversation::in_session,
    requester::Requester,
    vendor::{
        self,
        settings,
        TDISP, //
    }, //
};
use crate::device::{
    Persona,
    RequesterId,
    RequesterIds,
    Settings, //
};

pub(super) const GET_VERSION: u8 = 0x81;
pub(super) const GET_CAPABILITIES: u8 = 0x82;
pub(super) const LOCK: u8 = 0x83;
pub(super) const GET_REPORT: u8 = 0x84;
pub(super) const GET_STATE: u8 = 0x85;
pub(super) const START: u8 = 0x86;
pub(super) const STOP: u8 = 0x87;

/// Function 1 of an integrated device.
pub(super) const FUNCTION: u32 = 0x81;

/// Makes a request about an interface.
pub(super) fn request(function: u32, kind: u8, body: &[u8]) -> Vec<u8> {
    [
        &[0x10, kind, 0, 0][..],
        &function.to_le_bytes(),
        &[0; 8],
        body,
    ]
    .concat()
}

/// Exchanges messages about an interface: the type of the response and what is behind its header.
pub(super) fn about(
    requester: &mut Requester,
    function: u32,
    kind: u8,
    body: &[u8],
) -> (u8, Vec<u8>) {
    let request = request(function, kind, body);
    let response = vendor::exchange(requester, TDISP, &request);

    assert_eq!(response[0], 0x10);
    assert_eq!(response[2..16], request[2..16]);
    (response[1], response[16..].to_vec())
}

/// Exchanges messages about [`FUNCTION`].
pub(super) fn ask(requester: &mut Requester, kind: u8, body: &[u8]) -> (u8, Vec<u8>) {
    about(requester, FUNCTION, kind, body)
}

/// Sends a request that has to be answered.
pub(super) fn get(requester: &mut Requester, kind: u8, body: &[u8]) -> Vec<u8> {
    let (found, body) = ask(requester, kind, body);

    assert_eq!(found, kind & 0x7f);
    body
}

/// Returns the code and the data of TDISP_ERROR.
pub(super) fn code((kind, body): (u8, Vec<u8>)) -> (u32, u32) {
    assert_eq!((kind, body.len()), (0x7f, 8));
    let field = |at: usize| u32::from_le_bytes(body[at..at + 4].try_into().unwrap());

    (field(0), field(4))
}

/// Makes the body of LOCK_INTERFACE_REQUEST.
pub(super) fn lock_body(flags: u16, stream: u8, offset: u64) -> Vec<u8> {
    let head = [&flags.to_le_bytes()[..], &[stream, 0]].concat();

    [&head, &offset.to_le_bytes()[..], &[0; 8]].concat()
}

/// Locks with these flags, and returns the nonce.
pub(super) fn lock(requester: &mut Requester, flags: u16) -> Vec<u8> {
    let nonce = get(requester, LOCK, &lock_body(flags, 0, 0));

    assert_eq!(nonce.len(), 32);
    nonce
}

/// Returns the state.
pub(super) fn state(requester: &mut Requester) -> u8 {
    let body = get(requester, GET_STATE, &[]);

    assert_eq!(body.len(), 1);
    body[0]
}

/// Returns the whole report, in portions of a size at most.
pub(super) fn report(requester: &mut Requester, most: u16) -> Vec<u8> {
    let mut report = vec![];
    loop {
        let offset = u16::try_from(report.len()).unwrap();
        let body = [offset.to_le_bytes(), most.to_le_bytes()].concat();
        let body = get(requester, GET_REPORT, &body);
        let portion = usize::from(u16::from_le_bytes([body[0], body[1]]));
        assert_eq!(body.len(), 4 + portion);
        assert!((1..=most.into()).contains(&portion));
        report.extend_from_slice(&body[4..]);
        if body[2..4] == [0, 0] {
            return report;
        }
    }
}

/// Returns a field of 16, 32 or 64 bits.
pub(super) fn field(bytes: &[u8], at: usize, size: usize) -> u64 {
    let mut field = [0; 8];

    field[..size].copy_from_slice(&bytes[at..at + size]);
    u64::from_le_bytes(field)
}

/// Returns the ranges of a report: first page, pages, attributes, ID.
pub(super) fn ranges(report: &[u8]) -> Vec<(u64, u64, u64, u64)> {
    let count = usize::try_from(field(report, 12, 4)).unwrap();
    let all = report[16..].chunks_exact(16).take(count);

    all.map(|range| {
        (
            field(range, 0, 8),
            field(range, 8, 4),
            field(range, 12, 2),
            field(range, 14, 2),
        )
    })
    .collect()
}

/// Makes a requester with a session with an integrated device.
pub(super) fn integrated() -> Requester {
    in_session(settings(Persona::Integrated))
}

#[test]
fn says_what_it_can_do() {
    let mut requester = integrated();
    let requester = &mut requester;

    assert_eq!(get(requester, GET_VERSION, &[]), [1, 0x10]);
    let capabilities = get(requester, GET_CAPABILITIES, &[0; 4]);
    assert_eq!(
        capabilities[..20],
        [&[0, 0, 0, 0, 0xfe], &[0; 15][..]].concat()
    );
    assert_eq!(capabilities[20..], [0x15, 0, 0, 0, 0, 52, 1, 1]);
    assert_eq!(state(requester), 0);
}

#[test]
fn goes_through_its_states() {
    let mut requester = integrated();
    let requester = &mut requester;

    for _ in 0..2 {
        let nonce = lock(requester, 0);
        assert_eq!(state(requester), 1);
        assert_eq!(get(requester, START, &nonce), [0; 0]);
        assert_eq!(state(requester), 2);
        assert_eq!(get(requester, STOP, &[]), [0; 0]);
        assert_eq!(state(requester), 0);
    }
    // The others were left alone, and one that is unlocked can be stopped.
    for function in [0x80, 0x82] {
        assert_eq!(about(requester, function, GET_STATE, &[]), (5, vec![0]));
    }
    assert_eq!(get(requester, STOP, &[]), [0; 0]);
}

#[test]
fn makes_another_nonce_for_each_lock() {
    let mut requester = integrated();
    let requester = &mut requester;
    let old = lock(requester, 0);

    get(requester, STOP, &[]);
    let new = lock(requester, 0);
    assert!(old != new);
    assert_eq!(code(ask(requester, START, &old)), (0x102, 0));
    assert_eq!(state(requester), 1);
    get(requester, START, &new);
    assert_eq!(state(requester), 2);
}

/// Requests that are well-formed, in the order of their types.
fn requests() -> [(u8, Vec<u8>); 7] {
    [
        (GET_VERSION, vec![]),
        (GET_CAPABILITIES, vec![0; 4]),
        (LOCK, lock_body(0, 0, 0)),
        (GET_REPORT, vec![0, 0, 16, 0]),
        (GET_STATE, vec![]),
        (START, vec![0; 32]),
        (STOP, vec![]),
    ]
}

#[test]
fn refuses_what_a_state_does_not_have() {
    // Table 11-3. The nonce of START is wrong.
    let (yes, state, nonce) = (0, 0x04, 0x102);
    for (number, expected) in [
        [yes, yes, yes, state, yes, state, yes],
        [yes, yes, state, yes, yes, nonce, yes],
        [yes, yes, state, yes, yes, state, yes],
        [yes, yes, state, state, yes, state, yes],
    ]
    .into_iter()
    .enumerate()
    {
        for ((kind, body), expected) in requests().into_iter().zip(expected) {
            let mut requester = integrated();
            let requester = &mut requester;
            if number > 0 {
                let nonce = lock(requester, 0);
                if number == 2 {
                    get(requester, START, &nonce);
                }
            }
            if number == 3 {
                // The session of the lock ends.
                let request = requester.header(0xec, 0, 0);
                requester.secured(&request);
                requester.start_session();
                requester.finish();
            }
            assert_eq!(usize::from(super::tdisp::state(requester)), number);
            let response = ask(requester, kind, &body);
            match expected {
                0 => assert_eq!(response.0, kind & 0x7f),
                _ => assert_eq!((kind, code(response)), (kind, (expected, 0))),
            }
        }
    }
}

#[test]
fn refuses_another_version_type_interface_or_size() {
    let mut requester = integrated();
    let requester = &mut requester;
    let refusal = |requester: &mut Requester, request: &[u8]| {
        let response = vendor::exchange(requester, TDISP, request);
        assert_eq!(response[0], 0x10);
        code((response[1], response[16..].to_vec()))
    };

    for version in [0, 0x11, 0x20] {
        let mut request = request(FUNCTION, GET_VERSION, &[]);
        request[0] = version;
        assert_eq!(refusal(requester, &request), (0x41, 0));
    }
    for kind in [0, 0x01, 0x7f, 0x80, 0x88, 0xff] {
        let request = request(FUNCTION, kind, &[]);
        assert_eq!(refusal(requester, &request), (0x07, kind.into()));
    }
    for function in [0, 0x79, 0x83, 0x3b00, 0x0101_0081] {
        for (kind, body) in requests() {
            let request = request(function, kind, &body);
            assert_eq!(refusal(requester, &request), (0x101, 0));
        }
    }
    for (kind, body) in requests() {
        let right = request(FUNCTION, kind, &body);
        let longer = [&right[..], &[0]].concat();
        assert_eq!(refusal(requester, &longer), (0x01, 0));
        for size in [0, 1, 15, right.len() - 1] {
            assert_eq!(refusal(requester, &right[..size]), (0x01, 0));
        }
    }
}

#[test]
fn refuses_flags_that_it_does_not_have() {
    let mut requester = integrated();
    let requester = &mut requester;

    for bit in [1, 3, 5, 15] {
        let body = lock_body(1 << bit, 0, 0);
        assert_eq!(code(ask(requester, LOCK, &body)), (0x01, 0));
    }
    lock(requester, 0x15);
}

#[test]
fn reports_what_is_locked() {
    let mut requester = integrated();
    let requester = &mut requester;
    let memory = (0x9_d910, 16, 0, 4);
    let registers = (0x3a0_0002, 2, 4, 0);

    lock(requester, 0);
    let without = report(requester, u16::MAX);
    assert_eq!(without[..12], [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(ranges(&without), [registers, memory]);
    assert_eq!(field(&without, 48, 4), 22);
    assert_eq!(without.len(), 52 + 22);
    get(requester, STOP, &[]);

    lock(requester, 5);
    let with = report(requester, u16::MAX);
    assert_eq!(with[0], 3);
    let msix = [(0x9_d900, 1, 1, 2), (0x9_d901, 1, 2, 2)];
    assert_eq!(ranges(&with), [registers, msix[0], msix[1], memory]);
    // In portions it is the same, in RUN as well.
    assert_eq!(report(requester, 1), with);
    get(requester, STOP, &[]);
    let nonce = lock(requester, 5);
    get(requester, START, &nonce);
    assert_eq!(report(requester, 50), with);
}

#[test]
fn adds_the_offset_to_addresses() {
    let mut requester = integrated();
    let requester = &mut requester;

    get(requester, LOCK, &lock_body(0, 0, 0x5_0000_0000));
    let report = report(requester, u16::MAX);
    let pages: Vec<u64> = ranges(&report).iter().map(|range| range.0).collect();
    assert_eq!(pages, [0x3f0_0002, 0x59_d910]);
}

#[test]
fn refuses_portions_that_are_not_there() {
    let mut requester = integrated();
    let requester = &mut requester;

    lock(requester, 0);
    let size = u16::try_from(report(requester, u16::MAX).len()).unwrap();
    for (offset, length) in [(0u16, 0u16), (size, 1), (u16::MAX, 1u16)] {
        let body = [offset.to_le_bytes(), length.to_le_bytes()].concat();
        assert_eq!(code(ask(requester, GET_REPORT, &body)), (0x01, 0));
    }
    let [low, high] = (size - 1).to_le_bytes();
    assert_eq!(
        get(requester, GET_REPORT, &[low, high, 9, 0])[..4],
        [1, 0, 0, 0]
    );
}

#[test]
fn fails_with_the_session() {
    let endings: [fn(&mut Requester); 3] = [
        |requester| {
            let request = requester.header(0xec, 0, 0);
            requester.secured(&request);
        },
        |requester| {
            // A wrong MAC.
            let session = requester.session.as_mut().unwrap();
            let mut record = session.outgoing.seal(session.id, &[0x12, 0xe0, 0, 0]);
            *record.last_mut().unwrap() ^= 1;
            let object = super::requester::object(2, &record);
            requester.mailbox.exchange(&object).unwrap();
        },
        |requester| {
            // Negotiation starts anew.
            requester.vca.clear();
            requester.identified.clear();
            requester.negotiate();
        },
    ];

    for end in endings {
        let mut requester = integrated();
        let requester = &mut requester;
        let nonce = lock(requester, 0);
        end(requester);
        requester.start_session();
        requester.finish();
        assert_eq!(state(requester), 3);
        assert_eq!(code(ask(requester, START, &nonce)), (0x04, 0));
        get(requester, STOP, &[]);
        lock(requester, 0);
    }
}

#[test]
fn starts_over_the_session_of_the_lock_only() {
    let mut requester = integrated();
    let requester = &mut requester;
    let nonce = lock(requester, 0);
    let first = requester.session.take();

    requester.start_session();
    requester.finish();
    assert_eq!(code(ask(requester, START, &nonce)), (0x01, 0));
    let second = std::mem::replace(&mut requester.session, first);
    get(requester, START, &nonce);
    // Any session can stop it.
    requester.session = second;
    get(requester, STOP, &[]);
    assert_eq!(state(requester), 0);
}

#[test]
fn has_the_requester_ids_of_its_settings() {
    let other = RequesterIds::From(RequesterId::new(0x1ff8));

    for (ids, first) in [(RequesterIds::Host, 0x3b00), (other, 0x1ff8)] {
        let mut requester = in_session(Settings {
            requester_ids: Some(ids),
            ..settings(Persona::Integrated)
        });
        for (function, expected) in [(first, 5), (first + 2, 5), (first + 3, 0x7f)] {
            assert_eq!(about(&mut requester, function, GET_STATE, &[]).0, expected);
        }
    }
}
