// SPDX-License-Identifier: GPL-2.0

//! The general purpose registers of a vCPU.

use std::ops::{
    Index,
    IndexMut, //
};

/// A register, numbered as the architecture does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reg {
    Rax,
    Rcx,
    Rdx,
    Rbx,
    Rsp,
    Rbp,
    Rsi,
    Rdi,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
}

impl Reg {
    /// Every register with its name in QEMU.
    pub(crate) const ALL: [(Self, &'static str); 16] = [
        (Self::Rax, "rax"),
        (Self::Rcx, "rcx"),
        (Self::Rdx, "rdx"),
        (Self::Rbx, "rbx"),
        (Self::Rsp, "rsp"),
        (Self::Rbp, "rbp"),
        (Self::Rsi, "rsi"),
        (Self::Rdi, "rdi"),
        (Self::R8, "r8"),
        (Self::R9, "r9"),
        (Self::R10, "r10"),
        (Self::R11, "r11"),
        (Self::R12, "r12"),
        (Self::R13, "r13"),
        (Self::R14, "r14"),
        (Self::R15, "r15"),
    ];
}

/// The values of all registers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Registers([u64; 16]);

impl Registers {
    /// Returns the registers that `mask` selects, a bit for each, and zeros for the others.
    pub(crate) fn select(&self, mask: u64) -> Self {
        let mut view = Self::default();
        view.replace(mask, self);
        view
    }

    /// Takes the registers that `mask` selects from `other`.
    pub(crate) fn replace(&mut self, mask: u64, other: &Self) {
        for (reg, _) in Reg::ALL {
            if (mask >> reg as u32) & 1 != 0 {
                self[reg] = other[reg];
            }
        }
    }
}

impl Index<Reg> for Registers {
    type Output = u64;

    fn index(&self, reg: Reg) -> &u64 {
        &self.0[reg as usize]
    }
}

impl IndexMut<Reg> for Registers {
    fn index_mut(&mut self, reg: Reg) -> &mut u64 {
        &mut self.0[reg as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selects_by_the_bit_of_the_register() {
        let mut regs = Registers::default();
        regs[Reg::R10] = 10;
        regs[Reg::R11] = 11;

        let view = regs.select(1 << 11);
        assert_eq!(view[Reg::R10], 0);
        assert_eq!(view[Reg::R11], 11);
    }

    #[test]
    fn replaces_what_is_selected_and_nothing_else() {
        let mut regs = Registers::default();
        let mut other = Registers::default();
        other[Reg::Rdx] = 2;
        other[Reg::Rbx] = 3;

        regs.replace(1 << 2, &other);
        assert_eq!(regs[Reg::Rdx], 2);
        assert_eq!(regs[Reg::Rbx], 0);
    }
}
