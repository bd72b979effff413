// SPDX-License-Identifier: GPL-2.0

//! What the platform says when it refuses something.

use core::ffi::CStr;

/// A status of the platform, as it came from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// What kind of status it is.
    pub source: &'static CStr,
    /// The status.
    pub status: u64,
}

/// A status of the platform, or an error that may have one. The trace shows it.
pub trait PlatformStatus {
    /// Returns the status as it came, if there is one.
    fn answer(&self) -> Option<Answer>;
}

impl PlatformStatus for Answer {
    fn answer(&self) -> Option<Answer> {
        Some(*self)
    }
}
