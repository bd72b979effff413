// SPDX-License-Identifier: GPL-2.0

//! Reports of each kind as files, which the tests of the parser read too.

use std::{
    env,
    fs,
    path::Path, //
};

use super::*;
use crate::snp::config::{
    Processor,
    ReportVersion, //
};
use sev::certs::snp::{
    Certificate,
    Verifiable as _, //
};

/// The name of a file, and what its report is of.
const KINDS: [(&str, Processor, ReportVersion, bool); 5] = [
    ("milan-v2", Processor::Milan, ReportVersion::V2, false),
    ("milan-v3", Processor::Milan, ReportVersion::V3, false),
    ("genoa-v4", Processor::Genoa, ReportVersion::V4, false),
    ("turin-v5", Processor::Turin, ReportVersion::V5, false),
    ("milan-vlek", Processor::Milan, ReportVersion::V3, true),
];

#[test]
fn makes_the_reports_that_are_in_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/snp");

    for (name, processor, version, vlek) in KINDS {
        let (secure, mut guest) = launch(|config| {
            config.processor = processor;
            config.report_version = version;
            config.vlek = vlek;
            config.mask_chip_id = vlek;
            config.measurement = Some(Digest384::new([7; 48]));
            config.report_id = Some([2; 32]);
        });
        let payload = guest
            .ask(&secure, kind::REPORT_REQ, &report_request(0, 0))
            .unwrap();
        let made: [u8; 1184] = payload[0x20..].try_into().unwrap();
        let certificates = secure.certificates();
        let signer = certificates.vlek.unwrap_or(certificates.vcek);
        let report = AttestationReport::from_bytes(&made).unwrap();
        (&Certificate::from_der(signer).unwrap(), &report)
            .verify()
            .unwrap();

        let file = folder.join(name).with_extension("bin");
        if env::var_os("TSM_WRITE_VECTORS").is_some() {
            fs::write(&file, made).unwrap();
        }
        assert!(fs::read(&file).unwrap() == made, "{name}");
    }
}
