// SPDX-License-Identifier: GPL-2.0

//! VENDOR_DEFINED_REQUEST and VENDOR_DEFINED_RESPONSE of DSP0274, as the PCI-SIG uses them: PCIe r6
//! 6.31. The payload begins with the number of its protocol.

use super::{
    super::misbehaviour::Wrong,
    message::{
        Failure,
        Reader,
        Result,
        Writer, //
    },
    state::{
        Channel,
        Responder, //
    }, //
};

/// `StandardID` of the PCI-SIG.
const PCI_SIG: u16 = 3;
/// `VendorID` of the PCI-SIG, little-endian.
const VENDOR: [u8; 2] = [1, 0];
/// The protocol of keys of IDE.
const IDE_KM: u8 = 0;
/// The protocol of TEE device interfaces.
const TDISP: u8 = 1;

/// An acknowledgement of `IDE_KM`, behind its protocol.
const K_GOSTOP_ACK: [u8; 8] = [IDE_KM, 6, 0, 0, 0, 0, 0, 0];

/// `LOCK_INTERFACE_RESPONSE`, behind its protocol.
const LOCKED: [u8; 3] = [TDISP, 0x10, 0x03];
/// 2 to the power of this are as many microseconds as a second has, or a few more.
const A_SECOND: u8 = 20;
/// The same of a millisecond.
const A_MILLISECOND: u8 = 10;

/// Bytes of a response in front of the message of its protocol.
const HEADER: usize = 12;

impl Responder {
    /// Responds to VENDOR_DEFINED_REQUEST, which is only legal in a session.
    pub(super) fn vendor_defined(&mut self, request: &[u8], channel: Channel) -> Result {
        let version = self.negotiated()?;
        let unsupported = Failure::UnsupportedRequest(request[1]);
        let Channel::Session(index) = channel else {
            return Err(Failure::UnexpectedRequest);
        };
        let session = self.sessions[index].number;
        let mut reader = Reader::new(request);
        let standard = reader.u16()?;
        let length = reader.u8()?;
        let vendor = reader.bytes(length.into())?;
        if (standard, vendor) != (PCI_SIG, &VENDOR) {
            return Err(unsupported);
        }
        let payload = reader.counted()?;
        let (&protocol, message) = payload.split_first().ok_or(Failure::InvalidRequest)?;

        let message = match protocol {
            IDE_KM if self.settings.persona.has_ide() => self.ide_km(message, session)?,
            TDISP if self.settings.persona.has_tee_io() => self.tdisp(message, session),
            _ => return Err(unsupported),
        };
        let payload = match protocol {
            TDISP if self.is(Wrong::VendorIdeForTdisp) => K_GOSTOP_ACK.to_vec(),
            _ => [&[protocol], &message[..]].concat(),
        };
        // CAST: Two bytes.
        let mut response = Writer::new(version, 0x7e, 0, 0)
            .u16(PCI_SIG)
            .u8(VENDOR.len() as u8)
            .bytes(&VENDOR)
            .counted(&payload)
            .finish();

        self.adjust(&mut response);
        let (late, exponent) = match self.settings.wrong {
            Some(Wrong::TdispLockNotReady) if payload.starts_with(&LOCKED) => (response, A_SECOND),
            Some(Wrong::TdispLockWithdrawn) if payload.starts_with(&LOCKED) => {
                (Failure::Unspecified.message(version), A_MILLISECOND)
            }
            _ => return Ok(response),
        };
        self.late = Some(late);
        Err(Failure::ResponseNotReady {
            code: request[1],
            exponent,
        })
    }

    /// Returns how long a message of a protocol can be in a response.
    pub(super) fn vendor_room(&self) -> usize {
        self.room(HEADER)
    }
}
