// SPDX-License-Identifier: GPL-2.0

//! QEMU's TCG plugin API, version 7.
//!
//! C header: `qemu-plugin.h` of QEMU 11.1. Only what is used is declared, and so is the little of
//! GLib that its signatures need.
//!
//! `qemu_plugin_set_pc()` leaves the callback by `longjmp()`, over the frames between. So a
//! callback does its work in a function of its own, which returns where to go on, and then calls
//! it with nothing left to drop.
//!
//! A panic does not get out of an `extern "C"` function: it ends the process.

#![expect(unsafe_code, reason = "QEMU is written in C")]

use std::{
    ffi::{
        c_char,
        c_int,
        c_uint,
        c_void,
        CStr, //
    },
    ptr::NonNull,
    sync::OnceLock,
    thread,
    time::Duration, //
};

use crate::{
    config::Config,
    cpuid,
    gpa::PAGE_SIZE,
    hook::Instruction,
    machine::Machine,
    memory::{
        GuestMemory,
        NoMemory, //
    },
    registers::{
        Reg,
        Registers, //
    },
    vmm::Effect, //
};

/// The version of the API that this file is written for. QEMU reads it.
#[no_mangle]
static qemu_plugin_version: c_int = 7;

/// Most vCPUs that a machine may have.
const MAX_VCPUS: usize = 8;

/// Exit status when the guest can not go on.
const EXIT_STOPPED: c_int = 70;

/// How long a vCPU that waits for an interrupt sleeps before it looks again. A plugin can neither
/// wait for an interrupt nor see one, so this is the delay that an idle vCPU may add.
const IDLE: Duration = Duration::from_micros(200);

/// `QEMU_PLUGIN_CB_RW_REGS_PC`.
const RW_REGS_PC: c_int = 3;

/// `GByteArray` of GLib.
#[repr(C)]
struct GByteArray {
    data: *mut u8,
    len: c_uint,
}

/// `GArray` of GLib.
#[repr(C)]
struct GArray {
    data: *mut u8,
    len: c_uint,
}

/// `struct qemu_plugin_register`, opaque.
#[repr(C)]
struct RegisterHandle {
    _opaque: [u8; 0],
}

/// `qemu_plugin_reg_descriptor`.
#[repr(C)]
struct RegisterDescriptor {
    handle: *mut RegisterHandle,
    name: *const c_char,
    feature: *const c_char,
    is_readonly: bool,
}

/// `struct qemu_plugin_tb`, opaque.
#[repr(C)]
struct Block {
    _opaque: [u8; 0],
}

/// `struct qemu_plugin_insn`, opaque.
#[repr(C)]
struct Insn {
    _opaque: [u8; 0],
}

/// `qemu_info_t`, up to what is used.
#[repr(C)]
struct Info {
    target_name: *const c_char,
    version_min: c_int,
    version_cur: c_int,
    system_emulation: bool,
    smp_vcpus: c_int,
    max_vcpus: c_int,
}

type BlockCallback = extern "C" fn(*mut Block, *mut c_void);
type VcpuCallback = extern "C" fn(c_uint, *mut c_void);

extern "C" {
    fn g_byte_array_new() -> *mut GByteArray;
    fn g_byte_array_set_size(array: *mut GByteArray, len: c_uint) -> *mut GByteArray;
    fn g_byte_array_free(array: *mut GByteArray, free_data: c_int) -> *mut u8;
    fn g_array_free(array: *mut GArray, free_data: c_int) -> *mut c_char;

    fn qemu_plugin_register_vcpu_init_cb(id: u64, callback: VcpuCallback, data: *mut c_void);
    fn qemu_plugin_register_vcpu_tb_trans_cb(id: u64, callback: BlockCallback, data: *mut c_void);
    fn qemu_plugin_register_vcpu_insn_exec_cb(
        insn: *mut Insn,
        callback: VcpuCallback,
        flags: c_int,
        data: *mut c_void,
    );
    fn qemu_plugin_tb_n_insns(block: *const Block) -> usize;
    fn qemu_plugin_tb_get_insn(block: *const Block, index: usize) -> *mut Insn;
    fn qemu_plugin_insn_data(insn: *const Insn, to: *mut c_void, len: usize) -> usize;
    fn qemu_plugin_insn_vaddr(insn: *const Insn) -> u64;
    fn qemu_plugin_get_registers() -> *mut GArray;
    fn qemu_plugin_read_register(handle: *mut RegisterHandle, to: *mut GByteArray) -> bool;
    fn qemu_plugin_write_register(handle: *mut RegisterHandle, from: *mut GByteArray) -> bool;
    fn qemu_plugin_read_memory_hwaddr(address: u64, to: *mut GByteArray, len: usize) -> c_int;
    fn qemu_plugin_write_memory_hwaddr(address: u64, from: *mut GByteArray) -> c_int;
    fn qemu_plugin_set_pc(pc: u64);

    fn _exit(status: c_int) -> !;
}

/// Everything that the callbacks work on. Callbacks get it from here: what QEMU hands through to
/// them is taken by the place of the instruction.
static PLUGIN: OnceLock<Plugin> = OnceLock::new();

/// The machine and how its vCPUs are reached.
struct Plugin {
    machine: Machine,
    vcpus: [OnceLock<Vcpu>; MAX_VCPUS],
}

/// Prints a message and ends the machine. QEMU's own way out could wait for this thread.
fn stop(message: &str) -> ! {
    eprintln!("tsm-emulator: {message}");
    // SAFETY: `_exit()` has no conditions.
    unsafe { _exit(EXIT_STOPPED) }
}

/// A byte array of GLib.
///
/// # Invariants
///
/// The pointer is to an array that is only reachable through this object.
struct Bytes(NonNull<GByteArray>);

impl Bytes {
    /// Makes an empty array.
    fn new() -> Self {
        // SAFETY: `g_byte_array_new()` has no conditions.
        let array = unsafe { g_byte_array_new() };

        // INVARIANT: The array is new. GLib does not return without one.
        Self(NonNull::new(array).unwrap_or_else(|| stop("out of memory")))
    }

    /// Replaces the contents.
    fn fill(&mut self, from: &[u8]) {
        // CAST: Nothing is written in larger pieces than 16 KiB.
        // SAFETY: By the type's invariant, the array is alive and nobody else uses it.
        unsafe { g_byte_array_set_size(self.0.as_ptr(), from.len() as c_uint) };
        // SAFETY: As above.
        let to = unsafe { (*self.0.as_ptr()).data };
        // SAFETY: The array has just been given the size of `from`, and is not `from`, as nobody
        // else can reach it.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to, from.len()) };
    }

    /// Copies out as many bytes as both have. Returns how many.
    fn copy_to(&self, to: &mut [u8]) -> usize {
        // SAFETY: By the type's invariant, the array is alive and nobody else uses it.
        let GByteArray { data, len } = unsafe { self.0.as_ptr().read() };
        // CAST: Widens.
        let len = to.len().min(len as usize);

        if len != 0 {
            // SAFETY: `len` is no more than what either of them has, and they are apart, as nobody
            // else can reach the array.
            unsafe { std::ptr::copy_nonoverlapping(data, to.as_mut_ptr(), len) };
        }
        len
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        // SAFETY: By the type's invariant, nobody else will use the array.
        unsafe { g_byte_array_free(self.0.as_ptr(), 1) };
    }
}

/// A register of one vCPU.
#[derive(Debug, Clone, Copy)]
struct Handle(NonNull<RegisterHandle>);

// SAFETY: QEMU never frees a register. The handle is only a number to QEMU, which takes the vCPU
// from the calling thread.
unsafe impl Send for Handle {}
// SAFETY: As above.
unsafe impl Sync for Handle {}

/// The registers of one vCPU that callbacks use.
struct Vcpu {
    general: [Handle; 16],
    rip: Handle,
    cs: Handle,
    cr0: Handle,
    efer: Handle,
}

impl Vcpu {
    /// Finds the registers of the vCPU whose thread this is.
    fn new() -> Result<Self, String> {
        let mut found = Vec::new();
        // SAFETY: Called on the thread of a vCPU, from its initialisation callback.
        let array = unsafe { qemu_plugin_get_registers() };
        // SAFETY: QEMU returns an array of descriptors, which is the caller's.
        let GArray { data, len } = unsafe { array.read() };

        // CAST: Widens; the array is one of descriptors, and aligned as such by GLib.
        for index in 0..len as usize {
            // SAFETY: `index` is below the length of the array.
            let descriptor = unsafe { &*data.cast::<RegisterDescriptor>().add(index) };
            // SAFETY: QEMU keeps names of registers forever, as C strings.
            let name = unsafe { CStr::from_ptr(descriptor.name) };
            if let Some(handle) = NonNull::new(descriptor.handle) {
                found.push((name, Handle(handle)));
            }
        }
        // SAFETY: The array is the caller's, and nothing refers to it any more.
        unsafe { g_array_free(array, 1) };

        let find = |name: &str| {
            found
                .iter()
                .find(|(other, _)| other.to_bytes() == name.as_bytes())
                .map(|(_, handle)| *handle)
                .ok_or_else(|| format!("QEMU has no register `{name}`"))
        };
        let mut general = [find("rax")?; 16];
        for (handle, (_, name)) in general.iter_mut().zip(Reg::ALL) {
            *handle = find(name)?;
        }
        Ok(Self {
            general,
            rip: find("rip")?,
            cs: find("cs")?,
            cr0: find("cr0")?,
            efer: find("efer")?,
        })
    }

    /// Reads a register.
    fn read(&self, handle: Handle) -> u64 {
        let bytes = Bytes::new();
        let mut value = [0; 8];

        // SAFETY: Called on the thread of the vCPU, from a callback that may read registers.
        if !unsafe { qemu_plugin_read_register(handle.0.as_ptr(), bytes.0.as_ptr()) } {
            stop("QEMU does not let a register be read");
        }
        bytes.copy_to(&mut value);
        u64::from_le_bytes(value)
    }

    /// Writes a register.
    fn write(&self, handle: Handle, value: u64) {
        let mut bytes = Bytes::new();

        bytes.fill(&value.to_le_bytes());
        // SAFETY: Called on the thread of the vCPU, from a callback that may write registers.
        if !unsafe { qemu_plugin_write_register(handle.0.as_ptr(), bytes.0.as_ptr()) } {
            stop("QEMU does not let a register be written");
        }
    }

    /// Reads the general purpose registers.
    fn registers(&self) -> Registers {
        let mut regs = Registers::default();

        for ((reg, _), handle) in Reg::ALL.into_iter().zip(self.general) {
            regs[reg] = self.read(handle);
        }
        regs
    }

    /// Writes the general purpose registers that differ.
    fn update(&self, before: &Registers, after: &Registers) {
        for ((reg, _), handle) in Reg::ALL.into_iter().zip(self.general) {
            if before[reg] != after[reg] {
                self.write(handle, after[reg]);
            }
        }
    }

    /// Tells whether the vCPU is in protected mode. In real mode the PC is no address.
    fn is_protected(&self) -> bool {
        self.read(self.cr0) & 1 != 0
    }

    /// Tells whether the vCPU is in long mode and runs a kernel, the only one that may `TDCALL`.
    fn is_kernel(&self) -> bool {
        (self.read(self.efer) >> 10) & 1 != 0 && self.read(self.cs) & 3 == 0
    }
}

/// The memory of the guest.
struct QemuMemory;

impl GuestMemory for QemuMemory {
    fn read(&self, address: u64, to: &mut [u8]) -> Result<(), NoMemory> {
        let bytes = Bytes::new();
        let array = bytes.0.as_ptr();

        // SAFETY: Called on the thread of a vCPU; the array is alive.
        let result = unsafe { qemu_plugin_read_memory_hwaddr(address, array, to.len()) };
        match result == 0 && bytes.copy_to(to) == to.len() {
            true => Ok(()),
            false => Err(NoMemory),
        }
    }

    fn write(&self, address: u64, from: &[u8]) -> Result<(), NoMemory> {
        if from.is_empty() {
            return Ok(());
        }
        let mut bytes = Bytes::new();

        bytes.fill(from);
        // SAFETY: Called on the thread of a vCPU; the array is alive.
        match unsafe { qemu_plugin_write_memory_hwaddr(address, bytes.0.as_ptr()) } {
            0 => Ok(()),
            _ => Err(NoMemory),
        }
    }
}

/// Returns what the callbacks of a vCPU work on.
fn plugin(vcpu: c_uint) -> Option<(&'static Machine, &'static Vcpu)> {
    let plugin = PLUGIN.get()?;

    // CAST: Widens.
    Some((&plugin.machine, plugin.vcpus.get(vcpu as usize)?.get()?))
}

/// A vCPU starts.
extern "C" fn vcpu_init(vcpu: c_uint, _: *mut c_void) {
    let Some(plugin) = PLUGIN.get() else {
        return;
    };
    // CAST: Widens.
    let Some(slot) = plugin.vcpus.get(vcpu as usize) else {
        stop(&format!("a machine may have {MAX_VCPUS} vCPUs at most"));
    };
    match Vcpu::new() {
        // A vCPU that starts again has the same registers.
        Ok(vcpu) => drop(slot.set(vcpu)),
        Err(message) => stop(&message),
    }
}

/// QEMU translates a block.
extern "C" fn translate(block: *mut Block, _: *mut c_void) {
    // SAFETY: QEMU passes a block that is alive during the callback.
    let count = unsafe { qemu_plugin_tb_n_insns(block) };

    for index in 0..count {
        let mut bytes = [0; 16];
        // SAFETY: As above, and `index` is below the number of its instructions.
        let insn = unsafe { qemu_plugin_tb_get_insn(block, index) };
        // SAFETY: The instruction is alive as long as the block, the buffer has its length.
        let len = unsafe { qemu_plugin_insn_data(insn, bytes.as_mut_ptr().cast(), bytes.len()) };
        let callback = match bytes.get(..len).and_then(Instruction::decode) {
            Some(Instruction::Tdcall) => tdcall,
            Some(Instruction::Cpuid) => cpuid,
            None => continue,
        };
        // SAFETY: The instruction is alive.
        let offset = unsafe { qemu_plugin_insn_vaddr(insn) } % PAGE_SIZE;
        // CAST: Not a pointer, but below 4096; the callback takes it back.
        let data = offset as *mut c_void;
        // SAFETY: The instruction is alive, the callback has the right type and lives forever.
        unsafe { qemu_plugin_register_vcpu_insn_exec_cb(insn, callback, RW_REGS_PC, data) };
    }
}

/// A vCPU is at a `TDCALL`.
extern "C" fn tdcall(vcpu: c_uint, offset: *mut c_void) {
    // CAST: What `translate()` made of the offset.
    if let Some(pc) = execute(Instruction::Tdcall, vcpu, offset as u64) {
        // SAFETY: The callback was registered with RW_REGS_PC. Nothing is left to be dropped.
        unsafe { qemu_plugin_set_pc(pc) };
    }
}

/// A vCPU is at a `CPUID`.
extern "C" fn cpuid(vcpu: c_uint, offset: *mut c_void) {
    // CAST: What `translate()` made of the offset.
    if let Some(pc) = execute(Instruction::Cpuid, vcpu, offset as u64) {
        // SAFETY: The callback was registered with RW_REGS_PC. Nothing is left to be dropped.
        unsafe { qemu_plugin_set_pc(pc) };
    }
}

/// Executes an instruction. Returns where to go on, or nothing if the CPU has to execute it.
fn execute(instruction: Instruction, number: c_uint, offset: u64) -> Option<u64> {
    let (machine, vcpu) = plugin(number)?;

    if !vcpu.is_protected() {
        return None;
    }
    let before = vcpu.registers();
    let mut regs = before;
    match instruction {
        Instruction::Cpuid => {
            if !cpuid::execute(&mut regs) {
                return None;
            }
        }
        Instruction::Tdcall => {
            if !vcpu.is_kernel() {
                return None;
            }
            // CAST: Widens.
            match machine.tdcall(number as usize, &mut regs, &QemuMemory) {
                Effect::Resume => {}
                Effect::Idle => thread::sleep(IDLE),
                Effect::Stop(why) => stop(&why),
            }
        }
    }
    vcpu.update(&before, &regs);
    Some(instruction.next(vcpu.read(vcpu.rip), offset))
}

/// QEMU loads the plugin.
///
/// # Safety
///
/// `info` points to what QEMU says of itself, `argv` to `argc` C strings.
#[no_mangle]
unsafe extern "C" fn qemu_plugin_install(
    id: u64,
    info: *const Info,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    std::panic::set_hook(Box::new(|panic| {
        stop(&format!("this is a bug: {panic}"));
    }));
    // SAFETY: The caller's promise.
    let info = unsafe { &*info };
    let args = (0..usize::try_from(argc).unwrap_or(0))
        // SAFETY: The caller's promise; `index` is below `argc`.
        .map(|index| unsafe { CStr::from_ptr(*argv.add(index)) }.to_string_lossy())
        .collect::<Vec<_>>();

    match install(info, args.iter().map(AsRef::as_ref)) {
        Ok(plugin) => drop(PLUGIN.set(plugin)),
        Err(message) => {
            eprintln!("tsm-emulator: {message}");
            return -1;
        }
    }
    // SAFETY: `id` is this plugin's, the callbacks have the right types and live forever.
    unsafe { qemu_plugin_register_vcpu_init_cb(id, vcpu_init, std::ptr::null_mut()) };
    // SAFETY: As above.
    unsafe { qemu_plugin_register_vcpu_tb_trans_cb(id, translate, std::ptr::null_mut()) };
    0
}

/// Checks what QEMU is and makes the machine.
fn install<'a>(info: &Info, args: impl Iterator<Item = &'a str>) -> Result<Plugin, String> {
    // SAFETY: QEMU passes its target as a C string.
    let target = unsafe { CStr::from_ptr(info.target_name) };

    if target != c"x86_64" || !info.system_emulation {
        return Err("made for qemu-system-x86_64".into());
    }
    let vcpus = usize::try_from(info.max_vcpus).unwrap_or(0);
    if vcpus > MAX_VCPUS {
        return Err(format!(
            "{vcpus} vCPUs, a machine may have {MAX_VCPUS} at most"
        ));
    }
    Ok(Plugin {
        machine: Machine::new(&Config::parse(args)?, vcpus)?,
        vcpus: Default::default(),
    })
}
