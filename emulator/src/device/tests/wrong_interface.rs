// SPDX-License-Identifier: GPL-2.0

//! What a device does wrong in vendor-defined messages, `IDE_KM`, TDISP and reports.

use super::{
    conversation::in_session,
    ide_km::{
        self,
        key,
        KEYS, //
    },
    requester::Requester,
    tdisp::{
        self,
        ask,
        code,
        field,
        get,
        lock,
        ranges,
        report,
        state, //
    },
    vendor::{
        self,
        settings,
        IDE_KM,
        TDISP, //
    }, //
};
use crate::device::{
    Persona,
    Settings,
    Wrong, //
};

/// Makes a requester with a session with a device of a persona.
fn with(persona: Persona, wrong: Wrong) -> Requester {
    in_session(Settings {
        wrong: Some(wrong),
        ..settings(persona)
    })
}

/// Makes a requester with a session with an integrated device.
fn integrated(wrong: Wrong) -> Requester {
    with(Persona::Integrated, wrong)
}

#[test]
fn wraps_messages_wrongly() {
    let right = [0, 0, 3, 0, 2, 1, 0, 19, 0, 1, 0x10, 0x01];

    for (wrong, offset, expected) in [
        (Wrong::VendorStandard, 4, &[0, 0, 2][..]),
        (Wrong::VendorLength0, 6, &[0, 1, 0]),
        (Wrong::VendorLength255, 6, &[255, 1, 0]),
        (Wrong::VendorPayloadLonger, 9, &[0xff, 0x7f, 1]),
        (Wrong::VendorProtocolOther, 11, &[0x7f, 0x10]),
        (Wrong::VendorIdeForTdisp, 9, &[8, 0, 0, 6, 0]),
    ] {
        let mut requester = integrated(wrong);
        let message = tdisp::request(tdisp::FUNCTION, tdisp::GET_VERSION, &[]);
        let request = vendor::request(&requester, TDISP, &message);
        let response = requester.secured(&request);
        assert_eq!(response[2..offset], right[..offset - 2]);
        assert_eq!(response[offset..offset + expected.len()], *expected);
        let end = offset + expected.len();
        if wrong != Wrong::VendorIdeForTdisp && end < 14 {
            assert_eq!(response[end..14], right[end - 2..]);
        }
    }
}

#[test]
fn changes_messages_of_ide_km() {
    let make = |wrong| with(Persona::Endpoint, wrong);
    let right = vendor::exchange(&mut ide_km::endpoint(), IDE_KM, ide_km::QUERY);

    for (wrong, offset, expected) in [
        (Wrong::IdePort255, 2, 255),
        (Wrong::IdeMaxPortLess, 2, 1),
        (Wrong::IdeRegistersDiffer, 7, 0xfe),
    ] {
        let mut changed = right.clone();
        changed[offset] = expected;
        let response = vendor::exchange(&mut make(wrong), IDE_KM, ide_km::QUERY);
        assert_eq!((wrong, response), (wrong, changed));
    }
    for (wrong, expected) in [
        (Wrong::IdeAckStream, [3, 0, 0, 6, 0, 0x12, 0]),
        (Wrong::IdeAckSubStream, [3, 0, 0, 7, 0, 0x02, 0]),
        (Wrong::IdeAckKeySet, [3, 0, 0, 7, 0, 0x13, 0]),
        (Wrong::IdeStatus1, [3, 0, 0, 7, 1, 0x12, 0]),
        (Wrong::IdeStatus2, [3, 0, 0, 7, 2, 0x12, 0]),
        (Wrong::IdeStatus3, [3, 0, 0, 7, 3, 0x12, 0]),
        (Wrong::IdeStatus4, [3, 0, 0, 7, 4, 0x12, 0]),
        (Wrong::IdeStatus255, [3, 0, 0, 7, 255, 0x12, 0]),
        // What is wrong is in configuration space.
        (Wrong::IdeInsecure, [3, 0, 0, 7, 0, 0x12, 0]),
    ] {
        let mut requester = make(wrong);
        let response = key(&mut requester, ide_km::KEY_PROG, 7, 0x12);
        assert_eq!((wrong, &response[..]), (wrong, &expected[..]));
        // Other messages are right.
        let response = key(&mut requester, ide_km::GO, 7, 0x12);
        assert_eq!(response, [6, 0, 0, 7, 0, 0x12, 0]);
    }
    assert_eq!(KEYS.len(), 6);
}

#[test]
fn changes_headers_and_states() {
    let exchange = |wrong, kind| {
        let request = tdisp::request(tdisp::FUNCTION, kind, &[]);
        vendor::exchange(&mut integrated(wrong), TDISP, &request)
    };

    for kind in [tdisp::GET_VERSION, tdisp::GET_STATE, tdisp::STOP] {
        let right = tdisp::request(tdisp::FUNCTION, kind & 0x7f, &[]);
        let other = tdisp::request(tdisp::FUNCTION ^ 1, kind & 0x7f, &[]);
        let response = exchange(Wrong::TdispInterfaceOther, kind);
        assert_eq!(response[..16], other);
        let response = exchange(Wrong::TdispVersionOther, kind);
        assert_eq!((response[0], &response[1..16]), (0x20, &right[1..]));
        let is_state = kind == tdisp::GET_STATE;
        for (wrong, state) in [(Wrong::TdispStateUnknown, 4), (Wrong::TdispState255, 255)] {
            let response = exchange(wrong, kind);
            assert_eq!(response.last() == Some(&state), is_state);
        }
    }
}

#[test]
fn refuses_all_requests() {
    for (wrong, expected) in [
        (Wrong::TdispErrorRequest, 0x01),
        (Wrong::TdispErrorBusy, 0x03),
        (Wrong::TdispErrorState, 0x04),
        (Wrong::TdispErrorUnspecified, 0x05),
        (Wrong::TdispErrorUnsupported, 0x07),
        (Wrong::TdispErrorVersion, 0x41),
        (Wrong::TdispErrorVendor, 0xff),
        (Wrong::TdispErrorInterface, 0x101),
        (Wrong::TdispErrorNonce, 0x102),
        (Wrong::TdispErrorEntropy, 0x103),
        (Wrong::TdispErrorConfiguration, 0x104),
        (Wrong::TdispErrorUnknown, 0x8000_0001),
    ] {
        let mut requester = integrated(wrong);
        for (kind, body) in [(tdisp::GET_VERSION, 0), (tdisp::LOCK, 20), (tdisp::STOP, 0)] {
            let response = ask(&mut requester, kind, &vec![0; body]);
            assert_eq!(code(response), (expected, 0));
        }
    }
}

#[test]
fn moves_to_other_states() {
    let mut requester = integrated(Wrong::TdispLockNotMoving);
    lock(&mut requester, 0);
    assert_eq!(state(&mut requester), 0);

    let mut requester = integrated(Wrong::TdispRunWithoutStart);
    lock(&mut requester, 0);
    assert_eq!(state(&mut requester), 2);

    let mut requester = integrated(Wrong::TdispStartNotMoving);
    let nonce = lock(&mut requester, 0);
    get(&mut requester, tdisp::START, &nonce);
    assert_eq!(state(&mut requester), 1);

    let mut requester = integrated(Wrong::TdispStartAnyNonce);
    lock(&mut requester, 0);
    get(&mut requester, tdisp::START, &[0; 32]);
    assert_eq!(state(&mut requester), 2);
    let response = ask(&mut requester, tdisp::START, &[0; 32]);
    assert_eq!(code(response), (0x04, 0));
}

#[test]
fn keeps_the_response_to_a_lock_until_the_next_request() {
    let mut requester = integrated(Wrong::TdispLockNotReady);
    let requester = &mut requester;
    let message = tdisp::request(tdisp::FUNCTION, tdisp::LOCK, &[0; 20]);
    let lock = vendor::request(requester, TDISP, &message);
    let not_ready = [0x12, 0x7f, 0x42, 0, 20, 0xfe, 0, 2];
    let respond_if_ready = [0x12, 0xff, 0xfe, 0];

    assert_eq!(requester.secured(&lock), not_ready);
    let late = requester.secured(&respond_if_ready);
    // VENDOR_DEFINED_RESPONSE, of TDISP, with the nonce.
    assert_eq!((late[1], late.len()), (0x7e, 12 + 16 + 32));
    assert_eq!(requester.secured(&respond_if_ready)[2..4], [7, 0xff]);

    get(requester, tdisp::STOP, &[]);
    assert_eq!(requester.secured(&lock), not_ready);
    // It is locked.
    assert_eq!(state(requester), 1);
    assert_eq!(requester.secured(&respond_if_ready)[2..4], [7, 0xff]);
}

#[test]
fn locks_and_refuses_to_say_so() {
    let mut requester = integrated(Wrong::TdispLockWithdrawn);
    let requester = &mut requester;
    let message = tdisp::request(tdisp::FUNCTION, tdisp::LOCK, &[0; 20]);
    let lock = vendor::request(requester, TDISP, &message);

    assert_eq!(
        requester.secured(&lock),
        [0x12, 0x7f, 0x42, 0, 10, 0xfe, 0, 2]
    );
    assert_eq!(
        requester.secured(&[0x12, 0xff, 0xfe, 0]),
        [0x12, 0x7f, 5, 0]
    );
    assert_eq!(state(requester), 1);
}

#[test]
fn locks_anew_after_the_report() {
    let mut requester = integrated(Wrong::TdispRelocked);
    let requester = &mut requester;
    let nonce = lock(requester, 5);
    let first = report(requester, 50);

    assert_eq!(state(requester), 1);
    assert_eq!(report(requester, 50), first);
    assert_eq!(code(ask(requester, tdisp::START, &nonce)), (0x102, 0));
}

#[test]
fn reports_once_for_each_lock() {
    let mut requester = integrated(Wrong::TdispReportOnce);
    let requester = &mut requester;

    for _ in 0..2 {
        lock(requester, 0);
        report(requester, 50);
        let response = ask(requester, tdisp::GET_REPORT, &[0, 0, 50, 0]);
        assert_eq!(code(response), (0x04, 0));
        get(requester, tdisp::STOP, &[]);
    }
}

#[test]
fn never_ends_a_report() {
    let mut requester = integrated(Wrong::TdispPortionZero);
    lock(&mut requester, 0);
    let portion = get(&mut requester, tdisp::GET_REPORT, &[0, 0, 50, 0]);
    assert_eq!(portion, [0, 0, 74, 0]);

    let mut requester = integrated(Wrong::TdispRemainderGrows);
    lock(&mut requester, 0);
    let mut last = 0;
    for offset in (0..200u16).step_by(10) {
        let body = [offset.to_le_bytes(), [50, 0]].concat();
        let portion = get(&mut requester, tdisp::GET_REPORT, &body);
        assert_eq!((portion.len(), field(&portion, 0, 2)), (5, 1));
        assert!(field(&portion, 2, 2) > last);
        last = field(&portion, 2, 2);
    }
}

/// Returns the report of a device, and the right one. Addresses and MSI-X are in there.
fn reports(wrong: Wrong) -> (Vec<u8>, Vec<u8>) {
    let read = |mut requester: Requester| {
        lock(&mut requester, 5);
        report(&mut requester, 0x1000)
    };

    (read(integrated(wrong)), read(tdisp::integrated()))
}

#[test]
fn reports_other_sizes() {
    let mut requester = integrated(Wrong::ReportEmpty);
    lock(&mut requester, 0);
    let portion = get(&mut requester, tdisp::GET_REPORT, &[0, 0, 50, 0]);
    assert_eq!(portion, [0; 4]);

    let (got, right) = reports(Wrong::Report15);
    assert_eq!(got, right[..15]);
    let (got, right) = reports(Wrong::Report65535);
    let vendor = 16 + 4 * 16;
    assert_eq!(got.len(), 0xffff);
    assert_eq!(got[..vendor], right[..vendor]);
    assert_eq!(
        field(&got, vendor, 4),
        0xffff - 4 - u64::try_from(vendor).unwrap()
    );
    let (got, right) = reports(Wrong::ReportCountMax);
    assert_eq!(field(&got, 12, 4), 0xffff_ffff);
    assert_eq!((&got[..12], &got[16..]), (&right[..12], &right[16..]));
}

#[test]
fn reports_other_ranges() {
    let (_, right) = reports(Wrong::Report15);
    let right = ranges(&right);
    let (page, pages, attributes, id) = right[3];
    let with = |last| [&right[..3], &[last]].concat();

    for (wrong, expected) in [
        (
            Wrong::ReportPagesOverflow,
            with((page, 1 << 20, attributes, id)),
        ),
        (
            Wrong::ReportFirstPageMax,
            with(((1 << 52) - 1, pages, attributes, id)),
        ),
        (Wrong::ReportRangeOutside, with((page, 17, attributes, id))),
        (
            Wrong::ReportRangeOverlap,
            [&right[..], &[(page + 15, 1, attributes, id)]].concat(),
        ),
        (Wrong::ReportBarOrder, right.iter().rev().copied().collect()),
        (
            Wrong::ReportBar6,
            [&right[..], &[(page, pages, 0, 6), (page, pages, 0, 7)]].concat(),
        ),
        (
            Wrong::ReportReservedBits,
            right
                .iter()
                .map(|&(page, pages, attributes, id)| (page, pages, attributes | 0xfff0, id))
                .collect(),
        ),
    ] {
        let (got, _) = reports(wrong);
        assert_eq!((wrong, ranges(&got)), (wrong, expected));
        let info = match wrong {
            Wrong::ReportReservedBits => [0xe3, 0xff, 0xff, 0xff],
            _ => [3, 0, 0, 0],
        };
        assert_eq!(got[..4], info);
    }
}
