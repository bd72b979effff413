// SPDX-License-Identifier: GPL-2.0

//! `Instruction.IO`, `#VE.RequestMMIO`, `Instruction.RDMSR` and `Instruction.WRMSR` of a firmware: devices and MSRs that
//! the VMM emulates.
//!
//! A kernel reaches all of them natively here. Firmware is built for a TD only and asks the VMM in each case.

use std::sync::Arc;

use tsm_proto::tdx::VmcallStatus;

use super::{
    context::{
        Context,
        Result, //
    },
    topology, //
};
use crate::{
    machine::{
        board::{
            Board,
            PortSize, //
        },
        gpa::Gpa,
        memory::NoMemory,
        pages::PageState,
        registers::{
            Reg,
            Registers, //
        }, //
    },
    tdx::config::{
        ApicBase,
        CpuidService,
        TdxConfig, //
    }, //
};

const INVALID: VmcallStatus = VmcallStatus::INVALID_OPERAND;

/// The devices of the board.
#[derive(Debug)]
pub(super) struct Devices {
    board: Arc<dyn Board>,
    vcpus: usize,
    cpuid: CpuidService,
    apic_base: Option<ApicBase>,
    refuse_port: Option<u16>,
}

impl Devices {
    /// Takes the board that has them, and the number of its vCPUs.
    pub(super) fn new(config: &TdxConfig, board: Arc<dyn Board>, vcpus: usize) -> Self {
        Self {
            board,
            vcpus,
            cpuid: config.cpuid,
            apic_base: config.apic_base,
            refuse_port: config.refuse_port,
        }
    }

    /// Answers a leaf of CPUID.
    pub(super) fn cpuid(&self, vcpu: usize, regs: &mut Registers) {
        match self.cpuid {
            CpuidService::Answer => topology::answer(self.vcpus, vcpu, regs),
            CpuidService::Empty => topology::none(regs),
        }
    }

    /// Does port I/O: `R12` is the size, `R13` 1 for a write, `R14` the port, `R15` the value.
    pub(super) fn io(&self, regs: &mut Registers) -> Result {
        let size = PortSize::new(regs[Reg::R12]).ok_or(INVALID)?;
        let port = u16::try_from(regs[Reg::R14]).map_err(|_| INVALID)?;

        if self.refuse_port == Some(port) {
            return Err(INVALID);
        }

        match regs[Reg::R13] {
            0 => regs[Reg::R11] = self.board.port_in(port, size).into(),
            // CAST: What is above the size is ignored.
            1 => self.board.port_out(port, size, regs[Reg::R15] as u32),
            _ => return Err(INVALID),
        }
        Ok(())
    }

    /// Accesses a device in memory: `R12` is the size, `R13` 1 for a write, `R14` the shared address, `R15` the value.
    ///
    /// Where there is no device, zeros are read, and writes have no effect.
    pub(super) fn mmio(&self, context: Context<'_>, regs: &mut Registers) -> Result {
        let (size, address) = (regs[Reg::R12], regs[Reg::R14]);
        // CAST: A size is 8 at most.
        let size = match size {
            1 | 2 | 4 | 8 => size as usize,
            _ => return Err(INVALID),
        };
        let last = address.checked_add(size as u64 - 1).and_then(Gpa::new);
        let first = Gpa::new(address).filter(|gpa| gpa.is_shared());
        let (first, last) = first
            .zip(last.filter(|gpa| gpa.is_shared()))
            .ok_or(INVALID)?;
        // The VMM reaches no memory that the guest has not shared.
        for page in first.page()..=last.page() {
            let is_memory = !context.pages.contents(page..page + 1).is_empty();
            if is_memory && context.pages.state(page) != PageState::Shared {
                return Err(INVALID);
            }
        }
        let mut bytes = [0; 8];

        match regs[Reg::R13] {
            0 => {
                let (to, place) = (&mut bytes[..size], first.address());
                match context.memory.read(place, to) {
                    Ok(()) => {}
                    Err(NoMemory) => to.fill(0),
                }
                regs[Reg::R11] = u64::from_le_bytes(bytes);
            }
            1 => {
                bytes = regs[Reg::R15].to_le_bytes();
                let _: std::result::Result<(), NoMemory> =
                    context.memory.write(first.address(), &bytes[..size]);
            }
            _ => return Err(INVALID),
        }
        Ok(())
    }

    /// Reads the MSR in `R12`.
    pub(super) fn read_msr(&self, vcpu: usize, regs: &mut Registers) -> Result {
        regs[Reg::R11] = match (regs[Reg::R12], self.apic_base) {
            (APIC_BASE, None) => apic(vcpu),
            (APIC_BASE, Some(ApicBase::Value(value))) => value,
            _ => return Err(INVALID),
        };
        Ok(())
    }
}

/// `IA32_APIC_BASE`, the one MSR of a TD that is the VMM's and that firmware asks for.
const APIC_BASE: u64 = 0x1b;

/// The local APIC of a vCPU: enabled, in its usual place. The first one says that it is that.
fn apic(vcpu: usize) -> u64 {
    0xfee0_0000 | (1 << 11) | (u64::from(vcpu == 0) << 8)
}

/// Writes `R13` to the MSR in `R12`. The local APIC stays as it is.
pub(super) fn write_msr(vcpu: usize, regs: &Registers) -> Result {
    match (regs[Reg::R12], regs[Reg::R13]) {
        (APIC_BASE, value) if value == apic(vcpu) => Ok(()),
        _ => Err(INVALID),
    }
}

#[cfg(test)]
mod tests;
