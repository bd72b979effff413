// SPDX-License-Identifier: GPL-2.0

//! The secrets page, which the firmware writes at launch.
//!
//! ABI, table "Secrets Page Format". What the guest and an SVSM keep there is zero at first.

use std::mem::offset_of;

use zerocopy::{
    little_endian::{
        U32,
        U64, //
    },
    FromZeros as _, //
};
use zerocopy_derive::{
    FromZeros,
    Immutable,
    IntoBytes, //
};

use crate::snp::area::Area;

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
    /// What the guest keeps here: how many messages there were with each key, and other things. As Linux
    /// has it; to the firmware it is all the same.
    messages: [U32; 4],
    guest: [u8; 80],
    vmsa_tweak_bitmap: [u8; 64],
    svsm: Svsm,
    tsc_factor: U32,
    reserved2: U32,
    /// What was done at launch against flaws of the processor. From revision 1.58 on, before that
    /// reserved.
    launch_mit_vector: U64,
    reserved3: [u8; 3728],
}

/// What an SVSM says of itself. SVSM, table "Secrets Page Structure"; all zeros if there is none.
#[derive(FromZeros, IntoBytes, Immutable)]
#[repr(C)]
struct Svsm {
    /// Where its memory is.
    base: U64,
    size: U64,
    /// Where the calling area is.
    calling_area: U64,
    /// The latest version of the core protocol that it has.
    max_version: U32,
    /// The VMPL that it runs the guest at.
    guest_vmpl: u8,
    reserved: [u8; 3],
}

const _: () = {
    assert!(size_of::<Svsm>() == 0x20);
    assert!(offset_of!(Svsm, calling_area) == 0x10);
    assert!(offset_of!(Svsm, max_version) == 0x18);
    assert!(offset_of!(Svsm, guest_vmpl) == 0x1c);
    assert!(size_of::<SecretsPage>() == 4096);
    assert!(offset_of!(SecretsPage, fms) == 8);
    assert!(offset_of!(SecretsPage, gosvw) == 0x10);
    assert!(offset_of!(SecretsPage, vmpcks) == 0x20);
    assert!(offset_of!(SecretsPage, messages) == 0xa0);
    assert!(offset_of!(SecretsPage, guest) == 0xb0);
    assert!(offset_of!(SecretsPage, vmsa_tweak_bitmap) == 0x100);
    assert!(offset_of!(SecretsPage, svsm) == 0x140);
    assert!(offset_of!(SecretsPage, tsc_factor) == 0x160);
    assert!(offset_of!(SecretsPage, launch_mit_vector) == 0x168);
};

impl SecretsPage {
    /// The version of the format up to revision 1.57. That is in AMD's firmware, of which the source is
    /// published.
    const VERSION: u32 = 3;
    /// The version with [`SecretsPage::launch_mit_vector`]. That it is a version of its own is our
    /// reading: no firmware that has the field is published, and no guest looks at it.
    const VERSION_WITH_MITIGATIONS: u32 = 4;

    /// Makes the page with what the processor is, these keys, and the mitigations if the firmware says them.
    pub(super) fn new(fms: u32, vmpcks: [Vmpck; 4], launch_mit_vector: Option<u64>) -> Self {
        let mut page = Self::new_zeroed();

        page.version = U32::new(match launch_mit_vector {
            None => Self::VERSION,
            Some(_) => Self::VERSION_WITH_MITIGATIONS,
        });
        page.fms = U32::new(fms);
        page.vmpcks = vmpcks;
        page.tsc_factor = U32::new(TSC_FACTOR);
        page.launch_mit_vector = U64::new(launch_mit_vector.unwrap_or(0));
        page
    }

    /// Makes it the page of a guest that has sent and received so many messages with each key.
    pub(super) fn set_messages(&mut self, count: u32) {
        self.messages = [U32::new(count); 4];
    }

    /// Adds what an SVSM with some memory, which runs the guest at a VMPL, says of itself.
    pub(super) fn set_svsm(&mut self, area: &Area, guest_vmpl: u8) {
        self.svsm = Svsm {
            base: U64::new(area.memory.start),
            size: U64::new(area.memory.end - area.memory.start),
            calling_area: U64::new(area.calling_area),
            max_version: U32::new(1),
            guest_vmpl,
            reserved: [0; 3],
        };
    }
}

#[cfg(test)]
mod tests {
    use zerocopy::IntoBytes as _;

    use super::*;

    #[test]
    fn has_the_mitigations_behind_the_factor_of_the_tsc() {
        let page = SecretsPage::new(0xb0_0f21, [[0; 32]; 4], Some(0x0102_0304_0506_0708));
        let bytes = page.as_bytes();

        assert_eq!(bytes[..4], [4, 0, 0, 0]);
        assert_eq!(bytes[8..12], [0x21, 0x0f, 0xb0, 0]);
        assert_eq!(bytes[0x160..0x164], TSC_FACTOR.to_le_bytes());
        assert_eq!(bytes[0x164..0x168], [0; 4]);
        assert_eq!(bytes[0x168..0x170], [8, 7, 6, 5, 4, 3, 2, 1]);
        assert!(bytes[0x170..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn ends_with_the_factor_of_the_tsc_before_there_were_mitigations() {
        let page = SecretsPage::new(0xa0_0f11, [[0; 32]; 4], None);
        let bytes = page.as_bytes();

        assert_eq!(bytes[..4], [3, 0, 0, 0]);
        assert_eq!(bytes[8..12], [0x11, 0x0f, 0xa0, 0]);
        assert_eq!(bytes[0x160..0x164], TSC_FACTOR.to_le_bytes());
        assert!(bytes[0x164..].iter().all(|byte| *byte == 0));
    }
}
