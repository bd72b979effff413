// SPDX-License-Identifier: GPL-2.0

//! QEMU's TCG plugin API, version 7: all the `unsafe` of the emulator.
//!
//! C header: `qemu-plugin.h` of QEMU 11.1. Only what is used is declared, and so is the little of
//! GLib that its signatures need. What is made of it is in [`crate::plugin`].
//!
//! `qemu_plugin_set_pc()` leaves a callback by `longjmp()`, over the frames between. So a callback
//! has a function without C in it do the work, which returns where to go on, and then calls it
//! with nothing left to drop.
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
    marker::PhantomData,
    ptr::NonNull, //
};

use crate::{
    hook::{
        Instruction,
        Site, //
    },
    memory::{
        GuestMemory,
        NoMemory, //
    },
    plugin, //
};

/// The version of the API that this file is written for. QEMU reads it.
#[no_mangle]
static qemu_plugin_version: c_int = 7;

/// Exit status when the machine is stopped.
const EXIT_STOPPED: c_int = 70;

/// `QEMU_PLUGIN_CB_NO_REGS`.
const NO_REGS: c_int = 0;

/// `QEMU_PLUGIN_CB_RW_REGS_PC`.
const RW_REGS_PC: c_int = 3;

/// `QEMU_PLUGIN_INLINE_ADD_U64`.
const INLINE_ADD: c_int = 0;

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

/// `struct qemu_plugin_scoreboard`, opaque.
#[repr(C)]
struct Scoreboard {
    _opaque: [u8; 0],
}

/// `qemu_plugin_u64`: where in a scoreboard each vCPU has its number.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct Entry {
    score: NonNull<Scoreboard>,
    offset: usize,
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
    fn qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
        insn: *mut Insn,
        op: c_int,
        entry: Entry,
        operand: u64,
    );
    fn qemu_plugin_translate_vaddr(address: u64, physical: *mut u64) -> bool;
    fn qemu_plugin_scoreboard_new(element_size: usize) -> *mut Scoreboard;
    fn qemu_plugin_u64_get(entry: Entry, vcpu: c_uint) -> u64;
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

/// Prints a message and ends the machine. QEMU's own way out could wait for this thread.
pub(crate) fn stop(message: &str) -> ! {
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
        // CAST: Nothing is written in larger pieces than a quote, some MiB.
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

/// A register of a vCPU.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Register(NonNull<RegisterHandle>);

// SAFETY: QEMU never frees a register, and what the pointer points to is QEMU's business only. The
// functions that take it take the vCPU from the thread that they are called on.
unsafe impl Send for Register {}
// SAFETY: As above.
unsafe impl Sync for Register {}

/// A number for each vCPU, to which translated code can add without a callback.
///
/// # Invariants
///
/// The entry is that of a scoreboard of such numbers, which is never freed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counter(Entry);

// SAFETY: QEMU's functions for scoreboards may be called on any thread, and by the type's invariant
// the scoreboard stays.
unsafe impl Send for Counter {}
// SAFETY: As above.
unsafe impl Sync for Counter {}

impl Counter {
    /// Makes the numbers, all zero.
    pub(crate) fn new() -> Self {
        // SAFETY: `qemu_plugin_scoreboard_new()` has no conditions while the plugin is loaded.
        let score = unsafe { qemu_plugin_scoreboard_new(size_of::<u64>()) };
        let score = NonNull::new(score).unwrap_or_else(|| stop("out of memory"));

        // INVARIANT: It was made just now, for a number at its start, and nobody frees it.
        Self(Entry { score, offset: 0 })
    }
}

/// Proof of being in a callback of a vCPU, on its thread.
///
/// # Invariants
///
/// Exists only during a callback of a vCPU's initialisation or of an instruction, and does not
/// leave the thread. Callbacks of instructions whose work has to do with registers are registered
/// with [`RW_REGS_PC`].
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
    unsafe fn new(number: c_uint) -> Self {
        Self {
            // CAST: Widens.
            number: number as usize,
            // INVARIANT: The caller's promise.
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
            // SAFETY: It is an array of descriptors, and `index` is below its length.
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
        if !unsafe { qemu_plugin_read_register(register.0.as_ptr(), bytes.0.as_ptr()) } {
            stop("QEMU does not let a register be read");
        }
        bytes.copy_to(&mut value);
        u64::from_le_bytes(value)
    }

    /// Reads the number of the vCPU.
    pub(crate) fn read_counter(&self, counter: Counter) -> u64 {
        // CAST: It was a `c_uint`.
        // SAFETY: By the invariant of `Counter`, the scoreboard is alive; it has room for every
        // vCPU that there is.
        unsafe { qemu_plugin_u64_get(counter.0, self.number as c_uint) }
    }

    /// Writes a register.
    pub(crate) fn write_register(&self, register: Register, value: u64) {
        let mut bytes = Bytes::new();

        bytes.fill(&value.to_le_bytes());
        // SAFETY: As for reading, and the callback may write registers.
        if !unsafe { qemu_plugin_write_register(register.0.as_ptr(), bytes.0.as_ptr()) } {
            stop("QEMU does not let a register be written");
        }
    }
}

impl VcpuThread {
    /// Returns where an address is in guest memory, by the page tables of the vCPU.
    pub(crate) fn translate(&self, address: u64) -> Option<u64> {
        let mut physical = 0;

        // SAFETY: By the type's invariant, this is the thread of a vCPU; the pointer is to a
        // variable that nobody else uses.
        unsafe { qemu_plugin_translate_vaddr(address, &mut physical) }.then_some(physical)
    }
}

impl GuestMemory for VcpuThread {
    fn read(&self, address: u64, to: &mut [u8]) -> Result<(), NoMemory> {
        let bytes = Bytes::new();
        let array = bytes.0.as_ptr();

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
        match unsafe { qemu_plugin_write_memory_hwaddr(address, bytes.0.as_ptr()) } {
            0 => Ok(()),
            _ => Err(NoMemory),
        }
    }
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

    for index in 0..count {
        let mut bytes = [0; 16];
        // SAFETY: As above, and `index` is below the number of its instructions.
        let insn = unsafe { qemu_plugin_tb_get_insn(block, index) };
        // First, because what a callback executes is not executed any further.
        if let Some(counter) = counter {
            // SAFETY: The instruction is alive as long as the block; by the invariant of `Counter`,
            // the scoreboard is alive and the number is in it.
            unsafe {
                qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, INLINE_ADD, counter.0, 1)
            };
        }
        // SAFETY: The instruction is alive as long as the block, the buffer has its length.
        let len = unsafe { qemu_plugin_insn_data(insn, bytes.as_mut_ptr().cast(), bytes.len()) };
        let bytes = bytes.get(..len).unwrap_or_default();
        // SAFETY: The instruction is alive.
        let site = Site::new(unsafe { qemu_plugin_insn_vaddr(insn) }, bytes);
        let register = |callback: VcpuCallback, flags| {
            // CAST: Not a pointer, but a word; the callback takes it back.
            let data = site.raw() as *mut c_void;
            // SAFETY: The instruction is alive, the callback has the right type and lives forever.
            unsafe { qemu_plugin_register_vcpu_insn_exec_cb(insn, callback, flags, data) };
        };

        if borrowed {
            register(give_back, RW_REGS_PC);
        }
        borrowed = Instruction::is_borrowed(bytes) && plugin::borrows();
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

/// A vCPU has executed an instruction that may have been borrowed.
extern "C" fn give_back(vcpu: c_uint, site: *mut c_void) {
    // CAST: What `translate()` made of it.
    let site = Site::from_raw(site as u64);
    // SAFETY: This is the callback of an instruction; the object is dropped in the statement.
    let next = plugin::give_back(&unsafe { VcpuThread::new(vcpu) }, site.offset());

    // SAFETY: This is the callback of an instruction, and nothing is left to be dropped.
    unsafe { go_on(next) };
}

/// A vCPU asks for its number of instructions.
extern "C" fn read_count(vcpu: c_uint, site: *mut c_void) {
    // CAST: What `translate()` made of it.
    // SAFETY: This is the callback of an instruction.
    unsafe { execute(Instruction::Count, vcpu, Site::from_raw(site as u64)) };
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
    let made = match target == c"x86_64" && info.system_emulation {
        true => plugin::install(
            usize::try_from(info.max_vcpus).unwrap_or(0),
            args.iter().map(AsRef::as_ref),
        ),
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
