// SPDX-License-Identifier: GPL-2.0

//! QEMU's TCG plugin API, version 7: all the `unsafe` of the emulator.
//!
//! C header: `qemu-plugin.h` of QEMU 11.1. Only what is used is declared, and so is the little of
//! GLib that its signatures need. Here is what QEMU calls; what is made of it is in [`crate::plugin`].
//!
//! `qemu_plugin_set_pc()` leaves a callback by `longjmp()`, over the frames between. So a callback
//! has a function without C in it do the work, which returns where to go on, and then calls it
//! with nothing left to drop.
//!
//! A panic does not get out of an `extern "C"` function: it ends the process.

#![expect(unsafe_code, reason = "QEMU is written in C")]

mod api;
mod bytes;
mod vcpu;

pub(crate) use vcpu::{
    Counter,
    Register,
    VcpuThread, //
};

use std::{
    ffi::{
        c_char,
        c_int,
        c_uint,
        c_void,
        CStr, //
    },
    io::{
        self,
        Write as _, //
    },
};

use crate::{
    config,
    machine::instruction::{
        self,
        Instruction,
        Site, //
    },
    plugin, //
};
use api::{
    qemu_plugin_insn_data,
    qemu_plugin_insn_vaddr,
    qemu_plugin_mem_size_shift,
    qemu_plugin_register_vcpu_init_cb,
    qemu_plugin_register_vcpu_insn_exec_cb,
    qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu,
    qemu_plugin_register_vcpu_mem_cb,
    qemu_plugin_register_vcpu_tb_trans_cb,
    qemu_plugin_set_pc,
    qemu_plugin_tb_get_insn,
    qemu_plugin_tb_n_insns,
    Block,
    Info,
    VcpuCallback,
    INLINE_ADD,
    MEM_R,
    NO_REGS,
    RW_REGS_PC, //
};

/// The version of the API that these files are written for. QEMU reads it.
#[no_mangle]
static qemu_plugin_version: c_int = 7;

/// Exit status when the machine is stopped.
const EXIT_STOPPED: c_int = 70;

extern "C" {
    fn _exit(status: c_int) -> !;
}

/// Prints a message and ends the machine. QEMU's own way out could wait for this thread.
pub(crate) fn stop(message: &str) -> ! {
    eprintln!("tsm-emulator: {message}");
    // SAFETY: `_exit()` has no conditions.
    unsafe { _exit(EXIT_STOPPED) }
}

/// Prints the help and ends QEMU before it starts a machine.
fn print_help(text: &str) -> ! {
    let mut stdout = io::stdout().lock();
    let printed = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());

    if let Err(error) = printed {
        stop(&format!("the help cannot be printed: {error}"));
    }
    // SAFETY: `_exit()` has no conditions.
    unsafe { _exit(0) }
}

/// A vCPU starts.
extern "C" fn vcpu_init(vcpu: c_uint, _: *mut c_void) {
    // SAFETY: This is such a callback, and the object is dropped in it.
    plugin::start_vcpu(&unsafe { VcpuThread::new(vcpu) });
}

/// QEMU translates a block.
extern "C" fn translate(block: *mut Block, _: *mut c_void) {
    // SAFETY: QEMU passes a block that is alive during the callback.
    let count = unsafe { qemu_plugin_tb_n_insns(block) };
    let counter = plugin::counter();

    let mut borrowed = false;
    let (watches, starts) = (plugin::watches(), plugin::starts());

    for index in 0..count {
        let mut bytes = [0; 16];
        // SAFETY: As above, and `index` is below the number of its instructions.
        let insn = unsafe { qemu_plugin_tb_get_insn(block, index) };
        // First, because what a callback executes is not executed any further.
        if let Some(counter) = counter {
            // SAFETY: The instruction is alive as long as the block; by the invariant of `Counter`,
            // the scoreboard is alive and the number is in it.
            unsafe {
                qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
                    insn,
                    INLINE_ADD,
                    counter.entry(),
                    1,
                )
            };
        }
        // SAFETY: The instruction is alive as long as the block, the buffer has its length.
        let len = unsafe { qemu_plugin_insn_data(insn, bytes.as_mut_ptr().cast(), bytes.len()) };
        let bytes = bytes.get(..len).unwrap_or_default();
        // SAFETY: The instruction is alive.
        let address = unsafe { qemu_plugin_insn_vaddr(insn) };
        let site = Site::new(address, bytes);
        let register = |callback: VcpuCallback, flags| {
            // CAST: Not a pointer, but a word; the callback takes it back.
            let data = site.raw() as *mut c_void;
            // SAFETY: The instruction is alive, the callback has the right type and lives forever.
            unsafe { qemu_plugin_register_vcpu_insn_exec_cb(insn, callback, flags, data) };
        };

        if watches {
            let none = std::ptr::null_mut();
            // SAFETY: The instruction is alive, the callback has the right type and lives forever.
            unsafe { qemu_plugin_register_vcpu_mem_cb(insn, load, NO_REGS, MEM_R, none) };
        }
        if starts && instruction::is_entry(address) {
            register(enter, RW_REGS_PC);
        }
        if borrowed {
            register(after_cpuid, RW_REGS_PC);
        }
        borrowed = Instruction::is_borrowed(bytes) && plugin::borrows();
        if bytes == instruction::IRETQ && plugin::borrows() {
            plugin::saw_return(address);
        }
        match Instruction::decode(bytes).filter(|instruction| plugin::takes(*instruction)) {
            Some(Instruction::Visit) => register(visit, NO_REGS),
            Some(Instruction::Count) => register(read_count, RW_REGS_PC),
            Some(_) => register(instruction, RW_REGS_PC),
            None => {}
        }
    }
}

/// A vCPU is at an instruction that is taken over.
extern "C" fn instruction(vcpu: c_uint, site: *mut c_void) {
    // CAST: What `translate()` made of it.
    let site = Site::from_raw(site as u64);

    if let Some(instruction) = site.instruction() {
        // SAFETY: This is the callback of an instruction.
        unsafe { execute(instruction, vcpu, site) };
    }
}

/// A vCPU has executed a `CPUID`.
extern "C" fn after_cpuid(vcpu: c_uint, site: *mut c_void) {
    // CAST: What `translate()` made of it.
    let site = Site::from_raw(site as u64);
    // SAFETY: This is the callback of an instruction; the object is dropped in the statement.
    let next = plugin::after_cpuid(&unsafe { VcpuThread::new(vcpu) }, site.offset());

    // SAFETY: This is the callback of an instruction, and nothing is left to be dropped.
    unsafe { go_on(next) };
}

/// A vCPU is where a startup IPI may have sent it.
extern "C" fn enter(vcpu: c_uint, _: *mut c_void) {
    // SAFETY: This is the callback of an instruction; the object is dropped in the statement.
    let next = plugin::enter(&unsafe { VcpuThread::new(vcpu) });

    // SAFETY: This is the callback of an instruction, and nothing is left to be dropped.
    unsafe { go_on(next) };
}

/// A vCPU asks for its number of instructions.
extern "C" fn read_count(vcpu: c_uint, site: *mut c_void) {
    // CAST: What `translate()` made of it.
    // SAFETY: This is the callback of an instruction.
    unsafe { execute(Instruction::Count, vcpu, Site::from_raw(site as u64)) };
}

/// A vCPU has loaded something.
extern "C" fn load(vcpu: c_uint, info: u32, address: u64, _: *mut c_void) {
    // SAFETY: QEMU passes what it knows of the load.
    let shift = unsafe { qemu_plugin_mem_size_shift(info) };
    // SAFETY: This is the callback of a load, and the object is dropped in the statement.
    plugin::loaded(&unsafe { VcpuThread::new(vcpu) }, address, 1 << shift);
}

/// A vCPU comes by.
extern "C" fn visit(vcpu: c_uint, _: *mut c_void) {
    // SAFETY: This is the callback of an instruction, and the object is dropped in it.
    plugin::visit(&unsafe { VcpuThread::new(vcpu) });
}

/// Executes an instruction and goes on behind it, or lets the CPU execute it.
///
/// # Safety
///
/// The caller must be the callback of an instruction, with nothing left to be dropped.
unsafe fn execute(instruction: Instruction, vcpu: c_uint, site: Site) {
    // SAFETY: The caller's promise; the object is dropped at the end of the statement.
    let next = plugin::execute(
        &unsafe { VcpuThread::new(vcpu) },
        instruction,
        site.offset(),
    );

    // SAFETY: The caller's promise.
    unsafe { go_on(next) };
}

/// Goes on at another place, if there is one.
///
/// # Safety
///
/// The caller must be the callback of an instruction, registered with [`RW_REGS_PC`], and nothing
/// may be left to be dropped in it.
unsafe fn go_on(next: Option<u64>) {
    if let Some(pc) = next {
        // SAFETY: The caller's promise, and nothing is left to be dropped here.
        unsafe { qemu_plugin_set_pc(pc) };
        stop("QEMU does not let the PC be set");
    }
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
    std::panic::set_hook(Box::new(|panic| stop(&format!("this is a bug: {panic}"))));

    // SAFETY: The caller's promise.
    let info = unsafe { &*info };
    // SAFETY: The target is a C string, by the caller's promise.
    let target = unsafe { CStr::from_ptr(info.target_name) };
    let args = (0..usize::try_from(argc).unwrap_or(0))
        // SAFETY: The caller's promise, as `index` is below `argc`.
        .map(|index| unsafe { CStr::from_ptr(*argv.add(index)) }.to_string_lossy())
        .collect::<Vec<_>>();
    let args = args.iter().map(|arg| &**arg).collect::<Vec<&str>>();
    let vcpus = usize::try_from(info.max_vcpus).unwrap_or(0);
    let made = match target == c"x86_64" && info.system_emulation {
        true => config::help(&args).and_then(|help| match help {
            Some(text) => print_help(&text),
            None => plugin::install(vcpus, args),
        }),
        false => Err("made for qemu-system-x86_64".into()),
    };

    if let Err(message) = made {
        eprintln!("tsm-emulator: {message}");
        return -1;
    }
    // SAFETY: `id` is this plugin's, the callback has the right type and lives forever.
    unsafe { qemu_plugin_register_vcpu_init_cb(id, vcpu_init, std::ptr::null_mut()) };
    // SAFETY: As above.
    unsafe { qemu_plugin_register_vcpu_tb_trans_cb(id, translate, std::ptr::null_mut()) };
    0
}
