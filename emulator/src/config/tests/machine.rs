// SPDX-License-Identifier: GPL-2.0

//! A machine of each platform: what it takes over, and what it leaves alone.

use std::time::Duration;

use super::*;
use crate::machine::{
    board::{
        Board,
        FakeBoard, //
    },
    instruction::Instruction,
    outcome::{
        Effect,
        Outcome, //
    },
    registers::{
        Reg,
        Registers, //
    },
    vcpu::{
        FakeVcpu,
        Vcpu as _, //
    }, //
};

/// Finds no board.
fn no_board() -> Result<Arc<dyn Board>, String> {
    Err("no board".into())
}

/// Makes a machine of a platform.
fn machine(platform: &str) -> Box<dyn Platform> {
    let config = Config::parse([format!("platform={platform}").as_str()]).unwrap();
    config.machine(1, &no_board).unwrap()
}

/// Executes an instruction with a value in RAX.
fn execute(platform: &str, instruction: Instruction, rax: u64, kernel: bool) -> Outcome {
    let mut regs = Registers::default();
    regs[Reg::Rax] = rax;
    let vcpu = FakeVcpu {
        kernel,
        ..FakeVcpu::new(4096)
    };
    machine(platform).execute(instruction, &vcpu, &mut regs)
}

#[test]
fn has_tdcall_for_the_kernel_of_a_td() {
    let done = Outcome::Done(Effect::Resume);
    assert_eq!(execute("tdx", Instruction::Tdcall, 1, true), done);
    for (platform, kernel) in [("tdx", false), ("snp", true)] {
        let outcome = execute(platform, Instruction::Tdcall, 1, kernel);
        assert_eq!(outcome, Outcome::Native);
    }
}

#[test]
fn answers_only_leaves_of_cpuid_that_the_cpu_lacks() {
    let done = Outcome::Done(Effect::Resume);
    assert_eq!(execute("tdx", Instruction::Cpuid, 0x21, true), done);
    let outcome = execute("tdx", Instruction::Cpuid, 1, true);
    assert_eq!(outcome, Outcome::Native);
}

#[test]
fn says_which_pages_are_private_unless_none_are() {
    for platform in ["tdx", "snp"] {
        let pages = machine(platform).private_pages();
        assert!(pages.is_some_and(|pages| pages.is_private(5)));
    }
    assert!(machine("plain").private_pages().is_none());
}

#[test]
fn takes_only_instructions_of_its_platform() {
    assert!(machine("tdx").takes(Instruction::Tdcall));
    assert!(!machine("snp").takes(Instruction::Tdcall));
    assert!(machine("snp").takes(Instruction::Vmgexit));
    assert!(!machine("tdx").takes(Instruction::Vmgexit));
}

#[test]
fn borrows_instructions_for_snp_only() {
    let mut regs = Registers::default();
    for platform in ["tdx", "snp"] {
        assert_eq!(machine(platform).borrows(), platform == "snp");
        assert_eq!(machine(platform).starts(), platform == "snp");
        let vcpu = FakeVcpu::new(0);
        assert_eq!(machine(platform).entry(&vcpu, &mut regs), None);
        // Nothing was asked of the CPU.
        assert!(!machine(platform).after_cpuid(&mut regs));
    }
}

/// Does a call to the VMM about the page at 0x1000. Returns its status.
fn vmcall(machine: &dyn Platform, vcpu: &FakeVcpu, leaf: u64) -> u64 {
    let mut regs = Registers::default();
    regs[Reg::Rcx] = 0xffcc;
    regs[Reg::R11] = leaf;
    regs[Reg::R12] = (1 << 52) | 0x1000;
    regs[Reg::R13] = 0x1000;
    let outcome = machine.execute(Instruction::Tdcall, vcpu, &mut regs);
    assert_eq!(outcome, Outcome::Done(Effect::Resume));
    regs[Reg::R10]
}

#[test]
fn lets_the_vmm_see_what_a_vcpu_loads() {
    let config = Config::parse(["platform=tdx", "quote=once"]).unwrap();
    let (machine, vcpu) = (config.machine(1, &no_board).unwrap(), FakeVcpu::new(0x4000));
    assert!(machine.watches());
    assert_eq!(vmcall(&*machine, &vcpu, 0x10001), 0);
    vcpu.memory().clear(0x1000, 0x1000).unwrap();
    vcpu.memory().write(0x1000, &[1]).unwrap();
    assert_eq!(vmcall(&*machine, &vcpu, 0x10002), 0);

    // Of another page, of one that is not there, of another field; then by its virtual address.
    let status = || vcpu.memory.bytes(0x1008, 8);
    let before = status();
    for (address, len) in [(0x2008, 8), (8, 8), (0x1000, 8)] {
        machine.loaded(&vcpu, address, len);
        assert_eq!(status(), before);
    }
    machine.loaded(&vcpu, (1 << 63) | 0x1008, 8);
    let inverted: Vec<u8> = before.iter().map(|byte| !byte).collect();
    assert_eq!(status(), inverted);
}

#[test]
fn watches_only_if_the_vmm_wants_to_know() {
    let vcpu = FakeVcpu::new(0x2000);
    for platform in ["tdx", "snp"] {
        assert!(!machine(platform).watches());
        machine(platform).loaded(&vcpu, 0x1008, 8);
    }
    assert_eq!(vcpu.memory.bytes(0x1000, 24), [0; 24]);
}

#[test]
fn has_nothing_to_do_while_an_snp_guest_runs() {
    let machine = machine("snp");
    let most = Duration::from_micros(200);
    machine.poll(FakeVcpu::new(0).memory());
    assert_eq!(machine.idle(most), most);
}

#[test]
fn has_a_firmware_for_tds_with_a_board() {
    let config = Config::parse(["firmware=tdvf"]).unwrap();
    let board = || Ok(Arc::<FakeBoard>::default() as Arc<dyn Board>);
    for vcpus in [1, 8] {
        let machine = config.machine(vcpus, &board).unwrap();
        assert!(machine.resets() && machine.starts());
    }
    let no = config.machine(1, &no_board).map(drop);
    assert_eq!(no, Err("no board".into()));
}

#[test]
fn launches_nothing_with_another_firmware() {
    for platform in ["tdx", "snp", "plain"] {
        let (machine, vcpu) = (machine(platform), FakeVcpu::new(0));
        let mut regs = Registers::default();
        assert!(!machine.resets());
        assert_eq!(machine.reset(&vcpu, &mut regs), Ok(None));
        assert_eq!(regs, Registers::default());
        assert_eq!(*vcpu.system.borrow(), [0; 10]);
    }
}

#[test]
fn refuses_to_launch_what_is_no_firmware_for_tds() {
    let config = Config::parse(["firmware=tdvf"]).unwrap();
    let board = || Ok(Arc::<FakeBoard>::default() as Arc<dyn Board>);
    let machine = config.machine(1, &board).unwrap();
    let no = machine.reset(&FakeVcpu::new(0), &mut Registers::default());
    let why = "the firmware is no TDVF: it has no table of GUIDs";
    assert_eq!(no, Err(why.into()));
}

#[test]
fn has_a_firmware_for_snp_with_a_board_one_vcpu_and_vmpl_0() {
    let config = Config::parse(["platform=snp", "bios=amdsev"]).unwrap();
    let board = || Ok(Arc::<FakeBoard>::default() as Arc<dyn Board>);
    assert!(config.machine(1, &board).unwrap().resets());
    let no = config.machine(1, &no_board).map(drop);
    assert_eq!(no, Err("no board".into()));
    let no = config.machine(2, &board).map(drop);
    assert_eq!(no, Err("bios=`amdsev`: expected 1 vCPU, not 2".into()));
    let config = Config::parse(["platform=snp", "kernel_hashes=none"]).unwrap();
    let no = config.machine(1, &board).map(drop);
    assert_eq!(no, Err("`kernel_hashes` needs bios=`amdsev`".into()));
    let config = Config::parse(["platform=snp", "bios=amdsev", "vmpl=2"]).unwrap();
    let no = config.machine(1, &board).map(drop);
    assert_eq!(no, Err("bios=`amdsev`: expected VMPL 0, not 2".into()));
}

#[test]
fn refuses_to_launch_what_is_no_firmware_for_snp() {
    let config = Config::parse(["platform=snp", "bios=amdsev"]).unwrap();
    let board = || Ok(Arc::<FakeBoard>::default() as Arc<dyn Board>);
    let machine = config.machine(1, &board).unwrap();
    let no = machine.reset(&FakeVcpu::new(0), &mut Registers::default());
    let why = "the firmware is none for SEV-SNP: it has no table of GUIDs";
    assert_eq!(no, Err(why.into()));
}
