// SPDX-License-Identifier: GPL-2.0

//! Reports as a verifier sees them that was not written here.

use super::*;
use crate::snp::config::ReportVersion;
use sev::certs::snp::{
    ca,
    Certificate,
    Chain,
    Verifiable as _, //
};

/// Returns the chain as the public verifier has it.
fn chain(processor: &SecureProcessor) -> Chain {
    let Certificates { ark, ask, vcek } = processor.certificates();
    Chain {
        ca: ca::Chain::from_der(ark, ask).unwrap(),
        vek: Certificate::from_der(vcek).unwrap(),
    }
}

#[test]
fn a_public_verifier_accepts_the_chain_and_reports_of_all_versions() {
    let (processor, _) = launch(|_| {});
    let chain = chain(&processor);
    chain.verify().unwrap();
    for (version, number, build) in [
        (ReportVersion::V2, 2, 21),
        (ReportVersion::V3, 3, 29),
        (ReportVersion::V4, 4, 31),
        (ReportVersion::V5, 5, 65),
    ] {
        let (processor, mut guest) = launch(|config| config.report_version = version);
        let payload = guest
            .ask(&processor, kind::REPORT_REQ, &report_request(1, 0))
            .unwrap();
        assert_eq!(payload.len(), 0x20 + 1184);
        assert_eq!(status(&payload), 0);
        assert_eq!(payload[4..8], 1184u32.to_le_bytes());
        let report = AttestationReport::from_bytes(payload[0x20..].try_into().unwrap()).unwrap();
        // The same name makes the same key: the chain is that of every processor.
        (&chain.vek, &report).verify().unwrap();
        assert_eq!((report.version, report.vmpl), (number, 1));
        for firmware in [&report.current, &report.committed] {
            let version = (firmware.major, firmware.minor, firmware.build);
            assert_eq!(version, (1, 55, build));
        }
        assert_eq!(report.report_data.to_vec(), (1..=64).collect::<Vec<u8>>());
    }
}

#[test]
fn a_public_verifier_accepts_the_report_of_an_svsm() {
    let (processor, _) = launch(|config| config.vmpl = 2);
    let bytes = processor
        .own_report(&FakeMemory::new(0), [0x5a; 64])
        .unwrap();
    let report = AttestationReport::from_bytes(&bytes).unwrap();
    (&chain(&processor).vek, &report).verify().unwrap();
    assert_eq!(report.vmpl, 0);
    assert_eq!(report.report_data.to_vec(), [0x5a; 64]);
}

#[test]
fn a_public_verifier_finds_a_flipped_bit_wherever_it_looks() {
    let (processor, mut guest) = launch(|_| {});
    let vek = chain(&processor).vek;
    let payload = guest
        .ask(&processor, kind::REPORT_REQ, &report_request(0, 0))
        .unwrap();
    let bytes: [u8; 1184] = payload[0x20..].try_into().unwrap();
    let accepts = |bytes: &[u8; 1184]| {
        AttestationReport::from_bytes(bytes).is_ok_and(|report| (&vek, &report).verify().is_ok())
    };
    assert!(accepts(&bytes));
    // The policy, the data, the measurement, the chip, the signature: it puts what is reserved
    // back to zero before it looks.
    for offset in [
        0x08, 0x10, 0x20, 0x30, 0x38, 0x50, 0x8f, 0x90, 0xbf, 0xc0, 0xe0, 0x140, 0x180,
    ]
    .into_iter()
    .chain([
        0x1a0, 0x1df, 0x1e0, 0x1e8, 0x1f0, 0x2a0, 0x2cf, 0x2e8, 0x317,
    ]) {
        let mut other = bytes;
        other[offset] ^= 1;
        assert!(!accepts(&other), "byte {offset:#x}");
    }
}

#[test]
fn a_public_verifier_with_the_root_of_amd_does_not_accept_the_chain() {
    let (processor, _) = launch(|_| {});
    let mut chain = chain(&processor);
    chain.ca.ark = sev::certs::snp::builtin::milan::ark().unwrap();
    assert!(chain.verify().is_err());
}
