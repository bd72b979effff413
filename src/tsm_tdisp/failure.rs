// SPDX-License-Identifier: GPL-2.0

//! Why a request failed.

use kernel::{
    alloc::AllocError,
    fmt,
    prelude::*, //
};
use tsm_proto::spdm;

/// A failure of either side.
pub(crate) enum Failure {
    /// The device broke the protocol, or refused.
    Protocol(spdm::Error),
    /// The mailbox failed, the device is gone, or this side has no memory.
    Errno(Error),
}

impl Failure {
    /// Returns what user space gets.
    pub(crate) fn errno(&self) -> Error {
        match self {
            Self::Protocol(err) => (*err).into(),
            Self::Errno(err) => *err,
        }
    }

    /// Returns the number that the device sent and that was refused, if it is one: of an ERROR response the code
    /// in bits 15 to 8 and the data in bits 7 to 0.
    pub(crate) fn code(&self) -> u32 {
        use spdm::Error;

        match self {
            Self::Protocol(Error::Peer(response)) => {
                u32::from(response.code.raw()) << 8 | u32::from(response.data)
            }
            Self::Protocol(Error::MessageVersion(version)) => (*version).into(),
            Self::Protocol(Error::UnexpectedCode(code)) => code.raw().into(),
            Self::Protocol(_) | Self::Errno(_) => 0,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(err) => write!(f, "{err:?}"),
            Self::Errno(_) => write!(f, "no exchange"),
        }
    }
}

impl From<spdm::Error> for Failure {
    fn from(err: spdm::Error) -> Self {
        Self::Protocol(err)
    }
}

impl From<Error> for Failure {
    fn from(err: Error) -> Self {
        Self::Errno(err)
    }
}

impl From<AllocError> for Failure {
    fn from(err: AllocError) -> Self {
        Self::Errno(err.into())
    }
}
