// SPDX-License-Identifier: GPL-2.0

//! The state that each vCPU of a TD starts in: 32-bit code, with segments of 4 GiB.
//!
//! ABI, "Initial State of TD vCPUs".
//!
//! QEMU starts a vCPU in real mode. A plugin loads a segment register as the CPU does, from the table of descriptors, which
//! begins at 0 after a reset. So the descriptors are there until the vCPUs have them. Selectors are those of the
//! descriptors, where they are 0 in a TD. `R8`, too, would have the address of the hand-off blocks: a plugin can't
//! write it in 32-bit mode.

use crate::machine::{
    gpa,
    memory::{
        GuestMemory,
        NoMemory, //
    },
    registers::{
        Reg,
        Registers, //
    },
    system::SystemReg,
    vcpu::Vcpu, //
};

/// Where all vCPUs start.
const RESET_VECTOR: u64 = 0xffff_fff0;

/// Protected mode, and errors of the FPU as exceptions.
const CR0: u64 = 0x21;

/// Machine checks.
const CR4: u64 = 0x40;

/// SYSCALL, long mode once there is paging, no-execute.
const EFER: u64 = 0x901;

/// The selectors of code and data: the second and the third place in the table.
const CODE: u64 = 8;
const DATA: u64 = 16;

/// Descriptors of code and data with base 0 and a limit of 4 GiB, in use, of 32 bits and privilege level 0.
const DESCRIPTORS: [u64; 2] = [0x00cf_9b00_0000_ffff, 0x00cf_9300_0000_ffff];

/// The table of descriptors, in the guest's memory until it is removed.
pub(super) struct Descriptors {
    /// What was there.
    before: [u8; 16],
}

impl Descriptors {
    /// Writes the descriptors to memory.
    pub(super) fn put(memory: &dyn GuestMemory) -> Result<Self, NoMemory> {
        let mut before = [0; 16];

        memory.read(CODE, &mut before)?;
        for (place, descriptor) in [CODE, DATA].into_iter().zip(DESCRIPTORS) {
            memory.write(place, &descriptor.to_le_bytes())?;
        }
        Ok(Self { before })
    }

    /// Restores the memory.
    pub(super) fn remove(self, memory: &dyn GuestMemory) -> Result<(), NoMemory> {
        memory.write(CODE, &self.before)
    }
}

/// Puts a vCPU into this state, while the descriptors are in memory. `hand_off` is the address of the hand-off blocks, which the
/// VMM passes to each vCPU. Returns where it starts.
pub(super) fn start(vcpu: &dyn Vcpu, regs: &mut Registers, hand_off: u64) -> u64 {
    vcpu.set_system(SystemReg::Cr0, CR0);
    vcpu.set_system(SystemReg::Cr4, CR4);
    vcpu.set_system(SystemReg::Efer, EFER);
    vcpu.set_system(SystemReg::Cs, CODE);
    for data in [
        SystemReg::Ss,
        SystemReg::Ds,
        SystemReg::Es,
        SystemReg::Fs,
        SystemReg::Gs,
    ] {
        vcpu.set_system(data, DATA);
    }
    // The version of the CPU, as after any reset.
    let version = regs[Reg::Rdx];

    *regs = Registers::default();
    regs[Reg::Rdx] = version;
    regs[Reg::Rbx] = gpa::WIDTH.into();
    regs[Reg::Rcx] = hand_off;
    // CAST: There are few vCPUs.
    regs[Reg::Rsi] = vcpu.number() as u64;
    RESET_VECTOR
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::vcpu::FakeVcpu;

    #[test]
    fn is_that_of_a_td() {
        let vcpu = FakeVcpu {
            number: 3,
            ..FakeVcpu::new(0)
        };
        let mut regs = Registers::default();
        regs[Reg::Rdx] = 0x663;
        regs[Reg::Rdi] = 1;
        assert_eq!(start(&vcpu, &mut regs, 0x80_9000), 0xffff_fff0);
        let mut expected = Registers::default();
        expected[Reg::Rbx] = 53;
        expected[Reg::Rcx] = 0x80_9000;
        expected[Reg::Rdx] = 0x663;
        expected[Reg::Rsi] = 3;
        assert_eq!(regs, expected);
        let system = [0x21, 0, 0x40, 0x901, 8, 16, 16, 16, 16, 16];
        assert_eq!(*vcpu.system.borrow(), system);
    }

    #[test]
    fn has_descriptors_of_flat_segments_while_vcpus_start() {
        let vcpu = FakeVcpu::new(32);
        let memory = vcpu.memory();
        memory.write(0, &[7; 32]).unwrap();
        let descriptors = Descriptors::put(memory).unwrap();
        let bytes = vcpu.memory.bytes(0, 32);
        assert_eq!(bytes[..8], [7; 8]);
        // Limit, base, type and attributes: 0xc09b and 0xc093 with the upper part of the limit between.
        assert_eq!(bytes[8..16], [0xff, 0xff, 0, 0, 0, 0x9b, 0xcf, 0]);
        assert_eq!(bytes[16..24], [0xff, 0xff, 0, 0, 0, 0x93, 0xcf, 0]);
        assert_eq!(bytes[24..], [7; 8]);
        descriptors.remove(memory).unwrap();
        assert_eq!(vcpu.memory.bytes(0, 32), [7; 32]);
    }

    #[test]
    fn needs_memory_for_the_descriptors() {
        let no = Descriptors::put(FakeVcpu::new(16).memory()).map(drop);
        assert_eq!(no, Err(NoMemory));
    }
}
