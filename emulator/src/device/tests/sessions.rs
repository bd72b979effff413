// SPDX-License-Identifier: GPL-2.0

//! Sessions with the device.

use super::{
    conversation::{
        error,
        identified,
        in_session, //
    },
    requester::{
        key_pair,
        object,
        settings, //
    }, //
};
use crate::device::{
    Hash,
    Settings,
    Signature,
    Version, //
};

#[test]
fn refuses_points_off_the_curve() {
    let mut requester = identified(Settings::default());
    let (_, mut point) = key_pair(true);

    point[0] ^= 1;
    let request = requester.key_exchange(&point);
    assert_eq!(error(&requester.exchange(&request)), 1);
    let request = requester.key_exchange(&[0; 96]);
    assert_eq!(error(&requester.exchange(&request)), 1);
}

#[test]
fn has_four_sessions_at_most() {
    let mut requester = identified(Settings::default());
    for _ in 0..4 {
        requester.start_session();
    }
    let (_, point) = key_pair(true);
    let request = requester.key_exchange(&point);

    assert_eq!(error(&requester.exchange(&request)), 0x0a);
}

#[test]
fn has_no_session_in_1_0_or_where_it_is_not_wanted() {
    let old = settings(Version::V1_0, Hash::Sha384, Signature::EcdsaP384);
    let without = Settings {
        sessions: false,
        ..Settings::default()
    };

    for settings in [old, without] {
        let mut requester = identified(settings);
        let request = requester.key_exchange(&[0; 96]);
        let response = requester.exchange(&request);
        assert_eq!((error(&response), response[3]), (7, 0xe4));
    }
}

#[test]
fn ends_the_session_after_a_wrong_finish() {
    let mut requester = identified(Settings::default());
    requester.start_session();
    let mut request = requester.make_finish();
    *request.last_mut().unwrap() ^= 1;

    assert_eq!(error(&requester.secured(&request)), 6);
    let record = requester.session.as_mut().unwrap();
    let record = record.outgoing.seal(record.id, &[0x12, 0xec, 0, 0]);
    let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(response, object(1, &[0x12, 0x7f, 2, 0]));
}

#[test]
fn wants_finish_first() {
    let mut requester = identified(Settings::default());
    requester.start_session();

    assert_eq!(error(&requester.secured(&[0x12, 0xec, 0, 0])), 4);
}

#[test]
fn refuses_finish_in_the_clear() {
    let mut requester = identified(Settings::default());
    requester.start_session();
    let request = requester.make_finish();

    assert_eq!(error(&requester.exchange(&request)), 4);
}

#[test]
fn ends_the_session_after_a_wrong_mac() {
    let mut requester = in_session(Settings::default());
    let session = requester.session.as_mut().unwrap();
    let mut record = session.outgoing.seal(session.id, &[0x12, 0xe0, 0, 0]);

    *record.last_mut().unwrap() ^= 1;
    let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(response, object(1, &[0x12, 0x7f, 6, 0]));
    let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(response, object(1, &[0x12, 0x7f, 2, 0]));
}

#[test]
fn refuses_a_record_twice() {
    let mut requester = in_session(Settings::default());
    let session = requester.session.as_mut().unwrap();
    let record = session.outgoing.seal(session.id, &[0x12, 0xe0, 0, 0]);

    let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(response[2], 2);
    let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(response, object(1, &[0x12, 0x7f, 6, 0]));
}

#[test]
fn forgets_a_session_that_has_ended() {
    let mut requester = in_session(Settings::default());
    assert_eq!(requester.secured(&[0x12, 0xec, 0, 0])[..2], [0x12, 0x6c]);
    let session = requester.session.as_mut().unwrap();
    let record = session.outgoing.seal(session.id, &[0x12, 0xe0, 0, 0]);

    let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(response, object(1, &[0x12, 0x7f, 2, 0]));
}

#[test]
fn ends_sessions_with_get_version() {
    let mut requester = in_session(Settings::default());
    requester.ask_version();
    let session = requester.session.as_mut().unwrap();
    let record = session.outgoing.seal(session.id, &[0x12, 0xe0, 0, 0]);

    let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(response, object(1, &[0x10, 0x7f, 2, 0]));
}

#[test]
fn refuses_negotiation_challenge_and_key_exchange_in_a_session() {
    let mut requester = in_session(Settings::default());

    for code in [0x84, 0xe1, 0xe3, 0x83, 0xe4, 0xe5] {
        let version = if code == 0x84 { 0x10 } else { 0x12 };
        let request = [&[version, code, 0, 0][..], &[0; 200]].concat();
        assert_eq!(error(&requester.secured(&request)), 4);
    }
    let request = requester.get_measurements(0, 1);
    assert_eq!(requester.secured(&request)[1], 0x60);
}

#[test]
fn reads_other_slots_in_a_session() {
    let mut requester = in_session(Settings {
        slots: 3,
        ..Settings::default()
    });
    let response = requester.secured(&[0x12, 0x82, 1, 0, 0, 0, 0x10, 0]);

    assert_eq!(response[..6], [0x12, 2, 1, 0, 0x10, 0]);
}
