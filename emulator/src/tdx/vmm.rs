// SPDX-License-Identifier: GPL-2.0

//! The VMM: what a `TDG.VP.VMCALL` does.
//!
//! GHCI, chapter "TDG.VP.VMCALL Interface". Where the GHCI leaves a choice, the answer is the one
//! that KVM and QEMU give. The VMM sees only the registers that the guest passes to it.

mod console;
mod context;
mod conversion;
mod devices;
mod quote;
mod topology;

use std::{
    ops::Range,
    sync::Arc,
    time::{
        Duration,
        Instant, //
    }, //
};

use tsm_proto::tdx::VmcallStatus;

use crate::{
    machine::{
        board::Board,
        outcome::Effect,
        registers::{
            Reg,
            Registers, //
        }, //
    },
    tdx::config::{
        MapFrom,
        TdxConfig, //
    }, //
};

use context::Result;

pub(crate) use context::Context;

/// The sub-functions, `R11`.
pub(crate) mod leaf {
    /// `Instruction.CPUID`.
    pub(super) const CPUID: u64 = 10;
    /// `Instruction.HLT`.
    pub(crate) const HLT: u64 = 12;
    /// `Instruction.IO`.
    pub(super) const IO: u64 = 30;
    /// `Instruction.RDMSR`.
    pub(super) const RDMSR: u64 = 31;
    /// `Instruction.WRMSR`.
    pub(super) const WRMSR: u64 = 32;
    /// `#VE.RequestMMIO`.
    pub(super) const MMIO: u64 = 48;
    /// `GetTdVmCallInfo`.
    pub(super) const GET_TD_VM_CALL_INFO: u64 = 0x10000;
    /// `MapGPA`.
    pub(super) const MAP_GPA: u64 = 0x10001;
    /// `GetQuote`.
    pub(super) const GET_QUOTE: u64 = 0x10002;
    /// `ReportFatalError`.
    pub(super) const REPORT_FATAL_ERROR: u64 = 0x10003;
    /// `SetupEventNotifyInterrupt`.
    pub(super) const SETUP_EVENT_NOTIFY_INTERRUPT: u64 = 0x10004;

    /// Returns the name of a sub-function.
    pub(crate) fn name(leaf: u64) -> String {
        match leaf {
            CPUID => "Instruction.CPUID".into(),
            HLT => "Instruction.HLT".into(),
            IO => "Instruction.IO".into(),
            RDMSR => "Instruction.RDMSR".into(),
            WRMSR => "Instruction.WRMSR".into(),
            MMIO => "RequestMMIO".into(),
            GET_TD_VM_CALL_INFO => "GetTdVmCallInfo".into(),
            MAP_GPA => "MapGPA".into(),
            GET_QUOTE => "GetQuote".into(),
            REPORT_FATAL_ERROR => "ReportFatalError".into(),
            SETUP_EVENT_NOTIFY_INTERRUPT => "SetupEventNotifyInterrupt".into(),
            _ => format!("sub-function {leaf:#x}"),
        }
    }
}

/// The VMM.
#[derive(Debug)]
pub(crate) struct Vmm {
    quotes: quote::Quotes,
    conversions: conversion::Conversions,
    console: console::Console,
    /// The devices, of a machine whose firmware reaches them by calls.
    devices: Option<devices::Devices>,
}

impl Vmm {
    /// Makes a VMM.
    pub(crate) fn new(config: &TdxConfig) -> Self {
        Self {
            quotes: quote::Quotes::new(config),
            conversions: conversion::Conversions::new(config),
            console: console::Console::default(),
            devices: None,
        }
    }

    /// Adds the board, whose devices calls reach from then on, and the number of vCPUs.
    pub(crate) fn with_board(
        self,
        config: &TdxConfig,
        board: Arc<dyn Board>,
        vcpus: usize,
    ) -> Self {
        let devices = Some(devices::Devices::new(config, board, vcpus));

        Self { devices, ..self }
    }

    /// Does a call of a vCPU.
    pub(crate) fn call(&self, context: Context<'_>, vcpu: usize, regs: &mut Registers) -> Effect {
        let mut effect = Effect::Resume;
        let done = match (regs[Reg::R10], regs[Reg::R11], &self.devices) {
            (0, leaf::IO, Some(devices)) => devices.io(regs),
            (0, leaf::MMIO, Some(devices)) => devices.mmio(context, regs),
            (0, leaf::RDMSR, Some(devices)) => devices.read_msr(vcpu, regs),
            (0, leaf::WRMSR, Some(_)) => devices::write_msr(vcpu, regs),
            (0, leaf::CPUID, Some(devices)) => {
                devices.cpuid(vcpu, regs);
                Ok(())
            }
            // Without a board no leaf is the VMM's.
            (0, leaf::CPUID, _) => {
                topology::none(regs);
                Ok(())
            }
            (0, leaf::HLT, _) => {
                effect = Effect::Idle;
                Ok(())
            }
            (0, leaf::IO, _) => self.console.io(regs),
            // No MSR is the VMM's.
            (0, leaf::RDMSR | leaf::WRMSR, _) => Err(VmcallStatus::INVALID_OPERAND),
            (0, leaf::GET_TD_VM_CALL_INFO, _) => info(regs),
            (0, leaf::MAP_GPA, _) => self.conversions.map_gpa(context, regs),
            (0, leaf::GET_QUOTE, _) => {
                self.conversions.seen(MapFrom::Quote);
                self.quotes.get(context, regs)
            }
            (0, leaf::REPORT_FATAL_ERROR, _) => {
                effect = Effect::Stop(fatal_error(regs));
                Ok(())
            }
            (0, leaf::SETUP_EVENT_NOTIFY_INTERRUPT, _) => setup_interrupt(regs),
            // Not the calls of a known VMM, if R10 is not 0.
            _ => Err(VmcallStatus::SUBFUNC_UNSUPPORTED),
        };
        let status = done.err().unwrap_or(VmcallStatus::SUCCESS);

        regs[Reg::R10] = status.raw();
        effect
    }

    /// Tells whether loads of the guest may ever matter to the VMM.
    pub(crate) fn watches(&self) -> bool {
        self.quotes.watches()
    }

    /// Tells whether a load from a virtual address matters to the VMM now.
    pub(crate) fn awaits(&self, address: u64) -> bool {
        self.quotes.awaits(address)
    }

    /// Notes that the guest has loaded bytes, by their address in guest memory.
    pub(crate) fn loaded(&self, context: Context<'_>, load: &Range<u64>) {
        self.quotes.loaded(context, load);
    }

    /// Notes that the guest has extended a register.
    pub(crate) fn extended(&self, now: Instant) {
        self.quotes.extended(now);
    }

    /// Notes that the guest has requested a TDREPORT.
    pub(crate) fn reported(&self) {
        self.conversions.seen(MapFrom::Report);
    }

    /// Tells whether there is anything to do while the guest runs.
    pub(crate) fn has_work(&self) -> bool {
        self.quotes.has_work()
    }

    /// Does what is due.
    pub(crate) fn poll(&self, context: Context<'_>) {
        self.quotes.poll(context);
    }

    /// Returns how long nothing will be due, `most` at most.
    pub(crate) fn idle(&self, now: Instant, most: Duration) -> Duration {
        self.quotes.idle(now, most)
    }
}

/// `GetTdVmCallInfo`: the sub-functions of the base GHCI are there, the optional ones are not.
fn info(regs: &mut Registers) -> Result {
    // 0 asks for the base GHCI, 1 for optional sub-functions.
    if regs[Reg::R12] > 1 {
        return Err(VmcallStatus::INVALID_OPERAND);
    }
    for reg in [Reg::R11, Reg::R12, Reg::R13, Reg::R14] {
        regs[reg] = 0;
    }
    Ok(())
}

/// `SetupEventNotifyInterrupt`: polling is the only way here.
fn setup_interrupt(regs: &Registers) -> Result {
    match regs[Reg::R12] {
        32..=255 => Err(VmcallStatus::SUBFUNC_UNSUPPORTED),
        _ => Err(VmcallStatus::INVALID_OPERAND),
    }
}

/// `ReportFatalError`: the code is in `R12`, up to 64 bytes of text in other registers.
fn fatal_error(regs: &Registers) -> String {
    const TEXT: [Reg; 8] = [
        Reg::R14,
        Reg::R15,
        Reg::Rbx,
        Reg::Rdi,
        Reg::Rsi,
        Reg::R8,
        Reg::R9,
        Reg::Rdx,
    ];
    let bytes: Vec<u8> = TEXT
        .iter()
        .flat_map(|reg| regs[*reg].to_le_bytes())
        .take_while(|byte| *byte != 0)
        .collect();

    format!(
        "the guest reports fatal error {:#x}: {}",
        regs[Reg::R12],
        bytes.escape_ascii()
    )
}

#[cfg(test)]
mod tests;
