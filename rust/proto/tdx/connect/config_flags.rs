// SPDX-License-Identifier: GPL-2.0

//! How a TD is configured.

/// `CONFIG_FLAGS`, a metadata field of the TD, as [`VmRd`](crate::tdx::call::VmRd) reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigFlags(u64);

impl ConfigFlags {
    /// `TDX_CONNECT`: the TD may have devices, and the functions about them.
    pub const TDX_CONNECT: Self = Self(1 << 5);

    /// Takes the value of the field.
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// Tells whether all bits of `other` are among these.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}
