// SPDX-License-Identifier: GPL-2.0

//! The state that the first vCPU of a guest is launched with: that after a reset, as QEMU and KVM have it.
//!
//! AMD64 Architecture Programmer's Manual, volume 2, table 14-1 for the values and appendix B for their places. QEMU's vCPU
//! is in this state anyway; the page is only measured.

use super::{
    CR0,
    CR4,
    CS,
    EFER,
    FEATURES,
    MCE,
    RFLAGS,
    RIP,
    SEV_FEATURES,
    SVME, //
};

/// Offsets of what only a reset sets.
const ES: u64 = 0x00;
const SS: u64 = 0x20;
const DS: u64 = 0x30;
const FS: u64 = 0x40;
const GS: u64 = 0x50;
const GDTR: u64 = 0x60;
const LDTR: u64 = 0x70;
const IDTR: u64 = 0x80;
const TR: u64 = 0x90;
const DR7: u64 = 0x160;
const DR6: u64 = 0x168;
const PAT: u64 = 0x268;
const RDX: u64 = 0x310;
const XCR0: u64 = 0x3e8;
const MXCSR: u64 = 0x408;
const FCW: u64 = 0x410;

/// Returns selector, attributes and limit of a segment, which begin its 16 bytes. The limit is always the same one.
const fn segment(selector: u64, attributes: u64) -> u64 {
    selector | (attributes << 16) | (0xffff << 32)
}

/// Makes the page for a CPU whose version is in `RDX` after a reset.
pub(in crate::snp) fn reset(version: u32) -> Box<[u8; 4096]> {
    const DATA: u64 = segment(0, 0x93);
    let mut page = Box::new([0; 4096]);

    for (offset, value) in [
        (ES, DATA),
        (CS, segment(0xf000, 0x9b)),
        (CS + 8, 0xffff_0000),
        (SS, DATA),
        (DS, DATA),
        (FS, DATA),
        (GS, DATA),
        (GDTR, segment(0, 0)),
        (LDTR, segment(0, 0x82)),
        (IDTR, segment(0, 0)),
        (TR, segment(0, 0x8b)),
        (EFER, SVME),
        (CR4, MCE),
        (CR0, 0x10),
        (DR7, 0x400),
        (DR6, 0xffff_0ff0),
        (RFLAGS, 2),
        (RIP, 0xfff0),
        (PAT, 0x0007_0406_0007_0406),
        (RDX, version.into()),
        (SEV_FEATURES, FEATURES),
        (XCR0, 1),
        (MXCSR, 0x1f80),
        (FCW, 0x37f),
    ] {
        // CAST: An offset in the page.
        page[offset as usize..][..8].copy_from_slice(&u64::to_le_bytes(value));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        machine::memory::{
            FakeMemory,
            GuestMemory as _, //
        },
        snp::vmsa::Vmsa, //
    };

    #[test]
    fn is_a_state_of_a_guest_and_none_after_init() {
        let memory = FakeMemory::new(4096);
        memory.write(0, &*reset(0xa0_0f11)).unwrap();
        let state = Vmsa::read(&memory, 0).unwrap();
        assert!(state.is_right(0));
        let why = state.entry().unwrap_err();
        assert_eq!(why, "CR0 is 0x10, not 0x60000010");
        assert_eq!(memory.bytes(0x310, 8), 0xa0_0f11u64.to_le_bytes());
        assert_eq!(memory.bytes(0x10, 16)[8..], 0xffff_0000u64.to_le_bytes());
    }
}
