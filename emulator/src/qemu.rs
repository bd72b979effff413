// SPDX-License-Identifier: GPL-2.0

//! QEMU's TCG plugin API, version 7: all the `unsafe` but the symbol in `entry.rs`.
//!
//! C header: `qemu-plugin.h` of QEMU 11.1. Only what is used is declared, and so is the little of
//! GLib that its signatures need. What QEMU calls is here, and calls [`Callbacks`].
//!
//! `qemu_plugin_set_pc()` leaves a callback by `longjmp()`, over the frames between. So a callback
//! has a function without C in it do the work, which returns where to go on, and then calls it
//! with nothing left to drop.
//!
//! A panic does not get out of an `extern "C"` function: it ends the process.

#![expect(unsafe_code, reason = "QEMU is written in C")]

mod api;
mod board;
mod bytes;
mod callbacks;
mod counter;
mod exit;
mod vcpu;

pub(crate) use api::Info;
pub(crate) use board::QemuBoard;
pub(crate) use callbacks::Callbacks;
pub(crate) use counter::Counter;
pub(crate) use exit::stop;
pub(crate) use vcpu::{
    Register,
    VcpuThread, //
};

use std::ffi::{
    c_char,
    c_int,
    c_uint,
    c_void,
    CStr, //
};

use crate::machine::instruction::{
    self,
    Instruction,
    Site, //
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
    VcpuCallback,
    INLINE_ADD,
    MEM_R,
    NO_REGS,
    RW_REGS_PC, //
};

/// The version of the API that these files are written for. QEMU reads it.
#[no_mangle]
static qemu_plugin_version: c_int = 7;

/// A vCPU starts.
extern "C" fn vcpu_init<C: Callbacks>(vcpu: c_uint, _: *mut c_void) {
    // SAFETY: This is the callback of a vCPU's initialisation, and the object is dropped in the
    // statement.
    C::start_vcpu(&unsafe { VcpuThread::new(vcpu) });
}

/// QEMU translates a block.
extern "C" fn translate<C: Callbacks>(block: *mut Block, _: *mut c_void) {
    // SAFETY: QEMU passes a block that is alive during the callback.
    let count = unsafe { qemu_plugin_tb_n_insns(block) };
    let counter = C::counter();

    let mut borrowed = false;
    let (watches, starts, resets) = (C::watches(), C::starts(), C::resets());

    for index in 0..count {
        let mut bytes = [0; 16];
        // SAFETY: QEMU passes a block that is alive during the callback, and `index` is below the
        // number of its instructions.
        let insn = unsafe { qemu_plugin_tb_get_insn(block, index) };
        // SAFETY: The instruction is alive as long as the block, which is alive during the
        // callback.
        let address = unsafe { qemu_plugin_insn_vaddr(insn) };
        // First, because what a callback executes is not executed any further.
        if let Some(counter) = counter {
            for entry in [Some(counter.all()), counter.part(address)]
                .into_iter()
                .flatten()
            {
                // SAFETY: The instruction is alive as long as the block; by the invariant of `Counter`,
                // the scoreboard is alive and the number is in it.
                unsafe {
                    qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, INLINE_ADD, entry, 1)
                };
            }
        }
        // SAFETY: The instruction is alive as long as the block, and the buffer has the length that
        // is passed.
        let len = unsafe { qemu_plugin_insn_data(insn, bytes.as_mut_ptr().cast(), bytes.len()) };
        let bytes = bytes.get(..len).unwrap_or_default();
        let site = Site::new(address, bytes);
        let register = |callback: VcpuCallback, flags| {
            // CAST: Not a pointer, but a word; the callback takes it back.
            let data = site.raw() as *mut c_void;
            // SAFETY: The instruction is alive as long as the block; the callback has the right
            // type and lives forever.
            unsafe { qemu_plugin_register_vcpu_insn_exec_cb(insn, callback, flags, data) };
        };

        if watches {
            let none = std::ptr::null_mut();
            // SAFETY: The instruction is alive as long as the block; the callback has the right
            // type and lives forever.
            unsafe { qemu_plugin_register_vcpu_mem_cb(insn, load::<C>, NO_REGS, MEM_R, none) };
        }
        if starts && instruction::is_entry(address) {
            register(enter::<C>, RW_REGS_PC);
        }
        if resets && instruction::is_reset_vector(address) {
            register(reset::<C>, RW_REGS_PC);
        }
        if borrowed {
            register(after_cpuid::<C>, RW_REGS_PC);
        }
        borrowed = Instruction::is_borrowed(bytes) && C::borrows();
        if bytes == instruction::IRETQ && C::borrows() {
            C::saw_return(address);
        }
        match Instruction::decode(bytes).filter(|instruction| C::takes(*instruction)) {
            Some(Instruction::Poll) => register(poll::<C>, NO_REGS),
            Some(Instruction::Count) => register(read_count::<C>, RW_REGS_PC),
            Some(Instruction::CountRange) => register(read_range::<C>, RW_REGS_PC),
            Some(_) => register(instruction::<C>, RW_REGS_PC),
            None => {}
        }
    }
}

/// A vCPU is at an instruction that is taken over.
extern "C" fn instruction<C: Callbacks>(vcpu: c_uint, site: *mut c_void) {
    // CAST: What `translate()` made of it.
    let site = Site::from_raw(site as u64);

    if let Some(instruction) = site.instruction() {
        // SAFETY: This is the callback of an instruction, registered with `RW_REGS_PC`, and nothing
        // is left to be dropped.
        unsafe { execute::<C>(instruction, vcpu, site) };
    }
}

/// A vCPU has executed a `CPUID`.
extern "C" fn after_cpuid<C: Callbacks>(vcpu: c_uint, site: *mut c_void) {
    // CAST: What `translate()` made of it.
    let site = Site::from_raw(site as u64);
    // SAFETY: This is the callback of an instruction, and the object is dropped in the statement.
    let next = C::after_cpuid(&unsafe { VcpuThread::new(vcpu) }, site.offset());

    // SAFETY: This is the callback of an instruction, registered with `RW_REGS_PC`, and nothing is
    // left to be dropped.
    unsafe { go_on(next) };
}

/// A vCPU is where a startup IPI may have sent it.
extern "C" fn enter<C: Callbacks>(vcpu: c_uint, _: *mut c_void) {
    // SAFETY: This is the callback of an instruction, and the object is dropped in the statement.
    let next = C::enter(&unsafe { VcpuThread::new(vcpu) });

    // SAFETY: This is the callback of an instruction, registered with `RW_REGS_PC`, and nothing is
    // left to be dropped.
    unsafe { go_on(next) };
}

/// A vCPU is at the reset vector.
extern "C" fn reset<C: Callbacks>(vcpu: c_uint, _: *mut c_void) {
    // SAFETY: This is the callback of an instruction, and the object is dropped in the statement.
    let next = C::reset(&unsafe { VcpuThread::new(vcpu) });

    // SAFETY: This is the callback of an instruction, registered with `RW_REGS_PC`, and nothing is
    // left to be dropped.
    unsafe { go_on(next) };
}

/// A vCPU asks for its number of instructions.
extern "C" fn read_count<C: Callbacks>(vcpu: c_uint, site: *mut c_void) {
    // CAST: What `translate()` made of it.
    // SAFETY: This is the callback of an instruction, registered with `RW_REGS_PC`, and nothing is
    // left to be dropped.
    unsafe { execute::<C>(Instruction::Count, vcpu, Site::from_raw(site as u64)) };
}

/// A vCPU asks for its number of instructions in a range.
extern "C" fn read_range<C: Callbacks>(vcpu: c_uint, site: *mut c_void) {
    // CAST: What `translate()` made of it.
    // SAFETY: This is the callback of an instruction, registered with `RW_REGS_PC`, and nothing is
    // left to be dropped.
    unsafe { execute::<C>(Instruction::CountRange, vcpu, Site::from_raw(site as u64)) };
}

/// A vCPU has loaded something.
extern "C" fn load<C: Callbacks>(vcpu: c_uint, info: u32, address: u64, _: *mut c_void) {
    // SAFETY: `info` is what QEMU passes to the callback of a load, for `qemu_plugin_mem_*()`.
    let shift = unsafe { qemu_plugin_mem_size_shift(info) };
    // SAFETY: This is the callback of a load, and the object is dropped in the statement.
    C::loaded(&unsafe { VcpuThread::new(vcpu) }, address, 1 << shift);
}

/// A vCPU is at an instruction at which the VMM does pending work.
extern "C" fn poll<C: Callbacks>(vcpu: c_uint, _: *mut c_void) {
    // SAFETY: This is the callback of an instruction, and the object is dropped in the statement.
    C::poll(&unsafe { VcpuThread::new(vcpu) });
}

/// Executes an instruction and goes on behind it, or lets the CPU execute it.
///
/// # Safety
///
/// The caller must be the callback of an instruction, registered with [`RW_REGS_PC`], and nothing
/// may be left to be dropped in it.
unsafe fn execute<C: Callbacks>(instruction: Instruction, vcpu: c_uint, site: Site) {
    // SAFETY: The caller guarantees that it is the callback of an instruction; the object is
    // dropped in the statement.
    let next = C::execute(
        &unsafe { VcpuThread::new(vcpu) },
        instruction,
        site.offset(),
    );

    // SAFETY: The caller guarantees that it is the callback of an instruction, registered with
    // `RW_REGS_PC`, with nothing left to be dropped; nor is there anything here.
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
        // SAFETY: The caller guarantees that it is the callback of an instruction, registered with
        // `RW_REGS_PC`, with nothing left to be dropped; nor is there anything here.
        unsafe { qemu_plugin_set_pc(pc) };
        stop("QEMU does not let the PC be set");
    }
}

/// Makes the machine and registers the callbacks. Returns what QEMU expects of an installation.
///
/// # Safety
///
/// `id` is the number that QEMU has given this plugin. `info` points to what QEMU says of itself,
/// `argv` to `argc` C strings.
pub(crate) unsafe fn install<C: Callbacks>(
    id: u64,
    info: *const Info,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    std::panic::set_hook(Box::new(|panic| stop(&format!("this is a bug: {panic}"))));

    // SAFETY: The caller guarantees that `info` points to what QEMU says of itself.
    let info = unsafe { &*info };
    // SAFETY: The caller guarantees that `info` is what QEMU says of itself, in which the target is
    // a C string.
    let target = unsafe { CStr::from_ptr(info.target_name) };
    let args = (0..usize::try_from(argc).unwrap_or(0))
        // SAFETY: The caller guarantees that `argv` points to `argc` C strings, and `index` is
        // below `argc`.
        .map(|index| unsafe { CStr::from_ptr(*argv.add(index)) }.to_string_lossy())
        .collect::<Vec<_>>();
    let args = args.iter().map(|arg| &**arg).collect::<Vec<&str>>();
    let vcpus = usize::try_from(info.max_vcpus).unwrap_or(0);
    let made = match target == c"x86_64" && info.system_emulation {
        true => C::install(vcpus, &args),
        false => Err("made for qemu-system-x86_64".into()),
    };

    match made {
        Ok(Some(help)) => exit::print_help(&help),
        Ok(None) => {}
        Err(message) => {
            eprintln!("tsm-emulator: {message}");
            return -1;
        }
    }
    // SAFETY: The caller guarantees that `id` is this plugin's; the callback has the right type and
    // lives forever.
    unsafe { qemu_plugin_register_vcpu_init_cb(id, vcpu_init::<C>, std::ptr::null_mut()) };
    // SAFETY: The caller guarantees that `id` is this plugin's; the callback has the right type and
    // lives forever.
    unsafe { qemu_plugin_register_vcpu_tb_trans_cb(id, translate::<C>, std::ptr::null_mut()) };
    0
}
