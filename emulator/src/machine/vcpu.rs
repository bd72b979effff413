// SPDX-License-Identifier: GPL-2.0

//! A vCPU at an instruction that is taken over.

use crate::machine::memory::GuestMemory;

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

    /// Returns `CR3` as the CPU has it.
    fn cr3(&self) -> u64;

    /// Sets `CR3`.
    fn set_cr3(&self, value: u64);

    /// Sets `EFER`.
    fn set_efer(&self, value: u64);

    /// Returns where a virtual address is in guest memory, by the page tables in use.
    fn translate(&self, address: u64) -> Option<u64>;
}

/// A vCPU for tests.
#[cfg(test)]
pub(crate) struct FakeVcpu {
    pub(crate) memory: crate::machine::memory::FakeMemory,
    pub(crate) number: usize,
    pub(crate) kernel: bool,
    pub(crate) cr3: std::cell::Cell<u64>,
    pub(crate) efer: std::cell::Cell<u64>,
}

#[cfg(test)]
impl FakeVcpu {
    /// Makes vCPU 0, which runs a kernel, with `size` bytes of memory.
    pub(crate) fn new(size: usize) -> Self {
        Self {
            memory: crate::machine::memory::FakeMemory::new(size),
            number: 0,
            kernel: true,
            cr3: std::cell::Cell::new(0),
            efer: std::cell::Cell::new(0),
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

    fn cr3(&self) -> u64 {
        self.cr3.get()
    }

    fn set_cr3(&self, value: u64) {
        self.cr3.set(value);
    }

    fn set_efer(&self, value: u64) {
        self.efer.set(value);
    }

    /// The upper half is memory again; there is nothing in the page at 0.
    fn translate(&self, address: u64) -> Option<u64> {
        let address = address & (u64::MAX >> 1);
        (address >= 4096).then_some(address)
    }
}
