// SPDX-License-Identifier: GPL-2.0

//! What is used of `qemu-plugin.h` of QEMU 11.1, and of GLib.

use std::{
    ffi::{
        c_char,
        c_int,
        c_uint,
        c_void, //
    },
    ptr::NonNull, //
};

/// `QEMU_PLUGIN_CB_NO_REGS`.
pub(super) const NO_REGS: c_int = 0;

/// `QEMU_PLUGIN_CB_RW_REGS_PC`.
pub(super) const RW_REGS_PC: c_int = 3;

/// `QEMU_PLUGIN_MEM_R`.
pub(super) const MEM_R: c_int = 1;

/// `QEMU_PLUGIN_INLINE_ADD_U64`.
pub(super) const INLINE_ADD: c_int = 0;

/// `GByteArray` of GLib.
#[repr(C)]
pub(super) struct GByteArray {
    pub(super) data: *mut u8,
    pub(super) len: c_uint,
}

/// `GArray` of GLib.
#[repr(C)]
pub(super) struct GArray {
    pub(super) data: *mut u8,
    pub(super) len: c_uint,
}

/// `struct qemu_plugin_register`, opaque.
#[repr(C)]
pub(super) struct RegisterHandle {
    _opaque: [u8; 0],
}

/// `qemu_plugin_reg_descriptor`.
#[repr(C)]
pub(super) struct RegisterDescriptor {
    pub(super) handle: *mut RegisterHandle,
    pub(super) name: *const c_char,
    pub(super) feature: *const c_char,
    pub(super) is_readonly: bool,
}

/// `struct qemu_plugin_tb`, opaque.
#[repr(C)]
pub(super) struct Block {
    _opaque: [u8; 0],
}

/// `struct qemu_plugin_insn`, opaque.
#[repr(C)]
pub(super) struct Insn {
    _opaque: [u8; 0],
}

/// `struct qemu_plugin_scoreboard`, opaque.
#[repr(C)]
pub(super) struct Scoreboard {
    _opaque: [u8; 0],
}

/// `qemu_plugin_u64`: where in a scoreboard each vCPU has its number.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) score: NonNull<Scoreboard>,
    pub(super) offset: usize,
}

/// `qemu_info_t`, up to what is used.
#[repr(C)]
pub(crate) struct Info {
    pub(super) target_name: *const c_char,
    pub(super) version_min: c_int,
    pub(super) version_cur: c_int,
    pub(super) system_emulation: bool,
    pub(super) smp_vcpus: c_int,
    pub(super) max_vcpus: c_int,
}

pub(super) type BlockCallback = extern "C" fn(*mut Block, *mut c_void);
pub(super) type VcpuCallback = extern "C" fn(c_uint, *mut c_void);
/// The second is a `qemu_plugin_meminfo_t`.
pub(super) type MemoryCallback = extern "C" fn(c_uint, u32, u64, *mut c_void);

extern "C" {
    pub(super) fn g_byte_array_new() -> *mut GByteArray;
    pub(super) fn g_byte_array_set_size(array: *mut GByteArray, len: c_uint) -> *mut GByteArray;
    pub(super) fn g_byte_array_free(array: *mut GByteArray, free_data: c_int) -> *mut u8;
    pub(super) fn g_array_free(array: *mut GArray, free_data: c_int) -> *mut c_char;

    pub(super) fn qemu_plugin_register_vcpu_init_cb(
        id: u64,
        callback: VcpuCallback,
        data: *mut c_void,
    );
    pub(super) fn qemu_plugin_register_vcpu_tb_trans_cb(
        id: u64,
        callback: BlockCallback,
        data: *mut c_void,
    );
    pub(super) fn qemu_plugin_register_vcpu_insn_exec_cb(
        insn: *mut Insn,
        callback: VcpuCallback,
        flags: c_int,
        data: *mut c_void,
    );
    pub(super) fn qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
        insn: *mut Insn,
        op: c_int,
        entry: Entry,
        operand: u64,
    );
    pub(super) fn qemu_plugin_register_vcpu_mem_cb(
        insn: *mut Insn,
        callback: MemoryCallback,
        flags: c_int,
        accesses: c_int,
        data: *mut c_void,
    );
    pub(super) fn qemu_plugin_mem_size_shift(info: u32) -> c_uint;
    pub(super) fn qemu_plugin_translate_vaddr(address: u64, physical: *mut u64) -> bool;
    pub(super) fn qemu_plugin_scoreboard_new(element_size: usize) -> *mut Scoreboard;
    pub(super) fn qemu_plugin_u64_get(entry: Entry, vcpu: c_uint) -> u64;
    pub(super) fn qemu_plugin_tb_n_insns(block: *const Block) -> usize;
    pub(super) fn qemu_plugin_tb_get_insn(block: *const Block, index: usize) -> *mut Insn;
    pub(super) fn qemu_plugin_insn_data(insn: *const Insn, to: *mut c_void, len: usize) -> usize;
    pub(super) fn qemu_plugin_insn_vaddr(insn: *const Insn) -> u64;
    pub(super) fn qemu_plugin_get_registers() -> *mut GArray;
    pub(super) fn qemu_plugin_read_register(
        handle: *mut RegisterHandle,
        to: *mut GByteArray,
    ) -> bool;
    pub(super) fn qemu_plugin_write_register(
        handle: *mut RegisterHandle,
        from: *mut GByteArray,
    ) -> bool;
    pub(super) fn qemu_plugin_read_memory_hwaddr(
        address: u64,
        to: *mut GByteArray,
        len: usize,
    ) -> c_int;
    pub(super) fn qemu_plugin_write_memory_hwaddr(address: u64, from: *mut GByteArray) -> c_int;
    pub(super) fn qemu_plugin_set_pc(pc: u64);
}
