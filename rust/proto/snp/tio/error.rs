// SPDX-License-Identifier: GPL-2.0

//! What can be wrong with an answer about a TDI, with the blobs of the host, or with a request.

use super::{
    Kind,
    MessageVersion,
    MmioConfigStatus,
    MmioValidateStatus,
    SdteStatus,
    TdiStatus, //
};
use crate::{
    Answer,
    LengthError,
    PlatformStatus, //
};

/// Why an answer, a table of blobs, a blob or a part of a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The answer ends before its structure does.
    Truncated,
    /// Bytes follow the structure.
    Trailing,
    /// There is no room for the request.
    TooLarge,
    /// The answer has another version than the request.
    Version(MessageVersion),
    /// The answer is about another TDI than the request.
    OtherTdi,
    /// The answer is about another range or operation than the request.
    Mismatch,
    /// The firmware says that the TDI is not bound.
    NotBound(TdiStatus),
    /// The firmware did not validate or invalidate the pages.
    MmioValidate(MmioValidateStatus),
    /// The firmware did not read or write the configuration of the range.
    MmioConfig(MmioConfigStatus),
    /// The firmware did not write the sDTE.
    SdteWrite(SdteStatus),
    /// The table of blobs has no last entry.
    Unterminated,
    /// A blob is not wholly between the table and the end of the pages, that of the entry of this number, from 0.
    Outside(usize),
    /// A blob overlaps that of an entry before it.
    Overlap(usize),
    /// An entry has the GUID of an entry before it.
    Duplicate(usize),
    /// The host did not give such a blob.
    Missing(Kind),
    /// The firmware has no valid digest for such a blob.
    NoDigest(Kind),
    /// The blob is not the one that the firmware has the digest of.
    Digest(Kind),
    /// Pages are none, do not begin at the start of a page, or run past the end of the address space.
    Pages,
    /// The top of the virtual memory is not at 2 MiB, or is too high.
    Vtom,
}

impl From<LengthError> for Error {
    fn from(err: LengthError) -> Self {
        match err {
            LengthError::Truncated => Self::Truncated,
            LengthError::Trailing => Self::Trailing,
        }
    }
}

impl PlatformStatus for Error {
    fn answer(&self) -> Option<Answer> {
        let (source, status) = match *self {
            Self::NotBound(status) => (c"tdi_info", status.raw()),
            Self::MmioValidate(status) => (c"mmio_validate", status.raw()),
            Self::MmioConfig(status) => (c"mmio_config", status.raw()),
            Self::SdteWrite(status) => (c"sdte_write", status.raw()),
            _ => return None,
        };

        Some(Answer {
            source,
            status: status.into(),
        })
    }
}

/// A [`core::result::Result`] with the [`Error`] of these messages.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;
