// SPDX-License-Identifier: GPL-2.0

//! Every leaf, each refusal, each completion status.

mod accept;
mod measure;
mod metadata;

use super::*;
use crate::{
    machine::{
        memory::{
            FakeMemory,
            GuestMemory, //
        },
        pages::{
            PageState,
            Pages, //
        }, //
    },
    tdx::{
        config::ReportService,
        cpu::Cpu, //
    }, //
};
use sha2::{
    Digest as _,
    Sha384, //
};
use tsm_proto::{
    tdx::{
        ReportType,
        Rtmr,
        TdReport, //
    },
    Digest384, //
};

/// The shared bit.
const SHARED: u64 = 1 << 52;
/// Invalid operands, by operand.
const BAD_RAX: u64 = 0xC000_0100_0000_0000;
const BAD_RCX: u64 = 0xC000_0100_0000_0001;
const BAD_RDX: u64 = 0xC000_0100_0000_0002;
const BAD_R8: u64 = 0xC000_0100_0000_0008;

/// A machine without a VMM.
struct Bench {
    module: TdxModule,
    memory: FakeMemory,
    pages: Pages,
    cpu: Cpu,
}

impl Bench {
    /// Makes a TD with 4 MiB of memory and 3 vCPUs.
    fn new() -> Self {
        Self::with(&TdxConfig {
            mrowner: Digest384::new([7; 48]),
            ..TdxConfig::default()
        })
    }

    /// Makes such a TD with options.
    fn with(config: &TdxConfig) -> Self {
        Self {
            module: TdxModule::new(config, 3),
            memory: FakeMemory::new(4 << 20),
            pages: Pages::default(),
            cpu: Cpu::default(),
        }
    }

    /// Does a call of vCPU 2.
    fn call(&self, regs: &mut Registers) -> Exit {
        let context = Context {
            memory: &self.memory,
            pages: &self.pages,
            cpu: &self.cpu,
            vcpu: 2,
        };
        self.module.call(context, regs)
    }

    /// Does a call with up to four operands. Returns the status and the registers.
    fn leaf(&self, rax: u64, operands: &[u64]) -> (u64, Registers) {
        let mut regs = operands_in(rax, operands);
        assert_eq!(self.call(&mut regs), Exit::Resume);
        (regs[Reg::Rax], regs)
    }

    /// Does a call that the guest does not survive. Returns why.
    fn fatal(&self, rax: u64, operands: &[u64]) -> String {
        match self.call(&mut operands_in(rax, operands)) {
            Exit::Stop(why) => why,
            other => panic!("{other:?}"),
        }
    }

    /// Writes guest memory.
    fn poke(&self, address: u64, bytes: &[u8]) {
        self.memory.write(address, bytes).unwrap();
    }

    /// Makes a report at 0x1000 of the data at 0x2000 and reads it.
    fn report(&self) -> Vec<u8> {
        assert_eq!(self.leaf(leaf::REPORT, &[0x1000, 0x2000]).0, 0);
        self.memory.bytes(0x1000, TdReport::SIZE)
    }

    /// Reads an RTMR from a report.
    fn rtmr(&self, index: u64) -> [u8; 48] {
        let raw = self.report();
        let report = TdReport::parse(&raw).unwrap();
        *report.info.rtmr(Rtmr::try_from(index).unwrap()).bytes()
    }
}

/// Puts operands where a leaf expects them.
fn operands_in(rax: u64, operands: &[u64]) -> Registers {
    let mut regs = Registers::default();
    regs[Reg::Rax] = rax;
    for (reg, value) in [Reg::Rcx, Reg::Rdx, Reg::R8, Reg::R9].iter().zip(operands) {
        regs[*reg] = *value;
    }
    regs
}

#[test]
fn refuses_unknown_leaves() {
    let bench = Bench::new();
    for leaf in [5, 9, 21, 0xffff] {
        assert_eq!(bench.leaf(leaf, &[]).0, BAD_RAX);
    }
}

#[test]
fn refuses_unknown_versions() {
    let bench = Bench::new();
    for leaf in [0, 1, 2, 4, 6, 8, 11, 22] {
        assert_eq!(bench.leaf((1 << 16) | leaf, &[]).0, BAD_RAX);
    }
    for leaf in [leaf::VEINFO_GET, leaf::VM_RD] {
        assert_eq!(bench.leaf((2 << 16) | leaf, &[]).0, BAD_RAX);
    }
}

#[test]
fn refuses_reserved_bits_of_rax() {
    let bench = Bench::new();
    assert_eq!(bench.leaf((1 << 24) | leaf::INFO, &[]).0, BAD_RAX);
    assert_eq!(bench.leaf((1 << 63) | leaf::INFO, &[]).0, BAD_RAX);
}

#[test]
fn informs_about_the_vcpu() {
    let (status, regs) = Bench::new().leaf(leaf::INFO, &[]);
    assert_eq!(status, 0);
    assert_eq!(regs[Reg::Rcx], 53);
    assert_eq!(regs[Reg::Rdx], 1 << 28);
    assert_eq!(regs[Reg::R8], (3 << 32) | 3);
    assert_eq!(regs[Reg::R9], 2);
    assert_eq!(regs[Reg::R10], 1);
}

#[test]
fn has_no_virtualisation_exception() {
    let bench = Bench::new();
    for version in [0, 1] {
        let (status, regs) = bench.leaf((version << 16) | leaf::VEINFO_GET, &[1, 2, 3, 4]);
        assert_eq!(status, 0xC000_0704_0000_0000);
        assert_eq!(regs[Reg::Rcx], 0);
        assert_eq!(regs[Reg::R9], 0);
    }
}

#[test]
fn passes_vmcalls_on() {
    let mut regs = operands_in(leaf::VMCALL, &[0xffff_ff2c]);
    assert_eq!(Bench::new().call(&mut regs), Exit::Vmcall(0xff2c));
}

#[test]
fn refuses_to_pass_registers_that_are_not_passed() {
    let bench = Bench::new();
    for mask in [1 << 0, 1 << 1, 1 << 4, 1 << 32, 1 << 63] {
        assert_eq!(bench.leaf(leaf::VMCALL, &[mask]).0, BAD_RCX);
    }
}
