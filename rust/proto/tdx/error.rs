// SPDX-License-Identifier: GPL-2.0

//! What can be wrong with a report of a TDX module.

use crate::LengthError;

/// Why a report or the number of a register was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The bytes end before the report does.
    Truncated,
    /// Bytes follow the report.
    Trailing,
    /// The report is of another type than that of a TD.
    UnknownType,
    /// The report has a subtype that was not requested.
    UnknownSubtype,
    /// The report has a version whose layout is not known.
    UnknownVersion,
    /// A field that the specification fixes at zero is something else.
    ReservedSet,
    /// No measurement register has this number.
    NoSuchRegister,
}

impl From<LengthError> for Error {
    fn from(err: LengthError) -> Self {
        match err {
            LengthError::Truncated => Self::Truncated,
            LengthError::Trailing => Self::Trailing,
        }
    }
}
