// SPDX-License-Identifier: GPL-2.0

//! A vCPU, on its thread: its registers, and guest memory.

use std::{
    ffi::{
        c_uint,
        CStr, //
    },
    marker::PhantomData,
    ops::Range,
    ptr::NonNull, //
};

use super::{
    api::{
        g_array_free,
        qemu_plugin_get_registers,
        qemu_plugin_read_memory_hwaddr,
        qemu_plugin_read_register,
        qemu_plugin_translate_vaddr,
        qemu_plugin_u64_get,
        qemu_plugin_write_memory_hwaddr,
        qemu_plugin_write_register,
        Entry,
        GArray,
        RegisterDescriptor,
        RegisterHandle, //
    },
    bytes::Bytes,
    counter::Counter,
    exit::stop, //
};
use crate::machine::memory::{
    GuestMemory,
    NoMemory, //
};

/// A register of a vCPU.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Register(NonNull<RegisterHandle>);

// SAFETY: QEMU never frees a register, and what the pointer points to is QEMU's business only. The
// functions that take it take the vCPU from the thread that they are called on.
unsafe impl Send for Register {}
// SAFETY: QEMU never frees a register, and what the pointer points to is QEMU's business only. The
// functions that take it take the vCPU from the thread that they are called on.
unsafe impl Sync for Register {}

/// Proof of being in a callback of a vCPU, on its thread.
///
/// # Invariants
///
/// Exists only during a callback of a vCPU's initialisation, of an instruction or of a load, and
/// does not leave the thread. Callbacks of instructions whose work has to do with registers are
/// registered with `RW_REGS_PC`.
pub(crate) struct VcpuThread {
    number: usize,
    _not_send: PhantomData<*mut ()>,
}

impl VcpuThread {
    /// Takes the number that QEMU passes to a callback.
    ///
    /// # Safety
    ///
    /// The caller must be such a callback, and drop the object before it ends.
    pub(super) unsafe fn new(number: c_uint) -> Self {
        Self {
            // CAST: Widens.
            number: number as usize,
            // INVARIANT: The caller is such a callback and drops the object before it ends; the
            // object is not `Send`.
            _not_send: PhantomData,
        }
    }

    /// Returns the number of the vCPU.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Returns the registers of the vCPU with their names.
    pub(crate) fn registers(&self) -> Vec<(&'static CStr, Register)> {
        // SAFETY: By the type's invariant, this is the thread of a vCPU.
        let array = unsafe { qemu_plugin_get_registers() };
        // SAFETY: QEMU returns an array of descriptors, which is the caller's.
        let GArray { data, len } = unsafe { array.read() };
        let mut registers = Vec::new();

        // CAST: Widens.
        for index in 0..len as usize {
            // CAST: GLib aligns an array for any type.
            // SAFETY: QEMU returned an array of descriptors, and `index` is below its length.
            let descriptor = unsafe { data.cast::<RegisterDescriptor>().add(index).read() };
            // SAFETY: The name of a register is a C string that QEMU keeps forever.
            let name = unsafe { CStr::from_ptr(descriptor.name) };
            registers.extend(NonNull::new(descriptor.handle).map(|reg| (name, Register(reg))));
        }
        // SAFETY: The array is the caller's, and nothing refers to it any more.
        unsafe { g_array_free(array, 1) };
        registers
    }

    /// Reads a register.
    pub(crate) fn read_register(&self, register: Register) -> u64 {
        let bytes = Bytes::new();
        let mut value = [0; 8];

        // SAFETY: By the type's invariant, this is the thread of a vCPU, in a callback that may
        // read registers. QEMU made the register, and the array is alive.
        if !unsafe { qemu_plugin_read_register(register.0.as_ptr(), bytes.as_ptr()) } {
            stop("QEMU does not let a register be read");
        }
        bytes.copy_to(&mut value);
        u64::from_le_bytes(value)
    }

    /// Returns how many instructions the vCPU has begun.
    pub(crate) fn count(&self, counter: &Counter) -> u64 {
        self.read_entry(counter.all())
    }

    /// Returns how many instructions the vCPU has begun in the parts that a range is in.
    pub(crate) fn count_in(&self, counter: &Counter, range: Range<u64>) -> u64 {
        let parts = counter.parts(range);

        parts.map(|entry| self.read_entry(entry)).sum()
    }

    fn read_entry(&self, entry: Entry) -> u64 {
        // CAST: It was a `c_uint`.
        // SAFETY: Entries are of a `Counter`, by whose invariant the scoreboard is alive; it has room for
        // every vCPU that there is.
        unsafe { qemu_plugin_u64_get(entry, self.number as c_uint) }
    }

    /// Writes a register.
    pub(crate) fn write_register(&self, register: Register, value: u64) {
        let mut bytes = Bytes::new();

        bytes.fill(&value.to_le_bytes());
        // SAFETY: By the type's invariant, this is the thread of a vCPU, in a callback that may
        // write registers. QEMU made the register, and the array is alive.
        if !unsafe { qemu_plugin_write_register(register.0.as_ptr(), bytes.as_ptr()) } {
            stop("QEMU does not let a register be written");
        }
    }

    /// Returns where an address is in guest memory, by the page tables of the vCPU.
    pub(crate) fn translate(&self, address: u64) -> Option<u64> {
        let mut physical = 0;

        // SAFETY: By the type's invariant, this is the thread of a vCPU; the pointer is to a
        // variable of this function.
        unsafe { qemu_plugin_translate_vaddr(address, &mut physical) }.then_some(physical)
    }
}

impl GuestMemory for VcpuThread {
    fn read(&self, address: u64, to: &mut [u8]) -> Result<(), NoMemory> {
        let bytes = Bytes::new();
        let array = bytes.as_ptr();

        // SAFETY: By the type's invariant, this is the thread of a vCPU. The array is alive.
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
        // SAFETY: By the type's invariant, this is the thread of a vCPU. The array is alive.
        match unsafe { qemu_plugin_write_memory_hwaddr(address, bytes.as_ptr()) } {
            0 => Ok(()),
            _ => Err(NoMemory),
        }
    }
}
