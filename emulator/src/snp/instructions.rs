// SPDX-License-Identifier: GPL-2.0

//! `PVALIDATE` and `RMPADJUST`, by which a guest says what its pages are.
//!
//! AMD64 Architecture Programmer's Manual, volume 3.

use crate::{
    machine::{
        gpa::PAGE_SIZE,
        outcome::{
            Effect,
            Outcome, //
        },
        registers::{
            Reg,
            Registers, //
        },
        trace::Trace,
        vcpu::Vcpu, //
    },
    snp::rmp::{
        Refusal,
        Rmp,
        Size, //
    }, //
};

/// What the instructions work on.
pub(super) struct Context<'a> {
    /// The table.
    pub(super) rmp: &'a Rmp,
    /// The VMPL of the guest.
    pub(super) vmpl: u8,
    /// The C-bit, which may be in an address.
    pub(super) c_bit: u64,
    /// Where they are logged.
    pub(super) trace: &'a Trace,
}

impl Context<'_> {
    /// `PVALIDATE` of the page at `RAX`, of the size in `ECX`, as `EDX` says. The carry flag tells
    /// that nothing has changed. Only VMPL 0 may; what becomes of it elsewhere is as in the model of
    /// the CPU that VeriSMo was proved with.
    pub(super) fn pvalidate(&self, vcpu: &dyn Vcpu, regs: &mut Registers) -> Outcome {
        let valid = regs[Reg::Rdx] & 1 != 0;
        let result = match self.vmpl {
            0 => self
                .operand(vcpu, regs)
                .and_then(|(page, size)| self.rmp.validate(page, size, valid)),
            _ => Err(Refusal::Permission),
        };

        match self.finish("PVALIDATE", regs, result.err()) {
            Some(stop) => stop,
            None => Outcome::Carry(result == Ok(false)),
        }
    }

    /// `RMPADJUST` of the page at `RAX`, of the size in `RCX`, for the VMPL in `RDX`.
    pub(super) fn rmpadjust(&self, vcpu: &dyn Vcpu, regs: &mut Registers) -> Outcome {
        let attributes = regs[Reg::Rdx];
        let (vmpl, vmsa) = (attributes & 0xff, (attributes >> 16) & 1 != 0);
        let result = match vmpl {
            _ if attributes >> 17 != 0 || vmpl > 3 => Err(Refusal::Input),
            // That of the guest itself, or a more privileged one.
            vmpl if vmpl <= self.vmpl.into() => Err(Refusal::Permission),
            // Whether a page is a VMSA is for VMPL 0 to say.
            _ => {
                let vmsa = (self.vmpl == 0).then_some(vmsa);
                self.operand(vcpu, regs)
                    .and_then(|(page, size)| self.rmp.adjust(page, size, vmsa))
            }
        };

        self.finish("RMPADJUST", regs, result.err())
            .unwrap_or(Outcome::Done(Effect::Resume))
    }

    /// Returns the page that `RAX` points to, and its size by `ECX`.
    fn operand(&self, vcpu: &dyn Vcpu, regs: &Registers) -> Result<(u64, Size), Refusal> {
        let address = vcpu.translate(regs[Reg::Rax]).ok_or(Refusal::NotMapped)?;

        Ok((
            (address & !self.c_bit) / PAGE_SIZE,
            Size::new(regs[Reg::Rcx]),
        ))
    }

    /// Puts the result into `RAX`, or ends the guest if there can be none.
    fn finish(
        &self,
        name: &str,
        regs: &mut Registers,
        refusal: Option<Refusal>,
    ) -> Option<Outcome> {
        let address = regs[Reg::Rax];
        let stop = |why| {
            let why = format!("{name} of {address:#x}: {why}");
            Some(Outcome::Done(Effect::Stop(why)))
        };

        regs[Reg::Rax] = match refusal {
            None => 0,
            Some(Refusal::Input) => 1,
            Some(Refusal::Permission) => 2,
            Some(Refusal::SizeMismatch) => 6,
            Some(Refusal::NotAssigned) => return stop("the page is the VMM's"),
            Some(Refusal::NotValidated) => return stop("the page is not validated"),
            // A plugin can raise no page fault.
            Some(Refusal::NotMapped) => return stop("no page is mapped there"),
        };
        self.trace
            .line(|| format!("{name} {address:#x} -> {}", regs[Reg::Rax]));
        None
    }
}
