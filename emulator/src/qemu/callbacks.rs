// SPDX-License-Identifier: GPL-2.0

//! What the emulator does when QEMU calls.

use crate::machine::instruction::Instruction;

use super::{
    counter::Counter,
    vcpu::VcpuThread, //
};

/// The callbacks. QEMU hands no state through to them: what it does hand through is taken by the
/// place of the instruction.
pub(crate) trait Callbacks: 'static {
    /// Makes the machine. Returns the help, if the arguments ask for that instead. The error is for
    /// the user.
    fn install(vcpus: usize, args: &[&str]) -> Result<Option<String>, String>;

    /// Returns what instructions are counted with, if they are.
    fn counter() -> Option<&'static Counter>;

    /// Registers a vCPU that starts.
    fn start_vcpu(thread: &VcpuThread);

    /// Tells whether an instruction is to be taken over.
    fn takes(instruction: Instruction) -> bool;

    /// Tells whether instructions are borrowed.
    fn borrows() -> bool;

    /// Tells whether `enter` is to be called where a startup IPI sends vCPUs.
    fn starts() -> bool;

    /// Tells whether `reset` is to be called at the reset vector.
    fn resets() -> bool;

    /// Launches the guest, when a vCPU is at the reset vector. Returns the PC that it goes on at, if that or the mode is
    /// another one.
    fn reset(thread: &VcpuThread) -> Option<u64>;

    /// Tells whether loads are to be seen.
    fn watches() -> bool;

    /// Notifies the VMM that a vCPU has loaded `len` bytes from a virtual address.
    fn loaded(thread: &VcpuThread, address: u64, len: u64);

    /// Executes the instruction at an offset in its page. Returns the address of the next one, or
    /// nothing if the CPU has to execute it.
    fn execute(thread: &VcpuThread, instruction: Instruction, offset: u64) -> Option<u64>;

    /// Notes that there is an `IRETQ` in the code of the guest.
    fn saw_return(address: u64);

    /// Goes back to the `CPUID` before the instruction at an offset in its page, if it is to be
    /// executed once more. Returns the address.
    fn after_cpuid(thread: &VcpuThread, offset: u64) -> Option<u64>;

    /// Handles a vCPU that is where a startup IPI has sent it. Returns the PC that it goes on at. In
    /// real mode that is an offset in the code segment, which begins here.
    fn enter(thread: &VcpuThread) -> Option<u64>;

    /// Has the VMM do pending work on the thread of a vCPU.
    fn poll(thread: &VcpuThread);
}
