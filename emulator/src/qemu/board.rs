// SPDX-License-Identifier: GPL-2.0

//! The board, by functions of QEMU that are not of its plugin API.
//!
//! The plugin API has no ports, and no way to make a ROM memory or to map memory a second time. QEMU exports its functions to
//! the modules that it is built with, so these are there. Another version of QEMU may lack one, so they are looked up by name,
//! and only in a machine that needs them. All take and return integers and pointers; no layout of QEMU's is relied on.

use std::{
    ffi::{
        c_char,
        c_int,
        c_void,
        CStr, //
    },
    ptr::NonNull,
    sync::Arc, //
};

use crate::machine::board::{
    Board,
    PortSize, //
};

extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// The memory of the firmware in QEMU's object tree.
const FIRMWARE: &CStr = c"/machine/unattached/pc.bios[0]";

/// Its type.
const MEMORY_REGION: &CStr = c"memory-region";

/// QEMU's functions.
///
/// # Invariants
///
/// Each is QEMU's function of that name.
#[derive(Debug)]
pub(crate) struct QemuBoard {
    cpu_inb: unsafe extern "C" fn(u32) -> u8,
    cpu_inw: unsafe extern "C" fn(u32) -> u16,
    cpu_inl: unsafe extern "C" fn(u32) -> u32,
    cpu_outb: unsafe extern "C" fn(u32, u8),
    cpu_outw: unsafe extern "C" fn(u32, u16),
    cpu_outl: unsafe extern "C" fn(u32, u32),
    /// Path, type, whether it is ambiguous.
    object_resolve_path_type:
        unsafe extern "C" fn(*const c_char, *const c_char, *mut bool) -> *mut c_void,
    memory_region_set_readonly: unsafe extern "C" fn(NonNull<c_void>, bool),
    memory_region_size: unsafe extern "C" fn(NonNull<c_void>) -> u64,
    get_system_memory: unsafe extern "C" fn() -> NonNull<c_void>,
    /// Type.
    object_new: unsafe extern "C" fn(*const c_char) -> NonNull<c_void>,
    /// Region, owner, name, region that it shows, offset in that, size.
    memory_region_init_alias: unsafe extern "C" fn(
        NonNull<c_void>,
        *mut c_void,
        *const c_char,
        NonNull<c_void>,
        u64,
        u64,
    ),
    /// Region, address in it, region that it gets.
    memory_region_add_subregion: unsafe extern "C" fn(NonNull<c_void>, u64, NonNull<c_void>),
    /// File and line of the caller.
    bql_lock_impl: unsafe extern "C" fn(*const c_char, c_int),
    bql_unlock: unsafe extern "C" fn(),
}

/// Looks up a function of QEMU. The error is for the user.
///
/// # Safety
///
/// `F` must be the type of a pointer to that function.
unsafe fn find<F: Copy>(name: &CStr) -> Result<F, String> {
    const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
    // SAFETY: `name` is a C string; a null handle stands for all that the process has loaded.
    let function = unsafe { dlsym(std::ptr::null_mut(), name.as_ptr()) };

    if function.is_null() {
        return Err(format!(
            "this QEMU does not export {}(), which firmware for such guests needs",
            name.to_string_lossy()
        ));
    }
    // SAFETY: It is not null, and the caller guarantees that `F` is the type of a pointer to it.
    Ok(unsafe { std::mem::transmute_copy(&function) })
}

impl QemuBoard {
    /// Finds all functions. The error is for the user.
    pub(crate) fn find() -> Result<Arc<dyn Board>, String> {
        // INVARIANT: Each is looked up by its name.
        Ok(Arc::new(Self {
            // SAFETY: include/exec/ioport.h: `uint8_t cpu_inb(uint32_t addr)`.
            cpu_inb: unsafe { find(c"cpu_inb")? },
            // SAFETY: include/exec/ioport.h: `uint16_t cpu_inw(uint32_t addr)`.
            cpu_inw: unsafe { find(c"cpu_inw")? },
            // SAFETY: include/exec/ioport.h: `uint32_t cpu_inl(uint32_t addr)`.
            cpu_inl: unsafe { find(c"cpu_inl")? },
            // SAFETY: include/exec/ioport.h: `void cpu_outb(uint32_t addr, uint8_t val)`.
            cpu_outb: unsafe { find(c"cpu_outb")? },
            // SAFETY: include/exec/ioport.h: `void cpu_outw(uint32_t addr, uint16_t val)`.
            cpu_outw: unsafe { find(c"cpu_outw")? },
            // SAFETY: include/exec/ioport.h: `void cpu_outl(uint32_t addr, uint32_t val)`.
            cpu_outl: unsafe { find(c"cpu_outl")? },
            // SAFETY: include/qom/object.h: `Object *object_resolve_path_type(const char *path,
            // const char *typename, bool *ambiguous)`.
            object_resolve_path_type: unsafe { find(c"object_resolve_path_type")? },
            // SAFETY: include/system/memory.h: `void memory_region_set_readonly(MemoryRegion *mr,
            // bool readonly)`.
            memory_region_set_readonly: unsafe { find(c"memory_region_set_readonly")? },
            // SAFETY: include/system/memory.h: `uint64_t memory_region_size(const MemoryRegion *mr)`.
            memory_region_size: unsafe { find(c"memory_region_size")? },
            // SAFETY: include/system/address-spaces.h: `MemoryRegion *get_system_memory(void)`.
            get_system_memory: unsafe { find(c"get_system_memory")? },
            // SAFETY: include/qom/object.h: `Object *object_new(const char *typename)`.
            object_new: unsafe { find(c"object_new")? },
            // SAFETY: include/system/memory.h: `void memory_region_init_alias(MemoryRegion *mr, Object *owner,
            // const char *name, MemoryRegion *orig, hwaddr offset, uint64_t size)`.
            memory_region_init_alias: unsafe { find(c"memory_region_init_alias")? },
            // SAFETY: include/system/memory.h: `void memory_region_add_subregion(MemoryRegion *mr,
            // hwaddr offset, MemoryRegion *subregion)`.
            memory_region_add_subregion: unsafe { find(c"memory_region_add_subregion")? },
            // SAFETY: include/qemu/main-loop.h: `void bql_lock_impl(const char *file, int line)`.
            bql_lock_impl: unsafe { find(c"bql_lock_impl")? },
            // SAFETY: include/qemu/main-loop.h: `void bql_unlock(void)`.
            bql_unlock: unsafe { find(c"bql_unlock")? },
        }))
    }
}

impl Board for QemuBoard {
    fn port_in(&self, port: u16, size: PortSize) -> u32 {
        let port = port.into();

        match size {
            // SAFETY: By the type's invariant it is QEMU's, which takes any port, on any thread.
            PortSize::Byte => unsafe { (self.cpu_inb)(port) }.into(),
            // SAFETY: By the type's invariant it is QEMU's, which takes any port, on any thread.
            PortSize::Word => unsafe { (self.cpu_inw)(port) }.into(),
            // SAFETY: By the type's invariant it is QEMU's, which takes any port, on any thread.
            PortSize::Long => unsafe { (self.cpu_inl)(port) },
        }
    }

    fn port_out(&self, port: u16, size: PortSize, value: u32) {
        let port = port.into();

        match size {
            // CAST: What is above the size is ignored.
            // SAFETY: By the type's invariant it is QEMU's, which takes any port, on any thread.
            PortSize::Byte => unsafe { (self.cpu_outb)(port, value as u8) },
            // CAST: What is above the size is ignored.
            // SAFETY: By the type's invariant it is QEMU's, which takes any port, on any thread.
            PortSize::Word => unsafe { (self.cpu_outw)(port, value as u16) },
            // SAFETY: By the type's invariant it is QEMU's, which takes any port, on any thread.
            PortSize::Long => unsafe { (self.cpu_outl)(port, value) },
        }
    }

    fn make_firmware_memory(&self) -> Result<u64, String> {
        // SAFETY: By the type's invariant it is QEMU's; a vCPU's thread does not have the lock while it runs code of
        // the guest, which calls this.
        unsafe { (self.bql_lock_impl)(c"tsm-emulator".as_ptr(), 0) };
        let mut ambiguous = false;
        // SAFETY: By the type's invariant it is QEMU's, and the lock is held. It takes two C strings, and a pointer to a
        // variable of this function.
        let region = unsafe {
            (self.object_resolve_path_type)(
                FIRMWARE.as_ptr(),
                MEMORY_REGION.as_ptr(),
                &mut ambiguous,
            )
        };
        let size = NonNull::new(region).map(|region| {
            // SAFETY: By the type's invariant it is QEMU's, and the lock is held. The object has the type of a memory
            // region, because only such a one was looked for, and belongs to the machine for good.
            unsafe { (self.memory_region_set_readonly)(region, false) };
            // SAFETY: By the type's invariant it is QEMU's, and the lock is held. The object is the same as above.
            unsafe { (self.memory_region_size)(region) }
        });
        // SAFETY: By the type's invariant it is QEMU's, and the lock was taken above.
        unsafe { (self.bql_unlock)() };
        size.ok_or_else(|| "QEMU has no firmware of -bios".into())
    }

    fn mirror_memory(&self, address: u64) {
        // SAFETY: By the type's invariant it is QEMU's; a vCPU's thread does not have the lock while it runs code of
        // the guest, which calls this.
        unsafe { (self.bql_lock_impl)(c"tsm-emulator".as_ptr(), 0) };
        // SAFETY: By the type's invariant it is QEMU's, and there is a machine.
        let all = unsafe { (self.get_system_memory)() };
        // SAFETY: By the type's invariant it is QEMU's. It takes a C string, and never fails for a type of QEMU's own.
        let mirror = unsafe { (self.object_new)(MEMORY_REGION.as_ptr()) };
        // SAFETY: By the type's invariant it is QEMU's, and the lock is held. The object has the size of a memory region and
        // is used for nothing else; without an owner it belongs to the machine. It is never freed.
        unsafe {
            (self.memory_region_init_alias)(
                mirror,
                std::ptr::null_mut(),
                c"tsm-mirror".as_ptr(),
                all,
                0,
                address,
            )
        };
        // SAFETY: By the type's invariant it is QEMU's, and the lock is held. Both are memory regions that stay, and the
        // second one has no place yet.
        unsafe { (self.memory_region_add_subregion)(all, address, mirror) };
        // SAFETY: By the type's invariant it is QEMU's, and the lock was taken above.
        unsafe { (self.bql_unlock)() };
    }
}
