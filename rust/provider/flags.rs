// SPDX-License-Identifier: GPL-2.0

//! Properties of measurement registers.

/// Properties of a register, `enum tsm_measurement_register_flag`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Flags(u32);

impl Flags {
    /// A write extends the register.
    pub const EXTENSIBLE: Self = Self(tsm_bindings::tsm_measurement_register_flag_TSM_MR_F_X);
    /// The file is writable.
    pub const WRITABLE: Self = Self(tsm_bindings::tsm_measurement_register_flag_TSM_MR_F_W);
    /// The file is readable.
    pub const READABLE: Self = Self(tsm_bindings::tsm_measurement_register_flag_TSM_MR_F_R);
    /// The value is refreshed before it is read when something was written since.
    pub const LIVE: Self = Self(tsm_bindings::tsm_measurement_register_flag_TSM_MR_F_L);
    /// The register is a flat file and has no hash.
    pub const FLAT: Self = Self(tsm_bindings::tsm_measurement_register_flag_TSM_MR_F_F);
    /// Only the owner of the file may read it.
    pub const PRIVATE: Self = Self(tsm_bindings::tsm_measurement_register_flag_TSM_MR_F_P);
    /// All that there are.
    pub const ALL: Self = Self::EXTENSIBLE
        .with(Self::WRITABLE)
        .with(Self::READABLE)
        .with(Self::LIVE)
        .with(Self::FLAT)
        .with(Self::PRIVATE);

    /// Returns the flags of `self` that `other` has not.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns the flags of `self` and of `other`.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Says whether all of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Takes the value that C code uses, with bits that mean nothing if it has such.
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// Returns the value that C code uses.
    pub const fn as_raw(self) -> u32 {
        self.0
    }
}
