// SPDX-License-Identifier: GPL-2.0

//! What a device does wrong in sessions, and in starting them.

use tsm_keys::Curve;

use super::{
    conversation::{
        identified,
        in_session, //
    },
    requester::{
        key_pair,
        object,
        Requester, //
    },
    wrong::{
        run,
        wrong,
        EXCHANGE, //
    },
};
use crate::device::{
    Settings,
    Wrong, //
};

/// Returns KEY_EXCHANGE_RSP, and the right one.
fn exchange(what: Wrong) -> (Vec<u8>, Vec<u8>) {
    let get = |settings: &Settings| run(settings)[EXCHANGE][8..].to_vec();

    (get(&wrong(what)), get(&Settings::default()))
}

#[test]
fn exchanges_keys_wrongly() {
    // Header and random data, the point, the summary, opaque data of 14 bytes, signature.
    let (point, summary, opaque, signature) = (40, 136, 184, 198);
    let verify_data = signature + 96;

    let (got, right) = exchange(Wrong::VerifyDataWrong);
    assert_eq!(got[..verify_data], right[..verify_data]);
    assert_eq!(got[verify_data] ^ 1, right[verify_data]);
    let (got, right) = exchange(Wrong::ClearHandshake);
    assert_eq!(got[..verify_data], right[..verify_data]);
    assert_eq!(got.len(), verify_data + 2);
    let (got, right) = exchange(Wrong::PointOffCurve);
    assert_eq!(got[summary - 1] ^ 1, right[summary - 1]);
    assert!(!Curve::P384.has(&got[point..summary]));
    let (got, _) = exchange(Wrong::PointEchoed);
    assert_eq!(got[point..summary], key_pair(true).1);
    let (got, _) = exchange(Wrong::OpaqueOverrun);
    assert_eq!(got[opaque..opaque + 2], [0xff, 0xff]);
    let (got, _) = exchange(Wrong::SecuredVersion);
    assert_eq!(got[signature - 2..signature], [0x00, 0x20]);
    let (got, _) = exchange(Wrong::MutualAuthentication);
    assert_eq!(got[6], 1);
}

#[test]
fn uses_the_same_session_id_again() {
    let mut requester = identified(wrong(Wrong::SessionIdReused));
    requester.start_session();
    let first = requester.session.take().unwrap().id;
    requester.start_session();

    assert_eq!(requester.session.unwrap().id, first);
}

/// Sends a request in a session, and returns the object in response.
fn record(requester: &mut Requester) -> Vec<u8> {
    let session = requester.session.as_mut().unwrap();
    let record = session.outgoing.seal(session.id, &[0x12, 0xe0, 0, 1]);

    requester.mailbox.exchange(&object(2, &record)).unwrap()
}

/// Opens a response in a session.
fn open(requester: &mut Requester, object: &[u8]) -> Option<Vec<u8>> {
    let session = requester.session.as_mut().unwrap();

    session.incoming.open(&object[8..])
}

#[test]
fn seals_wrongly() {
    for what in [
        Wrong::RecordSession,
        Wrong::RecordLength,
        Wrong::RecordApplicationLength,
        Wrong::RecordMac,
        Wrong::RecordGap,
    ] {
        let mut requester = in_session(wrong(what));
        let got = record(&mut requester);
        let id = requester.session.as_ref().unwrap().id;
        let other = if what == Wrong::RecordSession { 1 } else { 0 };

        assert_eq!(got[2], 2);
        assert_eq!(got[8..12], (id ^ other).to_le_bytes());
        // Another session ID by itself is authentic.
        let opened = open(&mut requester, &got).is_some();
        assert_eq!(opened, what == Wrong::RecordSession, "{what:?}");
    }
}

#[test]
fn seals_a_length_below_that_of_a_mac() {
    let mut requester = in_session(wrong(Wrong::RecordLength));

    assert_eq!(record(&mut requester)[12..14], [15, 0]);
}

#[test]
fn skips_a_record() {
    let mut requester = in_session(wrong(Wrong::RecordGap));
    let got = record(&mut requester);

    // The first try takes the number that is missing.
    assert_eq!(open(&mut requester, &got), None);
    assert_eq!(open(&mut requester, &got).unwrap()[1], 0x60);
}

#[test]
fn replays_a_record() {
    let mut requester = in_session(wrong(Wrong::RecordReplay));
    let first = record(&mut requester);

    assert_eq!(open(&mut requester, &first).unwrap()[1], 0x60);
    assert_eq!(record(&mut requester), first);
}

#[test]
fn adds_bytes_to_a_record() {
    let mut requester = in_session(wrong(Wrong::RecordTrailing));
    let got = record(&mut requester);
    let length = usize::from(u16::from_le_bytes([got[12], got[13]]));

    assert_eq!(got.len(), (8 + 6 + length + 8).next_multiple_of(4));
    assert_eq!(open(&mut requester, &got).unwrap()[1], 0x60);
}

#[test]
fn leaves_the_session_in_the_clear() {
    let mut requester = in_session(wrong(Wrong::RecordPlain));
    assert_eq!(
        record(&mut requester)[..10],
        [1, 0, 1, 0, 27, 0, 0, 0, 0x12, 0x60]
    );

    let mut requester = in_session(wrong(Wrong::RecordError));
    assert_eq!(record(&mut requester), object(1, &[0x12, 0x7f, 5, 0]));

    let mut requester = identified(wrong(Wrong::FinishInClear));
    requester.start_session();
    let request = requester.make_finish();
    let session = requester.session.as_mut().unwrap();
    let record = session.outgoing.seal(session.id, &request);
    let got = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(got, object(1, &[0x12, 0x65, 0, 0]));
}

#[test]
fn forgets_a_session() {
    let mut requester = in_session(wrong(Wrong::SessionForgotten));

    // It has no version any more.
    assert_eq!(record(&mut requester), object(1, &[0x10, 0x7f, 2, 0]));
    assert_eq!(record(&mut requester), object(1, &[0x10, 0x7f, 2, 0]));
    requester.negotiate();
}

#[test]
fn makes_requests_of_its_own() {
    for (what, code) in [
        (Wrong::EndSessionUnasked, 0xec),
        (Wrong::KeyUpdateUnasked, 0xe9),
    ] {
        let mut requester = in_session(wrong(what));
        let got = record(&mut requester);
        assert_eq!(open(&mut requester, &got).unwrap()[..2], [0x12, code]);
    }
}

#[test]
fn has_a_session_id_that_is_half_zero() {
    let mut requester = identified(wrong(Wrong::SessionIdZero));
    requester.start_session();

    assert_eq!(requester.session.unwrap().id, 0x1234);
}
