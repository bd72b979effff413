// SPDX-License-Identifier: GPL-2.0

//! Calls, and what becomes of them.

mod attest;
mod memory;

use super::*;
use crate::{
    machine::memory::{
        FakeMemory,
        GuestMemory, //
    },
    snp::{
        psp::SecureProcessor,
        rmp::{
            Rmp,
            Size, //
        },
        vmsa, //
    }, //
};

/// Where the calling area is at first, and the SVSM.
const CALLING_AREA: u64 = 0x3000;
const OWN: Range<u64> = 0x8000..0x1_0000;

/// A guest with 8 MiB.
struct Machine {
    memory: FakeMemory,
    rmp: Rmp,
    processor: SecureProcessor,
    svsm: Svsm,
}

impl Machine {
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// Makes one with some options.
    fn with(set: impl FnOnce(&mut SnpConfig)) -> Self {
        let mut config = SnpConfig {
            vmpl: 2,
            ..SnpConfig::default()
        };
        set(&mut config);
        let machine = Self {
            memory: FakeMemory::new(8 << 20),
            rmp: Rmp::default(),
            processor: SecureProcessor::new(&config).unwrap(),
            svsm: Svsm::new(&config),
        };
        machine.svsm.launch(Area {
            memory: OWN,
            calling_area: CALLING_AREA,
        });
        machine
    }

    fn context(&self) -> Context<'_> {
        Context {
            vcpu: 0,
            vcpus: 2,
            memory: &self.memory,
            rmp: &self.rmp,
            processor: &self.processor,
        }
    }

    fn run(&self, regs: &mut Registers) -> Result<Option<Status>, String> {
        self.svsm.run(self.context(), regs)
    }

    /// Makes a call with RAX and RCX. Returns the result code and RCX.
    fn call(&self, rax: u64, rcx: u64) -> Result<(Status, u64), String> {
        let area = self.svsm.calling_area(0).unwrap();
        self.memory.write(area, &[1]).unwrap();
        let mut regs = Registers::default();
        regs[Reg::Rax] = rax;
        regs[Reg::Rcx] = rcx;
        let status = self.run(&mut regs)?.unwrap();
        assert_eq!(regs[Reg::Rax], u64::from(status.raw()));
        Ok((status, regs[Reg::Rcx]))
    }

    /// Has pages validated that a list at 0x4000 has, from `next` on. Returns the result code and
    /// which entry is next then.
    fn pvalidate(&self, next: u16, entries: &[u64]) -> Result<(Status, u16), String> {
        let mut bytes = (entries.len() as u16).to_le_bytes().to_vec();
        bytes.extend(next.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(entries.iter().flat_map(|entry| entry.to_le_bytes()));
        self.memory.write(0x4000, &bytes).unwrap();
        let (status, _) = self.call(1, 0x4000)?;
        let next = self.memory.bytes(0x4002, 2);
        Ok((status, u16::from_le_bytes([next[0], next[1]])))
    }
}

#[test]
fn does_nothing_unless_a_call_is_pending() {
    let machine = Machine::new();
    let mut regs = Registers::default();
    regs[Reg::Rax] = 0xdead;
    assert_eq!(machine.run(&mut regs), Ok(None));
    assert_eq!(regs[Reg::Rax], 0xdead);
    machine.memory.write(CALLING_AREA, &[1]).unwrap();
    let refused = Ok(Some(Status::UNSUPPORTED_CALL));
    assert_eq!(machine.run(&mut regs), refused);
    assert_eq!(machine.memory.bytes(CALLING_AREA, 1), [0]);
    // Neither 0 nor 1.
    machine.memory.write(CALLING_AREA, &[2]).unwrap();
    let refused = Ok(Some(Status::INVALID_FORMAT));
    assert_eq!(machine.run(&mut regs), refused);
    let before_launch = Svsm::new(&SnpConfig::default());
    assert_eq!(before_launch.run(machine.context(), &mut regs), Ok(None));
    assert_eq!(before_launch.calling_area(0), None);
}

#[test]
fn refuses_what_it_does_not_have() {
    let machine = Machine::new();
    let status = |rax| machine.call(rax, 0).unwrap().0;
    assert_eq!(status(9 << 32), Status::UNSUPPORTED_PROTOCOL);
    assert_eq!(status(8), Status::UNSUPPORTED_CALL);
    for (vtom, expected) in [
        (0x12, Status::INVALID_REQUEST),
        (3, Status::INVALID_PARAMETER),
        (0x20, Status::INVALID_PARAMETER),
    ] {
        assert_eq!(machine.call(7, vtom), Ok((expected, vtom)));
    }
    assert_eq!(status((1 << 32) | 2), Status::UNSUPPORTED_CALL);
    assert_eq!(status((2 << 32) | 1), Status::UNSUPPORTED_CALL);
    let machine = Machine::with(|config| config.svsm.services = Services::None);
    assert_eq!(
        machine.call(2 << 32, 0),
        Ok((Status::UNSUPPORTED_PROTOCOL, 0))
    );
    assert_eq!(machine.call(6, (2 << 32) | 1), Ok((Status::SUCCESS, 0)));
}

#[test]
fn says_what_it_has() {
    let machine = Machine::new();
    let success = |rcx| Ok((Status::SUCCESS, rcx));
    for protocol in 0..=2 {
        let versions = machine.call(6, (protocol << 32) | 1);
        assert_eq!(versions, success((1 << 32) | 1));
    }
    // The vTPM takes no commands.
    assert_eq!(machine.call(2 << 32, 0xff), success(0));
    assert_eq!(machine.call(6, 2), success(0));
    assert_eq!(machine.call(6, (9 << 32) | 1), success(0));
    assert_eq!(machine.call(7, 1), success(0));
}

#[test]
fn moves_the_calling_area() {
    let machine = Machine::new();
    machine.memory.write(0x5000, &[0xff; 16]).unwrap();
    assert_eq!(machine.call(0, 0x5000), Ok((Status::SUCCESS, 0x5000)));
    assert_eq!(machine.svsm.calling_area(0), Some(0x5000));
    assert_eq!(
        machine.memory.bytes(0x5000, 9),
        [0, 0, 0, 0, 0, 0, 0, 0, 0xff]
    );
}

#[test]
fn refuses_calling_areas_that_are_not_the_guests() {
    let machine = Machine::new();
    machine.rmp.share(6, Size::Small);
    for (address, status) in [
        (0x5008, Status::INVALID_PARAMETER),
        (0x6000, Status::INVALID_ADDRESS),
        (0x8000, Status::INVALID_ADDRESS),
        (0xf000, Status::INVALID_ADDRESS),
        (9 << 20, Status::INVALID_ADDRESS),
        (u64::MAX - 0xfff, Status::INVALID_ADDRESS),
    ] {
        assert_eq!(machine.call(0, address), Ok((status, address)));
    }
    assert_eq!(machine.svsm.calling_area(0), Some(CALLING_AREA));
    machine.rmp.share(3, Size::Small);
    assert!(machine.call(0, 0).unwrap_err().contains("calling area"));
}

#[test]
fn validates_pages() {
    let machine = Machine::new();
    machine.memory.write(0x20_0000, &[7; 9]).unwrap();
    assert_eq!(
        machine.pvalidate(0, &[0x5000, 0x6000]),
        Ok((Status::SUCCESS, 2))
    );
    assert!(!machine.rmp.is_validated(0x5000, 1) && !machine.rmp.is_validated(0x6000, 1));
    // A large one, and none of those before.
    let large = [0, 0x20_0001];
    assert_eq!(machine.pvalidate(1, &large), Ok((Status::SUCCESS, 2)));
    assert_eq!(machine.memory.bytes(0x20_0000, 1), [7]);
    let back = [0x5004, 0x20_0005];
    assert_eq!(machine.pvalidate(0, &back), Ok((Status::SUCCESS, 2)));
    assert!(machine.rmp.is_validated(0x20_0000, 0x20_0000));
    // What was in it is gone.
    assert_eq!(machine.memory.bytes(0x20_0000, 9), [0; 9]);
}

#[test]
fn stops_at_the_page_that_it_can_not_validate() {
    let machine = Machine::new();
    let refused = |code: u32| Status::new(0x8000_1000 + code);
    // It is so already, which may be all right.
    let unchanged = [0x500c, 0x5004, 0x6000];
    assert_eq!(machine.pvalidate(0, &unchanged), Ok((refused(0x10), 1)));
    assert!(machine.rmp.is_validated(0x6000, 1));
    // Part of a large one that was split.
    assert_eq!(
        machine.pvalidate(0, &[0x20_1008, 0x20_0001]),
        Ok((refused(6), 1))
    );
    for (entry, status) in [
        (0x5002, Status::INVALID_PARAMETER),
        (0x5001, Status::INVALID_PARAMETER),
        (0x8000, Status::INVALID_ADDRESS),
        (1, Status::INVALID_ADDRESS),
    ] {
        assert_eq!(machine.pvalidate(0, &[entry]), Ok((status, 0)));
    }
    machine.rmp.share(5, Size::Small);
    assert!(machine
        .pvalidate(0, &[0x5004])
        .unwrap_err()
        .contains("0x5000"));
}

#[test]
fn refuses_lists_that_make_no_sense() {
    let machine = Machine::new();
    let refused = Ok((Status::INVALID_PARAMETER, 0));
    assert_eq!(machine.pvalidate(0, &[]), refused);
    assert_eq!(
        machine.pvalidate(1, &[0x5000]),
        Ok((Status::INVALID_PARAMETER, 1))
    );
    // As many as there are in a page, and one more.
    assert_eq!(
        machine.pvalidate(0, &[0x500c; 511]),
        Ok((Status::SUCCESS, 511))
    );
    assert_eq!(machine.pvalidate(0, &[0x500c; 512]), refused);
    assert_eq!(
        machine.call(1, 0x4004).unwrap().0,
        Status::INVALID_PARAMETER
    );
    assert_eq!(machine.call(1, 0x8000).unwrap().0, Status::INVALID_ADDRESS);
}

/// Asks for vCPU 1 with a VMSA in page 0x20 and a calling area in page 0x21, of which the operands are
/// changed before.
fn create(machine: &Machine, change: impl FnOnce(&mut Registers)) -> Status {
    let area = machine.svsm.calling_area(0).unwrap();
    machine.memory.write(area, &[1]).unwrap();
    let mut regs = Registers::default();
    regs[Reg::Rax] = 2;
    regs[Reg::Rcx] = 0x2_0000;
    regs[Reg::Rdx] = 0x2_1000;
    regs[Reg::R8] = 1;
    change(&mut regs);
    machine.run(&mut regs).unwrap().unwrap()
}

/// Writes a VMSA.
fn make_vmsa(machine: &Machine) {
    vmsa::tests::write(&machine.memory, 0x2_0000, 2);
}

#[test]
fn makes_and_deletes_vcpus() {
    let machine = Machine::new();
    make_vmsa(&machine);
    assert_eq!(machine.svsm.calling_area(1), None);
    assert_eq!(create(&machine, |_| {}), Status::SUCCESS);
    assert!(machine.rmp.is_vmsa(0x20));
    assert_eq!(machine.svsm.calling_area(1), Some(0x2_1000));
    // Its calls are its own.
    machine.memory.write(0x2_1000, &[1]).unwrap();
    let mut regs = Registers::default();
    assert_eq!(machine.run(&mut regs), Ok(None));
    let other = Context {
        vcpu: 1,
        ..machine.context()
    };
    regs[Reg::Rax] = 9 << 32;
    let answer = machine.svsm.run(other, &mut regs);
    assert_eq!(answer, Ok(Some(Status::UNSUPPORTED_PROTOCOL)));
    // Twice makes no sense; and the page is not the guest's.
    assert_eq!(create(&machine, |_| {}), Status::INVALID_ADDRESS);
    let refused = Ok((Status::INVALID_ADDRESS, 0));
    assert_eq!(machine.pvalidate(0, &[0x2_0000]), refused);
    let delete = |vmsa| machine.call(3, vmsa).unwrap().0;
    assert_eq!(delete(0x2_0008), Status::INVALID_PARAMETER);
    assert_eq!(delete(0x2_0000), Status::SUCCESS);
    assert_eq!(delete(0x2_0000), Status::INVALID_PARAMETER);
    assert!(!machine.rmp.is_vmsa(0x20));
    assert_eq!(machine.svsm.calling_area(1), None);
}

#[test]
fn a_vcpu_that_is_made_again_keeps_its_calling_area() {
    let machine = Machine::new();
    make_vmsa(&machine);
    assert_eq!(create(&machine, |_| {}), Status::SUCCESS);
    vmsa::tests::write(&machine.memory, 0x2_2000, 2);
    let again = create(&machine, |regs| regs[Reg::Rcx] = 0x2_2000);
    assert_eq!(again, Status::SUCCESS);
    assert_eq!(machine.call(3, 0x2_0000).unwrap().0, Status::SUCCESS);
    assert_eq!(machine.svsm.calling_area(1), Some(0x2_1000));
}

#[test]
fn refuses_vcpus_that_make_no_sense() {
    let machine = Machine::new();
    // It is no VMSA of this guest yet.
    assert_eq!(create(&machine, |_| {}), Status::INVALID_PARAMETER);
    make_vmsa(&machine);
    for (reg, value, status) in [
        (Reg::Rcx, 0x2_0008, Status::INVALID_PARAMETER),
        (Reg::Rcx, 0x8000, Status::INVALID_ADDRESS),
        (Reg::Rcx, CALLING_AREA, Status::INVALID_ADDRESS),
        (Reg::Rdx, CALLING_AREA, Status::INVALID_ADDRESS),
        (Reg::Rdx, 0x2_1008, Status::INVALID_PARAMETER),
        (Reg::Rdx, 0x2_0000, Status::INVALID_ADDRESS),
        (Reg::Rdx, 9 << 20, Status::INVALID_ADDRESS),
        (Reg::R8, 0, Status::INVALID_PARAMETER),
        (Reg::R8, 2, Status::INVALID_PARAMETER),
    ] {
        if value == 9 << 20 {
            machine.rmp.share(value / 4096, Size::Small);
        }
        assert_eq!(create(&machine, |regs| regs[reg] = value), status);
    }
    assert!(!machine.rmp.is_vmsa(0x20));
}
