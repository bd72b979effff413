// SPDX-License-Identifier: GPL-2.0

//! What can be wrong with an answer of the TDX module or of the VMM, or with a request.

use super::{
    Kind,
    TdcmError,
    TdcmStatus, //
};
use crate::{
    tdx::Status,
    Answer,
    LengthError,
    PlatformStatus, //
};

/// Why an answer, evidence, or a part of a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The TDX module did not do it, or did something else.
    Status(Status),
    /// TDISP has no such state.
    State(u64),
    /// A hash has another length than a digest.
    HashLength(u64),
    /// The TDX module has another digest than the evidence.
    Digest(Kind),
    /// An address is not the start of a page of its size, or there is no such address.
    Page,
    /// Pages are none, or run past the end of their range or of the address space.
    Pages,
    /// The TDX module says that other pages are left than those that can be left.
    Resumption,
    /// The TDX module was interrupted again and again, and accepted no page.
    Stalled,
    /// The answer ends before its data do.
    Truncated,
    /// The answer has more data than it can have.
    Trailing,
    /// There is no room for the request.
    TooLarge,
    /// The answer has no evidence.
    Empty(Kind),
    /// The VMM has not answered yet.
    Pending,
    /// The VMM did not do it.
    Refused(TdcmError),
    /// The answer has a status that is not known.
    UnknownStatus(TdcmStatus),
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
        match *self {
            Self::Status(status) => status.answer(),
            Self::Refused(error) => Some(Answer {
                source: c"tdcm",
                status: error.raw().into(),
            }),
            _ => None,
        }
    }
}

/// A [`core::result::Result`] with the [`Error`] of these calls.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;
