// SPDX-License-Identifier: GPL-2.0

//! The TDX module: what a `TDCALL` does.
//!
//! ABI, guest-side functions. Operands are checked in the order in which Intel's module checks them,
//! so that a call with two faults fails with the same status.
//!
//! An access to memory that the guest does not have (pending, or shared where it asks for private) is
//! an EPT violation there. With SEPT_VE_DISABLE it ends in the VMM, which can only give up: so does
//! the emulator, with a message.

mod accept;
mod context;
mod measure;
mod metadata;
mod mrtd;
mod refusal;

use tsm_proto::{
    tdx::{
        OperandId,
        Status, //
    },
    Digest384, //
};

use crate::{
    machine::{
        gpa::{
            self, //
        },
        registers::{
            Reg,
            Registers, //
        }, //
    },
    tdx::config::TdxConfig, //
};

use context::{
    Failure,
    Result, //
};

pub(crate) use context::Context;
pub(crate) use mrtd::Mrtd;

/// The leaves, `RAX` bits 15:0.
pub(crate) mod leaf {
    /// `TDG.VP.VMCALL`.
    pub(crate) const VMCALL: u64 = 0;
    /// `TDG.VP.INFO`.
    pub(super) const INFO: u64 = 1;
    /// `TDG.MR.RTMR.EXTEND`.
    pub(crate) const RTMR_EXTEND: u64 = 2;
    /// `TDG.VP.VEINFO.GET`.
    pub(super) const VEINFO_GET: u64 = 3;
    /// `TDG.MR.REPORT`.
    pub(crate) const REPORT: u64 = 4;
    /// `TDG.MEM.PAGE.ACCEPT`.
    pub(super) const PAGE_ACCEPT: u64 = 6;
    /// `TDG.VM.RD`.
    pub(super) const VM_RD: u64 = 7;
    /// `TDG.VM.WR`.
    pub(super) const VM_WR: u64 = 8;
    /// `TDG.SYS.RD`.
    pub(super) const SYS_RD: u64 = 11;
    /// `TDG.MR.VERIFYREPORT`.
    pub(super) const VERIFYREPORT: u64 = 22;

    /// Returns the name of a leaf.
    pub(crate) fn name(leaf: u64) -> String {
        match leaf & 0xffff {
            INFO => "VP.INFO".into(),
            RTMR_EXTEND => "MR.RTMR.EXTEND".into(),
            VEINFO_GET => "VP.VEINFO.GET".into(),
            REPORT => "MR.REPORT".into(),
            PAGE_ACCEPT => "MEM.PAGE.ACCEPT".into(),
            VM_RD => "VM.RD".into(),
            VM_WR => "VM.WR".into(),
            SYS_RD => "SYS.RD".into(),
            VERIFYREPORT => "MR.VERIFYREPORT".into(),
            _ => format!("leaf {leaf:#x}"),
        }
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The guest goes on.
    Resume,
    /// The guest asks the VMM; the registers in the mask are for it to see.
    Vmcall(u64),
    /// The guest can't go on.
    Stop(String),
}

/// The TDX module, with the one TD that it runs.
#[derive(Debug)]
pub(crate) struct TdxModule {
    attributes: u64,
    vcpus: usize,
    measurements: measure::Measurements,
    metadata: metadata::Metadata,
}

impl TdxModule {
    /// Makes a TD.
    pub(crate) fn new(config: &TdxConfig, vcpus: usize) -> Self {
        Self {
            attributes: config.attributes,
            vcpus,
            measurements: measure::Measurements::new(config),
            metadata: metadata::Metadata::new(config),
        }
    }

    /// Sets the measurement of what the TD starts with. If the user wants another one, that stays.
    pub(crate) fn measured(&self, mrtd: Digest384) {
        self.measurements.measured(mrtd);
    }

    /// Does a `TDCALL`.
    pub(crate) fn call(&self, context: Context<'_>, regs: &mut Registers) -> Exit {
        let (status, exit) = match self.dispatch(context, regs) {
            Ok(exit) => (Status::SUCCESS, exit),
            Err(Failure::Status(status)) => (status, Exit::Resume),
            Err(Failure::EptViolation(why)) => {
                let name = leaf::name(regs[Reg::Rax]);
                return Exit::Stop(format!("EPT violation in TDG.{name}: {why}"));
            }
        };
        regs[Reg::Rax] = status.raw();
        exit
    }

    /// Finds the leaf and does it.
    fn dispatch(&self, context: Context<'_>, regs: &mut Registers) -> Result<Exit> {
        let rax = regs[Reg::Rax];
        let version = (rax >> 16) & 0xff;
        let invalid = Status::OPERAND_INVALID.of(OperandId::RAX);

        if rax >> 24 != 0 {
            return Err(invalid.into());
        }
        match (rax & 0xffff, version) {
            (leaf::VMCALL, 0) => return vmcall(regs).map(Exit::Vmcall),
            (leaf::INFO, 0) => self.info(context, regs),
            (leaf::RTMR_EXTEND, 0) => self.measurements.extend(context, regs)?,
            (leaf::VEINFO_GET, 0 | 1) => veinfo(regs)?,
            (leaf::REPORT, 0) => self.measurements.report(context, regs)?,
            (leaf::PAGE_ACCEPT, 0) => accept::accept(context, regs)?,
            (leaf::VM_RD, 0) => self.metadata.read(regs)?,
            (leaf::VM_RD, 1) => self.metadata.read_and_next(regs)?,
            (leaf::VM_WR, 0) => self.metadata.write(regs)?,
            (leaf::SYS_RD, 0) => metadata::read_module(regs)?,
            (leaf::VERIFYREPORT, 0) => measure::verify(context, regs)?,
            _ => return Err(invalid.into()),
        }
        Ok(Exit::Resume)
    }

    /// `TDG.VP.INFO`.
    fn info(&self, context: Context<'_>, regs: &mut Registers) {
        // CAST: There are few vCPUs.
        let (vcpus, vcpu) = (self.vcpus as u64, context.vcpu as u64);

        regs[Reg::Rcx] = gpa::WIDTH.into();
        regs[Reg::Rdx] = self.attributes;
        regs[Reg::R8] = (vcpus << 32) | vcpus;
        regs[Reg::R9] = vcpu;
        // TDG.SYS.RD is available.
        regs[Reg::R10] = 1;
        regs[Reg::R11] = 0;
    }
}

/// `TDG.VP.VMCALL`: checks which registers the VMM may see.
fn vmcall(regs: &Registers) -> Result<u64> {
    /// `RAX`, `RCX`, `RSP`, which are never passed.
    const NEVER: u64 = (1 << 0) | (1 << 1) | (1 << 4);
    let mask = regs[Reg::Rcx];

    // Bits 31:16 select vector registers, which no VMM uses.
    if mask & NEVER != 0 || mask >> 32 != 0 {
        return Err(Status::OPERAND_INVALID.of(OperandId::RCX).into());
    }
    Ok(mask & 0xffff)
}

/// `TDG.VP.VEINFO.GET`: no virtualisation exception is ever raised.
fn veinfo(regs: &mut Registers) -> Result {
    for reg in [Reg::Rcx, Reg::Rdx, Reg::R8, Reg::R9, Reg::R10] {
        regs[reg] = 0;
    }
    Err(Status::NO_VALID_VE_INFO.into())
}

#[cfg(test)]
mod tests;
