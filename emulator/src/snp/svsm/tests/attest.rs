// SPDX-License-Identifier: GPL-2.0

//! Attestation.

use sha2::{
    Digest as _,
    Sha512, //
};

use super::*;
use crate::snp::config::{
    svsm::AttestService,
    CertificateService,
    MutatedPart, //
};

/// Where things are, and the vTPM.
const OPERATION: u64 = 0x3008;
const NONCE: u64 = 0x6fc0;
const REPORT: u64 = 0x10_0000;
const MANIFEST: u64 = 0x11_0000;
const CERTIFICATES: u64 = 0x12_0000;
const VTPM: [u8; 16] = *b"\xeb\xf1\x76\xc4\x23\x01\xa5\x45\x96\x41\xb4\xe7\xdd\xe5\xbf\xe3";

/// What a register has that was never written.
const UNSET: u64 = u64::MAX;

/// The result code, and RCX, RDX, R8.
type Answer = (Status, [u64; 3]);

/// Changes bytes of an operation.
type Change<'a> = (usize, &'a [u8]);

/// Makes an attestation call. The operation is changed before.
fn attest(machine: &Machine, call: u64, changes: &[Change<'_>]) -> Answer {
    let regs = attempt(machine, call, changes).unwrap();
    let status = Status::new(regs[Reg::Rax].try_into().unwrap());
    (status, [regs[Reg::Rcx], regs[Reg::Rdx], regs[Reg::R8]])
}

/// Makes an attestation call. Returns the registers, if the SVSM has run.
fn attempt(machine: &Machine, call: u64, changes: &[Change<'_>]) -> Option<Registers> {
    let buffer = |address: u64, size: u64| [address, size].map(u64::to_le_bytes).concat();
    let mut operation = [
        buffer(REPORT, 0x1000),
        buffer(NONCE, 64),
        buffer(MANIFEST, 0x1000),
        buffer(CERTIFICATES, 0x4000),
        VTPM.to_vec(),
        vec![0; 8],
    ]
    .concat();
    for (offset, bytes) in changes {
        operation[*offset..][..bytes.len()].copy_from_slice(bytes);
    }
    machine.memory.write(OPERATION, &operation).unwrap();
    machine.memory.write(NONCE, &[0x5a; 64]).unwrap();
    machine.memory.write(CALLING_AREA, &[1]).unwrap();
    let mut regs = Registers::default();
    regs[Reg::Rax] = (1 << 32) | call;
    regs[Reg::Rcx] = OPERATION;
    regs[Reg::Rdx] = UNSET;
    regs[Reg::R8] = UNSET;
    machine.run(&mut regs).unwrap().map(|_| regs)
}

/// Checks the report that binds a manifest. Returns that.
fn check(machine: &Machine, (status, [manifest, certificates, report]): Answer) -> Vec<u8> {
    assert_eq!((status, report), (Status::SUCCESS, 1184));
    let manifest = machine.memory.bytes(MANIFEST, manifest as usize);
    let report = machine.memory.bytes(REPORT, 1184);
    let data = Sha512::new()
        .chain_update([0x5a; 64])
        .chain_update(&manifest)
        .finalize();
    // VMPL and REPORT_DATA.
    assert_eq!(report[0x30..0x34], [0; 4]);
    assert_eq!(report[0x50..0x90], data[..]);
    assert!(certificates > 1000);
    // The VCEK, and nothing behind the end.
    let table = machine
        .memory
        .bytes(CERTIFICATES, certificates as usize + 1);
    assert_eq!(table[..4], [0x63, 0xda, 0x75, 0x8d]);
    assert_eq!(table[certificates as usize], 0);
    manifest
}

#[test]
fn attests_all_services_or_one() {
    let machine = Machine::new();
    let all = check(&machine, attest(&machine, 0, &[]));
    let one = check(&machine, attest(&machine, 1, &[]));
    assert_eq!(all[48..], one);
    assert_eq!(all[24..40], VTPM);
    // What is behind the operation of all services does not matter.
    let changes: [Change<'_>; 1] = [(0x40, &[0xff; 24])];
    assert_eq!(attest(&machine, 0, &changes).0, Status::SUCCESS);
    let machine = Machine::with(|config| config.svsm.services = Services::None);
    assert_eq!(check(&machine, attest(&machine, 0, &[])).len(), 24);
}

#[test]
fn has_certificates_only_where_they_are_wanted() {
    let machine = Machine::new();
    let without: [Change<'_>; 1] = [(0x30, &[0; 16])];
    let (status, [_, certificates, _]) = attest(&machine, 0, &without);
    assert_eq!((status, certificates), (Status::SUCCESS, 0));
    let machine = Machine::with(|config| config.certs = CertificateService::None);
    let (status, [_, certificates, _]) = attest(&machine, 0, &[]);
    assert_eq!((status, certificates), (Status::SUCCESS, 0));
}

#[test]
fn says_how_much_room_it_needs() {
    let machine = Machine::new();
    let (_, right) = attest(&machine, 0, &[]);
    machine.memory.write(REPORT, &[0; 8]).unwrap();
    for (offset, register) in [(8, 2), (0x28, 0), (0x38, 1)] {
        let enough = (right[register] as u32).to_le_bytes();
        let less = (right[register] as u32 - 1).to_le_bytes();
        let answer = attest(&machine, 0, &[(offset, &less)]);
        assert_eq!(answer, (Status::INVALID_PARAMETER, right));
        assert_eq!(machine.memory.bytes(REPORT, 8), [0; 8]);
        let answer = attest(&machine, 0, &[(offset, &enough)]);
        assert_eq!(answer, (Status::SUCCESS, right));
        machine.memory.write(REPORT, &[0; 8]).unwrap();
    }
}

#[test]
fn refuses_operations_that_make_no_sense() {
    let machine = Machine::new();
    let changes: [(Change<'_>, Status); 14] = [
        // Not at the start of a page.
        ((0, &[1]), Status::INVALID_PARAMETER),
        ((0x20, &[1]), Status::INVALID_PARAMETER),
        ((0x30, &[1]), Status::INVALID_PARAMETER),
        // Reserved.
        ((0xc, &[1]), Status::INVALID_PARAMETER),
        ((0x1a, &[1]), Status::INVALID_PARAMETER),
        ((0x2c, &[1]), Status::INVALID_PARAMETER),
        ((0x3c, &[1]), Status::INVALID_PARAMETER),
        ((0x54, &[1]), Status::INVALID_PARAMETER),
        // No nonce, one across a page, one that is nowhere.
        ((0x18, &[0]), Status::INVALID_PARAMETER),
        ((0x18, &[65]), Status::INVALID_PARAMETER),
        ((0x17, &[1]), Status::INVALID_ADDRESS),
        // The SVSM's own memory.
        ((0, &[0, 0x80, 0]), Status::INVALID_ADDRESS),
        // Another service, another version.
        ((0x40, &[0xec]), Status::UNSUPPORTED_PROTOCOL),
        ((0x50, &[1]), Status::INVALID_PARAMETER),
    ];
    for (change, status) in changes {
        assert_eq!(attest(&machine, 1, &[change]).0, status);
    }
    machine.rmp.share(REPORT / 4096, Size::Small);
    assert_eq!(attest(&machine, 1, &[]).0, Status::INVALID_ADDRESS);
}

#[test]
fn says_of_lengths_what_an_option_says() {
    let machine = Machine::with(|config| {
        config.svsm.report_length = Some(5000);
        config.svsm.manifest_length = Some(u64::MAX);
        config.svsm.certs_length = Some(1 << 32);
    });
    let lengths = [u64::MAX, 1 << 32, 5000];
    assert_eq!(attest(&machine, 0, &[]), (Status::SUCCESS, lengths));
    let machine = Machine::with(|config| {
        config.svsm.status = Some(0x8000_0005);
        config.svsm.certs_length = Some(9);
    });
    let lengths = [OPERATION, 9, UNSET];
    let answer = attest(&machine, 0, &[]);
    assert_eq!(answer, (Status::INVALID_PARAMETER, lengths));
}

#[test]
fn answers_wrongly_if_an_option_says_so() {
    let machine = Machine::with(|config| config.svsm.attest = AttestService::Silent);
    let nothing = (Status::SUCCESS, [OPERATION, UNSET, UNSET]);
    assert_eq!(attest(&machine, 0, &[]), nothing);
    let machine = Machine::with(|config| config.svsm.attest = AttestService::Growing);
    let more = (Status::INVALID_PARAMETER, [0x2000, 0x5000, 0x2000]);
    assert_eq!(attest(&machine, 0, &[]), more);
    let machine = Machine::with(|config| config.svsm.attest = AttestService::Skipped);
    assert_eq!(attempt(&machine, 0, &[]), None);
    // It still is.
    assert_eq!(machine.memory.bytes(CALLING_AREA, 1), [1]);
}

#[test]
fn changes_answers_at_random_and_then_no_more() {
    const COUNT: u64 = 64;
    // The results of each call, and the report and the manifest that it wrote.
    let answers = |seed| {
        let machine = Machine::with(|config| {
            config.mutate = Some(seed);
            config.mutate_count = COUNT;
            config.mutate_part = MutatedPart::Attestation;
        });
        let answers: Vec<_> = (0..COUNT)
            .map(|_| {
                let results = attempt(&machine, 0, &[])?;
                let written = [REPORT, MANIFEST].map(|part| machine.memory.bytes(part, 170));
                Some((results, written))
            })
            .collect();
        check(&machine, attest(&machine, 0, &[]));
        answers
    };
    let changed = answers(7);
    assert!(changed == answers(7) && changed != answers(8));
    assert!(changed.contains(&None));
    let (results, written): (Vec<_>, Vec<_>) = changed.into_iter().flatten().unzip();
    for reg in [Reg::Rax, Reg::Rcx, Reg::Rdx, Reg::R8] {
        // Not always, and in several ways.
        let mut values: Vec<_> = results.iter().map(|regs| regs[reg]).collect();
        values.sort();
        values.dedup();
        assert!((5..COUNT as usize / 2).contains(&values.len()));
    }
    for part in 0..2 {
        assert!(written
            .windows(2)
            .any(|pair| pair[0][part] != pair[1][part]));
    }
}

#[test]
fn is_busy_as_often_as_an_option_says() {
    let machine = Machine::with(|config| config.svsm.busy = 2);
    for _ in 0..2 {
        for _ in 0..2 {
            assert_eq!(attest(&machine, 0, &[]).0, Status::BUSY);
        }
        assert_eq!(attest(&machine, 0, &[]).0, Status::SUCCESS);
    }
}
