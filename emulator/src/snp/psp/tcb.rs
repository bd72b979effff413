// SPDX-License-Identifier: GPL-2.0

//! How new the parts of the platform are that the guest has to trust.

use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use crate::snp::config::{
    Processor,
    SnpConfig, //
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
    /// Takes the versions of the boot loader, the operating system of the processor, the firmware for SNP and the
    /// microcode, and of the first mutable code where there is one.
    pub(super) const fn new(fmc: Option<u8>, [boot_loader, tee, snp, microcode]: [u8; 4]) -> Self {
        Self {
            fmc,
            boot_loader,
            tee,
            snp,
            microcode,
        }
    }

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
}

impl TcbVersion {
    /// Takes it as a number, as it is written in documents: the microcode comes first.
    fn new(number: u64) -> Self {
        Self(number.to_le_bytes())
    }

    /// Returns the versions of the parts, as a processor has them that has these parts.
    pub(super) fn parts(self, has_fmc: bool) -> Tcb {
        let Self(bytes) = self;

        match (has_fmc, bytes) {
            (true, [fmc, boot_loader, tee, snp, .., microcode]) => {
                Tcb::new(Some(fmc), [boot_loader, tee, snp, microcode])
            }
            (false, [boot_loader, tee, .., snp, microcode]) => {
                Tcb::new(None, [boot_loader, tee, snp, microcode])
            }
        }
    }

    /// Tells whether this is at least as new in each part as another, in which what is reserved is zero.
    pub(super) fn is_at_least(self, other: Self) -> bool {
        other.0.iter().zip(self.0).all(|(part, own)| *part <= own)
    }
}

/// How new the platform is, and was. ABI, "TCB_VERSION" and "MSG_REPORT_REQ".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tcbs {
    /// What runs.
    pub(super) current: TcbVersion,
    /// What the platform can't go back behind.
    pub(super) committed: TcbVersion,
    /// What the key of the chip is derived from, and its certificate says.
    pub(super) reported: TcbVersion,
    /// What ran when the guest was launched.
    pub(super) launch: TcbVersion,
}

impl Tcbs {
    /// Takes those that the user wants. The others are what runs, as after a start of the machine.
    pub(super) fn of(config: &SnpConfig) -> Self {
        let current = match config.current_tcb {
            Some(number) => TcbVersion::new(number),
            None => config.processor.tcb().version(),
        };
        let wanted = |number: Option<u64>| number.map_or(current, TcbVersion::new);

        Self {
            current,
            committed: wanted(config.committed_tcb),
            reported: wanted(config.reported_tcb),
            launch: wanted(config.launch_tcb),
        }
    }

    /// Tells why no platform has these, if none has. What was launched before may have been newer than
    /// what runs. The error is for the user.
    pub(super) fn check(&self, processor: Processor) -> Result<(), String> {
        let has_fmc = processor.tcb().fmc.is_some();

        for (option, tcb) in [
            ("current_tcb", self.current),
            ("committed_tcb", self.committed),
            ("reported_tcb", self.reported),
            ("launch_tcb", self.launch),
        ] {
            if tcb.parts(has_fmc).version() != tcb {
                return Err(format!("{option}: what is reserved has to be zero"));
            }
            if option != "launch_tcb" && !self.current.is_at_least(tcb) {
                return Err(format!("{option} is above what runs, which is current_tcb"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One without the first mutable code, and one with it.
    const TCBS: [Tcb; 2] = [
        Tcb::new(None, [4, 1, 24, 219]),
        Tcb::new(Some(2), [4, 1, 24, 219]),
    ];

    #[test]
    fn has_the_parts_where_the_processor_has_them() {
        let versions = TCBS.map(|tcb| tcb.version().0);
        let expected = [[4, 1, 0, 0, 0, 0, 24, 219], [2, 4, 1, 24, 0, 0, 0, 219]];
        assert_eq!(versions, expected);
    }

    #[test]
    fn compares_each_part() {
        for tcb in TCBS.map(|tcb| tcb.version()) {
            assert!(tcb.is_at_least(tcb));
            assert!(tcb.is_at_least(TcbVersion([0; 8])));
            for part in 0..8 {
                let mut version = tcb;
                version.0[part] += 1;
                assert!(!tcb.is_at_least(version), "{part}");
            }
        }
    }

    #[test]
    fn finds_the_parts_where_the_processor_has_them() {
        for tcb in TCBS {
            assert_eq!(tcb.version().parts(tcb.fmc.is_some()), tcb);
        }
    }

    #[test]
    fn takes_what_the_user_wants() {
        let mut config = SnpConfig::default();
        let all = |config: &SnpConfig| {
            let tcbs = Tcbs::of(config);
            [tcbs.current, tcbs.committed, tcbs.reported, tcbs.launch].map(|tcb| tcb.0)
        };

        assert_eq!(all(&config), [[4, 0, 0, 0, 0, 0, 24, 219]; 4]);
        config.current_tcb = Some(0xdc19_0000_0000_0104);
        assert_eq!(all(&config), [[4, 1, 0, 0, 0, 0, 25, 220]; 4]);
        config.committed_tcb = Some(1);
        config.reported_tcb = Some(2);
        config.launch_tcb = Some(3);
        assert_eq!(all(&config).map(|tcb| tcb[0]), [4, 1, 2, 3]);
        assert_eq!(Tcbs::of(&config).check(Processor::Milan), Ok(()));
    }

    #[test]
    fn refuses_what_no_platform_has() {
        let check = |processor, set: fn(&mut SnpConfig)| {
            let mut config = SnpConfig {
                processor,
                ..SnpConfig::default()
            };
            set(&mut config);
            Tcbs::of(&config).check(processor)
        };
        let above =
            |option: &str| Err(format!("{option} is above what runs, which is current_tcb"));
        let reserved = |option: &str| Err(format!("{option}: what is reserved has to be zero"));

        for (set, expected) in [
            (
                (|c| c.committed_tcb = Some(5)) as fn(&mut SnpConfig),
                above("committed_tcb"),
            ),
            (|c| c.reported_tcb = Some(5), above("reported_tcb")),
            // A firmware that was newer may have been replaced.
            (|c| c.launch_tcb = Some(5), Ok(())),
            (|c| c.launch_tcb = Some(1 << 16), reserved("launch_tcb")),
            (|c| c.current_tcb = Some(1 << 47), reserved("current_tcb")),
        ] {
            assert_eq!(check(Processor::Milan, set), expected);
        }
        // What is reserved elsewhere.
        assert_eq!(
            check(Processor::Turin, |c| c.launch_tcb = Some(1 << 16)),
            Ok(())
        );
        let high = check(Processor::Turin, |c| c.launch_tcb = Some(1 << 48));
        assert_eq!(high, reserved("launch_tcb"));
    }
}
