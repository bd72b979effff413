// SPDX-License-Identifier: GPL-2.0

//! Negotiation with the device.

use super::{
    conversation::{
        error,
        negotiated, //
    },
    requester::{
        object,
        Requester, //
    }, //
};
use crate::device::{
    Mailbox,
    Settings, //
};

#[test]
fn lists_versions() {
    let mut mailbox = Mailbox::new(Settings::default());
    let response = mailbox.exchange(&object(1, &[0x10, 0x84, 0, 0])).unwrap();

    let expected = [0x10, 4, 0, 0, 0, 3, 0, 0x10, 0, 0x11, 0, 0x12];
    assert_eq!(response, object(1, &expected));
}

#[test]
fn says_whether_it_measures_anew() {
    for (slots, fresh, expected) in [(1, true, 0x30), (1, false, 0x10), (0, true, 0)] {
        let mut requester = Requester::new(Settings {
            slots,
            fresh,
            ..Settings::default()
        });
        requester.ask_version();
        assert_eq!(requester.ask_capabilities()[8] & 0x38, expected);
    }
}

#[test]
fn refuses_a_version_that_it_does_not_have() {
    let mut requester = Requester::new(Settings::default());
    requester.ask_version();
    requester.version = 0x13;

    assert_eq!(error(&requester.ask_capabilities()), 0x41);
    assert_eq!(error(&requester.exchange(&[0x12, 0x84, 0, 0])), 0x41);
}

#[test]
fn refuses_another_version_after_negotiation() {
    let mut requester = negotiated(Settings::default());

    assert_eq!(error(&requester.exchange(&[0x11, 0x81, 0, 0])), 0x41);
}

#[test]
fn wants_negotiation_in_order() {
    let mut requester = Requester::new(Settings::default());
    requester.version = 0x10;
    assert_eq!(error(&requester.ask_algorithms()), 4);
    assert_eq!(error(&requester.exchange(&[0x10, 0x81, 0, 0])), 4);
    requester.version = 0x12;
    requester.ask_version();
    requester.ask_capabilities();
    assert_eq!(error(&requester.ask_capabilities()), 4);
    assert_eq!(error(&requester.exchange(&[0x12, 0x81, 0, 0])), 4);
    requester.ask_algorithms();
    assert_eq!(error(&requester.ask_algorithms()), 4);
}

#[test]
fn refuses_a_small_transfer_size() {
    let mut requester = Requester::new(Settings::default());
    requester.ask_version();
    let head = [
        &[0x12, 0xe1, 0, 0, 0, 0, 0, 0][..],
        &0x2c6_u32.to_le_bytes(),
    ]
    .concat();
    let request = |size: u32| [&head, &size.to_le_bytes()[..], &size.to_le_bytes()].concat();

    assert_eq!(error(&requester.exchange(&request(41))), 1);
    assert_eq!(requester.exchange(&request(42))[1], 0x61);
}

#[test]
fn refuses_key_exchange_without_mac() {
    let mut requester = Requester::new(Settings::default());
    requester.flags = 0x206;
    requester.ask_version();

    assert_eq!(error(&requester.ask_capabilities()), 1);
}

#[test]
fn refuses_algorithms_out_of_order() {
    let mut requester = Requester::new(Settings::default());
    requester.ask_version();
    requester.ask_capabilities();
    let offer = requester.offer();
    let with = |index: usize, value: u8| {
        let mut request = offer.clone();
        request[index] = value;
        request
    };

    // A type twice, types that descend, a count of 1 byte, the length, external algorithms.
    for (index, value) in [(36, 2), (32, 4), (33, 0x10), (4, 40), (28, 1), (2, 4)] {
        assert_eq!(error(&requester.exchange(&with(index, value))), 1);
    }
    assert_eq!(requester.exchange(&offer)[1], 0x63);
}

#[test]
fn refuses_algorithms_without_its_own() {
    let mut requester = Requester::new(Settings::default());
    requester.ask_version();
    requester.ask_capabilities();
    let mut offer = requester.offer();

    // BaseAsymAlgo has all but P-384.
    offer[8] = 0x7f;
    assert_eq!(error(&requester.exchange(&offer)), 1);
}

#[test]
fn returns_a_structure_for_each_that_was_offered() {
    let mut requester = Requester::new(Settings::default());
    requester.ask_version();
    requester.ask_capabilities();
    let mut offer = requester.offer();
    // ReqBaseAsymAlg, between AEAD and the key schedule.
    offer.splice(40..40, [4, 0x20, 0x80, 0]);
    (offer[2], offer[4]) = (4, 48);

    let response = requester.exchange(&offer);
    assert_eq!(response[2], 4);
    assert_eq!(
        response[36..],
        [2, 0x20, 0x10, 0, 3, 0x20, 2, 0, 4, 0x20, 0, 0, 5, 0x20, 1, 0]
    );
}
