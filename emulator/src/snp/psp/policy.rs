// SPDX-License-Identifier: GPL-2.0

//! What a launch fails for.
//!
//! ABI, "Guest Policy", "SNP_LAUNCH_START" and "SNP_LAUNCH_FINISH". Where the VMM of a real machine gets
//! `POLICY_FAILURE`, the emulator prints an error and ends.

use tsm_proto::Digest384;

use super::settings::Settings;
use crate::snp::config::{
    Firmware,
    SnpConfig, //
};

/// Bits of a policy: the least version of the ABI, that threads may be on, one that is always set, two for what has to
/// be set up, one that the ABI has since a version, and those that have no meaning.
const ABI: u64 = 0xffff;
const SMT: u64 = 1 << 16;
const ONE: u64 = 1 << 17;
const RAPL_DISABLED: u64 = 1 << 23;
const CIPHERTEXT_HIDING: u64 = 1 << 24;
const PAGE_SWAP_DISABLED: u64 = 1 << 25;
const RESERVED: u64 = u64::MAX << 26;

/// The version of the ABI that [`PAGE_SWAP_DISABLED`] is new in.
const PAGE_SWAP: (u8, u8) = (1, 58);

/// Tells why a guest can't be launched, if it can't.
pub(super) fn check(config: &SnpConfig) -> Result<(), String> {
    check_policy(config).map_err(|why| format!("policy=`{:x}`: {why}", config.policy))?;

    // What an ID block says goes with the key that it is signed with, and nothing else says it.
    let has_block = config.id_key_digest != Digest384::ZERO;
    for (option, is_set) in [
        ("guest_svn", config.guest_svn != 0),
        ("family_id", config.family_id != [0; 16]),
        ("image_id", config.image_id != [0; 16]),
        (
            "author_key_digest",
            config.author_key_digest != Digest384::ZERO,
        ),
    ] {
        if is_set && !has_block {
            return Err(format!(
                "{option} comes with an ID block: set id_key_digest"
            ));
        }
    }
    Ok(())
}

/// Tells why the policy can't be kept, if it can't.
fn check_policy(config: &SnpConfig) -> Result<(), String> {
    let Firmware { major, minor, .. } = config.firmware();
    let (policy, settings) = (config.policy, Settings::of(config));

    if policy & ONE == 0 {
        return Err("bit 17 has to be set".into());
    }
    if policy & RESERVED != 0 {
        return Err("bits 63:26 have to be clear".into());
    }
    if policy & SMT == 0 && settings.has(Settings::SMT) {
        return Err("bit 16 has to be set, because threads are on".into());
    }
    if policy & PAGE_SWAP_DISABLED != 0 && (major, minor) < PAGE_SWAP {
        let (major, minor) = PAGE_SWAP;
        return Err(format!(
            "bit 25 has to be clear before version {major}.{minor} of the ABI"
        ));
    }
    for (bit, setting, number) in [
        (RAPL_DISABLED, Settings::RAPL_DISABLED, 3),
        (CIPHERTEXT_HIDING, Settings::CIPHERTEXT_HIDING, 4),
    ] {
        if policy & bit != 0 && !settings.has(setting) {
            return Err(format!(
                "bit {} wants bit {number} of platform_info",
                bit.trailing_zeros()
            ));
        }
    }
    if policy & ABI > u64::from(u16::from_be_bytes([major, minor])) {
        return Err(format!(
            "bits 15:0 are above {major}.{minor}, which is the version of the ABI"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tells why a guest is not launched.
    fn refused(change: impl FnOnce(&mut SnpConfig)) -> String {
        let mut config = SnpConfig::default();
        change(&mut config);
        check(&config).err().unwrap_or_default()
    }

    #[test]
    fn refuses_policies_that_can_not_be_kept() {
        for (policy, why) in [
            (0x1_0000, "bit 17"),
            (0x2_0000, "bit 16"),
            ((1 << 26) | 0x3_0000, "bits 63:26"),
            (0x3_0138, "above 1.55"),
            (0x3_0200, "above 1.55"),
        ] {
            assert!(refused(|config| config.policy = policy).contains(why));
        }
        for policy in [0x3_0137, 0x3_00ff, 0x1b_0000] {
            assert_eq!(refused(|config| config.policy = policy), "");
        }
    }

    #[test]
    fn wants_the_platform_to_be_set_up_as_the_policy_says() {
        for (policy, missing, enough) in [
            (0x2_0000, 0x25, 0x24),
            (0x83_0000, 0x25, 0x2d),
            (0x103_0000, 0x25, 0x35),
            (0x183_0000, 0x35, 0x3d),
        ] {
            let with = |info| {
                refused(|config| {
                    config.policy = policy;
                    config.platform_info = Some(info);
                })
            };
            assert!(with(missing).contains("bit"), "{policy:x}");
            assert_eq!(with(enough), "");
        }
        // By default nothing of that is on.
        assert!(refused(|config| config.policy = 0x83_0000).contains("bit 3 of platform_info"));
        assert!(refused(|config| config.policy = 0x103_0000).contains("bit 4 of platform_info"));
    }

    #[test]
    fn allows_no_swapping_of_pages_to_be_disabled_before_the_abi_has_that() {
        let with = |firmware| {
            refused(|config| {
                config.policy = 0x203_0000;
                config.firmware = Firmware::parse(firmware);
            })
        };
        for firmware in ["1.55.65", "1.57.0", "0.99.0"] {
            assert!(with(firmware).contains("before version 1.58"), "{firmware}");
        }
        for firmware in ["1.58.0", "1.58.1", "2.0.0"] {
            assert_eq!(with(firmware), "");
        }
    }

    #[test]
    fn takes_the_abi_of_the_firmware() {
        let newer = |config: &mut SnpConfig| {
            config.policy = 0x3_0138;
            config.firmware = Firmware::parse("1.56.0");
        };
        assert_eq!(refused(newer), "");
    }

    #[test]
    fn wants_an_id_block_for_what_is_in_one() {
        let digest = Digest384::new([1; 48]);
        let changes: [fn(&mut SnpConfig); 4] = [
            |config| config.guest_svn = 1,
            |config| config.family_id = [1; 16],
            |config| config.image_id = [1; 16],
            |config| config.author_key_digest = Digest384::new([1; 48]),
        ];
        for change in changes {
            assert!(refused(change).contains("set id_key_digest"));
            let with_block = |config: &mut SnpConfig| {
                change(config);
                config.id_key_digest = digest;
            };
            assert_eq!(refused(with_block), "");
        }
    }
}
