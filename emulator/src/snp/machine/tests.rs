// SPDX-License-Identifier: GPL-2.0

//! The instructions.

use super::*;
use crate::{
    machine::vcpu::FakeVcpu,
    snp::{
        rmp::Size,
        vmsa::Entry, //
    }, //
};

/// Makes a machine.
fn machine() -> SnpMachine {
    SnpMachine::new(&SnpConfig::default(), 1).unwrap()
}

/// Makes registers.
fn registers(values: &[(Reg, u64)]) -> Registers {
    let mut regs = Registers::default();
    for (reg, value) in values {
        regs[*reg] = *value;
    }
    regs
}

/// Executes an instruction with operands in RAX, RCX, RDX. Returns the outcome and RAX.
fn execute(machine: &SnpMachine, instruction: Instruction, operands: [u64; 3]) -> (Outcome, u64) {
    let [rax, rcx, rdx] = operands;
    let mut regs = registers(&[(Reg::Rax, rax), (Reg::Rcx, rcx), (Reg::Rdx, rdx)]);
    let outcome = machine.execute(instruction, &FakeVcpu::new(0x1_0000), &mut regs);
    (outcome, regs[Reg::Rax])
}

const DONE: Outcome = Outcome::Done(Effect::Resume);

#[test]
fn has_registers_for_each_vcpu() {
    let machine = SnpMachine::new(&SnpConfig::default(), 2).unwrap();
    let set = [0x2000, GHCB.into(), 0];
    assert_eq!(execute(&machine, Instruction::Wrmsr, set).0, DONE);
    let other = FakeVcpu {
        number: 1,
        ..FakeVcpu::new(0)
    };
    let mut regs = registers(&[(Reg::Rcx, GHCB.into())]);
    assert_eq!(machine.execute(Instruction::Rdmsr, &other, &mut regs), DONE);
    // As after a reset.
    assert_eq!((regs[Reg::Rdx], regs[Reg::Rax]), (0x2_0002, 0x3400_0001));
}

#[test]
fn has_the_registers_of_a_guest() {
    let machine = machine();
    let status = execute(&machine, Instruction::Rdmsr, [0, SEV_STATUS.into(), 9]);
    assert_eq!(status, (DONE, 7));
    let set = [0x2012, GHCB.into(), 0];
    assert_eq!(execute(&machine, Instruction::Wrmsr, set).0, DONE);
    assert_eq!(execute(&machine, Instruction::Vmgexit, [0; 3]).0, DONE);
    let get = execute(&machine, Instruction::Rdmsr, [0, GHCB.into(), 0]);
    assert_eq!(get, (DONE, 0x2013));
    for other in [Instruction::Rdmsr, Instruction::Wrmsr] {
        assert_eq!(execute(&machine, other, [0, 0x10, 0]).0, Outcome::Native);
    }
}

#[test]
fn leaves_programs_to_the_cpu() {
    let vcpu = FakeVcpu {
        kernel: false,
        ..FakeVcpu::new(4096)
    };
    for instruction in [
        Instruction::Rdmsr,
        Instruction::Wrmsr,
        Instruction::Vmgexit,
        Instruction::Pvalidate,
        Instruction::Rmpadjust,
        Instruction::ToCr3 {
            from: Reg::Rbx,
            len: 3,
        },
        Instruction::FromCr3 {
            to: Reg::Rbx,
            len: 3,
        },
    ] {
        let before = registers(&[(Reg::Rcx, GHCB.into()), (Reg::Rbx, (1 << C_BIT))]);
        let (machine, mut regs) = (machine(), before);
        let outcome = machine.execute(instruction, &vcpu, &mut regs);
        assert_eq!(outcome, Outcome::Native);
        assert_eq!((regs, machine.state(&vcpu).c_bit), (before, 0));
    }
}

#[test]
fn validates_and_says_when_it_was_so_already() {
    let machine = machine();
    for (valid, carry) in [(1, true), (0, false), (0, true), (1, false)] {
        let result = execute(&machine, Instruction::Pvalidate, [0x5000, 0, valid]);
        assert_eq!(result, (Outcome::Carry(carry), 0));
    }
}

#[test]
fn refuses_to_validate_what_makes_no_sense() {
    let machine = machine();
    // The page is not aligned, whatever is above the bit of its size; it is in a larger one that was
    // split.
    for (operands, code) in [
        ([0x5000, 1, 1], 1),
        ([0x5000, 0xff01, 1], 1),
        ([0x5000, 0xff00, 1], 0),
        ([0x20_1000, 0, 1], 0),
        ([0x20_0000, 1, 1], 6),
    ] {
        let (_, rax) = execute(&machine, Instruction::Pvalidate, operands);
        assert_eq!(rax, code);
    }
}

#[test]
fn adjusts_other_vmpls_only() {
    let machine = machine();
    for (attributes, code) in [
        (1, 0),
        (0, 2),
        (4, 1),
        ((1 << 17) | 1, 1),
        ((1 << 16) | 1, 0),
    ] {
        let result = execute(&machine, Instruction::Rmpadjust, [0x5000, 0, attributes]);
        assert_eq!(result, (DONE, code));
    }
    assert!(machine.rmp.is_vmsa(5));
}

#[test]
fn does_at_vmpl_2_what_that_may() {
    let config = SnpConfig {
        vmpl: 2,
        ..SnpConfig::default()
    };
    let machine = SnpMachine::new(&config, 1).unwrap();
    let pvalidate = execute(&machine, Instruction::Pvalidate, [0x5000, 0, 1]);
    assert_eq!(pvalidate, (Outcome::Carry(false), 2));
    for (vmpl, code) in [(1, 2), (2, 2), (3, 0)] {
        let result = execute(&machine, Instruction::Rmpadjust, [0x5000, 0, vmpl]);
        assert_eq!(result, (DONE, code));
    }
    // Without the right to it, there is no VMSA, and no error either.
    let result = execute(&machine, Instruction::Rmpadjust, [0x5000, 0, (1 << 16) | 3]);
    assert_eq!(result, (DONE, 0));
    assert!(!machine.rmp.is_vmsa(5));
}

#[test]
fn sends_a_vcpu_on_that_was_started() {
    let machine = SnpMachine::new(&SnpConfig::default(), 2).unwrap();
    let entry = Entry {
        page: 0x99,
        offset: 0x123,
    };
    let vcpu = FakeVcpu::new(0);
    let entry_of = |number| {
        let vcpu = FakeVcpu {
            number,
            ..FakeVcpu::new(0)
        };
        machine.entry(&vcpu, &mut Registers::default())
    };
    assert_eq!(entry_of(1), None);
    machine.start(Startup::Start { apic_id: 1, entry }, &vcpu);
    assert_eq!(entry_of(0), None);
    assert_eq!(entry_of(1), Some(0x123));
    assert_eq!(entry_of(1), None);
    // Stopped before it could start.
    machine.start(Startup::Start { apic_id: 1, entry }, &vcpu);
    machine.start(Startup::Stop { apic_id: 1 }, &vcpu);
    assert_eq!(entry_of(1), None);
    assert_eq!(entry_of(9), None);
}

#[test]
fn runs_the_svsm() {
    let config = SnpConfig {
        vmpl: 2,
        ..SnpConfig::default()
    };
    let machine = SnpMachine::new(&config, 1).unwrap();
    let vcpu = FakeVcpu::new(0x1_0000);
    let msr = [0, SVSM_CAA.into(), 0];
    assert_eq!(
        execute(&machine, Instruction::Rdmsr, msr).0,
        Outcome::Native
    );
    machine.svsm.as_ref().unwrap().launch(Area {
        memory: 0x8000..0x9000,
        calling_area: 0x3000,
    });
    assert_eq!(execute(&machine, Instruction::Rdmsr, msr), (DONE, 0x3000));
    let run = [0x016, GHCB.into(), 0];
    assert_eq!(execute(&machine, Instruction::Wrmsr, run).0, DONE);
    vcpu.memory().write(0x3000, &[1]).unwrap();
    // A protocol that there is not, then the calling area gone.
    let mut regs = registers(&[(Reg::Rax, 9 << 32)]);
    assert_eq!(
        machine.execute(Instruction::Vmgexit, &vcpu, &mut regs),
        DONE
    );
    assert_eq!(regs[Reg::Rax], 0x8000_0001);
    machine.rmp.share(3, Size::Small);
    assert_eq!(execute(&machine, Instruction::Wrmsr, run).0, DONE);
    let outcome = machine.execute(Instruction::Vmgexit, &vcpu, &mut regs);
    assert!(matches!(outcome, Outcome::Done(Effect::Stop(_))));
}

#[test]
fn stops_at_pages_that_are_not_the_guests_or_not_mapped() {
    let machine = machine();
    machine.rmp.share(5, Size::Small);
    for instruction in [Instruction::Pvalidate, Instruction::Rmpadjust] {
        // Nothing is mapped at 0.
        for (address, expected) in [(0x5000, "is the VMM's"), (0, "no page is mapped")] {
            match execute(&machine, instruction, [address, 0, 1]).0 {
                Outcome::Done(Effect::Stop(why)) => assert!(why.contains(expected)),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn learns_from_the_kernel_what_is_memory() {
    let machine = machine();
    let vcpu = FakeVcpu {
        memory: launch::tests::memory(0x1e_0000),
        ..FakeVcpu::new(0)
    };
    machine
        .launch(&vcpu, launch::tests::PARAMETERS, &[])
        .unwrap();
    // That of the VGA as well.
    assert!(machine.rmp.is_validated(0xb_8000, 0x10_0000));
    assert!(!machine.rmp.is_validated(0xfee0_0000, 1));
}

#[test]
fn keeps_the_c_bit_from_the_cpu() {
    let machine = machine();
    let vcpu = FakeVcpu::new(4096);
    let mut regs = registers(&[(Reg::Rbx, (1 << C_BIT) | 0x3000)]);
    let to = Instruction::ToCr3 {
        from: Reg::Rbx,
        len: 3,
    };
    let from = Instruction::FromCr3 {
        to: Reg::Rcx,
        len: 3,
    };
    assert_eq!(machine.execute(to, &vcpu, &mut regs), DONE);
    assert_eq!(vcpu.system(SystemReg::Cr3), 0x3000);
    assert_eq!(machine.execute(from, &vcpu, &mut regs), DONE);
    assert_eq!(regs[Reg::Rcx], (1 << C_BIT) | 0x3000);
    regs[Reg::Rbx] = 0x4000;
    assert_eq!(machine.execute(to, &vcpu, &mut regs), Outcome::Native);
}
