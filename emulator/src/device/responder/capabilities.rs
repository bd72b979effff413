// SPDX-License-Identifier: GPL-2.0

//! GET_CAPABILITIES and CAPABILITIES: DSP0274.

use super::{
    super::version::Version,
    message::{
        Failure,
        Reader,
        Result,
        Writer, //
    },
    requester::{
        Requester,
        ENCRYPT,
        KEY_EX,
        MAC,
        TRANSFER_SIZE, //
    },
    state::{
        Phase,
        Responder, //
    }, //
};

/// CERT_CAP: the device has certificates.
const CERT: u32 = 1 << 1;
/// CHAL_CAP: it responds to CHALLENGE.
const CHAL: u32 = 1 << 2;
/// MEAS_CAP: it has measurements, and signs them.
const MEAS_SIG: u32 = 1 << 4;
/// MEAS_FRESH_CAP: they are those of now.
const MEAS_FRESH: u32 = 1 << 5;
/// `CTExponent`: cryptography takes up to 2^20 µs.
const CT_EXPONENT: u8 = 20;

impl Responder {
    /// Returns the capabilities of the device in a version.
    pub(super) fn flags(&self, version: Version) -> u32 {
        let certificates = match self.settings.slots {
            0 => 0,
            _ => CERT | CHAL | MEAS_SIG,
        };
        let certificates = match self.settings.fresh && self.settings.slots != 0 {
            true => certificates | MEAS_FRESH,
            false => certificates,
        };

        match self.settings.sessions && self.settings.slots != 0 && version > Version::V1_0 {
            true => certificates | ENCRYPT | MAC | KEY_EX,
            false => certificates,
        }
    }

    /// Responds to GET_CAPABILITIES, whose version is that of the connection from here on.
    pub(super) fn capabilities(&mut self, request: &[u8]) -> Result {
        if self.connection.phase != Phase::Version {
            return Err(Failure::UnexpectedRequest);
        }
        let version = Version::from_byte(request[0])
            .filter(|it| *it <= self.settings.spdm)
            .ok_or(Failure::VersionMismatch)?;

        let mut reader = Reader::new(request);
        let requester = Requester::read(&mut reader, version)?;
        let response = Writer::new(version, 0x61, 0, 0)
            .bytes(&[0, CT_EXPONENT, 0, 0])
            .u32(self.flags(version));
        let response = match version >= Version::V1_2 {
            true => response.u32(TRANSFER_SIZE).u32(TRANSFER_SIZE),
            false => response,
        };
        let mut response = response.finish();

        self.adjust(&mut response);
        self.connection.version = version;
        self.connection.requester = requester;
        self.connection.phase = Phase::Capabilities;
        self.connection
            .transcript
            .negotiated(reader.so_far(), &response);
        Ok(response)
    }
}
