// SPDX-License-Identifier: GPL-2.0

//! Reports of each kind as files, which the tests of the parser read too.

use std::{
    env,
    fs,
    path::Path, //
};

use super::*;
use crate::snp::{
    certificates::Table,
    config::{
        CertificateService,
        Month,
        Processor,
        ReportVersion, //
    },
};

/// Bit 19 of a policy: the VMM may debug the guest.
const DEBUG: u64 = 1 << 19;

/// The name of a file, and what makes the configuration that its report is of.
type Kind = (&'static str, fn(&mut SnpConfig));

const KINDS: [Kind; 6] = [
    ("milan-v2", |config| {
        config.report_version = ReportVersion::V2
    }),
    ("milan-v3", |_| {}),
    ("genoa-v4", |config| {
        config.processor = Processor::Genoa;
        config.report_version = ReportVersion::V4;
    }),
    ("turin-v5", |config| {
        config.processor = Processor::Turin;
        config.report_version = ReportVersion::V5;
    }),
    ("milan-vlek", with_vlek),
    ("milan-debug", |config| config.policy |= DEBUG),
];

/// Makes it a machine of a cloud that has its own key.
fn with_vlek(config: &mut SnpConfig) {
    config.vlek = true;
    config.vcek_disabled = true;
    config.vlek_since = Month::parse("2026-03");
    config.mask_chip_id = true;
}

/// Writes what was made to a file, if that is wanted, or compares it.
fn check(name: &str, made: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/snp");
    let file = folder.join(name).with_extension("bin");

    if env::var_os("TSM_WRITE_VECTORS").is_some() {
        fs::write(&file, made).unwrap();
    }
    assert!(fs::read(&file).unwrap() == made, "{name}");
}

#[test]
fn makes_the_reports_that_are_in_files() {
    for (name, set) in KINDS {
        let (secure, mut guest) = launch(|config| {
            set(config);
            config.measurement = Some(Digest384::new([7; 48]));
            config.report_id = Some([2; 32]);
        });
        let payload = guest
            .ask(&secure, kind::REPORT_REQ, &report_request(0, 0))
            .unwrap();
        let made: [u8; 1184] = payload[0x20..].try_into().unwrap();
        verify(&secure, &made);

        check(name, &made);
    }
}

#[test]
fn makes_the_table_of_certificates_that_is_in_a_file() {
    let (secure, _) = launch(with_vlek);
    let certificates = secure.certificates();
    let made = Table::new(CertificateService::Chain, certificates, 0).encode(1);
    let vlek = certificates.vlek.unwrap();
    assert_eq!(made.len(), 48 + vlek.len());
    assert!(made.ends_with(vlek));

    check("vlek-certificates", &made);
}
