// SPDX-License-Identifier: GPL-2.0

//! Answers to GetQuote with quotes of each kind as files, which the tests of the parser read too.

use std::{
    env,
    fs,
    path::Path, //
};

use tsm_proto::{
    tdx::quote::{
        Header,
        Status, //
    },
    Digest384, //
};

use super::*;

/// The name of a file, and what its quote is of.
const KINDS: [(&str, Version, Ending); 6] = [
    ("v4", Version::V4, usual(Zeros::Usual)),
    ("v4_bare", Version::V4, BARE),
    ("v4_8000", Version::V4, GCP),
    ("v5", Version::V5, usual(Zeros::Usual)),
    ("v5_td10", Version::V5Td10, usual(Zeros::Usual)),
    ("v5_td15ex", Version::V5Td15Ex, usual(Zeros::Usual)),
];

/// An ending without anything.
const BARE: Ending = Ending {
    nul: false,
    zeros: Zeros::Count(0),
};

/// The ending on GCP, where the quoting enclave has no number either.
const GCP: Ending = Ending {
    nul: false,
    zeros: Zeros::UpTo(8000),
};

/// An ending with a zero byte behind the certificates.
const fn usual(zeros: Zeros) -> Ending {
    Ending { nul: true, zeros }
}

#[test]
fn makes_the_answers_that_are_in_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/tdx");
    let (cpu, report) = report_of(&TdxConfig {
        mrtd: Some(Digest384::new([7; 48])),
        mrseam: Some(Digest384::new([8; 48])),
        ..TdxConfig::default()
    });

    for (name, version, ending) in KINDS {
        let number = (ending == GCP).then_some([0; 16]);
        let quote = Enclave::new(version, 0, ending)
            .numbered(number)
            .quote(&cpu, &report);
        let quote = quote.unwrap();
        if version != Version::V5Td15Ex {
            let verifier = PublicVerifier::new();
            assert_eq!(verifier.verify(&quote), Ok("UpToDate".into()));
        }
        let len = u32::try_from(quote.len()).unwrap();
        let header = Header::request().answer(Status::SUCCESS, len);
        let made = [header.as_bytes(), &quote].concat();

        let file = folder.join(format!("answer_{name}.bin"));
        if env::var_os("TSM_WRITE_VECTORS").is_some() {
            fs::write(&file, &made).unwrap();
        }
        assert!(fs::read(&file).unwrap() == made, "{name}");
    }
}
