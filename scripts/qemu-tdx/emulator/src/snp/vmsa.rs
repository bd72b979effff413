// SPDX-License-Identifier: GPL-2.0

//! The state of a vCPU that is not running: as much of it as counts when it starts.
//!
//! AMD64 Architecture Programmer's Manual, volume 2, appendix B.

use crate::memory::GuestMemory;

use super::STATUS;

/// Offsets.
const CS_BASE: u64 = 0x18;
const VMPL: u64 = 0xca;
const EFER: u64 = 0xd0;
const SEV_FEATURES: u64 = 0x3b0;

/// A bit of `EFER` that has to be set.
const SVME: u64 = 1 << 12;

/// The features that are on: those of `SEV_STATUS`, from SEV-SNP on.
pub(super) const FEATURES: u64 = STATUS >> 2;

/// The state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vmsa {
    pub(super) cs_base: u64,
    vmpl: u64,
    efer: u64,
    features: u64,
}

impl Vmsa {
    /// Copies it in, if there is memory.
    pub(super) fn read(memory: &dyn GuestMemory, address: u64) -> Option<Self> {
        let word = |offset| {
            let mut word = [0; 8];
            let read = memory.read(address + offset, &mut word);
            read.ok().map(|()| u64::from_le_bytes(word))
        };

        Some(Self {
            cs_base: word(CS_BASE)?,
            vmpl: word(VMPL)? & 0xff,
            efer: word(EFER)?,
            features: word(SEV_FEATURES)?,
        })
    }

    /// Tells whether it is one of this guest, for a VMPL.
    pub(super) fn is_right(&self, vmpl: u64) -> bool {
        self.vmpl == vmpl && self.efer & SVME != 0 && self.features == FEATURES
    }
}
