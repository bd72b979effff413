// SPDX-License-Identifier: GPL-2.0

//! Every leaf, each refusal, each completion status.

use super::*;
use crate::config::ReportService;
use crate::memory::FakeMemory;
use sha2::{
    Digest as _,
    Sha384, //
};
use tsm_proto::tdx::{
    Digest384,
    ReportType,
    Rtmr,
    TdReport, //
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

#[test]
fn extends_a_register() {
    let bench = Bench::new();
    bench.poke(0x40, &[0xab; 48]);
    assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[0x40, 2]).0, 0);
    assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[0x40, 2]).0, 0);

    let first = Sha384::digest([[0; 48], [0xab; 48]].concat());
    let second = Sha384::new().chain_update(first).chain_update([0xab; 48]);
    assert_eq!(bench.rtmr(2).as_slice(), second.finalize().as_slice());
}

#[test]
fn extends_no_other_register() {
    let bench = Bench::new();
    assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[0x40, 1]).0, 0);
    for index in [0, 2, 3] {
        assert_eq!(bench.rtmr(index), [0; 48]);
    }
    assert!(bench.rtmr(1) != [0; 48]);
}

#[test]
fn refuses_to_extend_a_register_that_is_not_there() {
    let bench = Bench::new();
    assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[0x40, 4]).0, BAD_RDX);
    assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[0x40, u64::MAX]).0, BAD_RDX);
}

#[test]
fn refuses_to_extend_from_an_unaligned_address() {
    let bench = Bench::new();
    for address in [1, 8, 32, 0x1030] {
        assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[address, 0]).0, BAD_RCX);
    }
}

#[test]
fn refuses_to_extend_from_what_is_no_private_address() {
    let bench = Bench::new();
    bench.pages.share(16..17);
    for address in [SHARED | 0x10000, 1 << 53, 1 << 63] {
        assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[address, 0]).0, BAD_RCX);
    }
    assert_eq!(bench.rtmr(0), [0; 48]);
}

#[test]
fn does_not_survive_extending_from_a_shared_page() {
    let bench = Bench::new();
    bench.pages.share(1..2);
    let why = bench.fatal(leaf::RTMR_EXTEND, &[0x1000, 0]);
    assert!(why.contains("MR.RTMR.EXTEND") && why.contains("Shared"));
}

#[test]
fn does_not_survive_extending_from_a_pending_page() {
    let bench = Bench::new();
    bench.pages.share(1..2);
    bench.pages.unshare(1..2);
    assert!(bench
        .fatal(leaf::RTMR_EXTEND, &[0x1000, 0])
        .contains("Pending"));
}

#[test]
fn does_not_survive_extending_from_no_memory() {
    let bench = Bench::new();
    assert!(bench
        .fatal(leaf::RTMR_EXTEND, &[8 << 20, 0])
        .contains("no memory"));
}

#[test]
fn reports() {
    let bench = Bench::new();
    bench.poke(0x2000, &[0x11; 64]);
    let raw = bench.report();
    let report = TdReport::parse(&raw).unwrap();
    assert!(bench.cpu.verify(report));
    assert_eq!(report.mac.report_data.bytes(), &[0x11; 64]);
    assert_eq!(report.mac.report_type.version, ReportType::PLAIN);
    assert_eq!(report.info.attributes.get(), 1 << 28);
    assert_eq!(report.info.mrowner, Digest384::new([7; 48]));
    let mrtd = include_bytes!("../../../../../tests/vectors/tdx/mrtd.bin");
    assert_eq!(report.info.mrtd.bytes(), mrtd);
}

#[test]
fn reports_the_same_twice() {
    let bench = Bench::new();
    assert_eq!(bench.report(), bench.report());
}

#[test]
fn reports_from_and_to_shared_memory_as_later_modules_do() {
    let bench = Bench::new();
    bench.pages.share(1..3);
    let operands = [SHARED | 0x1000, SHARED | 0x2000];
    assert_eq!(bench.leaf(leaf::REPORT, &operands).0, 0);
    assert!(TdReport::parse(&bench.memory.bytes(0x1000, 1024)).is_ok());
}

#[test]
fn refuses_unaligned_reports() {
    let bench = Bench::new();
    for address in [64, 512, 0x1200] {
        assert_eq!(bench.leaf(leaf::REPORT, &[address, 0x2000]).0, BAD_RCX);
    }
}

#[test]
fn refuses_unaligned_report_data() {
    let bench = Bench::new();
    for address in [1, 32, 0x2020] {
        assert_eq!(bench.leaf(leaf::REPORT, &[0x1000, address]).0, BAD_RDX);
    }
}

#[test]
fn refuses_subtypes() {
    let bench = Bench::new();
    for subtype in [1, 0x100, 1 << 63] {
        let (status, _) = bench.leaf(leaf::REPORT, &[0x1000, 0x2000, subtype]);
        assert_eq!(status, BAD_R8);
    }
}

#[test]
fn refuses_report_addresses_that_are_none() {
    let bench = Bench::new();
    assert_eq!(bench.leaf(leaf::REPORT, &[1 << 53, 0x2000]).0, BAD_RCX);
    assert_eq!(bench.leaf(leaf::REPORT, &[0x1000, 1 << 53]).0, BAD_RDX);
}

#[test]
fn checks_report_operands_in_the_order_of_the_module() {
    let bench = Bench::new();
    assert_eq!(bench.leaf(leaf::REPORT, &[1, 1, 1]).0, BAD_RCX);
    assert_eq!(bench.leaf(leaf::REPORT, &[1 << 53, 1, 1]).0, BAD_RDX);
    assert_eq!(bench.leaf(leaf::REPORT, &[1 << 53, 0, 1]).0, BAD_R8);
}

#[test]
fn does_not_survive_reporting_where_it_has_no_memory() {
    let bench = Bench::new();
    bench.pages.share(1..3);
    assert!(bench.fatal(leaf::REPORT, &[0, 0x2000]).contains("Shared"));
    assert!(bench.fatal(leaf::REPORT, &[0x1000, 0]).contains("Shared"));
    assert!(bench.fatal(leaf::REPORT, &[SHARED, 0]).contains("Accepted"));
    assert!(bench
        .fatal(leaf::REPORT, &[8 << 20, 0])
        .contains("no memory"));
}

#[test]
fn verifies_its_own_report() {
    let bench = Bench::new();
    bench.report();
    assert_eq!(bench.leaf(leaf::VERIFYREPORT, &[0x1000]).0, 0);
}

#[test]
fn does_not_verify_a_forged_report() {
    let bench = Bench::new();
    let report = bench.report();
    // Reserved, report data, the MAC, each hash.
    for offset in [3, 130, 255, 33, 81] {
        bench.poke(0x1000, &report);
        bench.poke(0x1000 + offset, &[!report[offset as usize]]);
        let (status, _) = bench.leaf(leaf::VERIFYREPORT, &[0x1000]);
        assert_eq!(status, 0xC000_1001_0000_0000);
    }
}

#[test]
fn refuses_to_verify_what_is_no_address_of_a_report() {
    let bench = Bench::new();
    for address in [64, 0x1080, 1 << 53] {
        assert_eq!(bench.leaf(leaf::VERIFYREPORT, &[address]).0, BAD_RCX);
    }
}

#[test]
fn accepts_and_clears_a_pending_page() {
    let bench = Bench::new();
    bench.poke(0x1000, &[0xff; 8192]);
    bench.pages.share(1..2);
    bench.pages.unshare(1..2);
    assert_eq!(bench.leaf(leaf::PAGE_ACCEPT, &[0x1000]).0, 0);
    assert_eq!(bench.pages.state(1), PageState::Accepted);
    assert_eq!(bench.memory.bytes(0x1000, 4096), [0; 4096]);
    assert_eq!(bench.memory.bytes(0x2000, 4096), [0xff; 4096]);
}

#[test]
fn accepts_two_mebibytes_at_once() {
    let bench = Bench::new();
    bench.pages.share(512..1024);
    bench.pages.unshare(512..1024);
    assert_eq!(bench.leaf(leaf::PAGE_ACCEPT, &[(2 << 20) | 1]).0, 0);
    assert_eq!(bench.pages.uniform(0..2048), Some(PageState::Accepted));
}

#[test]
fn remarks_that_a_page_was_accepted_before() {
    let bench = Bench::new();
    let (status, _) = bench.leaf(leaf::PAGE_ACCEPT, &[0x1000]);
    assert_eq!(status, 0x0000_0B0A_0000_0000);
    let (status, _) = bench.leaf(leaf::PAGE_ACCEPT, &[(2 << 20) | 1]);
    assert_eq!(status, 0x0000_0B0A_0000_0001);
}

#[test]
fn refuses_a_large_page_that_is_in_pieces() {
    let bench = Bench::new();
    bench.pages.share(513..514);
    bench.pages.unshare(513..514);
    let (status, _) = bench.leaf(leaf::PAGE_ACCEPT, &[(2 << 20) | 1]);
    assert_eq!(status, 0xC000_0B0B_0000_0001);
    assert_eq!(bench.pages.state(513), PageState::Pending);
}

#[test]
fn refuses_to_accept_other_sizes() {
    let bench = Bench::new();
    for level in 2..8 {
        assert_eq!(bench.leaf(leaf::PAGE_ACCEPT, &[level]).0, BAD_RCX);
    }
}

#[test]
fn refuses_to_accept_what_is_no_page() {
    let bench = Bench::new();
    for rcx in [0x1008, 0x1800, 0x1001, SHARED | 0x1000, 1 << 53] {
        assert_eq!(bench.leaf(leaf::PAGE_ACCEPT, &[rcx]).0, BAD_RCX);
    }
}

#[test]
fn does_not_survive_accepting_a_shared_page() {
    let bench = Bench::new();
    bench.pages.share(1..2);
    assert!(bench.fatal(leaf::PAGE_ACCEPT, &[0x1000]).contains("shared"));
}

#[test]
fn does_not_survive_accepting_what_is_not_there() {
    let bench = Bench::new();
    bench.pages.share(4096..4097);
    bench.pages.unshare(4096..4097);
    let why = bench.fatal(leaf::PAGE_ACCEPT, &[16 << 20]);
    assert!(why.contains("no memory"));
}

/// Metadata fields, as Linux names them.
const CONFIG_FLAGS: u64 = 0x1110_0003_0000_0016;
const TD_CTLS: u64 = 0x1110_0003_0000_0017;
const NOTIFY_ENABLES: u64 = 0x9100_0000_0000_0010;
const TOPOLOGY: u64 = 0x9100_0000_0000_0019;
const QUOTE_SIZE: u64 = 0x9010_0002_0000_0008;

/// The leaf in its version 1.
const VM_RD_1: u64 = (1 << 16) | leaf::VM_RD;
/// The status that goes with the first field.
const FIRST_FIELD: u64 = 0x0000_0C0B_0000_0000;

#[test]
fn reads_metadata() {
    let bench = Bench::new();
    for (field, value) in [
        (CONFIG_FLAGS, 0),
        (TD_CTLS, 0),
        (NOTIFY_ENABLES, 0),
        (TOPOLOGY, 1),
    ] {
        let (status, regs) = bench.leaf(leaf::VM_RD, &[0, field, 99]);
        assert_eq!((status, regs[Reg::R8]), (0, value));
    }
}

#[test]
fn writes_metadata_and_returns_the_old_value() {
    let bench = Bench::new();
    let (status, regs) = bench.leaf(leaf::VM_WR, &[0, TD_CTLS, 8, 8]);
    assert_eq!((status, regs[Reg::R8]), (0, 0));
    let (status, regs) = bench.leaf(leaf::VM_WR, &[0, TD_CTLS, 2, 2]);
    assert_eq!((status, regs[Reg::R8]), (0, 8));
    let (_, regs) = bench.leaf(leaf::VM_RD, &[0, TD_CTLS]);
    assert_eq!(regs[Reg::R8], 10);
    assert_eq!(bench.leaf(leaf::VM_WR, &[0, NOTIFY_ENABLES, 0, !0]).0, 0);
}

#[test]
fn has_the_size_of_quotes_if_it_was_told_to() {
    let bench = Bench::with(&TdxConfig {
        quote_size_field: Some(8192),
        ..TdxConfig::default()
    });
    let (status, regs) = bench.leaf(leaf::VM_RD, &[0, QUOTE_SIZE]);
    assert_eq!((status, regs[Reg::R8]), (0, 8192));
    let (status, _) = bench.leaf(leaf::VM_WR, &[0, QUOTE_SIZE, 1, 1]);
    assert_eq!(status, 0xC000_0C01_0000_0000);
}

#[test]
fn reports_the_measurements_that_it_was_told() {
    let bench = Bench::with(&TdxConfig {
        xfam: 3,
        mrtd: Some(Digest384::new([1; 48])),
        mrseam: Some(Digest384::new([2; 48])),
        mrsignerseam: Digest384::new([3; 48]),
        ..TdxConfig::default()
    });
    let raw = bench.report();
    let report = TdReport::parse(&raw).unwrap();
    assert!(bench.cpu.verify(report));
    assert_eq!(report.info.xfam.get(), 3);
    assert_eq!(report.info.mrtd.bytes(), &[1; 48]);
    assert_eq!(report.tee_tcb_info.mrseam.bytes(), &[2; 48]);
    assert_eq!(report.tee_tcb_info.mrsignerseam.bytes(), &[3; 48]);
}

#[test]
fn is_busy_as_often_as_it_was_told() {
    let bench = Bench::with(&TdxConfig {
        busy: 2,
        ..TdxConfig::default()
    });
    for (leaf, operands) in [
        (leaf::REPORT, [0x1000, 0x2000]),
        (leaf::RTMR_EXTEND, [0x40, 0]),
    ] {
        let calls = [(); 4].map(|()| bench.leaf(leaf, &operands).0);
        let busy = 0x8000_0200_0000_00a8;
        assert_eq!(calls, [busy, busy, 0, busy]);
    }
}

#[test]
fn refuses_operands_if_it_was_told_to() {
    let bench = Bench::with(&TdxConfig {
        mr_report: ReportService::Invalid,
        extend_invalid: true,
        ..TdxConfig::default()
    });
    assert_eq!(bench.leaf(leaf::REPORT, &[0x1000, 0x2000]).0, BAD_RCX);
    assert_eq!(bench.leaf(leaf::RTMR_EXTEND, &[0x40, 0]).0, BAD_RCX);
}

#[test]
fn sets_what_is_reserved_if_it_was_told_to() {
    let bench = Bench::with(&TdxConfig {
        mr_report: ReportService::Reserved,
        ..TdxConfig::default()
    });
    let raw = bench.report();
    assert_eq!(TdReport::parse(&raw), Err(tsm_proto::Error::ReservedSet));
    let report = TdReport::from_module(raw.as_slice().try_into().unwrap());
    // The module signs what it wrote.
    assert!(bench.cpu.verify(report));
    assert_eq!(report.info.attributes.get(), 1 << 28);
}

/// Reads all metadata with a leaf, from the first field on: what is known by the class and the
/// code of an identifier, and the value.
fn all_metadata(bench: &Bench, leaf: u64) -> Vec<(u64, u64)> {
    let (status, regs) = bench.leaf(leaf, &[0, !0]);
    assert_eq!((status, regs[Reg::R8]), (FIRST_FIELD, 0));
    let mut fields = Vec::new();
    let mut next = regs[Reg::Rdx];
    while next != !0 {
        let (status, regs) = bench.leaf(leaf, &[0, next]);
        assert_eq!(status, 0);
        fields.push((next, regs[Reg::R8]));
        next = regs[Reg::Rdx];
    }
    fields
}

#[test]
fn goes_through_the_metadata_of_the_td() {
    let absent: Vec<u64> = all_metadata(&Bench::new(), VM_RD_1)
        .into_iter()
        .map(|(field, _)| field & !(7 << 52))
        .collect();
    let fields = [NOTIFY_ENABLES, CONFIG_FLAGS, TD_CTLS, TOPOLOGY].map(|id| id & !(7 << 52));
    assert_eq!(absent, fields);

    let bench = Bench::with(&TdxConfig {
        quote_size_field: Some(8192),
        ..TdxConfig::default()
    });
    assert_eq!(all_metadata(&bench, VM_RD_1)[0], (QUOTE_SIZE, 8192));
}

#[test]
fn goes_through_the_metadata_of_the_module() {
    assert_eq!(
        all_metadata(&Bench::new(), leaf::SYS_RD),
        [
            (0x0800_0002_0000_0000, 0x8086),
            (0x0800_0001_0000_0003, 5),
            (0x0800_0001_0000_0004, 1),
            (0x0800_0001_0000_0005, 0),
            (0x0a00_0003_0000_0008, 0),
        ]
    );
}

#[test]
fn refuses_to_go_on_from_unknown_metadata() {
    let bench = Bench::new();
    for (leaf, field) in [
        (VM_RD_1, TD_CTLS + 1),
        (VM_RD_1, QUOTE_SIZE),
        (VM_RD_1, TD_CTLS | (1 << 38)),
        (leaf::SYS_RD, TD_CTLS),
        (leaf::SYS_RD, 0x0800_0001_0000_0007),
        (leaf::SYS_RD, 0x0800_0001_0000_0004 | (1 << 38)),
    ] {
        let (status, regs) = bench.leaf(leaf, &[0, field, 1]);
        assert_eq!(status, 0xC000_0C00_0000_0000);
        assert_eq!((regs[Reg::Rdx], regs[Reg::R8]), (!0, 0));
    }
    // A TD may only ask about itself, for the first field as well.
    for field in [!0, TD_CTLS] {
        let (status, regs) = bench.leaf(VM_RD_1, &[1, field, 1]);
        assert_eq!(status, BAD_RCX);
        assert_eq!((regs[Reg::Rdx], regs[Reg::R8]), (!0, 0));
    }
}

#[test]
fn refuses_unknown_metadata() {
    let bench = Bench::new();
    // No such code, not there, a list.
    for field in [TD_CTLS + 1, QUOTE_SIZE, TD_CTLS | (1 << 38)] {
        for leaf in [leaf::VM_RD, leaf::VM_WR] {
            let (status, regs) = bench.leaf(leaf, &[0, field, 1, 1]);
            assert_eq!(status, 0xC000_0C00_0000_0000);
            assert_eq!(regs[Reg::R8], 0);
        }
    }
}

#[test]
fn refuses_metadata_of_another_vm() {
    let bench = Bench::new();
    assert_eq!(bench.leaf(leaf::VM_RD, &[1, TD_CTLS]).0, BAD_RCX);
    assert_eq!(bench.leaf(leaf::VM_WR, &[1, TD_CTLS, 8, 8]).0, BAD_RCX);
}

#[test]
fn refuses_to_write_what_the_vmm_decides() {
    let bench = Bench::new();
    for field in [CONFIG_FLAGS, TOPOLOGY] {
        let (status, _) = bench.leaf(leaf::VM_WR, &[0, field, 1, 1]);
        assert_eq!(status, 0xC000_0C01_0000_0000);
    }
    // PENDING_VE_DISABLE is not offered.
    let (status, _) = bench.leaf(leaf::VM_WR, &[0, TD_CTLS, 1, 1]);
    assert_eq!(status, 0xC000_0C01_0000_0000);
}

#[test]
fn refuses_values_that_a_field_can_not_have() {
    let bench = Bench::new();
    let (status, _) = bench.leaf(leaf::VM_WR, &[0, TD_CTLS, 9, 9]);
    assert_eq!(status, 0xC000_0C03_0000_0000);
    let (status, _) = bench.leaf(leaf::VM_WR, &[0, NOTIFY_ENABLES, 2, !0]);
    assert_eq!(status, 0xC000_0C03_0000_0000);
}

#[test]
fn refuses_to_write_a_locked_field() {
    let bench = Bench::new();
    let lock = 1 << 63;
    assert_eq!(bench.leaf(leaf::VM_WR, &[0, TD_CTLS, lock, lock]).0, 0);
    let (status, _) = bench.leaf(leaf::VM_WR, &[0, TD_CTLS, 8, 8]);
    assert_eq!(status, 0xC000_0C01_0000_0000);
}
