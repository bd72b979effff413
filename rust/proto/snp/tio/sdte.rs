// SPDX-License-Identifier: GPL-2.0

//! The secure device table entry (sDTE), as far as a guest writes it. TIO, table 68; RFC 2026 has the same bits.
//!
//! All other fields are the firmware's or the host's, and zeros here.

use core::mem::offset_of;

use zerocopy::little_endian::{
    U32,
    U64, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use super::{
    Error,
    Result, //
};
use crate::{
    snp::Vmpl,
    Gpa, //
};

/// The virtual top of memory: what a TDI accesses below it is private.
///
/// # Invariants
///
/// Is below 2^31.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vtom(u32);

impl Vtom {
    /// How many bits of the address are not in the entry.
    ///
    /// RFC 2026 and AMD 2 count in 2 MiB. OpenVMM takes the field for bits 46 to 16 of the last address that is below, and
    /// so counts in 64 KiB.
    const SHIFT: u32 = 21;

    /// Takes an address.
    ///
    /// # Errors
    ///
    /// [`Error::Vtom`] when it is no multiple of 2 MiB, or has more than 52 bits.
    pub fn new(address: Gpa) -> Result<Self> {
        let units = address.raw() >> Self::SHIFT;

        if units << Self::SHIFT != address.raw() {
            return Err(Error::Vtom);
        }
        match u32::try_from(units) {
            // INVARIANT: The pattern takes numbers below 2^31 only.
            Ok(units) if units < 1 << 31 => Ok(Self(units)),
            _ => Err(Error::Vtom),
        }
    }
}

/// What a TDI may do with the guest's private memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Whether it may read (IR).
    pub read: bool,
    /// Whether it may write (IW).
    pub write: bool,
    /// The virtual top of memory, if it is to be enabled.
    pub vtom: Option<Vtom>,
    /// The privilege level of its accesses.
    pub vmpl: Vmpl,
}

/// The entry.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Sdte {
    /// Bits 0 to 63.
    access: U64,
    reserved0: [u8; 16],
    /// Bits 192 to 255.
    level: U64,
    reserved1: [u8; 8],
    /// Bits 320 to 351.
    vtom: U32,
    reserved2: [u8; 20],
}

impl Sdte {
    /// Size in bytes.
    pub const SIZE: usize = 64;

    /// An entry that allows nothing.
    pub const INVALID: Self = Self {
        access: U64::ZERO,
        reserved0: [0; 16],
        level: U64::ZERO,
        reserved1: [0; 8],
        vtom: U32::ZERO,
        reserved2: [0; 20],
    };

    /// V, of `access`: the entry is valid.
    const VALID: u64 = 1 << 0;
    /// IR, of `access`.
    const READ: u64 = 1 << 61;
    /// IW, of `access`.
    const WRITE: u64 = 1 << 62;
    /// Where the privilege level is in `level`: bits 241 and 242 of the entry.
    const VMPL: u32 = 241 - 192;
    /// In `vtom`: bit 320 of the entry.
    const VTOM_ENABLED: u32 = 1 << 0;

    /// Makes a valid entry.
    pub fn new(access: &Access) -> Self {
        let read = if access.read { Self::READ } else { 0 };
        let write = if access.write { Self::WRITE } else { 0 };
        let vtom = match access.vtom {
            // OVERFLOW: By the type invariant, the uppermost bit is 0.
            Some(Vtom(units)) => (units << 1) | Self::VTOM_ENABLED,
            None => 0,
        };

        Self {
            access: (Self::VALID | read | write).into(),
            level: (u64::from(access.vmpl.number()) << Self::VMPL).into(),
            vtom: vtom.into(),
            ..Self::INVALID
        }
    }
}

const _: () = {
    assert!(size_of::<Sdte>() == Sdte::SIZE);
    assert!(offset_of!(Sdte, access) == 0);
    assert!(offset_of!(Sdte, reserved0) == 8);
    assert!(offset_of!(Sdte, level) == 192 / 8);
    assert!(offset_of!(Sdte, reserved1) == 32);
    assert!(offset_of!(Sdte, vtom) == 320 / 8);
    assert!(offset_of!(Sdte, reserved2) == 44);
};
