// SPDX-License-Identifier: GPL-2.0

//! Values of measurement registers.

use core::fmt;

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
    pub const fn new(bytes: [u8; 48]) -> Self {
        Self(bytes)
    }

    /// Borrows the digest that `bytes` is.
    ///
    /// # Errors
    ///
    /// [`LengthError`] when `bytes` is not as long.
    pub fn parse(bytes: &[u8]) -> Result<&Self, LengthError> {
        whole(bytes)
    }

    /// Returns the bytes of the digest.
    pub const fn bytes(&self) -> &[u8; 48] {
        &self.0
    }
}

impl fmt::Display for Digest384 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest384 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest384({self})")
    }
}
