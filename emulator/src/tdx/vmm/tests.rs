// SPDX-License-Identifier: GPL-2.0

//! Every sub-function, each refusal.

mod conversion;
mod misbehaviour;
mod quote;

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
        config::{
            QuoteService,
            QuoteUntil, //
        },
        cpu::Cpu,
        module,
        quoting::{
            Enclave,
            Ending,
            Version,
            Zeros, //
        }, //
    }, //
};
use std::cell::Cell;
use tsm_proto::tdx::{
    quote as proto,
    TdReport, //
};
use zerocopy::IntoBytes as _;

/// The shared bit.
const SHARED: u64 = 1 << 52;
const SUCCESS: u64 = 0;
const MS: Duration = Duration::from_millis(1);
const INVALID: u64 = 0x8000_0000_0000_0000;
const UNALIGNED: u64 = 0x8000_0000_0000_0002;
const UNSUPPORTED: u64 = 0x8000_0000_0000_0003;

/// A machine with a TDX module for its reports.
struct Bench {
    vmm: Vmm,
    memory: FakeMemory,
    pages: Pages,
    cpu: Cpu,
    now: Cell<Instant>,
}

impl Bench {
    /// Makes a machine with 1 MiB of memory.
    fn new(quote: QuoteService) -> Self {
        Self::with(&TdxConfig {
            quote,
            ..TdxConfig::default()
        })
    }

    /// Makes a machine with 1 MiB of memory and options.
    fn with(config: &TdxConfig) -> Self {
        Self {
            vmm: Vmm::new(config),
            memory: FakeMemory::new(1 << 20),
            pages: Pages::default(),
            cpu: Cpu::default(),
            now: Cell::new(Instant::now()),
        }
    }

    /// Does a call.
    fn call(&self, regs: &mut Registers) -> Effect {
        self.vmm.call(self.context(), 0, regs)
    }

    /// Makes what the VMM works on.
    fn context(&self) -> Context<'_> {
        Context {
            memory: &self.memory,
            pages: &self.pages,
            cpu: &self.cpu,
            now: self.now.get(),
        }
    }

    /// Lets time pass, and the VMM work.
    fn pass(&self, time: Duration) {
        self.now.set(self.now.get() + time);
        self.vmm.poll(self.context());
    }

    /// Does a call with up to four operands. Returns the status and the registers.
    fn leaf(&self, r11: u64, operands: &[u64]) -> (u64, Registers) {
        let mut regs = operands_in(r11, operands);
        assert_eq!(self.call(&mut regs), Effect::Resume);
        (regs[Reg::R10], regs)
    }

    /// Writes a request for a quote at 0x10000, in shared pages of 8 KiB.
    fn request(&self) {
        let module = module::TdxModule::new(&crate::tdx::config::TdxConfig::default(), 1);
        let context = module::Context {
            memory: &self.memory,
            pages: &self.pages,
            cpu: &self.cpu,
            vcpu: 0,
        };
        let mut regs = Registers::default();
        regs[Reg::Rax] = 4;
        regs[Reg::Rcx] = 0x1000;
        regs[Reg::Rdx] = 0x2000;
        assert_eq!(module.call(context, &mut regs), module::Exit::Resume);
        assert_eq!(regs[Reg::Rax], 0);

        let report = self.memory.bytes(0x1000, TdReport::SIZE);
        let request = [proto::Header::request().as_bytes(), &report].concat();
        self.pages.share(16..18);
        self.memory.write(0x10000, &request).unwrap();
    }

    /// Asks for the quote of the request.
    fn get_quote(&self) -> u64 {
        self.leaf(leaf::GET_QUOTE, &[SHARED | 0x10000, 0x2000]).0
    }

    /// Makes the quote that the VMM should answer with.
    fn quote(&self) -> Option<Vec<u8>> {
        let report = self.memory.bytes(0x1000, TdReport::SIZE);
        Enclave::new(Version::V4, 0, Ending::default())
            .quote(&self.cpu, TdReport::parse(&report).unwrap())
    }

    /// Parses the answer.
    fn answer(&self) -> std::result::Result<Vec<u8>, proto::Error> {
        let buffer = self.memory.bytes(0x10000, 0x2000);
        proto::parse_answer(&buffer).map(<[u8]>::to_vec)
    }
}

/// Makes a machine with the usual quoting service.
fn bench() -> Bench {
    Bench::new(QuoteService::Answer)
}

/// Puts operands where a sub-function expects them.
fn operands_in(r11: u64, operands: &[u64]) -> Registers {
    let mut regs = Registers::default();
    regs[Reg::R11] = r11;
    let places = [Reg::R12, Reg::R13, Reg::R14, Reg::R15];
    for (reg, value) in places.iter().zip(operands) {
        regs[*reg] = *value;
    }
    regs
}

#[test]
fn does_not_have_other_subfunctions() {
    let bench = bench();
    for leaf in [0, 1, 48, 0x10005, u64::MAX] {
        assert_eq!(bench.leaf(leaf, &[]).0, UNSUPPORTED);
    }
}

#[test]
fn does_not_have_calls_of_a_known_vmm() {
    let mut regs = operands_in(leaf::GET_TD_VM_CALL_INFO, &[]);
    regs[Reg::R10] = 1;
    assert_eq!(bench().call(&mut regs), Effect::Resume);
    assert_eq!(regs[Reg::R10], UNSUPPORTED);
}

#[test]
fn informs_that_it_has_the_base_and_nothing_more() {
    for subleaf in [0, 1] {
        let (status, regs) = bench().leaf(leaf::GET_TD_VM_CALL_INFO, &[subleaf, 5, 5]);
        assert_eq!(status, SUCCESS);
        for reg in [Reg::R11, Reg::R12, Reg::R13, Reg::R14] {
            assert_eq!(regs[reg], 0);
        }
    }
}

#[test]
fn refuses_to_inform_about_anything_else() {
    assert_eq!(bench().leaf(leaf::GET_TD_VM_CALL_INFO, &[2]).0, INVALID);
}

#[test]
fn idles() {
    let mut regs = operands_in(leaf::HLT, &[]);
    assert_eq!(bench().call(&mut regs), Effect::Idle);
    assert_eq!(regs[Reg::R10], SUCCESS);
}

#[test]
fn has_empty_cpuid_leaves() {
    let (status, regs) = bench().leaf(leaf::CPUID, &[0x4000_0000, 1, 2, 3]);
    assert_eq!((status, regs[Reg::R12], regs[Reg::R15]), (SUCCESS, 0, 0));
}

#[test]
fn has_no_msrs() {
    assert_eq!(bench().leaf(leaf::RDMSR, &[0x10]).0, INVALID);
    assert_eq!(bench().leaf(leaf::WRMSR, &[0x10, 1]).0, INVALID);
}

#[test]
fn does_port_io() {
    let (status, regs) = bench().leaf(leaf::IO, &[1, 0, 0x3fd]);
    assert_eq!((status, regs[Reg::R11]), (SUCCESS, 0x60));
}

#[test]
fn has_no_event_notification() {
    let bench = bench();
    let leaf = leaf::SETUP_EVENT_NOTIFY_INTERRUPT;
    assert_eq!(bench.leaf(leaf, &[32]).0, UNSUPPORTED);
    assert_eq!(bench.leaf(leaf, &[255]).0, UNSUPPORTED);
    assert_eq!(bench.leaf(leaf, &[31]).0, INVALID);
    assert_eq!(bench.leaf(leaf, &[256]).0, INVALID);
}

#[test]
fn stops_at_a_fatal_error() {
    let mut regs = operands_in(leaf::REPORT_FATAL_ERROR, &[5]);
    regs[Reg::R14] = u64::from_le_bytes(*b"TD misco");
    regs[Reg::R15] = u64::from_le_bytes(*b"nfigured");
    regs[Reg::Rbx] = u64::from_le_bytes(*b"!\n\0\0\0\0\0\0");
    let Effect::Stop(why) = bench().call(&mut regs) else {
        panic!("it goes on");
    };
    assert_eq!(
        why,
        "the guest reports fatal error 0x5: TD misconfigured!\\n"
    );
}
