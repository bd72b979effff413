// SPDX-License-Identifier: GPL-2.0

//! A vCPU at an instruction that is taken over.

use crate::machine::{
    memory::GuestMemory,
    system::SystemReg, //
};

/// The vCPU. Its general purpose registers go apart.
pub(crate) trait Vcpu {
    /// Returns guest memory.
    fn memory(&self) -> &dyn GuestMemory;

    /// Returns its number.
    fn number(&self) -> usize;

    /// Tells whether it runs a kernel, or what comes before one: in privilege level 0.
    fn is_privileged(&self) -> bool;

    /// Tells whether it is in long mode and runs a kernel.
    fn is_kernel(&self) -> bool;

    /// Returns a register of the system as the CPU has it.
    fn system(&self, register: SystemReg) -> u64;

    /// Sets a register of the system. A segment register takes its base and limit from the table of descriptors if the
    /// CPU is in protected mode, and if the selector is another one.
    fn set_system(&self, register: SystemReg, value: u64);

    /// Returns where a virtual address is in guest memory, by the page tables in use.
    fn translate(&self, address: u64) -> Option<u64>;
}

/// A vCPU for tests.
#[cfg(test)]
pub(crate) struct FakeVcpu {
    pub(crate) memory: crate::machine::memory::FakeMemory,
    pub(crate) number: usize,
    pub(crate) kernel: bool,
    /// What was written last to each register of the system.
    pub(crate) system: std::cell::RefCell<[u64; SystemReg::ALL.len()]>,
}

#[cfg(test)]
impl FakeVcpu {
    /// Makes vCPU 0, which runs a kernel, with `size` bytes of memory.
    pub(crate) fn new(size: usize) -> Self {
        Self {
            memory: crate::machine::memory::FakeMemory::new(size),
            number: 0,
            kernel: true,
            system: std::cell::RefCell::default(),
        }
    }
}

#[cfg(test)]
impl Vcpu for FakeVcpu {
    fn memory(&self) -> &dyn GuestMemory {
        &self.memory
    }

    fn number(&self) -> usize {
        self.number
    }

    fn is_privileged(&self) -> bool {
        self.kernel
    }

    fn is_kernel(&self) -> bool {
        self.kernel
    }

    fn system(&self, register: SystemReg) -> u64 {
        self.system.borrow()[register as usize]
    }

    fn set_system(&self, register: SystemReg, value: u64) {
        self.system.borrow_mut()[register as usize] = value;
    }

    /// The upper half is memory again; there is nothing in the page at 0.
    fn translate(&self, address: u64) -> Option<u64> {
        let address = address & (u64::MAX >> 1);
        (address >= 4096).then_some(address)
    }
}
