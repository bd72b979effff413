// SPDX-License-Identifier: GPL-2.0

//! Vendor-defined messages of a capture: IDE_KM and TDISP.

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
        ObjectId,
        SubStream, //
    },
    spdm::{
        vendor_defined::{
            Protocol,
            VendorDefined, //
        },
        Layout, //
    },
    tdisp::{
        capabilities::GetCapabilities,
        lock::{
            Flags,
            LockInterface, //
        },
        report::Report,
        report_portion::GetReport,
        start::StartInterface,
        state::GetState,
        stop::StopInterface,
        version::GetVersion,
        FunctionId,
        MessageType,
        Request, //
    },
};

use crate::request;

/// Bytes of a message before its payload.
const HEADER: usize = 12;

/// What was said in vendor-defined messages.
#[derive(Default)]
pub(crate) struct Vendor {
    /// What is asked for next of a report, and what there is of it.
    report: (Option<GetReport>, Vec<u8>),
    /// Answers that were parsed.
    pub(crate) answers: usize,
}

/// Tells whether both sides have agreed on lengths of 32 bits, which this project does not offer.
fn is_large(message: &[u8]) -> bool {
    message[2] & 0x80 != 0
}

/// Splits a request.
pub(crate) fn parse(message: &[u8]) -> VendorDefined<'_> {
    VendorDefined {
        protocol: Protocol::new(message[HEADER - 1]),
        payload: &message[HEADER..],
    }
}

/// Returns what is asked for in a lock.
fn lock(body: &[u8]) -> LockInterface {
    LockInterface {
        flags: Flags::new(request::u16_at(body, 0)),
        stream: body[2],
    }
}

/// Builds a request of TDISP again.
fn build<R: Request>(request: &R, asked: &[u8], buffer: &mut [u8]) -> usize {
    let function = FunctionId::new(request::u16_at(asked, 4));

    request.encode(function, buffer).expect("there is room")
}

impl Vendor {
    /// Builds a request again, in its own protocol and around it.
    pub(crate) fn sent(&mut self, layout: &Layout, message: &[u8]) {
        if is_large(message) {
            return;
        }
        let vendor = parse(message);
        request::check(&vendor, layout, message);
        let mut buffer = [0; 64];
        let encoded = match vendor.protocol {
            Protocol::TDISP => self.tdisp(vendor.payload, &mut buffer),
            Protocol::IDE_KM => ide_km(vendor.payload, None, &mut buffer),
            _ => None,
        };
        if let Some(len) = encoded {
            assert_eq!(&buffer[..len], vendor.payload);
        }
    }

    fn tdisp(&mut self, asked: &[u8], buffer: &mut [u8]) -> Option<usize> {
        let body = &asked[16..];

        Some(match MessageType::new(asked[1]) {
            MessageType::GET_VERSION => build(&GetVersion, asked, buffer),
            MessageType::GET_CAPABILITIES => build(&GetCapabilities, asked, buffer),
            MessageType::LOCK_INTERFACE => {
                let len = build(&lock(body), asked, buffer);
                // E asks for an offset of addresses.
                buffer[20..28].copy_from_slice(&body[4..12]);
                len
            }
            MessageType::GET_REPORT => {
                let first = GetReport::first(request::u16_at(body, 2));
                let next = self.report.0.take();
                let request = *self.report.0.insert(next.unwrap_or(first));
                build(&request, asked, buffer)
            }
            MessageType::GET_STATE => build(&GetState, asked, buffer),
            MessageType::START_INTERFACE => {
                let nonce = body.try_into().expect("it is a nonce");
                build(&StartInterface(nonce), asked, buffer)
            }
            MessageType::STOP_INTERFACE => build(&StopInterface, asked, buffer),
            _ => return None,
        })
    }

    /// Parses a response, which has to be accepted. `state` is that of the interface, if the capture says it.
    pub(crate) fn received(&mut self, before: &[u8], payload: &[u8], state: Option<u8>) {
        let vendor = parse(before);
        match vendor.protocol {
            Protocol::TDISP => self.answered(vendor.payload, payload, state),
            Protocol::IDE_KM => {
                ide_km(vendor.payload, Some(payload), &mut [0; 64]);
            }
            _ => {}
        }
    }

    fn answered(&mut self, asked: &[u8], answer: &[u8], state: Option<u8>) {
        let function = FunctionId::new(request::u16_at(asked, 4));
        let body = &asked[16..];

        match MessageType::new(asked[1]) {
            MessageType::GET_VERSION => assert_eq!(GetVersion.parse(function, answer), Ok(())),
            MessageType::GET_CAPABILITIES => {
                let found = GetCapabilities.parse(function, answer);
                assert!(found.is_ok_and(|found| found.address_width > 0));
            }
            MessageType::LOCK_INTERFACE => assert!(lock(body).parse(function, answer).is_ok()),
            MessageType::GET_REPORT => {
                let request = self.report.0.take().expect("it was asked for");
                let portion = request.parse(function, answer).expect("it is a portion");
                self.report.1.extend_from_slice(portion.bytes);
                self.report.0 = request.next(&portion).expect("it adds up");
                if self.report.0.is_none() {
                    let whole = std::mem::take(&mut self.report.1);
                    let report = Report::parse(&whole).expect("it is a report");
                    assert!(report.ranges().map(|range| range.id).eq(1..=4));
                }
            }
            MessageType::GET_STATE => {
                let expected = state.expect("the capture says it").try_into();
                assert_eq!(GetState.parse(function, answer), expected);
            }
            MessageType::START_INTERFACE => {
                let nonce = body.try_into().expect("it is a nonce");
                assert_eq!(StartInterface(nonce).parse(function, answer), Ok(()));
            }
            MessageType::STOP_INTERFACE => {
                assert_eq!(StopInterface.parse(function, answer), Ok(()));
            }
            _ => {}
        }
    }
}

/// Takes apart which keys of a stream a message is about.
fn keys(raw: u8) -> Keys {
    Keys {
        second_set: raw & 1 != 0,
        direction: Direction::ALL[usize::from((raw >> 1) & 1)],
        sub_stream: SubStream::ALL[usize::from(raw >> 4)],
    }
}

/// The same for IDE_KM.
fn ide_km(asked: &[u8], answer: Option<&[u8]>, buffer: &mut [u8]) -> Option<usize> {
    let object = ObjectId::new(asked[0]);
    if object == ObjectId::QUERY {
        let query = Query { port: asked[2] };
        return Some(match answer {
            None => query.encode(buffer).expect("there is room"),
            Some(answer) => query.parse(answer).map(|_| 0).expect("it is a port"),
        });
    }
    let slot = KeySlot {
        stream: asked[3],
        port: asked[6],
        keys: keys(asked[5]),
    };
    if object == ObjectId::KEY_PROG {
        let request = KeyProgram {
            slot,
            key: asked[7..39].try_into().expect("it is a key"),
            iv: asked[39..47].try_into().expect("it is an IV"),
        };
        return Some(match answer {
            None => request.encode(buffer).expect("there is room"),
            Some(answer) => request.parse(answer).map(|()| 0).expect("it was taken"),
        });
    }
    let usage = match object {
        ObjectId::K_SET_GO => Use::Go,
        ObjectId::K_SET_STOP => Use::Stop,
        _ => return None,
    };
    let request = KeySet { usage, slot };
    Some(match answer {
        None => request.encode(buffer).expect("there is room"),
        Some(answer) => request.parse(answer).map(|()| 0).expect("it was done"),
    })
}
