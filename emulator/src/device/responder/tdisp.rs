// SPDX-License-Identifier: GPL-2.0

//! TDISP: PCIe r6 11.3. A request names an interface of the device.
//!
//! ```text
//! message.rs  the header, and errors
//! report.rs   the report of an interface
//! ```

mod message;
mod report;

use self::message::{
    Header,
    Refusal, //
};
use super::{
    message::{
        Failure,
        Reader, //
    },
    state::Responder, //
};
use crate::device::{
    misbehaviour::{
        self,
        Wrong, //
    },
    tdi::{
        Flags,
        Lock,
        SessionNumber,
        State,
        Tdi, //
    }, //
};

/// The version of the protocol: 1.0.
const VERSION: u8 = 0x10;

/// `GET_TDISP_VERSION`. The response has the code without the highest bit.
const GET_VERSION: u8 = 0x81;
/// `GET_TDISP_CAPABILITIES`.
const GET_CAPABILITIES: u8 = 0x82;
/// `LOCK_INTERFACE_REQUEST`.
const LOCK: u8 = 0x83;
/// `GET_DEVICE_INTERFACE_REPORT`.
const GET_REPORT: u8 = 0x84;
/// `GET_DEVICE_INTERFACE_STATE`.
const GET_STATE: u8 = 0x85;
/// `START_INTERFACE_REQUEST`.
const START: u8 = 0x86;
/// `STOP_INTERFACE_REQUEST`.
const STOP: u8 = 0x87;
/// `TDISP_ERROR`.
const ERROR: u8 = 0x7f;

/// `REQ_MSGS_SUPPORTED`: a bit for each of the requests above, by the lower bits of its code.
const REQUESTS: u8 = 0xfe;
/// `DEV_ADDR_WIDTH`.
const ADDRESS_WIDTH: u8 = 52;
/// How many requests can be outstanding, of an interface and of the device.
const OUTSTANDING: [u8; 2] = [1, 1];

/// Bytes of a portion's header, behind that of the message.
const PORTION: usize = 4;

/// The body of a response.
type Body = Result<Vec<u8>, Refusal>;

impl From<Failure> for Refusal {
    fn from(_: Failure) -> Self {
        Self::InvalidRequest
    }
}

impl Responder {
    /// Responds to a message of a session.
    pub(super) fn tdisp(&mut self, request: &[u8], session: SessionNumber) -> Vec<u8> {
        let (header, body) = Header::split(request);

        let mut response = match self.tdisp_body(&header, body, session) {
            Ok(body) => header.response(&body),
            Err(refusal) => header.refusal(refusal),
        };
        misbehaviour::tdisp(self.settings.wrong, &mut response);
        response
    }

    /// Hands a request to the function for its type.
    fn tdisp_body(&mut self, header: &Header, body: Option<&[u8]>, session: SessionNumber) -> Body {
        if let Some(refusal) = self.settings.wrong.and_then(Refusal::of_all) {
            return Err(refusal);
        }
        let body = body.ok_or(Refusal::InvalidRequest)?;
        if header.version != VERSION {
            return Err(Refusal::VersionMismatch);
        }
        let size = match header.kind {
            GET_VERSION | GET_STATE | STOP => 0,
            GET_CAPABILITIES | GET_REPORT => 4,
            LOCK => 20,
            START => 32,
            other => return Err(Refusal::UnsupportedRequest(other)),
        };
        let tdi = self.tdis.find(header.function());
        let tdi = tdi.ok_or(Refusal::InvalidInterface)?;
        if body.len() != size {
            return Err(Refusal::InvalidRequest);
        }

        match header.kind {
            GET_VERSION => Ok(vec![1, VERSION]),
            GET_CAPABILITIES => Ok(capabilities()),
            LOCK => self.lock_interface(&tdi, body, session),
            GET_REPORT => self.report(&tdi, body),
            GET_STATE => Ok(vec![tdi.state().raw()]),
            START => self.start_interface(&tdi, body, session),
            _ => {
                tdi.stop();
                Ok(vec![])
            }
        }
    }

    /// Responds to LOCK_INTERFACE_REQUEST: flags, the default stream, the offset of addresses in the
    /// report, and a mask for peer-to-peer requests, which is for a flag that the device does not have.
    fn lock_interface(&mut self, tdi: &Tdi, body: &[u8], session: SessionNumber) -> Body {
        let mut reader = Reader::behind(body, 0);
        let flags = reader.u16()?;
        let stream = reader.u8()?;
        let _reserved = reader.u8()?;
        let offset = reader.u64()?;

        if tdi.state() != State::Unlocked {
            return Err(Refusal::InvalidInterfaceState);
        }
        let flags = Flags::try_new(flags).ok_or(Refusal::InvalidRequest)?;
        let nonce = self.nonce();
        tdi.lock(Lock {
            session,
            flags,
            stream,
            offset,
            nonce: Some(nonce),
        })?;
        self.is_reported = false;
        match self.settings.wrong {
            Some(Wrong::TdispLockNotMoving) => tdi.stop(),
            Some(Wrong::TdispRunWithoutStart) => tdi.start(session, &nonce)?,
            _ => {}
        }
        Ok(nonce.to_vec())
    }

    /// Responds to START_INTERFACE_REQUEST.
    fn start_interface(&mut self, tdi: &Tdi, body: &[u8], session: SessionNumber) -> Body {
        let mut nonce = body.try_into().map_err(|_| Refusal::InvalidRequest)?;

        match self.settings.wrong {
            Some(Wrong::TdispStartNotMoving) if tdi.state() == State::Locked => return Ok(vec![]),
            Some(Wrong::TdispStartAnyNonce) => {
                let right = tdi.locked().and_then(|(lock, _)| lock.nonce);
                nonce = right.unwrap_or(nonce);
            }
            _ => {}
        }
        tdi.start(session, &nonce)?;
        Ok(vec![])
    }

    /// Responds to GET_DEVICE_INTERFACE_REPORT: a portion, and how many bytes follow it.
    fn report(&mut self, tdi: &Tdi, body: &[u8]) -> Body {
        let mut reader = Reader::behind(body, 0);
        let offset = usize::from(reader.u16()?);
        let wanted = usize::from(reader.u16()?);

        let (lock, configuration) = tdi.locked().ok_or(Refusal::InvalidInterfaceState)?;
        let report = report::make(&lock, &configuration, self.settings.wrong);
        if let Some(body) = self.wrong_portion(&report, offset)? {
            return Ok(body);
        }
        let rest = report.get(offset..).ok_or(Refusal::InvalidRequest)?;
        if wanted == 0 || rest.is_empty() {
            return Err(Refusal::InvalidRequest);
        }
        let room = self.vendor_room().saturating_sub(Header::SIZE + PORTION);
        let portion = rest.get(..wanted.min(room)).unwrap_or(rest);
        let remainder = rest.len() - portion.len();

        if remainder == 0 && self.is(Wrong::TdispRelocked) && tdi.state() == State::Locked {
            let nonce = Some(self.nonce());
            tdi.stop();
            tdi.lock(Lock { nonce, ..lock })?;
        }
        Ok([&size(portion.len()), &size(remainder), portion].concat())
    }

    /// Makes a portion that is wrong, if it is to be.
    fn wrong_portion(&mut self, report: &[u8], offset: usize) -> Result<Option<Vec<u8>>, Refusal> {
        match self.settings.wrong {
            Some(Wrong::TdispReportOnce) if offset == 0 => {
                match std::mem::replace(&mut self.is_reported, true) {
                    false => Ok(None),
                    true => Err(Refusal::InvalidInterfaceState),
                }
            }
            Some(Wrong::ReportEmpty) => Ok(Some(vec![0; PORTION])),
            Some(Wrong::TdispPortionZero) => Ok(Some([size(0), size(report.len())].concat())),
            Some(Wrong::TdispRemainderGrows) => {
                self.portions = self.portions.saturating_add(1);
                let grown = misbehaviour::remainder(self.portions);
                // PANIC: Below the length of the report, which has a header.
                let byte = report[offset % report.len()];
                Ok(Some([&size(1)[..], &grown, &[byte]].concat()))
            }
            _ => Ok(None),
        }
    }
}

/// Returns a number of bytes as it is in a message.
fn size(bytes: usize) -> [u8; 2] {
    // CAST: No report has more than 65,535 bytes.
    (bytes as u16).to_le_bytes()
}

/// Makes the body of TDISP_CAPABILITIES.
fn capabilities() -> Vec<u8> {
    let mut body = vec![0; 4];

    body.push(REQUESTS);
    body.extend_from_slice(&[0; 15]);
    body.extend_from_slice(&Flags::SUPPORTED.raw().to_le_bytes());
    body.extend_from_slice(&[0, 0, 0, ADDRESS_WIDTH]);
    body.extend_from_slice(&OUTSTANDING);
    body
}
