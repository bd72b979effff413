// SPDX-License-Identifier: GPL-2.0

//! Values as on real platforms, or as the user has set them, as the public verifier reads them.

use dcap_qvl::{
    intel,
    quote::{
        AuthData,
        TDReport10, //
    }, //
};
use tsm_proto::Digest384;

use super::*;

/// Returns what a quote says of a TD in any of its bodies.
fn td(quote: &[u8]) -> TDReport10 {
    *Quote::parse(quote).unwrap().report.as_td10().unwrap()
}

#[test]
fn has_a_quoting_enclave_as_on_real_platforms() {
    let parsed = Quote::parse(&quote(Version::V4)).unwrap();
    let AuthData::V4(data) = parsed.auth_data else {
        panic!("no signature of version 4");
    };
    let data = data.qe_report_data;
    assert!(data.qe_auth_data.data.into_iter().eq(0..32));
    let report = data.qe_report;
    assert_eq!(report[..8], [4, 4, 13, 15, 3, 255, 0, 3]);
    // Attributes: the flags, and XFRM.
    assert_eq!(report[48..56], 0x15_u64.to_le_bytes());
    assert_eq!(report[56..64], 0xe7_u64.to_le_bytes());
}

#[test]
fn has_a_number_of_the_quoting_enclave_that_is_not_of_its_measurement() {
    let (cpu, report) = report();
    let make = |number| {
        let enclave = Enclave::new(Version::V4, 0, Ending::default()).numbered(number);
        let quote = enclave.quote(&cpu, &report).unwrap();
        let parsed = Quote::parse(&quote).unwrap();
        let AuthData::V4(data) = parsed.auth_data else {
            panic!("no signature of version 4");
        };
        let (number, rest) = parsed.header.user_data.split_at(16);

        assert_eq!(rest, [0; 4]);
        (
            number.to_vec(),
            data.qe_report_data.qe_report[64..80].to_vec(),
        )
    };
    let (number, measurement) = make(None);
    assert_ne!(number, measurement);
    assert_ne!(number, [0; 16]);
    // As on GCP.
    assert_eq!(make(Some([0; 16])), (vec![0; 16], measurement));
}

#[test]
fn has_security_version_numbers_as_on_real_platforms() {
    let parsed = Quote::parse(&quote(Version::V4)).unwrap();
    let chain = intel::extract_cert_chain(&parsed).unwrap();
    let pck = intel::parse_pck_extension(&chain[0]).unwrap();
    assert_eq!(pck.cpu_svn[..8], [3, 3, 2, 2, 2, 1, 0, 2]);
    // That of reports counts otherwise.
    assert_eq!(report().1.mac.cpu_svn[..8], [4, 4, 13, 15, 3, 255, 0, 3]);

    for version in [Version::V4, Version::V5, Version::V5Td10] {
        let td = td(&quote(version));
        assert_eq!(td.tee_tcb_svn[..4], [5, 1, 2, 0]);
        assert_eq!(td.xfam, [0xe7, 2, 6, 0, 0, 0, 0, 0]);
    }
}

#[test]
fn says_which_tdx_module_there_is() {
    let config = TdxConfig {
        tee_tcb_svn: std::array::from_fn(|index| 0xa0 | index as u8),
        ..TdxConfig::default()
    };
    let (_, report) = report_of(&config);
    assert_eq!(report.tee_tcb_info.tee_tcb_svn, config.tee_tcb_svn);
    assert_eq!(report.tee_tcb_info.tee_tcb_svn2, config.tee_tcb_svn);
    for version in [Version::V4, Version::V5, Version::V5Td10] {
        let quote = quote_of(version, &config);
        assert_eq!(td(&quote).tee_tcb_svn, config.tee_tcb_svn);
    }
}

#[test]
fn says_which_tdx_module_runs_since_an_update() {
    let config = TdxConfig {
        tee_tcb_svn2: Some([0x0d; 16]),
        ..TdxConfig::default()
    };
    for (config, now) in [
        (&config, [0x0d; 16]),
        (&TdxConfig::default(), TdxConfig::default().tee_tcb_svn),
    ] {
        let quote = quote_of(Version::V5, config);
        let parsed = Quote::parse(&quote).unwrap();
        let td = parsed.report.as_td15().unwrap();
        assert_eq!(td.tee_tcb_svn2, now);
        assert_eq!(td.base.tee_tcb_svn, config.tee_tcb_svn);
    }
}

#[test]
fn says_which_service_tds_there_are() {
    let config = TdxConfig {
        servtd_hash: Digest384::new([0x5e; 48]),
        ..TdxConfig::default()
    };
    for (config, hash) in [(config, [0x5e; 48]), (TdxConfig::default(), [0; 48])] {
        let parsed = Quote::parse(&quote_of(Version::V5, &config)).unwrap();
        assert_eq!(parsed.report.as_td15().unwrap().mr_service_td, hash);
    }
}
