// SPDX-License-Identifier: GPL-2.0

//! What a platform does with its guest.

use std::{
    fmt::Debug,
    sync::Arc,
    time::Duration, //
};

use super::{
    instruction::Instruction,
    memory::GuestMemory,
    outcome::Outcome,
    private_pages::PrivatePages,
    registers::Registers,
    vcpu::Vcpu, //
};

/// A machine with one guest of a platform.
///
/// All vCPU threads share it. A platform implements what it needs; the defaults do nothing.
pub(crate) trait Platform: Debug + Send + Sync {
    /// Tells whether an instruction is to be taken over.
    fn takes(&self, instruction: Instruction) -> bool;

    /// Executes an instruction of a vCPU that is not in real mode.
    fn execute(
        &self,
        instruction: Instruction,
        vcpu: &dyn Vcpu,
        regs: &mut Registers, //
    ) -> Outcome;

    /// Tells whether instructions of the CPU are borrowed.
    fn borrows(&self) -> bool {
        false
    }

    /// Sees the answer of the CPU to a `CPUID`. Returns whether it is to be executed once more.
    fn after_cpuid(&self, _regs: &mut Registers) -> bool {
        false
    }

    /// Tells whether `entry` is to be called where a startup IPI sends vCPUs.
    fn starts(&self) -> bool {
        false
    }

    /// Handles a vCPU that is where a startup IPI has sent it. Returns the PC that it goes on at, if that is another one. In
    /// real mode it is an offset in the code segment, which begins here.
    fn entry(&self, _vcpu: &dyn Vcpu, _regs: &mut Registers) -> Option<u64> {
        None
    }

    /// Tells whether `reset` is to be called at the reset vector.
    fn resets(&self) -> bool {
        false
    }

    /// Launches the guest, when a vCPU is at the reset vector, in real mode. Returns the PC that it goes on at, if that or
    /// the mode is another one. The error is for the user.
    fn reset(&self, _vcpu: &dyn Vcpu, _regs: &mut Registers) -> Result<Option<u64>, String> {
        Ok(None)
    }

    /// Tells whether loads of the guest may ever matter to the VMM.
    fn watches(&self) -> bool {
        false
    }

    /// Notifies the VMM that a vCPU has loaded `len` bytes from a virtual address.
    fn loaded(&self, _vcpu: &dyn Vcpu, _address: u64, _len: u64) {}

    /// Has the VMM do what is due: it works while the guest runs.
    fn poll(&self, _memory: &dyn GuestMemory) {}

    /// Returns the private pages, if there can be any.
    fn private_pages(&self) -> Option<Arc<dyn PrivatePages>> {
        None
    }

    /// Returns how long nothing will be due, `most` at most.
    fn idle(&self, most: Duration) -> Duration {
        most
    }
}
