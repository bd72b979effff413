// SPDX-License-Identifier: GPL-2.0

//! Calls that go through several parts.

use super::*;
use crate::machine::memory::FakeMemory;
use std::sync::Barrier;

/// The registers that Linux passes to the VMM.
const LINUX: u64 = 0xffcc;

/// Makes a machine with 8 vCPUs.
fn machine(config: &TdxConfig) -> Td {
    Td::new(config, 8).unwrap()
}

/// Asks the VMM for something.
fn vmcall(machine: &Td, mask: u64, r11: u64, r12: u64) -> (Effect, Registers) {
    let mut regs = Registers::default();
    regs[Reg::Rcx] = mask;
    regs[Reg::R11] = r11;
    regs[Reg::R12] = r12;
    let effect = machine.tdcall(0, &mut regs, &FakeMemory::new(4096));
    (effect, regs)
}

#[test]
fn brings_the_answer_of_the_vmm() {
    let (effect, regs) = vmcall(&machine(&TdxConfig::default()), LINUX, 0x10000, 1);
    assert_eq!(effect, Effect::Resume);
    assert_eq!((regs[Reg::Rax], regs[Reg::R10]), (0, 0));
    assert_eq!((regs[Reg::R11], regs[Reg::R12]), (0, 0));
}

#[test]
fn hides_registers_from_the_vmm_that_are_not_passed() {
    // Without R12, the VMM sees sub-leaf 0 instead of 7, and can't change R12.
    let mask = LINUX & !(1 << 12);
    let (_, regs) = vmcall(&machine(&TdxConfig::default()), mask, 0x10000, 7);
    assert_eq!(regs[Reg::R10], 0);
    assert_eq!((regs[Reg::R11], regs[Reg::R12]), (0, 7));
}

#[test]
fn tells_the_guest_of_a_call_to_the_vmm_that_was_none() {
    let (effect, regs) = vmcall(&machine(&TdxConfig::default()), 1 << 4, 0x10000, 0);
    assert_eq!(effect, Effect::Resume);
    assert_eq!(regs[Reg::Rax], 0xC000_0100_0000_0001);
    assert_eq!(regs[Reg::R11], 0x10000);
}

#[test]
fn writes_a_line_per_call_but_for_idling() {
    let name = format!("tsm-emulator-trace-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let machine = machine(&TdxConfig {
        trace: Some(path.clone()),
        ..TdxConfig::default()
    });
    vmcall(&machine, LINUX, 0x10001, 0x1000);
    vmcall(&machine, LINUX, 12, 0);
    let mut info = Registers::default();
    info[Reg::Rax] = 1;
    machine.tdcall(3, &mut info, &FakeMemory::new(0));

    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("0: VMCALL MapGPA r12=0x1000"));
    assert!(lines[1].starts_with("3: VP.INFO"));
    assert!(lines[1].contains("rcx=0x35"));
}

#[test]
fn serves_eight_vcpus_at_once() {
    let machine = machine(&TdxConfig::default());
    let start = Barrier::new(8);
    let extended: u32 = std::thread::scope(|scope| {
        let vcpus: Vec<_> = (0..8)
            .map(|vcpu| {
                let (machine, start) = (&machine, &start);
                scope.spawn(move || {
                    let memory = FakeMemory::new(8192);
                    start.wait();
                    (0..200)
                        .map(|_| extend(machine, vcpu, &memory))
                        .sum::<u32>()
                })
            })
            .collect();
        vcpus.into_iter().map(|vcpu| vcpu.join().unwrap()).sum()
    });
    assert!(extended > 0);
}

/// Extends RTMR 0 and converts a page there and back. Returns 1 if RTMR 0 was not busy.
fn extend(machine: &Td, vcpu: usize, memory: &FakeMemory) -> u32 {
    let page = 0x10_0000 + vcpu as u64 * 4096;
    for gpa in [(1 << 52) | page, page] {
        let mut regs = Registers::default();
        regs[Reg::Rcx] = LINUX;
        regs[Reg::R11] = 0x10001;
        regs[Reg::R12] = gpa;
        regs[Reg::R13] = 4096;
        assert_eq!(machine.tdcall(vcpu, &mut regs, memory), Effect::Resume);
        assert_eq!(regs[Reg::R10], 0);
    }
    let mut regs = Registers::default();
    regs[Reg::Rax] = 2;
    assert_eq!(machine.tdcall(vcpu, &mut regs, memory), Effect::Resume);
    match regs[Reg::Rax] {
        0 => 1,
        0x8000_0200_0000_00a8 => 0,
        status => panic!("{status:#x}"),
    }
}

#[test]
fn idles_and_has_nothing_to_do_without_requests() {
    let machine = machine(&TdxConfig::default());
    let most = Duration::from_micros(200);
    assert_eq!(machine.idle(most), most);
    let memory = FakeMemory::new(4096);
    machine.poll(&memory);
    assert_eq!(memory.bytes(0, 4096), [0; 4096]);
}

#[test]
fn lets_the_vmm_see_that_a_register_was_extended() {
    let machine = machine(&TdxConfig {
        quote_until: Some(crate::tdx::config::QuoteUntil::Extend),
        ..TdxConfig::default()
    });
    let memory = FakeMemory::new(64 << 10);
    let call = |rax, operands: [u64; 2]| {
        let mut regs = Registers::default();
        regs[Reg::Rax] = rax;
        [regs[Reg::Rcx], regs[Reg::Rdx]] = operands;
        assert_eq!(machine.tdcall(0, &mut regs, &memory), Effect::Resume);
        regs[Reg::Rax]
    };

    // A request with the report of the TDX module.
    assert_eq!(call(4, [0x1000, 0x2000]), 0);
    let report = memory.bytes(0x1000, tsm_proto::tdx::TdReport::SIZE);
    let header = tsm_proto::tdx::quote::Header::request();
    let request = [zerocopy::IntoBytes::as_bytes(&header), &report].concat();
    machine.pages.share(4..6);
    memory.write(0x4000, &request).unwrap();
    let mut regs = Registers::default();
    regs[Reg::Rcx] = LINUX;
    [regs[Reg::R11], regs[Reg::R12], regs[Reg::R13]] = [0x10002, (1 << 52) | 0x4000, 0x2000];
    assert_eq!(machine.tdcall(0, &mut regs, &memory), Effect::Resume);
    assert_eq!((regs[Reg::Rax], regs[Reg::R10]), (0, 0));

    let in_flight = || {
        machine.poll(&memory);
        memory.bytes(0x4008, 8) == [0xff; 8]
    };
    // A register that is not there is not extended.
    assert!(call(2, [0x3000, 9]) != 0);
    assert!(in_flight());
    assert_eq!(call(2, [0x3000, 3]), 0);
    assert!(!in_flight());
}
