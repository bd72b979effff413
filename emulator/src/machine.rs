// SPDX-License-Identifier: GPL-2.0

//! One emulated machine of either platform.

pub(crate) mod gpa;
pub(crate) mod instruction;
pub(crate) mod iret;
pub(crate) mod lock;
pub(crate) mod memory;
pub(crate) mod mutator;
pub(crate) mod pages;
pub(crate) mod registers;
pub(crate) mod trace;
pub(crate) mod vcpu;

use std::time::Duration;

use crate::{
    config::{
        Config,
        Platform, //
    },
    snp::SnpMachine,
    tdx::{
        cpuid,
        vmm::Effect,
        Td, //
    }, //
};
use instruction::Instruction;
use memory::GuestMemory;
use registers::Registers;
use vcpu::Vcpu;

/// What becomes of an instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The CPU has to execute it.
    Native,
    /// It is to be begun again, with the registers as they are now.
    Again,
    /// It was done.
    Done(Effect),
    /// It was done, and the carry flag is to be set or cleared.
    Carry(bool),
}

/// A machine with one guest.
#[derive(Debug)]
pub(crate) enum Machine {
    /// The guest is a TD.
    Tdx(Box<Td>),
    /// The guest is one of SEV-SNP.
    Snp(Box<SnpMachine>),
}

impl Machine {
    /// Makes a machine with a number of vCPUs. The error is for the user.
    pub(crate) fn new(config: &Config, vcpus: usize) -> Result<Self, String> {
        Ok(match &config.platform {
            Platform::Tdx(config) => Self::Tdx(Box::new(Td::new(config, vcpus)?)),
            Platform::Snp(config) => Self::Snp(Box::new(SnpMachine::new(config, vcpus)?)),
        })
    }

    /// Tells whether an instruction is to be taken over.
    pub(crate) fn takes(&self, instruction: Instruction) -> bool {
        match self {
            Self::Tdx(_) => matches!(
                instruction,
                Instruction::Tdcall | Instruction::Cpuid | Instruction::Visit
            ),
            Self::Snp(_) => SnpMachine::takes(instruction),
        }
    }

    /// Tells whether instructions of the CPU are borrowed.
    pub(crate) fn borrows(&self) -> bool {
        matches!(self, Self::Snp(_))
    }

    /// Tells whether vCPUs are to be seen where a startup IPI sends them.
    pub(crate) fn starts(&self) -> bool {
        matches!(self, Self::Snp(_))
    }

    /// Returns where in its segment a vCPU goes on that is where a startup IPI has sent it.
    pub(crate) fn entry(&self, vcpu: usize) -> Option<u16> {
        match self {
            Self::Tdx(_) => None,
            Self::Snp(guest) => guest.entry(vcpu),
        }
    }

    /// Tells whether the VMM may ever want to know what the guest reads.
    pub(crate) fn watches(&self) -> bool {
        match self {
            Self::Tdx(td) => td.watches(),
            Self::Snp(_) => false,
        }
    }

    /// Lets the VMM see that a vCPU has loaded `len` bytes from a virtual address.
    pub(crate) fn loaded(&self, vcpu: &dyn Vcpu, address: u64, len: u64) {
        match self {
            Self::Tdx(td) => td.loaded(vcpu, address, len),
            Self::Snp(_) => {}
        }
    }

    /// Sees the answer of the CPU to a `CPUID`. Returns whether it is to be executed once more.
    pub(crate) fn after_cpuid(&self, regs: &mut Registers) -> bool {
        match self {
            Self::Tdx(_) => false,
            Self::Snp(guest) => guest.after_cpuid(regs),
        }
    }

    /// Executes an instruction of a vCPU that is not in real mode.
    pub(crate) fn execute(
        &self,
        instruction: Instruction,
        vcpu: &dyn Vcpu,
        regs: &mut Registers,
    ) -> Outcome {
        match (self, instruction) {
            (Self::Tdx(_), Instruction::Cpuid) if cpuid::execute(regs) => {
                Outcome::Done(Effect::Resume)
            }
            (Self::Tdx(td), Instruction::Tdcall) if vcpu.is_kernel() => {
                td.poll(vcpu.memory());
                Outcome::Done(td.tdcall(vcpu.number(), regs, vcpu.memory()))
            }
            (Self::Tdx(_), _) => Outcome::Native,
            (Self::Snp(guest), _) => guest.execute(instruction, vcpu, regs),
        }
    }

    /// Lets the VMM do what is due: it works while the guest runs.
    pub(crate) fn poll(&self, memory: &dyn GuestMemory) {
        match self {
            Self::Tdx(td) => td.poll(memory),
            Self::Snp(_) => {}
        }
    }

    /// Returns how long nothing will be due, `most` at most.
    pub(crate) fn idle(&self, most: Duration) -> Duration {
        match self {
            Self::Tdx(td) => td.idle(most),
            Self::Snp(_) => most,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{
        registers::Reg,
        vcpu::FakeVcpu, //
    };

    /// Makes a machine of a platform.
    fn machine(platform: &str) -> Machine {
        let config = Config::parse([format!("platform={platform}").as_str()]).unwrap();
        Machine::new(&config, 1).unwrap()
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
            assert_eq!(machine(platform).entry(0), None);
            // Nothing was asked of the CPU.
            assert!(!machine(platform).after_cpuid(&mut regs));
        }
    }

    /// Does a call to the VMM about the page at 0x1000. Returns its status.
    fn vmcall(machine: &Machine, vcpu: &FakeVcpu, leaf: u64) -> u64 {
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
        let (machine, vcpu) = (Machine::new(&config, 1).unwrap(), FakeVcpu::new(0x4000));
        assert!(machine.watches());
        assert_eq!(vmcall(&machine, &vcpu, 0x10001), 0);
        vcpu.memory().write(0x1000, &[1]).unwrap();
        assert_eq!(vmcall(&machine, &vcpu, 0x10002), 0);

        // Of another page, of one that is not there, of another field; then by its virtual address.
        let status = || vcpu.memory.bytes(0x1008, 8);
        let before = status();
        for (address, len) in [(0x2008, 8), (8, 8), (0x1000, 8)] {
            machine.loaded(&vcpu, address, len);
            assert_eq!(status(), before);
        }
        machine.loaded(&vcpu, (1 << 63) | 0x1008, 8);
        assert!(before != [0xff; 8] && status() == [0xff; 8]);
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
}
