// SPDX-License-Identifier: GPL-2.0

//! Why a request failed.

use kernel::{
    alloc::AllocError,
    fmt,
    prelude::*, //
};
use tsm_proto::{
    ide_km,
    spdm,
    tdisp, //
};

/// A failure of either side.
pub(crate) enum Failure {
    /// The device broke the protocol, or refused.
    Protocol(spdm::Error),
    /// The same, about an interface.
    Interface(tdisp::Error),
    /// The same, about the keys of the link.
    Link(ide_km::Error),
    /// The mailbox failed, the device is gone, or this side has no memory.
    Errno(Error),
    /// The device may have done what it was asked for, but there is no response that says so. What user space gets, and
    /// the number that the device sent.
    Unanswered(Error, u32),
}

impl Failure {
    /// Returns what user space gets.
    pub(crate) fn errno(&self) -> Error {
        match self {
            Self::Protocol(err) => (*err).into(),
            Self::Interface(err) => (*err).into(),
            Self::Link(err) => (*err).into(),
            Self::Errno(err) | Self::Unanswered(err, _) => *err,
        }
    }

    /// Makes it the failure of a request whose message was sent, if the device has not said what it did.
    pub(crate) fn unanswered(self) -> Self {
        match self {
            Self::Errno(_) | Self::Protocol(spdm::Error::Withdrawn(_)) => {
                Self::Unanswered(self.errno(), self.code())
            }
            other => other,
        }
    }

    /// Returns the number that the device sent and that was refused, if it is one: of an ERROR response the code
    /// in bits 15 to 8 and the data in bits 7 to 0, of TDISP_ERROR the code, of KP_ACK the status.
    pub(crate) fn code(&self) -> u32 {
        use spdm::Error;

        match self {
            Self::Protocol(Error::Peer(response) | Error::Withdrawn(response)) => {
                u32::from(response.code.raw()) << 8 | u32::from(response.data)
            }
            Self::Protocol(Error::MessageVersion(version)) => (*version).into(),
            Self::Protocol(Error::UnexpectedCode(code)) => code.raw().into(),
            Self::Interface(tdisp::Error::Peer(response)) => response.code.raw(),
            Self::Interface(tdisp::Error::Version(raw) | tdisp::Error::State(raw)) => (*raw).into(),
            Self::Interface(tdisp::Error::UnexpectedType(found)) => found.raw().into(),
            Self::Interface(tdisp::Error::Interface(found)) => found.raw(),
            Self::Link(ide_km::Error::Refused(status)) => status.raw().into(),
            Self::Link(ide_km::Error::UnexpectedObject(found)) => found.raw().into(),
            Self::Unanswered(_, code) => *code,
            Self::Protocol(_) | Self::Interface(_) | Self::Link(_) | Self::Errno(_) => 0,
        }
    }

    /// Tells whether the device has broken the protocol within a session, which does not go on then.
    pub(crate) fn ends_session(&self) -> bool {
        use tdisp::Error;

        match self {
            Self::Interface(err) => match err {
                Error::Message(_)
                | Error::Version(_)
                | Error::UnexpectedType(_)
                | Error::Interface(_)
                | Error::State(_)
                | Error::Portion => true,
                // It refuses, or the interface is not what is wanted.
                Error::NoCommonVersion
                | Error::Peer(_)
                | Error::Unmoved(_)
                | Error::Report
                | Error::Range => false,
            },
            Self::Link(err) => match err {
                ide_km::Error::Refused(_) | ide_km::Error::Registers | ide_km::Error::Insecure => {
                    false
                }
                ide_km::Error::Message(_)
                | ide_km::Error::UnexpectedObject(_)
                | ide_km::Error::Mismatch
                | ide_km::Error::Port => true,
            },
            // The requester ends it itself.
            Self::Protocol(_) | Self::Errno(_) | Self::Unanswered(..) => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(err) => write!(f, "{err:?}"),
            Self::Interface(err) => write!(f, "{err:?}"),
            Self::Link(err) => write!(f, "{err:?}"),
            Self::Errno(_) => write!(f, "no exchange"),
            Self::Unanswered(..) => write!(f, "no response"),
        }
    }
}

impl From<spdm::Error> for Failure {
    fn from(err: spdm::Error) -> Self {
        Self::Protocol(err)
    }
}

impl From<tdisp::Error> for Failure {
    fn from(err: tdisp::Error) -> Self {
        Self::Interface(err)
    }
}

impl From<ide_km::Error> for Failure {
    fn from(err: ide_km::Error) -> Self {
        Self::Link(err)
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
