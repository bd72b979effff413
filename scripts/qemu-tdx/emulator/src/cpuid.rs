// SPDX-License-Identifier: GPL-2.0

//! `CPUID` of a TD.
//!
//! Only the leaf that says "this is a TD" is answered here; QEMU knows the others.

use crate::registers::{
    Reg,
    Registers, //
};

/// The leaf that identifies a TD. ABI, section "CPUID Virtualization".
const TDX: u32 = 0x21;

/// Answers a leaf. Returns whether this was done; otherwise the CPU has to.
pub(crate) fn execute(regs: &mut Registers) -> bool {
    // CAST: CPUID looks at the low half.
    if regs[Reg::Rax] as u32 != TDX {
        return false;
    }
    // CAST: Sub-leaf 0 identifies, the others are empty.
    let (ebx, edx, ecx) = match regs[Reg::Rcx] as u32 {
        0 => (*b"Inte", *b"lTDX", *b"    "),
        _ => ([0; 4], [0; 4], [0; 4]),
    };
    regs[Reg::Rax] = 0;
    regs[Reg::Rbx] = u32::from_le_bytes(ebx).into();
    regs[Reg::Rdx] = u32::from_le_bytes(edx).into();
    regs[Reg::Rcx] = u32::from_le_bytes(ecx).into();
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

    #[test]
    fn identifies_a_td() {
        let (answered, regs) = leaf(0xffff_ffff_0000_0021, 0);
        assert!(answered);
        let text = [Reg::Rbx, Reg::Rdx, Reg::Rcx]
            .map(|reg| (regs[reg] as u32).to_le_bytes())
            .concat();
        assert_eq!(text, b"IntelTDX    ");
        assert_eq!(regs[Reg::Rax], 0);
    }

    #[test]
    fn has_nothing_in_other_subleaves() {
        let (answered, regs) = leaf(0x21, 1);
        assert!(answered);
        assert_eq!(regs, Registers::default());
    }

    #[test]
    fn leaves_other_leaves_to_the_cpu() {
        for other in [0, 1, 0x20, 0x4000_0000, 0x8000_001f] {
            let (answered, regs) = leaf(other, 7);
            assert!(!answered);
            assert_eq!(regs[Reg::Rcx], 7);
        }
    }
}
