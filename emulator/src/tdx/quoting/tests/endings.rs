// SPDX-License-Identifier: GPL-2.0

//! Quotes with each ending.

use crate::option::documented;
use dcap_qvl::quote::AuthData;

use super::*;

/// An ending without anything.
const BARE: Ending = Ending {
    nul: false,
    zeros: Zeros::Count(0),
};

/// Makes an ending with a zero byte behind the certificates.
fn ending(zeros: Zeros) -> Ending {
    Ending { nul: true, zeros }
}

#[test]
fn a_public_verifier_accepts_each_ending() {
    let verifier = PublicVerifier::new();
    let (cpu, report) = report();
    let usual = Ending::default();
    let long = ending(Zeros::Count(4000));
    for (version, ending, more) in [
        (Version::V4, BARE, 0),
        (Version::V4, usual, 71),
        (Version::V4, long, 4001),
        (Version::V5, BARE, 0),
        (Version::V5, usual, 1),
        (Version::V5, long, 4001),
        (Version::V5Td10, BARE, 0),
        (Version::V5Td10, usual, 1),
        (Version::V5Td10, long, 4001),
    ] {
        let make = |ending| {
            Enclave::new(version, 0, ending)
                .quote(&cpu, &report)
                .unwrap()
        };
        let quote = make(ending);
        assert_eq!(quote.len(), make(BARE).len() + more);
        assert!(quote.ends_with(&vec![0; more]));
        assert_eq!(verifier.verify(&quote), Ok("UpToDate".into()));
    }
}

#[test]
fn a_public_verifier_accepts_a_quote_as_on_gcp() {
    let mut config = TdxConfig::default();
    for (key, value) in documented::options("GCP, TDX") {
        config.set(key, value).unwrap();
    }
    let (cpu, report) = report_of(&config);
    let quote = Enclave::new(config.quote_version, config.quote_size, config.quote_ending)
        .numbered(config.qe_id)
        .quote(&cpu, &report)
        .unwrap();
    let parsed = Quote::parse(&quote).unwrap();

    assert_eq!(quote.len(), 8000);
    assert_eq!(parsed.header.user_data, [0; 20]);
    assert_eq!(
        parsed.report.as_td10().unwrap().tee_tcb_svn[..3],
        [15, 1, 10]
    );
    // The certificates end with the end of a line, and zeros are behind them.
    let end = quote.iter().rposition(|byte| *byte != 0).unwrap();
    let AuthData::V4(data) = parsed.auth_data else {
        panic!("no signature of version 4");
    };
    let chain = data.qe_report_data.certification_data.body.data;
    assert!(chain.ends_with(b"-----END CERTIFICATE-----\n"));
    assert!(quote[..=end].ends_with(&chain));
    assert_eq!(PublicVerifier::new().verify(&quote), Ok("UpToDate".into()));
}

#[test]
fn a_public_verifier_accepts_quotes_that_zeros_make_as_large() {
    let verifier = PublicVerifier::new();
    let (cpu, report) = report();
    for version in [Version::V4, Version::V5, Version::V5Td10] {
        let make = |size, ending| {
            Enclave::new(version, size, ending)
                .quote(&cpu, &report)
                .unwrap()
        };
        let bare = make(0, ending(Zeros::Count(0)));
        let quote = make(0, ending(Zeros::UpTo(8000)));
        assert_eq!(quote.len(), 8000);
        let (signed, zeros) = quote.split_at(bare.len());
        assert!(signed == bare && zeros.iter().all(|byte| *byte == 0));
        assert_eq!(verifier.verify(&quote), Ok("UpToDate".into()));

        // It may be larger without them, and what makes it larger otherwise comes first.
        assert!(make(0, ending(Zeros::UpTo(100))) == bare);
        let padded = make(7000, ending(Zeros::UpTo(8000)));
        assert_eq!(padded.len(), 8000);
        assert!(padded.starts_with(&make(7000, ending(Zeros::Count(0)))));
        assert_eq!(make(9000, ending(Zeros::UpTo(8000))).len(), 9000);
    }
}
