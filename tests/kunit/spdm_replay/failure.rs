// SPDX-License-Identifier: GPL-2.0

//! Why a replay ends early. In a function that a test calls, an assertion would be a panic.

use kernel::alloc::AllocError;
use tsm_proto::spdm;

/// Why a replay ended.
#[derive(Debug, PartialEq)]
pub(super) enum Failure {
    /// The capture has another form.
    Capture,
    /// The kernel refused something.
    Kernel(kernel::error::Error),
    /// The protocol or the cryptography refused something.
    Spdm(spdm::Error),
    /// What was computed is not what was captured.
    Differs(&'static str),
}

/// A [`core::result::Result`] with a [`Failure`].
pub(super) type Result<T = ()> = core::result::Result<T, Failure>;

impl From<AllocError> for Failure {
    fn from(err: AllocError) -> Self {
        Self::Kernel(err.into())
    }
}

impl From<kernel::error::Error> for Failure {
    fn from(err: kernel::error::Error) -> Self {
        Self::Kernel(err)
    }
}

impl From<spdm::Error> for Failure {
    fn from(err: spdm::Error) -> Self {
        Self::Spdm(err)
    }
}

/// Fails unless what was computed is what was captured.
pub(super) fn same<T: PartialEq + ?Sized>(
    computed: &T,
    captured: &T,
    what: &'static str,
) -> Result {
    match computed == captured {
        true => Ok(()),
        false => Err(Failure::Differs(what)),
    }
}
