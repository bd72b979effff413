// SPDX-License-Identifier: GPL-2.0

//! What the reports of every kind of guest have.

use core::fmt;

use zerocopy::{
    FromBytes,
    Immutable,
    KnownLayout,
    Unaligned, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use crate::{
    Error,
    Result, //
};

/// A SHA-384 digest, the value of a measurement register.
#[derive(Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(transparent)]
pub struct Digest384([u8; 48]);

impl Digest384 {
    /// Size in bytes.
    pub const SIZE: usize = 48;

    /// The value of a register that nothing was measured into.
    pub const ZERO: Self = Self([0; 48]);

    /// Wraps the bytes of a digest.
    #[inline]
    pub const fn new(bytes: [u8; 48]) -> Self {
        Self(bytes)
    }

    /// Borrows the digest that `bytes` is.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] or [`Error::Trailing`] when `bytes` is not as long.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<&Self> {
        whole(bytes)
    }

    /// Returns the bytes of the digest.
    #[inline]
    pub const fn bytes(&self) -> &[u8; 48] {
        &self.0
    }
}

impl fmt::Display for Digest384 {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest384 {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest384({self})")
    }
}

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
    #[inline]
    pub const fn new(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Borrows the report data that `bytes` are.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] or [`Error::Trailing`] when `bytes` are not as long.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<&Self> {
        whole(bytes)
    }

    /// Returns the bytes.
    #[inline]
    pub const fn bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// Borrows the `T` that `bytes` is, which has to be as long as that.
#[inline]
pub(crate) fn whole<T>(bytes: &[u8]) -> Result<&T>
where
    T: FromBytes + Immutable + KnownLayout + Unaligned,
{
    match T::ref_from_prefix(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(Error::Trailing),
        Err(_) => Err(Error::Truncated),
    }
}
