// SPDX-License-Identifier: GPL-2.0

//! Which instructions are taken over, and where they are when they run.

use crate::gpa::PAGE_SIZE;

/// An instruction that is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// `TDCALL`, which TCG does not know.
    Tdcall,
    /// `CPUID`, for the leaves that TCG does not know.
    Cpuid,
    /// `IRETQ` and `PAUSE`, which any CPU comes to that is busy: every interrupt ends with one, and
    /// loops that wait have the other. TCG executes them; the VMM takes its turn before.
    Visit,
    /// `NOPL 0x216d7374(%RAX)`, which does nothing anywhere else, and which no compiler emits: asks
    /// how many instructions the vCPU has executed. The number goes to `RAX`.
    Count,
}

impl Instruction {
    /// Recognises an instruction by its bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        // TCG does not know TDCALL, so what it takes for one instruction may be shorter or longer.
        match bytes {
            [0x66, 0x0f, 0x01, 0xcc, ..] => Some(Self::Tdcall),
            [0x0f, 0xa2] => Some(Self::Cpuid),
            [0x48, 0xcf] | [0xf3, 0x90] => Some(Self::Visit),
            [0x0f, 0x1f, 0x80, b't', b's', b'm', b'!'] => Some(Self::Count),
            _ => None,
        }
    }

    /// Returns the length in bytes.
    fn len(self) -> u64 {
        match self {
            Self::Tdcall => 4,
            Self::Cpuid | Self::Visit => 2,
            Self::Count => 7,
        }
    }

    /// Returns the address of the next instruction.
    ///
    /// Translated code is shared by all virtual addresses that it is mapped at, so the address at
    /// translation is good for the `offset` in the page only. `rip` has the right page, but lags:
    /// it may still be at an earlier instruction of the block, even on the page before.
    pub(crate) fn next(self, rip: u64, offset: u64) -> u64 {
        let here = (rip & !(PAGE_SIZE - 1)) + offset;
        let here = match here < rip {
            true => here.wrapping_add(PAGE_SIZE),
            false => here,
        };
        here.wrapping_add(self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_instructions() {
        let tdcall = [0x66, 0x0f, 0x01, 0xcc];
        assert_eq!(Instruction::decode(&tdcall), Some(Instruction::Tdcall));
        assert_eq!(Instruction::decode(&[0x0f, 0xa2]), Some(Instruction::Cpuid));
        for busy in [[0x48, 0xcf], [0xf3, 0x90]] {
            assert_eq!(Instruction::decode(&busy), Some(Instruction::Visit));
        }
        let count = *b"\x0f\x1f\x80tsm!";
        assert_eq!(Instruction::decode(&count), Some(Instruction::Count));
        assert_eq!(Instruction::Count.next(0x1000, 0), 0x1007);
    }

    #[test]
    fn leaves_other_instructions_alone() {
        // SEAMCALL, a part of TDCALL, RDTSC, the NOP that compilers fill up with, nothing.
        for bytes in [
            [0x66, 0x0f, 0x01, 0xcf].as_slice(),
            &[0x66, 0x0f, 0x01],
            &[0x0f, 0x31],
            &[0x0f, 0x1f, 0x80, 0, 0, 0, 0],
            &[],
        ] {
            assert_eq!(Instruction::decode(bytes), None);
        }
    }

    #[test]
    fn finds_the_next_instruction_on_the_page_of_rip() {
        assert_eq!(
            Instruction::Tdcall.next(0xffff_8000_1230, 0x240),
            0xffff_8000_1244
        );
        assert_eq!(Instruction::Cpuid.next(0x1000, 0x000), 0x1002);
    }

    #[test]
    fn finds_the_next_instruction_when_the_block_crosses_a_page() {
        assert_eq!(Instruction::Tdcall.next(0x1ff8, 0x004), 0x2008);
    }
}
