// SPDX-License-Identifier: GPL-2.0

//! `CPUID` of an SEV-SNP guest, and the CPUID page, which has what the CPU answered at launch.
//!
//! QEMU's CPU knows nothing of SEV. The leaves that it lacks are answered here; for the page the
//! vCPU is made to execute its first `CPUID` once for every leaf.

use crate::machine::{
    gpa::WIDTH,
    outcome::{
        Effect,
        Outcome, //
    },
    registers::{
        Reg,
        Registers, //
    }, //
};

/// Largest extended function.
const EXTENDED: u32 = 0x8000_0000;

/// First function of a hypervisor.
const HYPERVISOR: u32 = 0x4000_0000;

/// The leaf that says what a guest needs to know of SEV.
pub(super) const SEV: u32 = 0x8000_001f;

/// The leaf about state that there is if `XCR0` has a bit for it.
pub(super) const XSAVE: u64 = 0xd;

/// The bit of its `EAX` that says that there is an SVSM.
const SVSM: u32 = 1 << 28;

/// The C-bit: lowest that the MMU ignores in a page-table entry.
pub(super) const C_BIT: u32 = WIDTH - 1;

/// The C-bit of a guest that starts with a firmware for SEV-SNP: that of real processors. To EDK2 it is a bit of an address,
/// 51 at most; with a higher one EDK2 acts as if there were none, and shares no page. The MMU of QEMU does not ignore bit 51,
/// so all memory is mapped a second time where it is set.
pub(super) const FIRMWARE_C_BIT: u32 = 51;

/// Most entries of the page.
const ENTRIES: usize = 64;

/// Size of an entry, and of what is before the first.
const ENTRY: usize = 48;
const HEADER: usize = 16;

/// A leaf and the answer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaf {
    function: u32,
    index: u32,
    answer: [u32; 4],
}

impl Leaf {
    /// Returns the answer that a vCPU gets. That of the first one was asked at launch; the others have
    /// another APIC ID, which is the number, and each is a core.
    fn of(&self, vcpu: usize) -> [u32; 4] {
        let [eax, ebx, ecx, edx] = self.answer;
        // CAST: Below 256.
        let id = vcpu as u32;

        match self.function {
            1 => [eax, ebx & 0xff_ffff | (id << 24), ecx, edx],
            0xb => [eax, ebx, ecx, id],
            0x8000_001e => [id, ebx & !0xff | id, ecx, edx],
            _ => self.answer,
        }
    }
}

/// Answers a leaf. Returns whether this was done; otherwise the CPU has to. Whether there is an SVSM
/// the CPU does not know: the guest's handler of `#VC` adds it to the answer.
pub(super) fn execute(regs: &mut Registers, c_bit: u32, has_svsm: bool) -> bool {
    // CAST: CPUID looks at the low half.
    let function = regs[Reg::Rax] as u32;
    let Some(mut answer) = answer(function, c_bit) else {
        return false;
    };
    if function == SEV && has_svsm {
        answer[0] |= SVSM;
    }

    for (reg, value) in [Reg::Rax, Reg::Rbx, Reg::Rcx, Reg::Rdx]
        .into_iter()
        .zip(answer)
    {
        regs[reg] = value.into();
    }
    true
}

/// Returns the answer to a leaf that is not the CPU's.
fn answer(function: u32, c_bit: u32) -> Option<[u32; 4]> {
    /// SEV, SEV-ES, SEV-SNP, VMPLs.
    const FEATURES: u32 = (1 << 1) | (1 << 3) | (1 << 4) | (1 << 5);
    /// VMPLs that there are, in bits 15:12.
    const VMPLS: u32 = 4 << 12;

    match function {
        EXTENDED => Some([0x8000_0021, 0x6874_7541, 0x444d_4163, 0x6974_6e65]),
        SEV => Some([FEATURES, VMPLS | c_bit, 0, 0]),
        _ => None,
    }
}

/// Reads the leaves of the CPU, one after another.
///
/// Registers that a plugin writes reach the CPU when it goes on elsewhere, not when it executes the
/// instruction at hand. So each leaf takes two steps.
#[derive(Debug, Clone)]
pub(super) struct CpuidReader {
    /// The registers before.
    before: Registers,
    c_bit: u32,
    /// What is to be asked, the next one last.
    todo: Vec<(u32, u32)>,
    step: Step,
    leaves: Vec<Leaf>,
}

/// The next step of reading a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The CPU needs the registers for it.
    Registers,
    /// It has them, and executes the instruction then.
    Native,
    /// The answer is to be taken.
    Answer,
}

impl CpuidReader {
    /// Begins, in place of a `CPUID` with these registers.
    pub(super) fn new(before: Registers, c_bit: u32) -> Self {
        Self {
            before,
            c_bit,
            todo: vec![(EXTENDED, 0), (HYPERVISOR, 0), (0, 0)],
            step: Step::Registers,
            leaves: Vec::new(),
        }
    }

    /// Asks for the next leaf, if there is one. Returns what is to become of the `CPUID`.
    pub(super) fn ask(&mut self, regs: &mut Registers) -> Option<Outcome> {
        match self.step {
            Step::Registers => {}
            Step::Native => {
                self.step = Step::Answer;
                return Some(Outcome::Native);
            }
            // The instruction behind the other one is not in its block, and was not seen. The guest went on
            // with the answer to another leaf.
            Step::Answer => {
                let why =
                    "the guest's first CPUID for SEV ends a block of QEMU's: its answers are lost";
                return Some(Outcome::Done(Effect::Stop(why.into())));
            }
        }
        let &(function, index) = self.todo.last()?;
        regs[Reg::Rax] = function.into();
        regs[Reg::Rcx] = index.into();
        self.step = Step::Native;
        Some(Outcome::Again)
    }

    /// Takes the answer, and puts the registers back. Returns whether it was one.
    pub(super) fn take(&mut self, regs: &mut Registers) -> bool {
        if self.step != Step::Answer {
            return false;
        }
        let Some((function, index)) = self.todo.pop() else {
            return false;
        };
        // CAST: The halves that CPUID writes.
        let native = [Reg::Rax, Reg::Rbx, Reg::Rcx, Reg::Rdx].map(|reg| regs[reg] as u32);
        let answer = answer(function, self.c_bit).unwrap_or(native);
        let all = |indices: std::ops::RangeInclusive<u32>| indices.rev();

        match (function, index) {
            // The first of a range has the last.
            (0 | HYPERVISOR | EXTENDED, _) => {
                let last = answer[0].clamp(function, function + 0x40);
                let next = all(function + 1..=last).map(|next| (next, 0));
                self.todo.extend(next);
            }
            (7, 0) => {
                let next = all(1..=answer[0].min(2)).map(|next| (function, next));
                self.todo.extend(next);
            }
            (0xb, 0) => self.todo.push((function, 1)),
            (0xd, 0) => {
                // Leaf 1 is about instructions, the others are there if their component is.
                let mask = u64::from(answer[0]) | (u64::from(answer[3]) << 32);
                let next = all(1..=63).filter(|n| *n == 1 || (mask >> n) & 1 != 0);
                self.todo.extend(next.map(|next| (function, next)));
            }
            (0x8000_001d, 0..=7) if answer[0] & 0x1f != 0 => self.todo.push((function, index + 1)),
            _ => {}
        }
        self.leaves.push(Leaf {
            function,
            index,
            answer,
        });
        self.step = Step::Registers;
        *regs = self.before;
        true
    }

    /// Returns what was found out.
    pub(super) fn finish(self) -> Vec<Leaf> {
        self.leaves
            .into_iter()
            .filter(|leaf| leaf.answer != [0; 4])
            .take(ENTRIES)
            .collect()
    }
}

/// Makes the page. SEV-SNP Firmware ABI (56860), section "CPUID_FUNCTION Structure".
pub(super) fn page(leaves: &[Leaf]) -> [u8; 4096] {
    let mut page = [0; 4096];

    // CAST: At most 64.
    page[..4].copy_from_slice(&(leaves.len() as u32).to_le_bytes());
    for (leaf, entry) in leaves.iter().zip(page[HEADER..].chunks_exact_mut(ENTRY)) {
        let xcr0 = u32::from(leaf.function == 0xd && leaf.index < 2);
        let words = [leaf.function, leaf.index, xcr0, 0, 0, 0];
        for (word, to) in words
            .iter()
            .chain(&leaf.answer)
            .zip(entry.chunks_exact_mut(4))
        {
            to.copy_from_slice(&word.to_le_bytes());
        }
    }
    page
}

/// Returns the answer to a leaf that was asked at launch, zeros if there was none, as a vCPU gets it.
pub(super) fn lookup(leaves: &[Leaf], vcpu: usize, function: u32, index: u32) -> [u32; 4] {
    let indexed = matches!(function, 7 | 0xb | 0xd | 0x8000_001d);

    leaves
        .iter()
        .find(|leaf| leaf.function == function && (!indexed || leaf.index == index))
        .map_or([0; 4], |leaf| leaf.of(vcpu))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads all leaves of a CPU that answers with `answer`.
    fn read_all(answer: impl Fn(u32, u32) -> [u32; 4]) -> Vec<Leaf> {
        let mut before = Registers::default();
        before[Reg::Rsi] = 0x1234;
        let mut reader = CpuidReader::new(before, C_BIT);
        let mut regs = before;
        assert!(!reader.take(&mut regs));
        while let Some(outcome) = reader.ask(&mut regs) {
            if outcome == Outcome::Again {
                continue;
            }
            let answer = answer(regs[Reg::Rax] as u32, regs[Reg::Rcx] as u32);
            for (reg, value) in [Reg::Rax, Reg::Rbx, Reg::Rcx, Reg::Rdx]
                .into_iter()
                .zip(answer)
            {
                regs[reg] = value.into();
            }
            assert!(reader.take(&mut regs));
            assert_eq!(regs, before);
        }
        reader.finish()
    }

    #[test]
    fn says_that_it_is_an_snp_guest() {
        let mut regs = Registers::default();
        regs[Reg::Rax] = SEV.into();
        assert!(execute(&mut regs, C_BIT, false));
        assert_eq!((regs[Reg::Rax], regs[Reg::Rbx]), (0x3a, 0x4034));
        regs[Reg::Rax] = SEV.into();
        assert!(execute(&mut regs, C_BIT, true));
        assert_eq!(regs[Reg::Rax], 0x1000_003a);
        regs[Reg::Rax] = SEV.into();
        assert!(execute(&mut regs, FIRMWARE_C_BIT, false));
        assert_eq!(regs[Reg::Rbx], 0x4033);
        regs[Reg::Rax] = 1;
        assert!(!execute(&mut regs, C_BIT, true));
    }

    #[test]
    fn reads_what_the_cpu_answers() {
        let leaves = read_all(|function, index| match (function, index) {
            (0, _) => [0xd, 1, 2, 3],
            (0xd, 0) => [7, 0x340, 0x340, 0],
            (0xd, 2) => [0x100, 0x240, 0, 0],
            (1, _) => [0xa00f11, 0, 5, 6],
            _ => [0; 4],
        });
        assert_eq!(lookup(&leaves, 0, 1, 9), [0xa00f11, 0, 5, 6]);
        assert_eq!(lookup(&leaves, 0, 0xd, 2), [0x100, 0x240, 0, 0]);
        assert_eq!(lookup(&leaves, 0, 0xd, 1), [0; 4]);
        assert_eq!(lookup(&leaves, 0, SEV, 0)[0], 0x3a);
        assert_eq!(leaves.len(), 6);
    }

    #[test]
    fn stops_when_an_answer_was_not_seen() {
        let mut regs = Registers::default();
        let mut reader = CpuidReader::new(regs, C_BIT);
        assert_eq!(reader.ask(&mut regs), Some(Outcome::Again));
        // Not before it was executed.
        assert!(!reader.take(&mut regs));
        assert_eq!(reader.ask(&mut regs), Some(Outcome::Native));
        match reader.ask(&mut regs) {
            Some(Outcome::Done(Effect::Stop(why))) => assert!(why.contains("are lost")),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn has_an_apic_id_for_each_vcpu() {
        let leaves = read_all(|function, _| match function {
            0 => [0xb, 1, 2, 3],
            1 => [1, 0x00aa_bbcc, 2, 3],
            0xb => [1, 2, 0x100, 0],
            0x8000_001e => [0, 0x100, 1, 0],
            _ => [0; 4],
        });
        assert_eq!(lookup(&leaves, 3, 1, 0), [1, 0x03aa_bbcc, 2, 3]);
        for index in [0, 1] {
            assert_eq!(lookup(&leaves, 3, 0xb, index), [1, 2, 0x100, 3]);
        }
        assert_eq!(lookup(&leaves, 3, 0x8000_001e, 0), [3, 0x103, 1, 0]);
        // What is the same for all, and what there is not.
        assert_eq!(lookup(&leaves, 3, 0, 0), [0xb, 1, 2, 3]);
        assert_eq!(lookup(&[], 3, 1, 0), [0; 4]);
    }

    #[test]
    fn lays_the_page_out() {
        let leaves = read_all(|function, _| {
            if function == 0 {
                [0xd, 0, 0, 9]
            } else {
                [0; 4]
            }
        });
        let page = page(&leaves);
        assert_eq!(page[0], leaves.len() as u8);
        assert_eq!((page[16], page[16 + 24], page[16 + 36]), (0, 0xd, 9));
    }

    #[test]
    fn has_no_more_entries_than_the_page() {
        assert_eq!(read_all(|_, _| [u32::MAX; 4]).len(), ENTRIES);
    }
}
