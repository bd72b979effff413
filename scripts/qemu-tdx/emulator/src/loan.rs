// SPDX-License-Identifier: GPL-2.0

//! Instructions that are borrowed from the guest's own code.
//!
//! QEMU lets a plugin write registers, but not the flags: TCG keeps those elsewhere while it runs.
//! Only an instruction of the CPU sets them. So the guest is sent to a byte of its code that is
//! `STC` or `CLC`, wherever that may be in what it was meant to be, and the instruction that follows
//! there is taken over to send it back.
//!
//! Between the two there may be an interrupt, another task, even another vCPU for this task. So a
//! loan is known by its place and by the stack pointer, which no two contexts share.

use std::sync::Mutex;

use crate::{
    gpa::PAGE_SIZE,
    hook::{
        CLC,
        STC, //
    },
    lock::lock,
    memory::NoMemory,
    vcpu::Vcpu, //
};

/// How far from a page, in pages, the byte is looked for. One in 256 has the value.
const REACH: u64 = 16;

/// Bytes at the end of a page that are not taken, because what follows has to be fetched too.
const MARGIN: usize = 16;

/// A loan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Loan {
    /// Address after the borrowed instruction.
    behind: u64,
    /// Stack pointer of the borrower.
    stack: u64,
    /// Where the borrower goes on.
    next: u64,
}

/// The loans of all vCPUs.
#[derive(Debug, Default)]
pub(crate) struct Loans(Mutex<Vec<Loan>>);

impl Loans {
    /// Borrows an instruction that sets the carry flag to `carry`; `next` is where the guest is to
    /// go on. Returns where it is to go now. The error is for the user.
    pub(crate) fn borrow(
        &self,
        vcpu: &dyn Vcpu,
        carry: bool,
        stack: u64,
        next: u64,
    ) -> Result<u64, String> {
        let opcode = if carry { STC } else { CLC };
        let page = next & !(PAGE_SIZE - 1);
        let there = (0..=REACH)
            .flat_map(|far| {
                [
                    page.wrapping_add(far * PAGE_SIZE),
                    page.wrapping_sub(far * PAGE_SIZE),
                ]
            })
            .find_map(|page| find(vcpu, page, opcode))
            .ok_or_else(|| format!("no byte {opcode:#x} in the code around {next:#x}"))?;
        let loan = Loan {
            behind: there.wrapping_add(1),
            stack,
            next,
        };

        lock(&self.0).push(loan);
        Ok(there)
    }

    /// Ends a loan, if there is one. Returns where the guest goes on.
    pub(crate) fn give_back(&self, behind: u64, stack: u64) -> Option<u64> {
        let mut loans = lock(&self.0);
        let index = loans
            .iter()
            .position(|loan| (loan.behind, loan.stack) == (behind, stack))?;

        Some(loans.swap_remove(index).next)
    }
}

/// Returns the address of a byte of a value in a page of code.
fn find(vcpu: &dyn Vcpu, page: u64, value: u8) -> Option<u64> {
    let mut code = [0; PAGE_SIZE as usize - MARGIN];
    let read: Result<(), NoMemory> = vcpu.memory().read(vcpu.translate(page)?, &mut code);

    read.ok()?;
    let offset = code.iter().position(|byte| *byte == value)?;
    Some(page + offset as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vcpu::FakeVcpu;

    /// Four pages of code, with `STC` at the end of page 2 and in page 3, and `CLC` in page 1.
    fn vcpu() -> FakeVcpu {
        let vcpu = FakeVcpu::new(4 << 12);
        for (address, byte) in [(0x2fff, STC), (0x3120, STC), (0x1040, CLC)] {
            vcpu.memory().write(address, &[byte]).unwrap();
        }
        vcpu
    }

    #[test]
    fn sends_there_and_back() {
        let loans = Loans::default();
        assert_eq!(loans.borrow(&vcpu(), true, 0x800, 0x2004), Ok(0x3120));
        assert_eq!(loans.give_back(0x3121, 0x800), Some(0x2004));
        assert_eq!(loans.give_back(0x3121, 0x800), None);
        assert_eq!(loans.borrow(&vcpu(), false, 0x800, 0x2004), Ok(0x1040));
    }

    #[test]
    fn keeps_apart_who_borrows_the_same() {
        let loans = Loans::default();
        for (stack, next) in [(0x800, 0x2004), (0x900, 0x2010)] {
            assert_eq!(loans.borrow(&vcpu(), true, stack, next), Ok(0x3120));
        }
        assert_eq!(loans.give_back(0x3121, 0x700), None);
        assert_eq!(loans.give_back(0x3121, 0x900), Some(0x2010));
        assert_eq!(loans.give_back(0x3121, 0x800), Some(0x2004));
    }

    #[test]
    fn refuses_code_without_the_instruction() {
        let vcpu = FakeVcpu::new(4 << 12);
        let error = Loans::default().borrow(&vcpu, true, 0, 0x2004).unwrap_err();
        assert!(error.contains("0xf9"));
    }
}
