// SPDX-License-Identifier: GPL-2.0

//! Vendor-defined messages in a session, and what is refused of them.

use super::{
    conversation::{
        error,
        identified,
        in_session,
        negotiated, //
    },
    requester::Requester, //
};
use crate::device::{
    Persona,
    Settings, //
};

/// `IDE_KM`.
pub(super) const IDE_KM: u8 = 0;
/// TDISP.
pub(super) const TDISP: u8 = 1;

/// Makes settings of a persona with three functions.
pub(super) fn settings(persona: Persona) -> Settings {
    Settings {
        persona,
        functions: 3,
        ..Settings::default()
    }
}

/// Makes a vendor-defined request of the PCI-SIG.
pub(super) fn request(requester: &Requester, protocol: u8, message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len() + 1).unwrap();

    [
        &requester.header(0xfe, 0, 0)[..],
        &[3, 0, 2, 1, 0],
        &length.to_le_bytes(),
        &[protocol],
        message,
    ]
    .concat()
}

/// Exchanges messages of a protocol.
pub(super) fn exchange(requester: &mut Requester, protocol: u8, message: &[u8]) -> Vec<u8> {
    let request = request(requester, protocol, message);
    let response = requester.secured(&request);
    let length = u16::try_from(response.len() - 11).unwrap().to_le_bytes();

    assert_eq!(response[..2], [requester.version, 0x7e]);
    assert_eq!(response[2..9], [0, 0, 3, 0, 2, 1, 0]);
    assert_eq!(response[9..11], length);
    assert_eq!(response[11], protocol);
    response[12..].to_vec()
}

/// GET_TDISP_VERSION about function 0 of an integrated device.
fn get_version(requester: &Requester) -> Vec<u8> {
    let message = [&[0x10, 0x81, 0, 0, 0x80], &[0; 11][..]].concat();

    request(requester, TDISP, &message)
}

#[test]
fn has_them_in_a_session_only() {
    let mut requester = negotiated(Settings::default());
    let request = get_version(&requester);
    assert_eq!(error(&requester.exchange(&request)), 4);

    // There was no FINISH yet.
    let mut requester = identified(Settings::default());
    requester.start_session();
    assert_eq!(error(&requester.secured(&request)), 4);

    let mut requester = in_session(Settings::default());
    assert_eq!(requester.secured(&request)[1], 0x7e);
}

#[test]
fn knows_no_other_standard_vendor_or_protocol() {
    let mut requester = in_session(Settings::default());
    let right = get_version(&requester);

    // Another standard, vendor, or protocol. The last is IDE_KM, which the device does not have.
    for (offset, value) in [(4, 0), (5, 1), (7, 2), (8, 1), (11, 2), (11, IDE_KM)] {
        let mut request = right.clone();
        request[offset] = value;
        let response = requester.secured(&request);
        assert_eq!((error(&response), response[3]), (7, 0xfe));
    }
    for length in [0, 1, 3] {
        let mut request = right.clone();
        request[6] = length;
        assert_eq!(error(&requester.secured(&request)), 7);
    }
}

#[test]
fn refuses_lengths_that_are_too_long_and_empty_payloads() {
    let mut requester = in_session(Settings::default());
    let right = get_version(&requester);

    for (offset, value) in [(6, 255), (9, 18), (10, 1), (9, 0)] {
        let mut request = right.clone();
        request[offset] = value;
        assert_eq!(error(&requester.secured(&request)), 1);
    }
    for size in 4..11 {
        assert_eq!(error(&requester.secured(&right[..size])), 1);
    }
}

#[test]
fn has_no_tdisp_without_tee_io() {
    for persona in [Persona::Cma, Persona::Ide] {
        let mut requester = in_session(settings(persona));
        let request = get_version(&requester);
        assert_eq!(error(&requester.secured(&request)), 7);
    }
}
