// SPDX-License-Identifier: GPL-2.0

//! Reports of guests on clouds, with the options that the documentation lists.

use super::*;
use crate::option::documented;

/// Launches the guest that the documentation describes.
fn documented(machine: &str) -> (SecureProcessor, Guest) {
    launch(|config| {
        for (key, value) in documented::options(machine) {
            config.set(key, value).unwrap();
        }
    })
}

#[test]
fn reports_what_guests_on_clouds_report() {
    // The policy, what is on, which key signs, what is done against flaws.
    for (machine, policy, info, key, mitigations) in [
        ("AWS, SEV-SNP", 0x203_0000_u64, 0x27, 4, 0xf),
        ("GCP, SEV-SNP", 0x3_0000, 0x25, 0, 0xb),
    ] {
        let (secure, mut guest) = documented(machine);
        let payload = guest
            .ask(&secure, kind::REPORT_REQ, &report_request(0, 0))
            .unwrap();
        let made: [u8; 1184] = payload[0x20..].try_into().unwrap();

        assert_eq!(made[..4], [5, 0, 0, 0]);
        assert_eq!(made[8..0x10], policy.to_le_bytes());
        assert_eq!(
            made[0x40..0x50],
            [[info, 0, 0, 0, 0, 0, 0, 0], [key, 0, 0, 0, 0, 0, 0, 0]].concat()
        );
        for tcb in [0x38, 0x180, 0x1e0, 0x1f0] {
            assert_eq!(made[tcb..tcb + 8], [4, 0, 0, 0, 0, 0, 29, 222]);
        }
        assert_eq!(made[0x188..0x18b], [0x19, 1, 1]);
        assert_eq!(made[0x1a0..0x1e0] == [0; 64], key != 0);
        assert_eq!(made[0x1e8..0x1f0], [1, 58, 1, 0, 1, 58, 1, 0]);
        for vector in [0x1f8, 0x200] {
            assert_eq!(made[vector..vector + 8], [mitigations, 0, 0, 0, 0, 0, 0, 0]);
        }
        assert_eq!(secure.secrets_page(None)[0x168], mitigations);

        verify(&secure, &made);
    }
}

#[test]
fn signs_with_the_keys_that_clouds_sign_with() {
    // By what the guest selects: any key, that of the chip, the one that was loaded.
    for (machine, expected) in [
        ("AWS, SEV-SNP", [0, 0x27, 0]),
        ("GCP, SEV-SNP", [0, 0, 0x27]),
    ] {
        let (secure, mut guest) = documented(machine);
        let found = [0, 1, 2].map(|select| {
            let request = report_request(0, select);
            status(&guest.ask(&secure, kind::REPORT_REQ, &request).unwrap())
        });
        assert_eq!(found, expected, "{machine}");
    }
}
