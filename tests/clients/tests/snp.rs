// SPDX-License-Identifier: GPL-2.0

//! Clients of SEV-SNP.

use std::{
    fs,
    process::Command, //
};

use tsm_client_tests::{
    hex,
    run,
    stdout,
    systemd, //
};
use tsm_guest_tests::{
    files,
    reports::REPORTS, //
};

const SNPGUEST: &str = "bin/snpguest";
const CERTIFICATES: &str = "/tmp/certs";

/// Size of a report, and where some of it is. ABI, table "ATTESTATION_REPORT Structure".
const SIZE: usize = 1184;
const VMPL: usize = 0x30;
const REPORT_DATA: usize = 0x50;
const MEASUREMENT: usize = 0x90;

/// Where configfs is.
const CONFIGFS: &str = "/sys/kernel/config";

/// Gets a report with snpguest, which asks the device.
fn report(data: &[u8; 64], vmpl: u32) -> Vec<u8> {
    fs::write("/tmp/request", data).unwrap();
    stdout(
        SNPGUEST,
        &[
            "report",
            "/tmp/report",
            "/tmp/request",
            &format!("--vmpl={vmpl}"),
        ],
    );
    fs::read("/tmp/report").unwrap()
}

/// Gets a report and the certificates with go-sev-guest, which asks configfs if it can, or else the
/// device.
fn attest(data: &[u8; 64], options: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let data = format!("-in={}", hex(data));
    let arguments = [
        &["-inform=hex", &data, "-extended", "-out=/tmp/attestation"],
        options,
    ];

    stdout("go-sev-guest-attest", &arguments.concat());
    let mut report = fs::read("/tmp/attestation").unwrap();
    let certificates = report.split_off(SIZE);

    (report, certificates)
}

/// Has snpguest judge whether the certificates that the host has for the chip sign each other, and
/// then `report`.
fn verifies(report: &[u8]) -> bool {
    fs::write("/tmp/judged", report).unwrap();
    stdout(SNPGUEST, &["certificates", "pem", CERTIFICATES]);
    stdout(SNPGUEST, &["verify", "certs", CERTIFICATES]);

    let output = run(
        SNPGUEST,
        &["verify", "attestation", CERTIFICATES, "/tmp/judged"],
        b"",
    );
    print!("{}", String::from_utf8_lossy(&output.stderr));
    output.status.success()
}

/// Removes the report that go-sev-guest leaves behind when it looks whether there is a provider.
fn clean_up() {
    let left: Vec<_> = fs::read_dir(REPORTS)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();

    assert_eq!(left.len(), 1);
    for report in left {
        fs::remove_dir(report).unwrap();
    }
}

/// Does something as if there was no configfs.
fn without_configfs<T>(work: impl FnOnce() -> T) -> T {
    let mount = |program: &str, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).status().unwrap();
        assert!(status.success());
    };

    mount("umount", &[CONFIGFS]);
    let result = work();
    mount("mount", &["-t", "configfs", "configfs", CONFIGFS]);
    result
}

#[test]
fn snpguest_gets_a_report_and_verifies_it() {
    let data = std::array::from_fn(|index| index as u8 ^ 0x3c);
    let report = report(&data, 0);

    assert_eq!(report.len(), SIZE);
    assert_eq!(report[REPORT_DATA..][..64], data);
    assert_ne!(report[MEASUREMENT..][..48], [0; 48]);
    assert!(verifies(&report));
}

#[test]
fn snpguest_does_not_believe_what_was_changed() {
    let good = report(&[9; 64], 0);

    for offset in [VMPL, REPORT_DATA, MEASUREMENT + 47] {
        let mut bad = good.clone();

        bad[offset] ^= 1;
        assert!(!verifies(&bad), "{offset:#x}");
    }
    assert!(verifies(&good));
}

#[test]
fn snpguest_gets_the_chain_of_the_chip() {
    stdout(SNPGUEST, &["certificates", "der", "/tmp/chain"]);
    let names = files::names_in_folder("/tmp/chain");
    assert_eq!(names, ["ark.der", "ask.der", "vcek.der"]);

    // This was not signed.
    let ask = fs::read("/tmp/chain/ask.der").unwrap();
    let mut changed = ask.clone();
    *changed.last_mut().unwrap() ^= 1;
    fs::write("/tmp/chain/ask.der", changed).unwrap();
    assert!(!run(SNPGUEST, &["verify", "certs", "/tmp/chain"], b"")
        .status
        .success());
    fs::write("/tmp/chain/ask.der", ask).unwrap();
    stdout(SNPGUEST, &["verify", "certs", "/tmp/chain"]);
}

#[test]
fn snpguest_derives_keys() {
    let derive = |root: &str, fields: &str| {
        let fields = format!("--guest_field_select=0b{fields}");

        stdout(SNPGUEST, &["key", "/tmp/key", root, "--vmpl=0", &fields]);
        fs::read("/tmp/key").unwrap()
    };
    let keys = [
        derive("vcek", "000000"),
        derive("vcek", "001000"),
        derive("vcek", "001001"),
        derive("vmrk", "001000"),
    ];

    for (number, key) in keys.iter().enumerate() {
        assert_eq!(key.len(), 32);
        assert_ne!(key[..], [0; 32]);
        assert!(!keys[..number].contains(key));
    }
    assert_eq!(derive("vcek", "001000"), keys[1]);
    // What may be mixed in is not more than there is.
    let refused = run(
        SNPGUEST,
        &["key", "/tmp/key", "vcek", "--vmpl=0", "-g=0b010000", "-s=1"],
        b"",
    );
    assert!(!refused.status.success());
    // The firmware has refused that, and not the VMM: the way to it is still open.
    assert_eq!(derive("vcek", "001000"), keys[1]);
}

#[test]
fn go_sev_guest_gets_a_report_from_configfs() {
    let (report, certificates) = attest(&[7; 64], &[]);

    assert_eq!(report[REPORT_DATA..][..64], [7; 64]);
    assert!(verifies(&report));
    assert!(!certificates.is_empty());
    clean_up();
}

#[test]
fn go_sev_guest_gets_the_same_from_the_device() {
    let (first, certificates) = attest(&[8; 64], &[]);
    clean_up();
    let (second, from_device) = without_configfs(|| attest(&[8; 64], &[]));

    // The signature is another one.
    assert_eq!(first[..0x2a0], second[..0x2a0]);
    assert_eq!(first[..0x2a0], report(&[8; 64], 0)[..0x2a0]);
    assert!(verifies(&second));
    // What it asked for is whole pages, behind certificates of any length.
    assert_ne!(certificates[..48], [0; 48]);
    assert_eq!(from_device.len() % 4096, 0);
    assert!(from_device.starts_with(&certificates));
}

#[test]
fn reports_are_for_the_level_that_was_asked_for() {
    for vmpl in 0..=3 {
        let ours = report(&[1; 64], vmpl);
        let (theirs, _) = attest(&[1; 64], &[&format!("-vmpl={vmpl}")]);

        assert_eq!(ours[VMPL..][..4], vmpl.to_le_bytes());
        assert_eq!(theirs[VMPL..][..4], vmpl.to_le_bytes());
        assert!(verifies(&theirs));
        clean_up();
    }
}

#[test]
fn systemd_report_signs_a_report_of_the_machine() {
    let Some(signed) = systemd::report() else {
        return;
    };

    assert_eq!(signed.provider, "sev_guest");
    assert_eq!(signed.blob[REPORT_DATA..][..64], signed.data);
    assert!(verifies(&signed.blob));
    // It cleans up.
    assert_eq!(fs::read_dir(REPORTS).unwrap().count(), 0);
}
