// SPDX-License-Identifier: GPL-2.0

//! GET_CAPABILITIES and CAPABILITIES: DSP0274.

use super::{
    message::{
        Failure,
        Reader,
        Result,
        Writer, //
    },
    Phase,
    Responder,
    Version, //
};

/// CERT_CAP: the device has certificates.
const CERT: u32 = 1 << 1;
/// CHAL_CAP: it responds to CHALLENGE.
const CHAL: u32 = 1 << 2;
/// MEAS_CAP: it has measurements, and signs them.
const MEAS_SIG: u32 = 1 << 4;
/// MEAS_FRESH_CAP: they are those of now.
const MEAS_FRESH: u32 = 1 << 5;
/// ENCRYPT_CAP: it encrypts records.
pub(super) const ENCRYPT: u32 = 1 << 6;
/// MAC_CAP: it authenticates records.
pub(super) const MAC: u32 = 1 << 7;
/// KEY_EX_CAP: it has sessions.
pub(super) const KEY_EX: u32 = 1 << 9;

/// The largest message that the device takes or sends. It has no chunks.
pub(super) const TRANSFER_SIZE: u32 = 0x1200;
/// The smallest `DataTransferSize` there is: `MinDataTransferSize`.
const MIN_TRANSFER_SIZE: u32 = 42;
/// `CTExponent`: cryptography takes up to 2^20 µs.
const CT_EXPONENT: u8 = 20;

impl Responder {
    /// Returns the capabilities of the device in a version.
    pub(super) fn flags(&self, version: Version) -> u32 {
        let certificates = match self.settings.slots {
            0 => 0,
            _ => CERT | CHAL | MEAS_SIG | MEAS_FRESH,
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

/// What the requester is able to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Requester {
    /// Its flags. There are none in version 1.0.
    pub(super) flags: u32,
    /// The largest response that it takes.
    pub(super) transfer_size: u32,
}

impl Default for Requester {
    fn default() -> Self {
        Self {
            flags: 0,
            transfer_size: u32::MAX,
        }
    }
}

impl Requester {
    /// Reads GET_CAPABILITIES, whose size depends on the version.
    fn read(reader: &mut Reader<'_>, version: Version) -> Result<Self> {
        if version == Version::V1_0 {
            return Ok(Self::default());
        }
        reader.bytes(4)?;
        let flags = reader.u32()?;

        if flags & KEY_EX != 0 && flags & (ENCRYPT | MAC) == 0 {
            return Err(Failure::InvalidRequest);
        }
        if version < Version::V1_2 {
            return Ok(Self {
                flags,
                ..Self::default()
            });
        }
        let transfer_size = reader.u32()?;
        let largest = reader.u32()?;
        // Only chunks make a longer message fit.
        if transfer_size < MIN_TRANSFER_SIZE || largest < transfer_size {
            return Err(Failure::InvalidRequest);
        }
        Ok(Self {
            flags,
            transfer_size,
        })
    }
}
