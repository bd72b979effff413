// SPDX-License-Identifier: GPL-2.0

//! `IDE_KM` in a session, and that a device with IDE is only locked with its keys.

use super::{
    conversation::{
        error,
        in_session, //
    },
    requester::Requester,
    tdisp::{
        self,
        about,
        code,
        lock_body, //
    },
    vendor::{
        self,
        settings,
        IDE_KM, //
    }, //
};
use crate::device::Persona;

pub(super) const QUERY: &[u8] = &[0, 0, 0];
pub(super) const KEY_PROG: u8 = 2;
pub(super) const GO: u8 = 4;
const STOP: u8 = 5;

/// All keys of the first set.
pub(super) const KEYS: [u8; 6] = [0x00, 0x10, 0x20, 0x02, 0x12, 0x22];
/// Function 2 of the device.
const FUNCTION: u32 = 0x3b02;
/// A stream.
const STREAM: u8 = 7;

/// Makes a requester with a session with an endpoint.
pub(super) fn endpoint() -> Requester {
    in_session(settings(Persona::Endpoint))
}

#[test]
fn takes_keys_without_tee_io() {
    let mut requester = in_session(settings(Persona::Ide));

    assert_eq!(vendor::exchange(&mut requester, IDE_KM, QUERY).len(), 47);
    set_all(&mut requester);
}

/// Sends a request about a key, and returns the response. A key that is programmed is another one each time.
pub(super) fn key(requester: &mut Requester, object: u8, stream: u8, key: u8) -> Vec<u8> {
    let mut message = vec![object, 0, 0, stream, 0, key, 0];
    if object == KEY_PROG {
        requester.keys += 1;
        message.extend_from_slice(&requester.keys.to_le_bytes());
        message.resize(message.len() + 32, 0);
    }

    vendor::exchange(requester, IDE_KM, &message)
}

/// Programs a key, and uses it.
fn set(requester: &mut Requester, name: u8) {
    assert_eq!(
        key(requester, KEY_PROG, STREAM, name),
        [3, 0, 0, STREAM, 0, name, 0]
    );
    assert_eq!(
        key(requester, GO, STREAM, name),
        [6, 0, 0, STREAM, 0, name, 0]
    );
}

/// Programs all keys of the first set, and uses them.
fn set_all(requester: &mut Requester) {
    for name in KEYS {
        set(requester, name);
    }
}

/// Tries to lock an interface, and stops it.
fn can_lock(requester: &mut Requester) -> bool {
    let response = about(requester, FUNCTION, tdisp::LOCK, &lock_body(0, STREAM, 0));
    about(requester, FUNCTION, tdisp::STOP, &[]);

    response.0 == 3 || {
        assert_eq!(code(response), (0x01, 0));
        false
    }
}

/// Returns the state of the interface.
fn state(requester: &mut Requester) -> u8 {
    about(requester, FUNCTION, tdisp::GET_STATE, &[]).1[0]
}

#[test]
fn says_where_it_is_and_what_its_registers_are() {
    let mut requester = endpoint();
    let response = vendor::exchange(&mut requester, IDE_KM, QUERY);

    assert_eq!(response[..7], [1, 0, 0, 0x00, 0x3b, 0, 0]);
    assert_eq!(response[7..19], [0xc2, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(response.len(), 7 + 40);
}

#[test]
fn locks_with_all_keys_of_the_stream() {
    let mut requester = endpoint();
    let requester = &mut requester;

    for name in KEYS {
        assert!(!can_lock(requester));
        set(requester, name);
    }
    assert!(can_lock(requester));
    // Another stream has no keys.
    let body = lock_body(0, STREAM + 1, 0);
    assert_eq!(
        code(about(requester, FUNCTION, tdisp::LOCK, &body)),
        (0x01, 0)
    );
    // A key without GO.
    assert_eq!(key(requester, KEY_PROG, STREAM, 0x10)[4], 0);
    assert!(!can_lock(requester));
    key(requester, GO, STREAM, 0x10);
    assert!(can_lock(requester));
}

#[test]
fn locks_with_keys_of_the_same_session_only() {
    let mut requester = endpoint();
    let requester = &mut requester;

    set_all(requester);
    requester.start_session();
    requester.finish();
    assert!(!can_lock(requester));
    set_all(requester);
    assert!(can_lock(requester));
}

#[test]
fn fails_when_keys_of_the_stream_are_taken_away() {
    let mut requester = endpoint();
    let requester = &mut requester;

    for name in KEYS {
        set_all(requester);
        let body = lock_body(0, STREAM, 0);
        assert_eq!(about(requester, FUNCTION, tdisp::LOCK, &body).0, 3);
        assert_eq!(state(requester), 1);
        assert_eq!(
            key(requester, STOP, STREAM, name),
            [6, 0, 0, STREAM, 0, name, 0]
        );
        assert_eq!(state(requester), 3);
        about(requester, FUNCTION, tdisp::STOP, &[]);
    }
}

#[test]
fn says_why_it_does_not_take_a_key() {
    let mut requester = endpoint();
    let requester = &mut requester;
    let right = [&[KEY_PROG, 0, 0, STREAM, 0, 0x12, 0][..], &[0; 40]].concat();
    let status = |requester: &mut Requester, request: &[u8]| {
        let response = vendor::exchange(requester, IDE_KM, request);
        assert_eq!(response[..4], [3, 0, 0, STREAM]);
        assert_eq!(response[5..], request[5..7]);
        response[4]
    };

    assert_eq!(status(requester, &right), 0);
    // The same key again, with another IV, in another place.
    assert_eq!(status(requester, &right), 4);
    let again = [&right[..46], &[1]].concat();
    assert_eq!(status(requester, &again), 4);
    let again = [&[KEY_PROG, 0, 0, STREAM, 0, 0x22, 0][..], &[0; 40]].concat();
    assert_eq!(status(requester, &again), 4);
    assert_eq!(status(requester, &right[..46]), 1);
    assert_eq!(status(requester, &[&right[..], &[0]].concat()), 1);
    for (offset, value, expected) in [(6, 1, 2), (5, 0x30, 3), (5, 0x04, 3), (5, 0x08, 3)] {
        let mut request = right.clone();
        request[offset] = value;
        assert_eq!(status(requester, &request), expected);
    }
}

#[test]
fn refuses_what_it_does_not_know() {
    let mut requester = endpoint();
    let requester = &mut requester;

    key(requester, KEY_PROG, STREAM, 0);
    for message in [
        &[][..],
        // Another port, a shorter and a longer query.
        &[0, 0, 1],
        &[0, 0],
        &[0, 0, 0, 0],
        // Responses and what is no object.
        &[1, 0, 0, 0, 0, 0, 0],
        &[7, 0, 0],
        // A part of the fields, another port, no such key, one that is not there.
        &[KEY_PROG, 0, 0, STREAM, 0, 0],
        &[GO, 0, 0, STREAM, 0, 0, 1],
        &[GO, 0, 0, STREAM, 0, 0x30, 0],
        &[GO, 0, 0, STREAM, 0, 0x10, 0],
        &[GO, 0, 0, STREAM, 0, 0, 0, 0],
    ] {
        let request = vendor::request(requester, IDE_KM, message);
        assert_eq!(error(&requester.secured(&request)), 1);
    }
}

#[test]
fn has_no_ide_km_without_ide() {
    for persona in [Persona::Cma, Persona::Integrated] {
        let mut requester = in_session(settings(persona));
        let request = vendor::request(&requester, IDE_KM, QUERY);
        assert_eq!(error(&requester.secured(&request)), 7);
    }
}
