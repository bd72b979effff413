// SPDX-License-Identifier: GPL-2.0

//! Quotes, as a verifier sees them that was not written here.

use std::{
    env,
    fs,
    path::Path, //
};

use super::*;
use crate::{
    machine::{
        memory::FakeMemory,
        pages::Pages,
        registers::{
            Reg,
            Registers, //
        }, //
    },
    tdx::{
        config::TdxConfig,
        module, //
    }, //
};
use dcap_qvl::{
    quote::{
        Quote,
        Report, //
    },
    verify::QuoteVerifier,
    QuoteCollateralV3, //
};
use x509_cert::der::{
    pem,
    Encode as _, //
};

mod certificates;
mod collateral;
mod endings;
mod longer_body;
mod values;
mod vectors;

/// What the verifier takes for now: 2026-06-01.
const NOW: u64 = 1_780_272_000;

/// Attributes of a TD that its VMM may debug: SEPT_VE_DISABLE, and bit 0.
const DEBUG: u64 = (1 << 28) | 1;

/// Makes a report of a TD, of report data that can be recognised.
fn report() -> (Cpu, TdReport) {
    report_of(&TdxConfig::default())
}

/// The same of a TD with that configuration.
fn report_of(config: &TdxConfig) -> (Cpu, TdReport) {
    let cpu = Cpu::default();
    let memory = FakeMemory::new(1 << 20);
    let module = module::TdxModule::new(config, 1);
    let context = module::Context {
        memory: &memory,
        pages: &Pages::default(),
        cpu: &cpu,
        vcpu: 0,
    };
    let mut regs = Registers::default();
    regs[Reg::Rax] = 4;
    regs[Reg::Rcx] = 0x1000;
    regs[Reg::Rdx] = 0x2000;
    let data: Vec<u8> = (1..=64).collect();
    crate::machine::memory::GuestMemory::write(&memory, 0x2000, &data).unwrap();
    assert_eq!(module.call(context, &mut regs), module::Exit::Resume);
    (cpu, *TdReport::parse(&memory.bytes(0x1000, 1024)).unwrap())
}

/// Makes a quote.
fn quote(version: Version) -> Vec<u8> {
    quote_of(version, &TdxConfig::default())
}

/// The same of a TD with that configuration.
fn quote_of(version: Version, config: &TdxConfig) -> Vec<u8> {
    let (cpu, report) = report_of(config);
    Enclave::new(version, 0, Ending::default())
        .quote(&cpu, &report)
        .unwrap()
}

/// The public verifier of quotes, with our root.
struct PublicVerifier {
    verifier: QuoteVerifier,
    collateral: QuoteCollateralV3,
}

impl PublicVerifier {
    /// Makes a verifier with all that it needs to know about the platform.
    fn new() -> Self {
        let root = platform::root(&platform::identity(platform::ROOT));
        Self {
            verifier: QuoteVerifier::new(root.to_der().unwrap()),
            collateral: collateral::make(),
        }
    }

    /// Returns the status, if the quote is accepted.
    fn verify(&self, quote: &[u8]) -> Result<String, String> {
        self.verifier
            .verify(quote, &self.collateral, NOW)
            .map(|verified| verified.status)
            .map_err(|error| format!("{error:#}"))
    }
}

#[test]
fn a_public_verifier_accepts_quotes_of_all_versions() {
    let verifier = PublicVerifier::new();
    for version in [Version::V4, Version::V5, Version::V5Td10] {
        assert_eq!(verifier.verify(&quote(version)), Ok("UpToDate".into()));
    }
}

#[test]
fn a_public_verifier_reads_what_the_report_says() {
    let (_, report) = report();
    let parsed = Quote::parse(&quote(Version::V4)).unwrap();
    assert!(matches!(parsed.report, Report::TD10(_)));
    let td = parsed.report.as_td10().unwrap();
    assert_eq!(&td.report_data, report.mac.report_data.bytes());
    assert_eq!(&td.mr_td, report.info.mrtd.bytes());
    assert_eq!(td.td_attributes, report.info.attributes.get().to_le_bytes());
    assert_eq!(&td.mr_seam, report.tee_tcb_info.mrseam.bytes());

    let parsed = Quote::parse(&quote(Version::V5)).unwrap();
    let td = parsed.report.as_td15().unwrap();
    assert_eq!(&td.base.report_data, report.mac.report_data.bytes());
    assert_eq!(td.tee_tcb_svn2, report.tee_tcb_info.tee_tcb_svn2);

    let parsed = Quote::parse(&quote(Version::V5Td10)).unwrap();
    assert!(matches!(parsed.report, Report::TD10(_)));
    let td = parsed.report.as_td10().unwrap();
    assert_eq!(&td.report_data, report.mac.report_data.bytes());
}

#[test]
fn a_public_verifier_reads_that_a_td_can_be_debugged_and_does_not_accept_it() {
    let config = TdxConfig {
        attributes: DEBUG,
        ..TdxConfig::default()
    };
    for version in [Version::V4, Version::V5, Version::V5Td10] {
        let quote = quote_of(version, &config);
        let parsed = Quote::parse(&quote).unwrap();
        let attributes = match &parsed.report {
            Report::TD15(td) => td.base.td_attributes,
            report => report.as_td10().unwrap().td_attributes,
        };
        assert_eq!(attributes, DEBUG.to_le_bytes());
        let error = PublicVerifier::new().verify(&quote).unwrap_err();
        assert!(error.to_lowercase().contains("debug"), "{error}");
    }
}

#[test]
fn a_public_verifier_with_the_root_of_intel_does_not_accept_it() {
    let verifier = QuoteVerifier::new_prod();
    let quote = quote(Version::V4);
    assert!(verifier.verify(&quote, &collateral::make(), NOW).is_err());
}

#[test]
fn a_public_verifier_finds_a_flipped_bit_wherever_it_looks() {
    let verifier = PublicVerifier::new();
    for version in [Version::V4, Version::V5, Version::V5Td10] {
        let mut quote = quote(version);
        // The size of what follows, the signature and the key. It does not look at the kind of the
        // data after them.
        let kind = signed(version, [0; 16], &report().1).len() + 4 + 64 + 64;
        // It has a root of its own, and does not look at the one in the quote. That comes last.
        let begin = b"-----BEGIN";
        let root = quote
            .windows(begin.len())
            .rposition(|window| window == begin);
        // 53 is prime, and all parts of a quote are longer.
        for offset in (0..root.unwrap()).step_by(53) {
            if (kind..kind + 2).contains(&offset) || quote[offset] == b'\n' {
                continue;
            }
            let bit = 1 << (offset % 8);
            quote[offset] ^= bit;
            assert!(
                verifier.verify(&quote).is_err(),
                "{version:?}: byte {offset}"
            );
            quote[offset] ^= bit;
        }
        assert!(verifier.verify(&quote).is_ok());
    }
}

#[test]
fn a_public_verifier_accepts_quotes_of_other_sizes() {
    let verifier = PublicVerifier::new();
    let (cpu, report) = report();
    for size in [8 << 10, (128 << 10) - 24] {
        for version in [Version::V4, Version::V5, Version::V5Td10] {
            let quote = Enclave::new(version, size, Ending::default())
                .quote(&cpu, &report)
                .unwrap();
            assert_eq!(quote.len(), size as usize);
            assert_eq!(verifier.verify(&quote), Ok("UpToDate".into()));
        }
    }
}

#[test]
fn makes_quotes_that_are_larger_than_the_verifier_takes() {
    let (cpu, report) = report();
    let small = quote(Version::V4);
    let quote = Enclave::new(Version::V4, 4 << 20, Ending::default())
        .quote(&cpu, &report)
        .unwrap();
    assert_eq!(quote.len(), 4 << 20);
    // It stops at certification data of 1 MiB. What it would find is what a small quote has.
    assert!(PublicVerifier::new().verify(&quote).is_err());
    let ending = 1 + 70;
    let end = small.len() - ending;
    let chain = end - platform::chain(&platform::identity(platform::PCK)).len();
    assert_eq!(small[chain..end], quote[chain..end]);
    let (padding, zeros) = quote[end..].split_at(quote.len() - end - ending);
    assert!(padding.iter().all(|byte| *byte == b'\n'));
    assert!(zeros.iter().all(|byte| *byte == 0));
}

#[test]
fn makes_no_quote_smaller_than_it_is() {
    let (cpu, report) = report();
    let made = Enclave::new(Version::V4, 8, Ending::default()).quote(&cpu, &report);
    assert_eq!(made, Some(quote(Version::V4)));
}

#[test]
fn makes_the_same_quote_every_time() {
    assert_eq!(quote(Version::V4), quote(Version::V4));
}

#[test]
fn makes_no_quote_of_a_report_of_another_cpu() {
    let (_, report) = report();
    let other = Cpu::with_key([7; 32]);
    assert_eq!(
        Enclave::new(Version::V4, 0, Ending::default()).quote(&other, &report),
        None
    );
}

#[test]
fn names_what_it_is_in_each_certificate() {
    let name = b"TSM-RS TEST - NOT INTEL";
    let chain = platform::chain(&platform::identity(platform::PCK));
    let certificates: Vec<_> = chain
        .split_inclusive("-----END CERTIFICATE-----\n")
        .collect();
    assert_eq!(certificates.len(), 3);
    for certificate in certificates {
        let (_, der) = pem::decode_vec(certificate.as_bytes()).unwrap();
        let names = der.windows(name.len()).filter(|part| part == name);
        // Its owner, and the certificate for that.
        assert_eq!(names.count(), 2);
    }
}

#[test]
fn has_the_root_that_tests_of_clients_know() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/tdx/test_root.pem");
    let root = platform::to_pem(&platform::root(&platform::identity(platform::ROOT)));
    if env::var_os("TSM_WRITE_VECTORS").is_some() {
        fs::write(&file, &root).unwrap();
    }
    assert_eq!(root, fs::read_to_string(&file).unwrap());
}

#[test]
fn has_the_collateral_that_verifiers_elsewhere_know() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/tdx/collateral.json");
    let collateral = serde_json::to_string_pretty(&collateral::make()).unwrap() + "\n";
    if env::var_os("TSM_WRITE_VECTORS").is_some() {
        fs::write(&file, &collateral).unwrap();
    }
    assert_eq!(collateral, fs::read_to_string(&file).unwrap());
}
