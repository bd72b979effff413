// SPDX-License-Identifier: GPL-2.0

//! A machine with a TD: the parts, and how a call goes through them.

use std::{
    sync::Arc,
    time::{
        Duration,
        Instant, //
    },
};

use tsm_proto::tdx::Status;

use crate::{
    machine::{
        board::Board,
        instruction::Instruction,
        memory::GuestMemory,
        outcome::{
            Effect,
            Outcome, //
        },
        pages::Pages,
        platform::Platform,
        private_pages::PrivatePages,
        registers::{
            Reg,
            Registers, //
        },
        trace::Trace,
        vcpu::Vcpu, //
    },
    tdx::{
        config::TdxConfig,
        cpu::Cpu,
        cpuid,
        launch::Launch,
        module::{
            self,
            Exit,
            TdxModule, //
        },
        trace,
        vmm::{
            self,
            Vmm, //
        }, //
    }, //
};

/// A machine with one TD.
///
/// Shared by all vCPU threads. Each part has locks of its own for what changes; none is held while
/// guest memory is accessed, and none while another one is taken.
#[derive(Debug)]
pub(crate) struct Td {
    module: TdxModule,
    vmm: Vmm,
    pages: Arc<Pages>,
    cpu: Cpu,
    trace: Trace,
    /// If it starts with a firmware for TDs.
    launch: Option<Launch>,
}

impl Td {
    /// Makes a machine with a number of vCPUs. The error is for the user.
    pub(crate) fn new(config: &TdxConfig, vcpus: usize) -> Result<Self, String> {
        Ok(Self {
            module: TdxModule::new(config, vcpus),
            vmm: Vmm::new(config),
            pages: Arc::default(),
            cpu: Cpu::default(),
            trace: Trace::new(config.trace.as_deref())?,
            launch: None,
        })
    }

    /// Makes a machine that starts with a firmware for TDs. The error is for the user.
    pub(crate) fn with_firmware(
        config: &TdxConfig,
        vcpus: usize,
        board: Arc<dyn Board>,
    ) -> Result<Self, String> {
        let machine = Self::new(config, vcpus)?;

        Ok(Self {
            vmm: machine.vmm.with_board(config, board.clone(), vcpus),
            launch: Some(Launch::new(config, board, vcpus)),
            ..machine
        })
    }

    /// Does a `TDCALL` of a vCPU.
    fn tdcall(&self, vcpu: usize, regs: &mut Registers, memory: &dyn GuestMemory) -> Effect {
        let before = *regs;
        let context = module::Context {
            memory,
            pages: &self.pages,
            cpu: &self.cpu,
            vcpu,
        };
        let effect = match self.module.call(context, regs) {
            Exit::Resume => Effect::Resume,
            Exit::Vmcall(mask) => self.vmcall(vcpu, mask, regs, memory),
            Exit::Stop(why) => Effect::Stop(why),
        };
        match before[Reg::Rax] {
            module::leaf::RTMR_EXTEND if regs[Reg::Rax] == Status::SUCCESS.raw() => {
                self.vmm.extended(Instant::now());
            }
            module::leaf::REPORT => self.vmm.reported(),
            _ => {}
        }
        if !trace::is_idle(&before) {
            self.trace.line(|| trace::line(vcpu, &before, regs));
        }
        effect
    }

    /// Makes what the VMM works on.
    fn vmm_context<'a>(&'a self, memory: &'a dyn GuestMemory) -> vmm::Context<'a> {
        vmm::Context {
            memory,
            pages: &self.pages,
            cpu: &self.cpu,
            now: Instant::now(),
        }
    }

    /// Lets the VMM see and change the registers in `mask`, and nothing else.
    fn vmcall(
        &self,
        vcpu: usize,
        mask: u64,
        regs: &mut Registers,
        memory: &dyn GuestMemory,
    ) -> Effect {
        let mut view = regs.select(mask);
        let effect = self.vmm.call(self.vmm_context(memory), vcpu, &mut view);

        regs.replace(mask, &view);
        regs[Reg::Rax] = Status::SUCCESS.raw();
        effect
    }
}

impl Platform for Td {
    fn takes(&self, instruction: Instruction) -> bool {
        matches!(
            instruction,
            Instruction::Tdcall | Instruction::Cpuid | Instruction::Poll
        )
    }

    fn execute(&self, instruction: Instruction, vcpu: &dyn Vcpu, regs: &mut Registers) -> Outcome {
        match instruction {
            Instruction::Cpuid if cpuid::execute(regs) => Outcome::Done(Effect::Resume),
            Instruction::Tdcall if vcpu.is_kernel() => {
                self.poll(vcpu.memory());
                Outcome::Done(self.tdcall(vcpu.number(), regs, vcpu.memory()))
            }
            _ => Outcome::Native,
        }
    }

    fn resets(&self) -> bool {
        self.launch.is_some()
    }

    fn reset(&self, vcpu: &dyn Vcpu, regs: &mut Registers) -> Result<Option<u64>, String> {
        let Some(launch) = &self.launch else {
            return Ok(None);
        };
        let there = launch.start(vcpu, &self.module, &self.pages, regs)?;

        self.trace.line(|| "0: starts, with all others".into());
        Ok(Some(there))
    }

    fn starts(&self) -> bool {
        self.launch.is_some()
    }

    fn entry(&self, vcpu: &dyn Vcpu, regs: &mut Registers) -> Option<u64> {
        self.launch.as_ref()?.start_other(vcpu, regs)
    }

    fn watches(&self) -> bool {
        self.vmm.watches()
    }

    fn loaded(&self, vcpu: &dyn Vcpu, address: u64, len: u64) {
        // Nearly always there is nothing, and translating takes long.
        if !self.vmm.awaits(address) {
            return;
        }
        if let Some(place) = vcpu.translate(address) {
            let context = self.vmm_context(vcpu.memory());
            self.vmm.loaded(context, &(place..place + len));
        }
    }

    fn poll(&self, memory: &dyn GuestMemory) {
        if self.vmm.has_work() {
            self.vmm.poll(self.vmm_context(memory));
        }
    }

    fn private_pages(&self) -> Option<Arc<dyn PrivatePages>> {
        Some(self.pages.clone())
    }

    fn idle(&self, most: Duration) -> Duration {
        self.vmm.idle(Instant::now(), most)
    }
}

#[cfg(test)]
mod tests;
