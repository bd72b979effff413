// SPDX-License-Identifier: GPL-2.0

//! `CPUID` of a TD.
//!
//! QEMU's `max` CPU is one of AMD with fewer leaves than a TD needs. A TD runs on CPUs of Intel
//! only, and Linux relies on that: it gives up its TDX support when it finds the vendor of the CPU
//! to be AMD. The leaves here make up for the difference; QEMU knows the others.
//!
//! | leaf | answer |
//! |---|---|
//! | 0 | leaves up to 0x21, "GenuineIntel" |
//! | 0xe to 0x20 | empty: features that TCG does not have |
//! | 0x21 | "IntelTDX    " |

use crate::machine::registers::{
    Reg,
    Registers, //
};

/// The leaf that identifies a TD, the last one.
const TDX: u32 = 0x21;

/// Answers a leaf. Returns whether this was done; otherwise the CPU has to.
pub(crate) fn execute(regs: &mut Registers) -> bool {
    // CAST: CPUID looks at the low halves.
    let (eax, text) = match (regs[Reg::Rax] as u32, regs[Reg::Rcx] as u32) {
        (0, _) => (TDX, *b"GenuineIntel"),
        (0xe..=0x20, _) => (0, [0; 12]),
        (TDX, 0) => (0, *b"IntelTDX    "),
        (TDX, _) => (0, [0; 12]),
        _ => return false,
    };

    regs[Reg::Rax] = eax.into();
    for (reg, bytes) in [Reg::Rbx, Reg::Rdx, Reg::Rcx]
        .into_iter()
        .zip(text.chunks_exact(4))
    {
        let value = bytes
            .iter()
            .rev()
            .fold(0, |value, byte| (value << 8) | u64::from(*byte));
        regs[reg] = value;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Executes one leaf.
    fn leaf(leaf: u64, subleaf: u64) -> (bool, Registers) {
        let mut regs = Registers::default();
        regs[Reg::Rax] = leaf;
        regs[Reg::Rcx] = subleaf;
        (execute(&mut regs), regs)
    }

    /// Returns the text in a leaf.
    fn text(regs: &Registers) -> Vec<u8> {
        [Reg::Rbx, Reg::Rdx, Reg::Rcx]
            .map(|reg| u32::try_from(regs[reg]).unwrap().to_le_bytes())
            .concat()
    }

    #[test]
    fn identifies_a_td() {
        let (answered, regs) = leaf(0xffff_ffff_0000_0021, 0);
        assert!(answered);
        assert_eq!(text(&regs), b"IntelTDX    ");
        assert_eq!(regs[Reg::Rax], 0);
    }

    #[test]
    fn is_of_intel_and_has_the_leaf_of_a_td() {
        let (answered, regs) = leaf(0, 0);
        assert!(answered);
        assert_eq!(text(&regs), b"GenuineIntel");
        assert_eq!(regs[Reg::Rax], 0x21);
    }

    #[test]
    fn has_nothing_in_leaves_that_tcg_does_not_have() {
        for empty in [0xe, 0x14, 0x15, 0x1f, 0x20] {
            let (answered, regs) = leaf(empty, 0);
            assert!(answered);
            assert_eq!(regs, Registers::default());
        }
    }

    #[test]
    fn has_nothing_in_other_subleaves() {
        let (answered, regs) = leaf(0x21, 1);
        assert!(answered);
        assert_eq!(regs, Registers::default());
    }

    #[test]
    fn leaves_other_leaves_to_the_cpu() {
        for other in [1, 0xd, 0x22, 0x4000_0000, 0x8000_001f] {
            let (answered, regs) = leaf(other, 7);
            assert!(!answered);
            assert_eq!(regs[Reg::Rcx], 7);
        }
    }
}
