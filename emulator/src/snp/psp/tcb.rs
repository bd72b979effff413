// SPDX-License-Identifier: GPL-2.0

//! How new the parts of the platform are that the guest has to trust.

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

/// `TCB_VERSION`: the versions of the parts, in places that depend on the processor.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(transparent)]
pub(super) struct TcbVersion([u8; 8]);

/// The versions of the parts. ABI, section 2.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tcb {
    /// Of the first mutable code, which Turin has.
    pub(super) fmc: Option<u8>,
    /// Of the boot loader.
    pub(super) boot_loader: u8,
    /// Of the operating system of the processor.
    pub(super) tee: u8,
    /// Of the firmware for SNP.
    pub(super) snp: u8,
    /// Of the microcode.
    pub(super) microcode: u8,
}

impl Tcb {
    /// Returns the version as a message has it.
    pub(super) fn version(&self) -> TcbVersion {
        let Self {
            fmc,
            boot_loader,
            tee,
            snp,
            microcode,
        } = *self;

        TcbVersion(match fmc {
            Some(fmc) => [fmc, boot_loader, tee, snp, 0, 0, 0, microcode],
            None => [boot_loader, tee, 0, 0, 0, 0, snp, microcode],
        })
    }

    /// Tells whether this is at least as new in each part as a version, in which what is reserved is zero.
    pub(super) fn is_at_least(&self, version: TcbVersion) -> bool {
        let TcbVersion(own) = self.version();

        version.0.iter().zip(own).all(|(part, own)| *part <= own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One without the first mutable code, and one with it.
    const TCBS: [Tcb; 2] = [
        Tcb {
            fmc: None,
            boot_loader: 4,
            tee: 1,
            snp: 24,
            microcode: 219,
        },
        Tcb {
            fmc: Some(2),
            boot_loader: 4,
            tee: 1,
            snp: 24,
            microcode: 219,
        },
    ];

    #[test]
    fn has_the_parts_where_the_processor_has_them() {
        let versions = TCBS.map(|tcb| tcb.version().0);
        let expected = [[4, 1, 0, 0, 0, 0, 24, 219], [2, 4, 1, 24, 0, 0, 0, 219]];
        assert_eq!(versions, expected);
    }

    #[test]
    fn compares_each_part() {
        for tcb in TCBS {
            assert!(tcb.is_at_least(tcb.version()));
            assert!(tcb.is_at_least(TcbVersion([0; 8])));
            for part in 0..8 {
                let mut version = tcb.version();
                version.0[part] += 1;
                assert!(!tcb.is_at_least(version), "{part}");
            }
        }
    }
}
