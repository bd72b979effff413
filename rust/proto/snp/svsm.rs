// SPDX-License-Identifier: GPL-2.0

//! Attestation by an SVSM. SVSM, chapter "Attestation Protocol".

use crate::{
    open_enum::open_enum,
    snp::Report,
    Answer,
    PlatformStatus, //
};

open_enum! {
    /// What an SVSM returns in `RAX`. SVSM, table "Result Codes".
    pub struct Status(u32) {
        /// It did what it was asked to do.
        SUCCESS = 0,
        /// The call has to be made again to be finished.
        INCOMPLETE = 0x8000_0000,
        /// It does not have this protocol.
        UNSUPPORTED_PROTOCOL = 0x8000_0001,
        /// It does not have this call.
        UNSUPPORTED_CALL = 0x8000_0002,
        /// An address is not valid.
        INVALID_ADDRESS = 0x8000_0003,
        /// A structure does not have the form that it should have.
        INVALID_FORMAT = 0x8000_0004,
        /// A parameter is not valid; a buffer that is too small is one.
        INVALID_PARAMETER = 0x8000_0005,
        /// The request is not valid.
        INVALID_REQUEST = 0x8000_0006,
        /// It is busy.
        BUSY = 0x8000_0007,
    }
}

/// Why there is no report of an SVSM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The SVSM ended the call with this status.
    Refused(Status),
    /// The SVSM claims to have written this many bytes, which it can't have.
    Length(u64),
    /// What the SVSM wants to write is larger than what there is memory for.
    TooLarge,
}

impl PlatformStatus for Error {
    fn answer(&self) -> Option<Answer> {
        let (source, status) = match *self {
            Self::Refused(status) => (c"svsm", status.raw().into()),
            Self::Length(length) => (c"svsm_length", length),
            Self::TooLarge => return None,
        };

        Some(Answer { source, status })
    }
}

/// A service that is to be attested by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// Which one it is, as GUIDs are in memory.
    pub guid: [u8; 16],
    /// The version of its manifest that is wanted.
    pub manifest_version: u32,
}

impl Service {
    /// Makes it of a GUID, unless that is all zeros, which stands for all services.
    pub fn new(guid: [u8; 16], manifest_version: u32) -> Option<Self> {
        (guid != [0; 16]).then_some(Self {
            guid,
            manifest_version,
        })
    }
}

/// The sizes of the three buffers that a call fills, or of what is in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes of the attestation report.
    pub report: usize,
    /// Bytes of the manifest of services, or of one service.
    pub manifest: usize,
    /// Bytes of the certificates.
    pub certificates: usize,
}

/// What an SVSM returns in registers: how much it has written, or how much room it needs. It may be
/// any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Bytes of the attestation report, from `R8`.
    pub report: u64,
    /// Bytes of the manifest, from `RCX`.
    pub manifest: u64,
    /// Bytes of the certificates, from `RDX`.
    pub certificates: u64,
}

impl Lengths {
    /// What a register has that the SVSM did not set: the kernel has put it there.
    pub const UNSET: u64 = u64::MAX;

    /// Returns how much was written to buffers of these sizes.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] when that is more than a buffer has, or less than a report.
    pub fn written(&self, room: Sizes) -> Result<Sizes, Error> {
        let written = Sizes {
            report: within(self.report, room.report)?,
            manifest: within(self.manifest, room.manifest)?,
            certificates: within(self.certificates, room.certificates)?,
        };

        if written.report < Report::SIZE {
            return Err(Error::Length(self.report));
        }
        Ok(written)
    }

    /// Returns the sizes to try next, in whole pages, after the call was refused with buffers of these
    /// sizes; [`None`] if no length was too small.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when one is above `limit`, itself whole pages.
    pub fn needed(&self, room: Sizes, limit: usize) -> Result<Option<Sizes>, Error> {
        let needed = Sizes {
            report: grown(self.report, room.report, limit)?,
            manifest: grown(self.manifest, room.manifest, limit)?,
            certificates: grown(self.certificates, room.certificates, limit)?,
        };

        Ok((needed != room).then_some(needed))
    }
}

/// Returns `length` if the buffer has as much.
fn within(length: u64, room: usize) -> Result<usize, Error> {
    usize::try_from(length)
        .ok()
        .filter(|length| *length <= room)
        .ok_or(Error::Length(length))
}

/// Returns the size that a buffer of `room` bytes needs to have for `length` of them.
fn grown(length: u64, room: usize, limit: usize) -> Result<usize, Error> {
    const PAGE: usize = 4096;

    // This asks for nothing.
    if length == Lengths::UNSET {
        return Ok(room);
    }
    let length = usize::try_from(length).map_err(|_| Error::TooLarge)?;

    if length > limit {
        return Err(Error::TooLarge);
    }
    // OVERFLOW: The limit is in whole pages, so rounding up does not get above it.
    Ok(length.next_multiple_of(PAGE).max(room))
}
