// SPDX-License-Identifier: GPL-2.0

//! Which instructions are taken over, and where they are when they run.

use crate::machine::{
    breakpoint,
    gpa::PAGE_SIZE,
    registers::Reg, //
};

/// An instruction that is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// `TDCALL`, which TCG does not implement.
    Tdcall,
    /// `CPUID`, for the leaves that TCG does not have.
    Cpuid,
    /// `INT3`, which may have stayed in translated code.
    Breakpoint,
    /// `IRETQ` and `PAUSE`, which each busy CPU executes: every interrupt ends with one, and loops that
    /// wait have the other. TCG executes them; before that, the VMM does pending work.
    Poll,
    /// `NOPL 0x216d7374(%RAX)`, which does nothing anywhere else, and which no compiler emits: asks
    /// how many instructions the vCPU has executed. The number goes to `RAX`.
    Count,
    /// `NOPL 0x406d7374(%RAX)`, likewise: asks for those instructions that are in the pages of the
    /// addresses from `RAX` up to `RDX`. Only pages of the kernel and its modules are counted.
    CountRange,
    /// `RDMSR`, for the registers of an SEV-SNP guest.
    Rdmsr,
    /// `WRMSR`.
    Wrmsr,
    /// `VMGEXIT`, which is `VMMCALL` with either of two prefixes.
    Vmgexit,
    /// `PVALIDATE`.
    Pvalidate,
    /// `RMPADJUST`.
    Rmpadjust,
    /// `MOV` to `CR3`, which may bring the C-bit.
    ToCr3 {
        /// Where the value is.
        from: Reg,
        /// Length of the instruction.
        len: u8,
    },
    /// `MOV` from `CR3`.
    FromCr3 {
        /// Where the value goes.
        to: Reg,
        /// Length of the instruction.
        len: u8,
    },
}

impl Instruction {
    /// Recognises an instruction by its bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        // TCG does not know TDCALL, so what it takes for one instruction may be shorter or longer.
        match bytes {
            [0x66, 0x0f, 0x01, 0xcc, ..] => Some(Self::Tdcall),
            [0x0f, 0xa2] => Some(Self::Cpuid),
            _ if breakpoint::is_breakpoint(bytes) => Some(Self::Breakpoint),
            [0x48, 0xcf] | [0xf3, 0x90] => Some(Self::Poll),
            [0x0f, 0x1f, 0x80, b't', b's', b'm', b'!'] => Some(Self::Count),
            [0x0f, 0x1f, 0x80, b't', b's', b'm', b'@'] => Some(Self::CountRange),
            [0x0f, 0x32] => Some(Self::Rdmsr),
            [0x0f, 0x30] => Some(Self::Wrmsr),
            [0xf2 | 0xf3, 0x0f, 0x01, 0xd9] => Some(Self::Vmgexit),
            // TCG knows neither.
            [0xf2, 0x0f, 0x01, 0xff, ..] => Some(Self::Pvalidate),
            [0xf3, 0x0f, 0x01, 0xfe, ..] => Some(Self::Rmpadjust),
            [0x0f, opcode, modrm] => Self::cr3(0, *opcode, *modrm),
            [rex @ 0x40..=0x4f, 0x0f, opcode, modrm] => Self::cr3(*rex, *opcode, *modrm),
            _ => None,
        }
    }

    /// Recognises a `MOV` to or from `CR3`, with a REX prefix if that is not 0.
    fn cr3(rex: u8, opcode: u8, modrm: u8) -> Option<Self> {
        // REX.R would make it another register; bits 7:6 are ignored.
        if rex & 4 != 0 || modrm & 0x38 != 0x18 {
            return None;
        }
        let (reg, _) = *Reg::ALL.get(usize::from(((rex & 1) << 3) | (modrm & 7)))?;
        let len = if rex == 0 { 3 } else { 4 };

        match opcode {
            0x22 => Some(Self::ToCr3 { from: reg, len }),
            0x20 => Some(Self::FromCr3 { to: reg, len }),
            _ => None,
        }
    }

    /// Recognises the instruction whose successor is taken over too: `CPUID`, which the CPU is made to
    /// execute on the emulator's behalf.
    pub(crate) fn is_borrowed(bytes: &[u8]) -> bool {
        Self::decode(bytes) == Some(Self::Cpuid)
    }

    /// Returns the length in bytes.
    fn len(self) -> u64 {
        match self {
            Self::Tdcall | Self::Vmgexit | Self::Pvalidate | Self::Rmpadjust => 4,
            Self::Cpuid | Self::Poll | Self::Rdmsr | Self::Wrmsr => 2,
            Self::ToCr3 { len, .. } | Self::FromCr3 { len, .. } => len.into(),
            Self::Count | Self::CountRange => 7,
            Self::Breakpoint => 1,
        }
    }

    /// Returns the address of the next instruction.
    pub(crate) fn next(self, rip: u64, offset: u64) -> u64 {
        address(rip, offset).wrapping_add(self.len())
    }
}

/// An instruction, by its first bytes, and where it is in its page: in a word that QEMU can hand
/// through to a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Site(u64);

impl Site {
    /// Most bytes that are kept.
    const BYTES: usize = 6;

    /// Makes the word.
    pub(crate) fn new(offset: u64, bytes: &[u8]) -> Self {
        let len = bytes.len().min(Self::BYTES);
        let mut word = [0; 8];

        // CAST: Below 16 each.
        word[..2]
            .copy_from_slice(&((offset % PAGE_SIZE) as u16 | ((len as u16) << 12)).to_le_bytes());
        word[2..][..len].copy_from_slice(&bytes[..len]);
        Self(u64::from_le_bytes(word))
    }

    /// Takes a word back.
    pub(crate) fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// Returns the word.
    pub(crate) fn raw(self) -> u64 {
        self.0
    }

    /// Returns the offset in the page.
    pub(crate) fn offset(self) -> u64 {
        self.0 % PAGE_SIZE
    }

    /// Recognises the instruction.
    pub(crate) fn instruction(self) -> Option<Instruction> {
        let bytes = (self.0 >> 16).to_le_bytes();
        let len = (self.0 >> 12) & 0xf;

        // CAST: Below 16.
        bytes.get(..len as usize).and_then(Instruction::decode)
    }
}

/// Tells whether an address is one that a startup IPI sends a vCPU to, which is in real mode then:
/// the beginning of a page below 1 MiB.
pub(crate) fn is_entry(address: u64) -> bool {
    address < 1 << 20 && address % PAGE_SIZE == 0
}

/// Tells whether an address is the reset vector, at which vCPUs start.
pub(crate) fn is_reset_vector(address: u64) -> bool {
    address == 0xffff_fff0
}

/// `IRETQ`, by which a kernel goes back to where it was interrupted.
pub(crate) const IRETQ: [u8; 2] = [0x48, 0xcf];

/// Returns the address of an instruction in execution.
///
/// Translated code is shared by all virtual addresses that it is mapped at, so the address at
/// translation is good for the `offset` in the page only. `rip` has the right page, but lags: it
/// may still be at an earlier instruction of the block, even on the page before.
pub(crate) fn address(rip: u64, offset: u64) -> u64 {
    let here = (rip & !(PAGE_SIZE - 1)) + offset;

    match here < rip {
        true => here.wrapping_add(PAGE_SIZE),
        false => here,
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
        let breakpoint = Instruction::decode(&[0xcc]);
        assert_eq!(breakpoint, Some(Instruction::Breakpoint));
        for busy in [[0x48, 0xcf], [0xf3, 0x90]] {
            assert_eq!(Instruction::decode(&busy), Some(Instruction::Poll));
        }
        let count = *b"\x0f\x1f\x80tsm!";
        assert_eq!(Instruction::decode(&count), Some(Instruction::Count));
        let range = *b"\x0f\x1f\x80tsm@";
        assert_eq!(Instruction::decode(&range), Some(Instruction::CountRange));
        for instruction in [Instruction::Count, Instruction::CountRange] {
            assert_eq!(instruction.next(0x1000, 0), 0x1007);
        }
    }

    #[test]
    fn knows_the_instructions_of_an_snp_guest() {
        for (bytes, instruction) in [
            ([0x0f, 0x32].as_slice(), Instruction::Rdmsr),
            (&[0x0f, 0x30], Instruction::Wrmsr),
            (&[0xf3, 0x0f, 0x01, 0xd9], Instruction::Vmgexit),
            (&[0xf2, 0x0f, 0x01, 0xd9], Instruction::Vmgexit),
            (&[0xf2, 0x0f, 0x01, 0xff], Instruction::Pvalidate),
            (&[0xf3, 0x0f, 0x01, 0xfe], Instruction::Rmpadjust),
        ] {
            assert_eq!(Instruction::decode(bytes), Some(instruction));
        }
    }

    #[test]
    fn knows_mov_to_and_from_cr3_with_any_register() {
        for (bytes, instruction) in [
            (
                [0x0f, 0x22, 0xd8].as_slice(),
                Instruction::ToCr3 {
                    from: Reg::Rax,
                    len: 3,
                },
            ),
            (
                &[0x41, 0x0f, 0x22, 0xdc],
                Instruction::ToCr3 {
                    from: Reg::R12,
                    len: 4,
                },
            ),
            (
                &[0x48, 0x0f, 0x20, 0xdf],
                Instruction::FromCr3 {
                    to: Reg::Rdi,
                    len: 4,
                },
            ),
        ] {
            assert_eq!(Instruction::decode(bytes), Some(instruction));
            assert_eq!(instruction.next(0x1000, 0), 0x1000 + bytes.len() as u64);
        }
    }

    #[test]
    fn borrows_cpuid() {
        assert!(Instruction::is_borrowed(&[0x0f, 0xa2]));
        assert!(!Instruction::is_borrowed(&[0x0f, 0x32]));
    }

    #[test]
    fn keeps_an_instruction_and_its_place_in_a_word() {
        let bytes = [0xf3, 0x0f, 0x01, 0xfe, 0x90, 0x90, 0x90];
        let site = Site::from_raw(Site::new(0xffff_8000_1abc, &bytes).raw());
        assert_eq!(site.offset(), 0xabc);
        assert_eq!(site.instruction(), Some(Instruction::Rmpadjust));
        assert_eq!(Site::new(0, &[0x90]).instruction(), None);
    }

    #[test]
    fn knows_where_vcpus_start() {
        assert!(is_entry(0x9_9000));
        for other in [0x9_9001, 0x10_0000, 0xffff_8000_0000_0000] {
            assert!(!is_entry(other));
        }
    }

    #[test]
    fn knows_the_reset_vector() {
        assert!(is_reset_vector((1 << 32) - 16));
        for other in [0xf_fff0, 0xffff_ffff_ffff_fff0] {
            assert!(!is_reset_vector(other));
        }
    }

    #[test]
    fn leaves_other_instructions_alone() {
        // SEAMCALL, a part of TDCALL, RDTSC, the NOP that compilers fill up with, nothing.
        for bytes in [
            [0x66, 0x0f, 0x01, 0xcf].as_slice(),
            &[0x66, 0x0f, 0x01],
            &[0x0f, 0x31],
            &[0x0f, 0x1f, 0x80, 0, 0, 0, 0],
            // VMMCALL, MOV to and from CR0, CR4, and CR8, which REX.R makes of CR0.
            &[0x0f, 0x01, 0xd9],
            &[0x0f, 0x22, 0xc0],
            &[0x0f, 0x20, 0xe0],
            &[0x44, 0x0f, 0x22, 0xc0],
            &[0x44, 0x0f, 0x22, 0xd8],
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
