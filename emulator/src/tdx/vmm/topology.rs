// SPDX-License-Identifier: GPL-2.0

//! `Instruction.CPUID`: what the VMM says of the processors, each of which asks for its number.
//!
//! A kernel here asks the CPU itself. Firmware has no handler of `#VE` yet when it needs the number of a processor's APIC, so it
//! asks by a call. A processor that gets a wrong number is never woken. Of all other leaves the answer is zeros, as that of a
//! VMM to leaves that it does not know. Only the low halves of the operands count.

use crate::machine::registers::{
    Reg,
    Registers, //
};

/// Extended topology.
const TOPOLOGY: u32 = 0xb;

/// `EAX`, `EBX`, `ECX` and `EDX` of an answer.
const VALUES: [Reg; 4] = [Reg::R12, Reg::R13, Reg::R14, Reg::R15];

/// Levels of the topology, bits 15:8 of `ECX`.
const THREADS: u32 = 1;
const CORES: u32 = 2;

/// Answers a leaf, `R12`, and subleaf, `R13`, to a vCPU of a machine that has one package of cores with one thread each.
pub(super) fn answer(vcpus: usize, vcpu: usize, regs: &mut Registers) {
    // CAST: CPUID looks at the low halves.
    let (leaf, subleaf) = (regs[Reg::R12] as u32, regs[Reg::R13] as u32);
    // CAST: There are few vCPUs.
    let (vcpus, vcpu) = (vcpus as u32, vcpu as u32);

    let values = match (leaf, subleaf) {
        // How many bits of the number are below this level, how many processors the level has, the level, the number.
        (TOPOLOGY, 0) => [0, 1, THREADS << 8, vcpu],
        (TOPOLOGY, 1) => {
            let bits = vcpus.next_power_of_two().ilog2();
            [bits, vcpus, (CORES << 8) | 1, vcpu]
        }
        (TOPOLOGY, _) => [0, 0, subleaf & 0xff, vcpu],
        _ => [0; 4],
    };

    for (reg, value) in VALUES.into_iter().zip(values) {
        regs[reg] = value.into();
    }
}

/// Answers any leaf with zeros.
pub(super) fn none(regs: &mut Registers) {
    for reg in VALUES {
        regs[reg] = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks for a leaf and subleaf.
    fn ask(vcpus: usize, vcpu: usize, leaf: u64, subleaf: u64) -> [u64; 4] {
        let mut regs = Registers::default();
        regs[Reg::R12] = leaf;
        regs[Reg::R13] = subleaf;
        regs[Reg::R14] = 7;
        regs[Reg::R15] = 7;
        answer(vcpus, vcpu, &mut regs);
        VALUES.map(|reg| regs[reg])
    }

    #[test]
    fn has_the_number_of_each_vcpu_in_all_levels() {
        for vcpu in 0..8 {
            for subleaf in [0, 1, 2, 0x300] {
                let number = ask(8, vcpu, 0xb, subleaf)[3];
                assert_eq!(number, vcpu as u64);
            }
        }
    }

    #[test]
    fn has_cores_with_one_thread_each() {
        assert_eq!(ask(8, 0, 0xb, 0), [0, 1, 0x100, 0]);
        for (vcpus, bits) in [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (8, 3)] {
            let cores = vcpus as u64;
            assert_eq!(ask(vcpus, 0, 0xb, 1), [bits, cores, 0x201, 0]);
        }
        assert_eq!(ask(8, 1, 0xb, 2), [0, 0, 2, 1]);
        assert_eq!(ask(8, 1, 0xb, 0x1ff), [0, 0, 0xff, 1]);
    }

    #[test]
    fn looks_at_the_low_halves() {
        let high = 1 << 32;
        assert_eq!(ask(2, 1, high | 0xb, high), [0, 1, 0x100, 1]);
    }

    #[test]
    fn has_zeros_in_no_answer() {
        let mut regs = Registers::default();
        regs[Reg::R12] = 0xb;
        regs[Reg::R15] = 7;
        none(&mut regs);
        assert_eq!(regs, Registers::default());
    }

    #[test]
    fn has_no_other_leaves() {
        for leaf in [0, 1, 4, 0x1f, 0x21, 0x4000_0000, 0x8000_0008] {
            assert_eq!(ask(8, 3, leaf, 0), [0; 4]);
        }
    }
}
