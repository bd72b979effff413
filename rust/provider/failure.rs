// SPDX-License-Identifier: GPL-2.0

//! Why there is no report.

use kernel::{
    alloc::AllocError,
    fmt,
    prelude::*, //
};
use tsm_proto::PlatformStatus;

pub use tsm_proto::Answer;

/// Why there is no report: for user space an errno, and for the trace what the platform said.
pub struct Failure {
    pub(super) error: Error,
    pub(super) answer: Option<Answer>,
}

impl Failure {
    /// Makes the failure that an error or a status of the platform means.
    #[inline]
    pub fn of<E>(err: E) -> Self
    where
        E: PlatformStatus + Into<Error>,
    {
        let answer = err.answer();

        Self {
            error: err.into(),
            answer,
        }
    }

    /// Makes the failure of `err`, when the platform has said `status`.
    #[inline]
    pub fn answered(err: impl Into<Error>, status: impl PlatformStatus) -> Self {
        Self {
            error: err.into(),
            answer: status.answer(),
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
