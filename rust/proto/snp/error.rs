// SPDX-License-Identifier: GPL-2.0

//! What can be wrong with an answer of the SNP firmware.

use crate::{
    snp::status::FirmwareStatus,
    Answer,
    LengthError,
    PlatformStatus, //
};

/// Why an answer or the number of a privilege level was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The bytes end before the structure does.
    Truncated,
    /// Bytes follow a structure of fixed size.
    Trailing,
    /// The report has a version whose layout is not known.
    UnknownVersion,
    /// There is no privilege level, and no key, of this number.
    NoSuchLevel,
    /// The firmware answered a guest message with this status.
    Refused(FirmwareStatus),
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
        match self {
            Self::Refused(status) => Some(Answer {
                source: c"firmware",
                status: status.raw().into(),
            }),
            _ => None,
        }
    }
}
