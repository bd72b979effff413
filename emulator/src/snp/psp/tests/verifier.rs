// SPDX-License-Identifier: GPL-2.0

//! Reports as a verifier sees them that was not written here.

use super::*;
use crate::snp::config::{
    Processor,
    ReportVersion, //
};
use sev::{
    certs::snp::{
        ca,
        Chain, //
    },
    Generation, //
};

/// Returns the chain as the public verifier has it.
fn chain(processor: &SecureProcessor) -> Chain {
    let Certificates { ark, ask, vcek, .. } = processor.certificates();
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
fn a_public_verifier_knows_each_processor() {
    let firmware = |config: &mut SnpConfig, processor| {
        config.processor = processor;
        config.report_version = ReportVersion::V5;
    };
    for (processor, line, chip, fmc, parts) in [
        (Processor::Milan, "Milan", 64, None, [4, 0, 24, 219]),
        (Processor::Genoa, "Genoa", 64, None, [10, 0, 23, 84]),
        (Processor::Turin, "Turin", 8, Some(1), [1, 1, 4, 82]),
    ] {
        let (secure, mut guest) = launch(|config| firmware(config, processor));
        let chain = chain(&secure);
        chain.verify().unwrap();
        let payload = guest
            .ask(&secure, kind::REPORT_REQ, &report_request(1, 0))
            .unwrap();
        let report = AttestationReport::from_bytes(payload[0x20..].try_into().unwrap()).unwrap();
        (&chain.vek, &report).verify().unwrap();
        let (family, model) = (report.cpuid_fam_id.unwrap(), report.cpuid_mod_id.unwrap());
        let generation = Generation::identify_cpu(family, model).unwrap();
        assert_eq!(generation.titlecase(), line);
        let tcb = report.reported_tcb;
        assert_eq!(tcb.fmc, fmc);
        assert_eq!([tcb.bootloader, tcb.tee, tcb.snp, tcb.microcode], parts);
        assert!(report.chip_id[..chip].iter().all(|byte| *byte != 0));
        assert!(report.chip_id[chip..].iter().all(|byte| *byte == 0));
    }
}

#[test]
fn a_public_verifier_accepts_reports_of_a_key_that_was_loaded() {
    let (processor, mut guest) = launch(|config| {
        config.vlek = true;
        config.mask_chip_id = true;
    });
    let chip = chain(&processor);
    let loaded = Certificate::from_der(processor.certificates().vlek.unwrap()).unwrap();
    // Any key is that which was loaded; the guest can have the chip sign all the same.
    for (select, number, right, wrong) in [
        (0, 1, &loaded, &chip.vek),
        (1, 0, &chip.vek, &loaded),
        (2, 1, &loaded, &chip.vek),
    ] {
        let payload = guest
            .ask(&processor, kind::REPORT_REQ, &report_request(1, select))
            .unwrap();
        let report = AttestationReport::from_bytes(payload[0x20..].try_into().unwrap()).unwrap();
        assert_eq!(report.key_info.signing_key(), number);
        assert_eq!(report.chip_id.to_vec(), [0; 64]);
        (right, &report).verify().unwrap();
        assert!((wrong, &report).verify().is_err());
    }
}

#[test]
fn a_public_verifier_finds_how_new_the_platform_is_and_was() {
    let (secure, mut guest) = launch(|config| {
        config.current_tcb = Some(0xdb18_0000_0000_0104);
        config.committed_tcb = Some(0xdb17_0000_0000_0004);
        config.reported_tcb = Some(0xd516_0000_0000_0003);
        config.launch_tcb = Some(0xdc19_0000_0000_0002);
    });
    let chain = chain(&secure);
    let payload = guest
        .ask(&secure, kind::REPORT_REQ, &report_request(0, 0))
        .unwrap();
    let report = AttestationReport::from_bytes(payload[0x20..].try_into().unwrap()).unwrap();
    (&chain.vek, &report).verify().unwrap();
    let all = [
        report.current_tcb,
        report.committed_tcb,
        report.reported_tcb,
        report.launch_tcb,
    ];
    assert_eq!(
        all.map(|tcb| [tcb.bootloader, tcb.tee, tcb.snp, tcb.microcode]),
        [
            [4, 1, 24, 219],
            [4, 0, 23, 219],
            [3, 0, 22, 213],
            [2, 0, 25, 220]
        ]
    );
}

#[test]
fn a_public_verifier_finds_how_the_platform_is_set_up() {
    for (version, wanted, expected) in [
        (ReportVersion::V2, None, 0x05),
        (ReportVersion::V3, None, 0x25),
        (ReportVersion::V5, None, 0x25),
        // All memory is encrypted, as on AWS.
        (ReportVersion::V5, Some(0x27), 0x27),
        (ReportVersion::V2, Some(0x01), 0x01),
    ] {
        let (secure, mut guest) = launch(|config| {
            config.report_version = version;
            config.platform_info = wanted;
        });
        let payload = guest
            .ask(&secure, kind::REPORT_REQ, &report_request(0, 0))
            .unwrap();
        let report = AttestationReport::from_bytes(payload[0x20..].try_into().unwrap()).unwrap();
        (&chain(&secure).vek, &report).verify().unwrap();
        assert_eq!(u64::from(report.plat_info), expected);
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
