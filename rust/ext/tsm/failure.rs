// SPDX-License-Identifier: GPL-2.0

//! Why there is no report.

use kernel::{
    alloc::AllocError,
    prelude::*,
    str::CStr, //
};
use tsm_proto::tdx::{
    quote,
    VmcallStatus, //
};

/// A status of the platform, as it came from there.
#[derive(Clone, Copy)]
pub struct Answer {
    /// What kind of status it is.
    pub source: &'static CStr,
    /// The status.
    pub status: u64,
}

/// Why there is no report: for user space an errno, and for the trace what the platform said.
pub struct Failure {
    pub(super) error: Error,
    pub(super) answer: Option<Answer>,
}

impl Failure {
    /// Makes the failure that a status of the platform means.
    #[inline]
    pub fn answered(error: Error, answer: Answer) -> Self {
        Self {
            error,
            answer: Some(answer),
        }
    }
}

impl From<Error> for Failure {
    #[inline]
    fn from(error: Error) -> Self {
        Self {
            error,
            answer: None,
        }
    }
}

impl From<AllocError> for Failure {
    #[inline]
    fn from(error: AllocError) -> Self {
        Error::from(error).into()
    }
}

#[cfg(CONFIG_INTEL_TDX_GUEST)]
impl From<crate::tdx::Error> for Failure {
    #[inline]
    fn from(err: crate::tdx::Error) -> Self {
        match err {
            crate::tdx::Error::Status(status) => Self::answered(
                status.into(),
                Answer {
                    source: c"tdcall",
                    status: status.raw(),
                },
            ),
            crate::tdx::Error::Killed => EINTR.into(),
        }
    }
}

impl From<VmcallStatus> for Failure {
    #[inline]
    fn from(status: VmcallStatus) -> Self {
        let answer = Answer {
            source: c"vmcall",
            status: status.raw(),
        };

        Self::answered(status.into(), answer)
    }
}

impl From<tsm_proto::Error> for Failure {
    #[inline]
    fn from(err: tsm_proto::Error) -> Self {
        let (source, status) = match err {
            tsm_proto::Error::FirmwareRefused(status) => (c"firmware", status.raw()),
            tsm_proto::Error::SvsmRefused(status) => (c"svsm", status.raw()),
            _ => return Error::from(err).into(),
        };
        let answer = Answer {
            source,
            status: status.into(),
        };

        Self::answered(err.into(), answer)
    }
}

/// What is wrong with a quote buffer, and the status that the VMM has left there.
impl From<(Error, quote::Status)> for Failure {
    #[inline]
    fn from((err, status): (Error, quote::Status)) -> Self {
        let answer = Answer {
            source: c"quote",
            status: status.raw(),
        };

        Self::answered(err, answer)
    }
}
