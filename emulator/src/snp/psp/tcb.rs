// SPDX-License-Identifier: GPL-2.0

//! How new the parts of the platform are that the guest has to trust.

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

/// `TCB_VERSION`, as Milan and Genoa have it. ABI, section 2.2.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub(super) struct TcbVersion {
    /// Of the boot loader.
    pub(super) boot_loader: u8,
    /// Of the operating system of the processor.
    pub(super) tee: u8,
    pub(super) reserved: [u8; 4],
    /// Of the firmware for SNP.
    pub(super) snp: u8,
    /// Of the microcode.
    pub(super) microcode: u8,
}

const _: () = {
    use std::mem::offset_of;

    assert!(size_of::<TcbVersion>() == 8);
    assert!(offset_of!(TcbVersion, snp) == 6);
    assert!(offset_of!(TcbVersion, microcode) == 7);
};

impl TcbVersion {
    /// That of the emulated platform, which was never updated.
    pub(super) const CURRENT: Self = Self {
        boot_loader: 4,
        tee: 0,
        reserved: [0; 4],
        snp: 24,
        microcode: 219,
    };

    /// Tells whether no part is newer than in `other`, and what is reserved is zero.
    pub(super) fn is_at_most(&self, other: &Self) -> bool {
        self.reserved == [0; 4]
            && self.boot_loader <= other.boot_loader
            && self.tee <= other.tee
            && self.snp <= other.snp
            && self.microcode <= other.microcode
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_each_part() {
        let current = TcbVersion::CURRENT;
        assert!(current.is_at_most(&current));
        for newer in [
            TcbVersion {
                boot_loader: current.boot_loader + 1,
                ..current
            },
            TcbVersion {
                tee: current.tee + 1,
                ..current
            },
            TcbVersion {
                snp: current.snp + 1,
                ..current
            },
            TcbVersion {
                microcode: current.microcode + 1,
                ..current
            },
            TcbVersion {
                reserved: [0, 0, 0, 1],
                ..current
            },
        ] {
            assert!(!newer.is_at_most(&current));
        }
    }
}
