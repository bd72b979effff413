// SPDX-License-Identifier: GPL-2.0

//! The device against the messages of `tsm_proto`, which were written on their own.

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
        state::{
            GetState,
            State, //
        },
        stop::StopInterface,
        version::GetVersion,
        Error,
        ErrorCode,
        FunctionId,
        Request, //
    },
};

use super::{
    conversation::in_session,
    ide_km::endpoint,
    requester::Requester,
    tdisp::integrated,
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

/// Function 1 of an integrated device.
const FUNCTION: FunctionId = FunctionId::new(0x81);

/// The BARs of a function.
const BARS: Bars = Bars([0x2000, 0, 0x2000, 0, 0x1_0000, 0]);

/// Exchanges a message of TDISP.
fn exchange<R: Request>(requester: &mut Requester, function: FunctionId, request: &R) -> Vec<u8> {
    let mut buffer = [0; 64];
    let len = request.encode(function, &mut buffer).unwrap();

    vendor::exchange(requester, TDISP, &buffer[..len])
}

/// Locks an interface, and returns the nonce.
fn lock(requester: &mut Requester, function: FunctionId, stream: u8) -> [u8; 32] {
    let flags = Flags::LOCK_MSIX.with(Flags::NO_FW_UPDATE);
    let request = LockInterface { flags, stream };
    let response = exchange(requester, function, &request);

    *request.parse(function, &response).unwrap()
}

/// Returns the state.
fn state(requester: &mut Requester, function: FunctionId) -> Result<State, Error> {
    let response = exchange(requester, function, &GetState);

    GetState.parse(function, &response)
}

/// Reads the report in portions.
fn report(requester: &mut Requester, portion: u16) -> Result<Vec<u8>, Error> {
    let (mut report, mut next) = (vec![], Some(GetReport::first(portion)));

    while let Some(request) = next {
        let response = exchange(requester, FUNCTION, &request);
        let portion = request.parse(FUNCTION, &response)?;
        report.extend_from_slice(portion.bytes);
        next = request.next(&portion)?;
    }
    Ok(report)
}

/// Returns how many ranges a report has in BARs, if it is right.
fn ranges(report: &[u8]) -> Result<usize, Error> {
    BARS.ranges(&Report::parse(report)?).map(Iterator::count)
}

#[test]
fn agrees_on_the_life_of_an_interface() {
    let mut requester = integrated();
    let requester = &mut requester;

    let response = exchange(requester, FUNCTION, &GetVersion);
    assert_eq!(GetVersion.parse(FUNCTION, &response), Ok(()));
    let response = exchange(requester, FUNCTION, &GetCapabilities);
    let found = GetCapabilities.parse(FUNCTION, &response).unwrap();
    assert_eq!((found.lock_flags.raw(), found.address_width), (0x15, 52));
    assert_eq!(state(requester, FUNCTION), Ok(State::Unlocked));
    let nonce = lock(requester, FUNCTION, 0);
    assert_eq!(state(requester, FUNCTION), Ok(State::Locked));
    let found = report(requester, 30).unwrap();
    assert_eq!(ranges(&found), Ok(4));
    let response = exchange(requester, FUNCTION, &StartInterface(&nonce));
    assert_eq!(StartInterface(&nonce).parse(FUNCTION, &response), Ok(()));
    assert_eq!(state(requester, FUNCTION), Ok(State::Run));
    let response = exchange(requester, FUNCTION, &StopInterface);
    assert_eq!(StopInterface.parse(FUNCTION, &response), Ok(()));
    assert_eq!(state(requester, FUNCTION), Ok(State::Unlocked));

    let unknown = FunctionId::new(0x85);
    let Err(Error::Peer(error)) = state(requester, unknown) else {
        panic!("there is no such function");
    };
    assert_eq!(error.code, ErrorCode::INVALID_INTERFACE);
}

#[test]
fn agrees_on_keys() {
    let mut requester = endpoint();
    let requester = &mut requester;
    let mut buffer = [0; 64];

    let len = Query { port: 0 }.encode(&mut buffer).unwrap();
    let response = vendor::exchange(requester, IDE_KM, &buffer[..len]);
    let port = Query { port: 0 }.parse(&response).unwrap();
    assert_eq!((port.requester_id, port.segment, port.last), (0x3b00, 0, 0));
    assert_eq!(port.registers().count(), 10);
    let function = FunctionId::new(port.requester_id + 2);

    for sub_stream in SubStream::ALL {
        for direction in Direction::ALL {
            let keys = Keys {
                second_set: true,
                direction,
                sub_stream,
            };
            let slot = KeySlot {
                stream: 9,
                port: 0,
                keys,
            };
            let request = KeyProgram {
                slot,
                key: &[keys.raw(); 32],
                iv: &[2; 8],
            };
            let len = request.encode(&mut buffer).unwrap();
            let response = vendor::exchange(requester, IDE_KM, &buffer[..len]);
            assert_eq!(request.parse(&response), Ok(()));
            let request = KeySet {
                usage: Use::Go,
                slot,
            };
            let len = request.encode(&mut buffer).unwrap();
            let response = vendor::exchange(requester, IDE_KM, &buffer[..len]);
            assert_eq!(request.parse(&response), Ok(()));
        }
    }
    lock(requester, function, 9);
    assert_eq!(state(requester, function), Ok(State::Locked));
}

#[test]
fn agrees_on_what_is_wrong_with_reports() {
    for (wrong, expected) in [
        (Wrong::TdispPortionZero, Err(Error::Portion)),
        (Wrong::TdispRemainderGrows, Err(Error::Portion)),
        (Wrong::ReportEmpty, Err(Error::Portion)),
        (Wrong::Report15, Err(Error::Report)),
        (Wrong::ReportCountMax, Err(Error::Report)),
        (Wrong::ReportPagesOverflow, Err(Error::Range)),
        (Wrong::ReportFirstPageMax, Err(Error::Range)),
        (Wrong::ReportRangeOutside, Err(Error::Range)),
        (Wrong::ReportRangeOverlap, Err(Error::Range)),
        (Wrong::ReportBarOrder, Err(Error::Range)),
        (Wrong::Report65535, Ok(4)),
        (Wrong::ReportBar6, Ok(4)),
        (Wrong::ReportReservedBits, Ok(4)),
    ] {
        let mut requester = in_session(Settings {
            wrong: Some(wrong),
            ..settings(Persona::Integrated)
        });
        lock(&mut requester, FUNCTION, 0);
        let found = report(&mut requester, 0x1000).and_then(|report| ranges(&report));
        assert_eq!((wrong, found), (wrong, expected));
    }
}
