// SPDX-License-Identifier: GPL-2.0

//! What the plugin does when QEMU calls it.

use std::{
    sync::OnceLock,
    thread,
    time::Duration, //
};

use crate::{
    config::{
        self,
        Config, //
    },
    machine::{
        breakpoint,
        instruction::{
            self,
            Instruction, //
        },
        iret::{
            Frame,
            IretqSites, //
        },
        memory::GuestMemory,
        outcome::{
            Effect,
            Outcome, //
        },
        platform::Platform,
        registers::{
            Reg,
            Registers, //
        },
        system::SystemReg,
        vcpu, //
    },
    qemu::{
        self,
        Callbacks,
        Counter,
        QemuBoard,
        Register,
        VcpuThread, //
    }, //
};

/// Most vCPUs that a machine may have.
const MAX_VCPUS: usize = 8;

/// How long a vCPU that waits for an interrupt sleeps before it checks again. A plugin can neither
/// wait for an interrupt nor see one, so this is the delay that an idle vCPU may add.
const IDLE: Duration = Duration::from_micros(200);

/// Everything that the callbacks work on. They get it from here: what QEMU hands through to them
/// is taken by the place of the instruction.
static PLUGIN: OnceLock<Plugin> = OnceLock::new();

/// The machine and how its vCPUs are reached.
pub(crate) struct Plugin {
    machine: Box<dyn Platform>,
    counter: Option<Counter>,
    iretq_sites: IretqSites,
    vcpus: [OnceLock<Vcpu>; MAX_VCPUS],
}

/// The registers of a vCPU that are used.
struct Vcpu {
    general: [Register; 16],
    system: [Register; SystemReg::ALL.len()],
    rip: Register,
    eflags: Register,
}

impl Vcpu {
    /// Finds the registers of a vCPU.
    fn new(thread: &VcpuThread) -> Result<Self, String> {
        let all = thread.registers();
        let find = |name: &str| {
            all.iter()
                .find(|(other, _)| other.to_bytes() == name.as_bytes())
                .map(|(_, register)| *register)
                .ok_or_else(|| format!("QEMU has no register `{name}`"))
        };
        let mut general = [find("rax")?; 16];
        let mut system = [find("cr0")?; SystemReg::ALL.len()];

        for (register, (_, name)) in general.iter_mut().zip(Reg::ALL) {
            *register = find(name)?;
        }
        for (register, (_, name)) in system.iter_mut().zip(SystemReg::ALL) {
            *register = find(name)?;
        }
        Ok(Self {
            general,
            system,
            rip: find("rip")?,
            eflags: find("eflags")?,
        })
    }

    /// Reads the general purpose registers.
    fn read(&self, thread: &VcpuThread) -> Registers {
        let mut regs = Registers::default();

        for ((reg, _), register) in Reg::ALL.into_iter().zip(self.general) {
            regs[reg] = thread.read_register(register);
        }
        regs
    }

    /// Writes the general purpose registers that differ.
    fn write(&self, thread: &VcpuThread, before: &Registers, after: &Registers) {
        for ((reg, _), register) in Reg::ALL.into_iter().zip(self.general) {
            if before[reg] != after[reg] {
                thread.write_register(register, after[reg]);
            }
        }
    }

    /// Reads a register of the system.
    fn system(&self, thread: &VcpuThread, register: SystemReg) -> u64 {
        thread.read_register(self.system[register as usize])
    }

    /// Tells whether the vCPU is in protected mode. In real mode the PC is no address.
    fn is_protected(&self, thread: &VcpuThread) -> bool {
        self.system(thread, SystemReg::Cr0) & 1 != 0
    }

    /// Tells whether the vCPU is in long mode and runs a kernel, the only one that may `TDCALL`.
    fn is_kernel(&self, thread: &VcpuThread) -> bool {
        let long = self.system(thread, SystemReg::Efer) & (1 << 10) != 0;

        long && self.is_privileged(thread)
    }

    /// Tells whether the vCPU is in privilege level 0.
    fn is_privileged(&self, thread: &VcpuThread) -> bool {
        self.system(thread, SystemReg::Cs) & 3 == 0
    }
}

/// A vCPU in the callback of an instruction.
struct Caller<'a> {
    thread: &'a VcpuThread,
    vcpu: &'a Vcpu,
}

impl vcpu::Vcpu for Caller<'_> {
    fn memory(&self) -> &dyn GuestMemory {
        self.thread
    }

    fn number(&self) -> usize {
        self.thread.number()
    }

    fn is_privileged(&self) -> bool {
        self.vcpu.is_privileged(self.thread)
    }

    fn is_kernel(&self) -> bool {
        self.vcpu.is_kernel(self.thread)
    }

    fn system(&self, register: SystemReg) -> u64 {
        self.vcpu.system(self.thread, register)
    }

    fn set_system(&self, register: SystemReg, value: u64) {
        let register = self.vcpu.system[register as usize];

        self.thread.write_register(register, value);
    }

    fn translate(&self, address: u64) -> Option<u64> {
        self.thread.translate(address)
    }
}

impl Callbacks for Plugin {
    fn install(vcpus: usize, args: &[&str]) -> Result<Option<String>, String> {
        if let Some(help) = config::help(args)? {
            return Ok(Some(help));
        }
        if vcpus > MAX_VCPUS {
            return Err(format!(
                "{vcpus} vCPUs, but a machine may have {MAX_VCPUS} at most"
            ));
        }
        let config = Config::parse(args.iter().copied())?;
        if let Some(arguments) = config.arguments() {
            return Ok(Some(arguments));
        }
        let plugin = Plugin {
            machine: config.machine(vcpus, &QemuBoard::find)?,
            counter: config.count.map(Counter::new),
            iretq_sites: IretqSites::default(),
            vcpus: Default::default(),
        };
        let pages = plugin.machine.private_pages();
        PLUGIN
            .set(plugin)
            .map_err(|_| "loaded twice, but there is one machine")?;
        config.start_devices(pages.as_ref())?;
        Ok(None)
    }

    fn counter() -> Option<&'static Counter> {
        PLUGIN.get()?.counter.as_ref()
    }

    fn start_vcpu(thread: &VcpuThread) {
        let Some(slot) = PLUGIN
            .get()
            .and_then(|plugin| plugin.vcpus.get(thread.number()))
        else {
            qemu::stop(&format!("there is no vCPU {}", thread.number()));
        };
        match Vcpu::new(thread) {
            // A vCPU that starts again has the same registers.
            Ok(vcpu) => drop(slot.set(vcpu)),
            Err(message) => qemu::stop(&message),
        }
    }

    fn takes(instruction: Instruction) -> bool {
        PLUGIN.get().is_some_and(|plugin| match instruction {
            Instruction::Count | Instruction::CountRange => plugin.counter.is_some(),
            Instruction::Breakpoint => true,
            _ => plugin.machine.takes(instruction),
        })
    }

    fn borrows() -> bool {
        PLUGIN.get().is_some_and(|plugin| plugin.machine.borrows())
    }

    fn starts() -> bool {
        PLUGIN.get().is_some_and(|plugin| plugin.machine.starts())
    }

    fn resets() -> bool {
        PLUGIN.get().is_some_and(|plugin| plugin.machine.resets())
    }

    fn reset(thread: &VcpuThread) -> Option<u64> {
        let plugin = PLUGIN.get()?;
        let vcpu = plugin.vcpus.get(thread.number())?.get()?;

        if vcpu.is_protected(thread) {
            return None;
        }
        let before = vcpu.read(thread);
        let mut regs = before;
        let launched = plugin.machine.reset(&Caller { thread, vcpu }, &mut regs);
        let next = launched.unwrap_or_else(|why| qemu::stop(&why));

        vcpu.write(thread, &before, &regs);
        next
    }

    fn watches() -> bool {
        PLUGIN.get().is_some_and(|plugin| plugin.machine.watches())
    }

    fn loaded(thread: &VcpuThread, address: u64, len: u64) {
        let Some(plugin) = PLUGIN.get() else { return };

        if let Some(vcpu) = plugin.vcpus.get(thread.number()).and_then(OnceLock::get) {
            plugin
                .machine
                .loaded(&Caller { thread, vcpu }, address, len);
        }
    }

    fn execute(thread: &VcpuThread, instruction: Instruction, offset: u64) -> Option<u64> {
        let plugin = PLUGIN.get()?;
        let vcpu = plugin.vcpus.get(thread.number())?.get()?;

        if !vcpu.is_protected(thread) {
            return None;
        }
        let before = vcpu.read(thread);
        let mut regs = before;
        let caller = Caller { thread, vcpu };
        let rip = thread.read_register(vcpu.rip);
        let outcome = match instruction {
            Instruction::Breakpoint => {
                breakpoint::execute(&caller, instruction::address(rip, offset))
            }
            Instruction::Count => {
                regs[Reg::Rax] = thread.count(plugin.counter.as_ref()?);
                Outcome::Done(Effect::Resume)
            }
            Instruction::CountRange => {
                let range = regs[Reg::Rax]..regs[Reg::Rdx];
                regs[Reg::Rax] = thread.count_in(plugin.counter.as_ref()?, range);
                Outcome::Done(Effect::Resume)
            }
            _ => plugin.machine.execute(instruction, &caller, &mut regs),
        };
        let next = instruction.next(rip, offset);
        let next = match outcome {
            Outcome::Native => None,
            Outcome::Again => Some(instruction::address(rip, offset)),
            Outcome::Done(Effect::Resume) => Some(next),
            Outcome::Done(Effect::Idle) => {
                thread::sleep(plugin.machine.idle(IDLE));
                plugin.machine.poll(thread);
                Some(next)
            }
            Outcome::Done(Effect::Stop(why)) => qemu::stop(&why),
            Outcome::Carry(carry) => {
                let frame = Frame {
                    rip: next,
                    cs: vcpu.system(thread, SystemReg::Cs),
                    rflags: thread.read_register(vcpu.eflags),
                    rsp: regs[Reg::Rsp],
                    ss: vcpu.system(thread, SystemReg::Ss),
                };
                let sent = plugin.iretq_sites.send(&caller, frame.with_carry(carry));
                let (there, stack) = sent.unwrap_or_else(|why| qemu::stop(&why));

                regs[Reg::Rsp] = stack;
                Some(there)
            }
        };
        vcpu.write(thread, &before, &regs);
        next
    }

    fn saw_return(address: u64) {
        if let Some(plugin) = PLUGIN.get() {
            plugin.iretq_sites.note(address);
        }
    }

    fn after_cpuid(thread: &VcpuThread, offset: u64) -> Option<u64> {
        let plugin = PLUGIN.get()?;
        let vcpu = plugin.vcpus.get(thread.number())?.get()?;

        if !vcpu.is_protected(thread) {
            return None;
        }
        let here = instruction::address(thread.read_register(vcpu.rip), offset);
        let before = vcpu.read(thread);
        let mut regs = before;
        let again = plugin.machine.after_cpuid(&mut regs);

        vcpu.write(thread, &before, &regs);
        again.then(|| here.wrapping_sub(2))
    }

    fn enter(thread: &VcpuThread) -> Option<u64> {
        let plugin = PLUGIN.get()?;
        let vcpu = plugin.vcpus.get(thread.number())?.get()?;

        if vcpu.is_protected(thread) {
            return None;
        }
        let before = vcpu.read(thread);
        let mut regs = before;
        let next = plugin.machine.entry(&Caller { thread, vcpu }, &mut regs);

        vcpu.write(thread, &before, &regs);
        next
    }

    fn poll(thread: &VcpuThread) {
        if let Some(plugin) = PLUGIN.get() {
            plugin.machine.poll(thread);
        }
    }
}
