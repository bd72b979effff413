// SPDX-License-Identifier: GPL-2.0

//! Numbers of reports.

/// Tells reports apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ReportId(u64);

impl ReportId {
    /// Takes the number of a report.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub const fn get(self) -> u64 {
        self.0
    }
}
