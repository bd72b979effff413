// SPDX-License-Identifier: GPL-2.0

//! The data that a guest binds into a report.

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use crate::{
    length::whole,
    LengthError, //
};

/// `REPORTDATA` of TDX, `REPORT_DATA` of SNP: what a guest wants to be bound into a report.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(transparent)]
pub struct ReportData([u8; 64]);

impl ReportData {
    /// Size in bytes.
    pub const SIZE: usize = 64;

    /// Wraps the bytes.
    pub const fn new(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Borrows the report data that `bytes` are.
    ///
    /// # Errors
    ///
    /// [`LengthError`] when `bytes` are not as long.
    pub fn parse(bytes: &[u8]) -> Result<&Self, LengthError> {
        whole(bytes)
    }

    /// Returns the bytes.
    pub const fn bytes(&self) -> &[u8; 64] {
        &self.0
    }
}
