// SPDX-License-Identifier: GPL-2.0

//! The registers that decide the mode of a vCPU.

/// A control register, an MSR or a segment register. The latter is written by its selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SystemReg {
    Cr0,
    Cr3,
    Cr4,
    Efer,
    Cs,
    Ss,
    Ds,
    Es,
    Fs,
    Gs,
}

impl SystemReg {
    /// Every register with its name in QEMU.
    pub(crate) const ALL: [(Self, &'static str); 10] = [
        (Self::Cr0, "cr0"),
        (Self::Cr3, "cr3"),
        (Self::Cr4, "cr4"),
        (Self::Efer, "efer"),
        (Self::Cs, "cs"),
        (Self::Ss, "ss"),
        (Self::Ds, "ds"),
        (Self::Es, "es"),
        (Self::Fs, "fs"),
        (Self::Gs, "gs"),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_each_at_its_number() {
        for (number, (register, _)) in SystemReg::ALL.into_iter().enumerate() {
            assert_eq!(register as usize, number);
        }
    }
}
