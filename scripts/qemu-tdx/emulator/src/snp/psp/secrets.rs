// SPDX-License-Identifier: GPL-2.0

//! The secrets page, which the firmware writes at launch.
//!
//! ABI, table "Secrets Page Format". What the guest and an SVSM keep there is zero at first.

use std::mem::offset_of;

use zerocopy::{
    little_endian::U32,
    FromZeros as _, //
};
use zerocopy_derive::{
    FromZeros,
    Immutable,
    IntoBytes, //
};

use super::{
    message::Vmpck,
    tsc::TSC_FACTOR, //
};

/// The page.
#[derive(FromZeros, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct SecretsPage {
    version: U32,
    /// Whether the guest has an initial migration image.
    imi_en: U32,
    /// Family, model and stepping, as in `EAX` of CPUID leaf 1.
    fms: U32,
    reserved1: U32,
    gosvw: [u8; 16],
    vmpcks: [Vmpck; 4],
    /// What the guest keeps here: the numbers of messages, among other things.
    guest: [u8; 96],
    vmsa_tweak_bitmap: [u8; 64],
    /// What an SVSM says of itself.
    svsm: [u8; 32],
    tsc_factor: U32,
    reserved2: [u8; 3740],
}

const _: () = {
    assert!(size_of::<SecretsPage>() == 4096);
    assert!(offset_of!(SecretsPage, fms) == 8);
    assert!(offset_of!(SecretsPage, gosvw) == 0x10);
    assert!(offset_of!(SecretsPage, vmpcks) == 0x20);
    assert!(offset_of!(SecretsPage, guest) == 0xa0);
    assert!(offset_of!(SecretsPage, vmsa_tweak_bitmap) == 0x100);
    assert!(offset_of!(SecretsPage, svsm) == 0x140);
    assert!(offset_of!(SecretsPage, tsc_factor) == 0x160);
};

impl SecretsPage {
    /// The version of the format that is described here.
    const VERSION: u32 = 4;
    /// A Milan B1.
    const FMS: u32 = 0x00a0_0f11;

    /// Makes the page with these keys.
    pub(super) fn new(vmpcks: [Vmpck; 4]) -> Self {
        let mut page = Self::new_zeroed();

        page.version = U32::new(Self::VERSION);
        page.fms = U32::new(Self::FMS);
        page.vmpcks = vmpcks;
        page.tsc_factor = U32::new(TSC_FACTOR);
        page
    }
}
