// SPDX-License-Identifier: GPL-2.0

//! A machine with an SEV-SNP guest: the CPU's part, and how an instruction goes through the others.
//!
//! AMD64 Architecture Programmer's Manual, volume 3, for the instructions.

use std::sync::{
    Arc,
    Mutex,
    MutexGuard,
    OnceLock, //
};

use crate::{
    machine::{
        board::Board,
        instruction::Instruction,
        lock::lock,
        outcome::{
            Effect,
            Outcome, //
        },
        platform::Platform,
        private_pages::PrivatePages,
        registers::{
            Reg,
            Registers, //
        },
        system::SystemReg,
        trace::Trace,
        vcpu::Vcpu, //
    },
    snp::config::{
        KernelHashes,
        SnpConfig, //
    },
};

use super::{
    area::Area,
    cpuid::{
        self,
        CpuidReader,
        Leaf,
        C_BIT,
        FIRMWARE_C_BIT, //
    },
    firmware::Firmware,
    ghcb::Ghcb,
    guest_request::GuestRequests,
    instructions,
    launch::{
        self,
        Hole, //
    },
    rmp::Rmp,
    svsm::{
        self,
        Svsm, //
    },
    vmm::{
        self,
        Context,
        Next,
        Startup,
        Vmm, //
    },
    vmsa::STATUS, //
};

/// The GHCB MSR.
const GHCB: u32 = 0xc001_0130;

/// `SEV_STATUS`.
const SEV_STATUS: u32 = 0xc001_0131;

/// The MSR that has the address of the calling area. There is none: the guest's own handler of `#VC`
/// answers, as that for `CPUID` does.
const SVSM_CAA: u32 = 0xc001_f000;

/// The bit of `CR3` that keeps the TLB, and is never set in the register.
const CR3_KEEP: u64 = 1 << 63;

/// What changes of a vCPU.
#[derive(Debug)]
struct State {
    ghcb: u64,
    /// The C-bit of `CR3`.
    c_bit: u64,
    /// Where in its page it is to go on once a startup IPI has started it.
    entry: Option<u16>,
}

impl State {
    /// As after a reset.
    fn new(c_bit: u32) -> Self {
        Self {
            ghcb: vmm::info(c_bit),
            c_bit: 0,
            entry: None,
        }
    }
}

/// A machine with one SEV-SNP guest.
#[derive(Debug)]
pub(crate) struct SnpMachine {
    /// By the number of the vCPU.
    states: Vec<Mutex<State>>,
    /// The number of the C-bit.
    c_bit: u32,
    /// If it starts with a firmware for SEV-SNP.
    firmware: Option<Firmware>,
    /// Is going on while the CPU is asked for its leaves, at launch, when one vCPU runs.
    cpuid_reader: Mutex<Option<CpuidReader>>,
    leaves: OnceLock<Vec<Leaf>>,
    rmp: Arc<Rmp>,
    vmm: Vmm,
    requests: GuestRequests,
    /// The VMPL that the guest runs at.
    vmpl: u8,
    /// Runs at VMPL 0, if the guest does not.
    svsm: Option<Svsm>,
    trace: Trace,
}

impl SnpMachine {
    /// Makes a machine with a number of vCPUs. The error is for the user.
    pub(crate) fn new(config: &SnpConfig, vcpus: usize) -> Result<Self, String> {
        if config.kernel_hashes != KernelHashes::Right {
            return Err("`kernel_hashes` needs bios=`amdsev`".into());
        }
        Self::with_c_bit(config, vcpus, C_BIT)
    }

    /// Makes a machine that starts with a firmware for SEV-SNP. The error is for the user.
    pub(crate) fn with_firmware(
        config: &SnpConfig,
        vcpus: usize,
        board: Arc<dyn Board>,
    ) -> Result<Self, String> {
        if vcpus != 1 {
            return Err(format!("bios=`amdsev`: expected 1 vCPU, not {vcpus}"));
        }
        if config.vmpl != 0 {
            return Err(format!(
                "bios=`amdsev`: expected VMPL 0, not {}",
                config.vmpl
            ));
        }
        Ok(Self {
            firmware: Some(Firmware::new(config, board)),
            ..Self::with_c_bit(config, vcpus, FIRMWARE_C_BIT)?
        })
    }

    /// Makes a machine with this C-bit. The error is for the user.
    fn with_c_bit(config: &SnpConfig, vcpus: usize, c_bit: u32) -> Result<Self, String> {
        let svsm = (config.vmpl > 0).then(|| Svsm::new(config));
        Ok(Self {
            states: (0..vcpus).map(|_| Mutex::new(State::new(c_bit))).collect(),
            c_bit,
            firmware: None,
            cpuid_reader: Mutex::default(),
            leaves: OnceLock::new(),
            rmp: Arc::default(),
            vmm: Vmm::new(c_bit, svsm.is_some()),
            requests: GuestRequests::new(config)?,
            vmpl: config.vmpl,
            svsm,
            trace: Trace::new(config.trace.as_deref())?,
        })
    }

    /// `CPUID`. The first that a kernel asks for SEV launches it; a firmware was launched before, but for its CPUID page.
    fn cpuid(&self, vcpu: &dyn Vcpu, regs: &mut Registers) -> Outcome {
        let mut state = lock(&self.cpuid_reader);

        if let Some(mut cpuid_reader) = state.take() {
            if let Some(outcome) = cpuid_reader.ask(regs) {
                *state = Some(cpuid_reader);
                return outcome;
            }
            let leaves = self.leaves.get_or_init(|| cpuid_reader.finish());
            let launched = match &self.firmware {
                Some(firmware) => firmware.write_cpuid(vcpu.memory(), &cpuid::page(leaves)),
                None => self.launch(vcpu, regs[Reg::Rsi], leaves),
            };
            if let Err(why) = launched {
                return Outcome::Done(Effect::Stop(why));
            }
        }
        // CAST: CPUID looks at the low half.
        let asks = regs[Reg::Rax] as u32 == cpuid::SEV;
        let starts = || self.firmware.is_some() || launch::is_kernel(vcpu.memory(), regs[Reg::Rsi]);
        if asks && self.leaves.get().is_none() && starts() {
            *state = Some(CpuidReader::new(*regs, self.c_bit));
            return Outcome::Again;
        }
        match cpuid::execute(regs, self.c_bit, self.svsm.is_some()) {
            true => Outcome::Done(Effect::Resume),
            false => Outcome::Native,
        }
    }

    /// Launches the kernel with these boot parameters. The error is for the user.
    fn launch(&self, vcpu: &dyn Vcpu, parameters: u64, leaves: &[Leaf]) -> Result<(), String> {
        let hole = Hole::new(vcpu.memory(), parameters)?;
        self.rmp.launch(hole.memory());
        let area = self.svsm.as_ref().map(|svsm| {
            let area = Area {
                memory: hole.svsm(),
                calling_area: hole.calling_area(),
            };
            svsm.launch(area.clone());
            area
        });
        let secrets = self.requests.processor().secrets_page(area.as_ref());

        hole.fill(vcpu.memory(), parameters, &secrets, &cpuid::page(leaves))
    }

    /// `RDMSR`.
    fn rdmsr(&self, vcpu: &dyn Vcpu, regs: &mut Registers) -> Outcome {
        // CAST: RDMSR looks at the low half.
        let value = match regs[Reg::Rcx] as u32 {
            GHCB => self.state(vcpu).ghcb,
            SEV_STATUS => STATUS,
            SVSM_CAA => match self
                .svsm
                .as_ref()
                .and_then(|svsm| svsm.calling_area(vcpu.number()))
            {
                Some(address) => address,
                None => return Outcome::Native,
            },
            _ => return Outcome::Native,
        };
        regs[Reg::Rax] = value & 0xffff_ffff;
        regs[Reg::Rdx] = value >> 32;
        Outcome::Done(Effect::Resume)
    }

    /// `WRMSR`.
    fn wrmsr(&self, vcpu: &dyn Vcpu, regs: &mut Registers) -> Outcome {
        // CAST: WRMSR looks at the low half.
        if regs[Reg::Rcx] as u32 != GHCB {
            return Outcome::Native;
        }
        self.state(vcpu).ghcb = regs[Reg::Rax] & 0xffff_ffff | (regs[Reg::Rdx] << 32);
        Outcome::Done(Effect::Resume)
    }

    /// `VMGEXIT`.
    fn vmgexit(&self, vcpu: &dyn Vcpu, regs: &mut Registers) -> Outcome {
        let request = self.state(vcpu).ghcb;
        let mut answer = request;
        let context = Context {
            vcpu: vcpu.number(),
            vcpus: self.states.len(),
            vmpl: self.vmpl,
            memory: vcpu.memory(),
            rmp: &self.rmp,
            leaves: self.leaves.get().map_or(&[], Vec::as_slice),
            requests: &self.requests,
        };
        let next = self.vmm.call(context, &mut answer);

        self.state(vcpu).ghcb = answer;
        self.trace.line(|| {
            let number = vcpu.number();
            let page = (request & 0xfff == 0).then(|| Ghcb::last(vcpu.memory(), request));

            match page.flatten() {
                Some((event, info)) => {
                    let changed = match self.requests.changed() {
                        0 => String::new(),
                        bytes => format!(", {bytes} bytes were changed"),
                    };
                    format!("{number}: VMGEXIT event {event:#x} -> {info:#x}{changed}")
                }
                None => format!("{number}: VMGEXIT {request:#x} -> {answer:#x}"),
            }
        });
        Outcome::Done(match (next, &self.svsm) {
            (Next::Svsm, Some(svsm)) => self.run(svsm, vcpu, regs),
            (Next::Svsm, None) => Effect::Resume,
            (Next::Startup(startup), _) => self.start(startup, vcpu),
            (Next::Guest(effect), _) => effect,
        })
    }

    /// Starts or stops another vCPU.
    fn start(&self, startup: Startup, vcpu: &dyn Vcpu) -> Effect {
        let (apic_id, entry) = match startup {
            Startup::Start { apic_id, entry } => (apic_id, Some(entry.offset)),
            Startup::Stop { apic_id } => (apic_id, None),
        };

        // PANIC: The VMM knows how many there are.
        lock(&self.states[usize::from(apic_id)]).entry = entry;
        startup.send(vcpu.memory())
    }

    /// Runs the SVSM.
    fn run(&self, svsm: &Svsm, vcpu: &dyn Vcpu, regs: &mut Registers) -> Effect {
        let call = regs[Reg::Rax];
        let context = svsm::Context {
            vcpu: vcpu.number(),
            vcpus: self.states.len(),
            memory: vcpu.memory(),
            rmp: &self.rmp,
            processor: self.requests.processor(),
        };

        match svsm.run(context, regs) {
            Ok(status) => {
                let status = status.map(|status| status.raw());
                self.trace
                    .line(|| format!("{}: SVSM {call:#x} -> {status:#x?}", vcpu.number()));
                Effect::Resume
            }
            Err(why) => Effect::Stop(why),
        }
    }

    /// Makes what the instructions work on that say what pages are.
    fn pages(&self) -> instructions::Context<'_> {
        instructions::Context {
            rmp: &self.rmp,
            vmpl: self.vmpl,
            c_bit: self.c_bit(),
            trace: &self.trace,
        }
    }

    /// Returns the C-bit.
    fn c_bit(&self) -> u64 {
        1 << self.c_bit
    }

    /// Returns the state of a vCPU.
    fn state(&self, vcpu: &dyn Vcpu) -> MutexGuard<'_, State> {
        // PANIC: QEMU counts its vCPUs from 0, and there is a state for each.
        lock(&self.states[vcpu.number()])
    }
}

impl Platform for SnpMachine {
    fn takes(&self, instruction: Instruction) -> bool {
        match instruction {
            Instruction::Cpuid
            | Instruction::Rdmsr
            | Instruction::Wrmsr
            | Instruction::Vmgexit
            | Instruction::Pvalidate
            | Instruction::Rmpadjust
            | Instruction::ToCr3 { .. }
            | Instruction::FromCr3 { .. } => true,
            Instruction::Tdcall
            | Instruction::Breakpoint
            | Instruction::Poll
            | Instruction::Count
            | Instruction::CountRange => false,
        }
    }

    fn execute(&self, instruction: Instruction, vcpu: &dyn Vcpu, regs: &mut Registers) -> Outcome {
        match instruction {
            Instruction::Cpuid => self.cpuid(vcpu, regs),
            Instruction::Rdmsr if vcpu.is_privileged() => self.rdmsr(vcpu, regs),
            Instruction::Wrmsr if vcpu.is_privileged() => self.wrmsr(vcpu, regs),
            // For a program it is `VMMCALL`.
            Instruction::Vmgexit if vcpu.is_privileged() => self.vmgexit(vcpu, regs),
            Instruction::Pvalidate if vcpu.is_kernel() => self.pages().pvalidate(vcpu, regs),
            Instruction::Rmpadjust if vcpu.is_kernel() => self.pages().rmpadjust(vcpu, regs),
            // Before there is long mode, too. A program gets its fault from the CPU.
            Instruction::ToCr3 { from, .. } if vcpu.is_privileged() => {
                let value = regs[from];
                self.state(vcpu).c_bit = value & self.c_bit();
                if value & self.c_bit() == 0 {
                    return Outcome::Native;
                }
                vcpu.set_system(SystemReg::Cr3, value & !(self.c_bit() | CR3_KEEP));
                Outcome::Done(Effect::Resume)
            }
            Instruction::FromCr3 { to, .. } if vcpu.is_privileged() => {
                regs[to] = vcpu.system(SystemReg::Cr3) | self.state(vcpu).c_bit;
                Outcome::Done(Effect::Resume)
            }
            _ => Outcome::Native,
        }
    }

    fn after_cpuid(&self, regs: &mut Registers) -> bool {
        lock(&self.cpuid_reader)
            .as_mut()
            .is_some_and(|cpuid_reader| cpuid_reader.take(regs))
    }

    fn entry(&self, vcpu: &dyn Vcpu, _: &mut Registers) -> Option<u64> {
        let number = vcpu.number();
        let entry = lock(self.states.get(number)?).entry.take()?;

        self.trace
            .line(|| format!("{number}: starts at {entry:#x} in its page"));
        Some(entry.into())
    }

    fn resets(&self) -> bool {
        self.firmware.is_some()
    }

    fn reset(&self, vcpu: &dyn Vcpu, regs: &mut Registers) -> Result<Option<u64>, String> {
        let Some(firmware) = &self.firmware else {
            return Ok(None);
        };
        // CAST: The version of the CPU has 32 bits.
        let version = regs[Reg::Rdx] as u32;
        firmware.launch(vcpu.memory(), &self.rmp, self.requests.processor(), version)?;
        Ok(None)
    }

    fn watches(&self) -> bool {
        self.requests.watches()
    }

    fn loaded(&self, vcpu: &dyn Vcpu, address: u64, len: u64) {
        // Nearly always there is nothing, and translating takes long.
        if !self.requests.awaits() {
            return;
        }
        if let Some(place) = vcpu.translate(address) {
            let place = place & !self.c_bit();
            let is_shared = |pages| self.rmp.are_shared(pages);
            self.requests
                .loaded(vcpu.memory(), is_shared, &(place..place + len));
        }
    }

    fn private_pages(&self) -> Option<Arc<dyn PrivatePages>> {
        Some(self.rmp.clone())
    }

    fn borrows(&self) -> bool {
        true
    }

    fn starts(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
