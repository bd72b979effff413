// SPDX-License-Identifier: GPL-2.0

//! Why there is no report.

use kernel::{
    alloc::AllocError,
    fmt,
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
    pub fn answered(error: Error, answer: Answer) -> Self {
        Self {
            error,
            answer: Some(answer),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// As in the trace.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error={}", self.error.to_errno())?;
        match self.answer {
            Some(Answer { source, status }) => f.write_fmt(fmt!(" {source}={status:#x}")),
            None => Ok(()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            answer: None,
        }
    }
}

impl From<AllocError> for Failure {
    fn from(error: AllocError) -> Self {
        Error::from(error).into()
    }
}

#[cfg(CONFIG_INTEL_TDX_GUEST)]
impl From<tsm_ext::tdx::Error> for Failure {
    fn from(err: tsm_ext::tdx::Error) -> Self {
        match err {
            tsm_ext::tdx::Error::Status(status) => Self::answered(
                status.into(),
                Answer {
                    source: c"tdcall",
                    status: status.raw(),
                },
            ),
            tsm_ext::tdx::Error::Killed => EINTR.into(),
        }
    }
}

impl From<VmcallStatus> for Failure {
    fn from(status: VmcallStatus) -> Self {
        let answer = Answer {
            source: c"vmcall",
            status: status.raw(),
        };

        Self::answered(status.into(), answer)
    }
}

impl From<tsm_proto::Error> for Failure {
    fn from(err: tsm_proto::Error) -> Self {
        let (source, status) = match err {
            tsm_proto::Error::FirmwareRefused(status) => (c"firmware", status.raw().into()),
            tsm_proto::Error::SvsmRefused(status) => (c"svsm", status.raw().into()),
            tsm_proto::Error::SvsmLength(length) => (c"svsm_length", length),
            tsm_proto::Error::TableUnterminated => (c"table", 0),
            // CAST: Widens.
            tsm_proto::Error::CertificateOutside(index) => (c"certificate", index as u64),
            _ => return Error::from(err).into(),
        };

        Self::answered(err.into(), Answer { source, status })
    }
}

/// What is wrong with a quote buffer, and the status that the VMM has left there.
impl From<(Error, quote::Status)> for Failure {
    fn from((err, status): (Error, quote::Status)) -> Self {
        let answer = Answer {
            source: c"quote",
            status: status.raw(),
        };

        Self::answered(err, answer)
    }
}
