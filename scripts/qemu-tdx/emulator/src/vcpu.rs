// SPDX-License-Identifier: GPL-2.0

//! A vCPU at an instruction that is taken over.

use crate::memory::GuestMemory;

/// The vCPU. Its general purpose registers go apart.
pub(crate) trait Vcpu {
    /// Returns guest memory.
    fn memory(&self) -> &dyn GuestMemory;

    /// Returns its number.
    fn number(&self) -> usize;

    /// Tells whether it is in long mode and runs a kernel.
    fn is_kernel(&self) -> bool;
}

/// A vCPU for tests.
#[cfg(test)]
pub(crate) struct FakeVcpu {
    pub(crate) memory: crate::memory::FakeMemory,
    pub(crate) number: usize,
    pub(crate) kernel: bool,
}

#[cfg(test)]
impl FakeVcpu {
    /// Makes vCPU 0, which runs a kernel, with `size` bytes of memory.
    pub(crate) fn new(size: usize) -> Self {
        Self {
            memory: crate::memory::FakeMemory::new(size),
            number: 0,
            kernel: true,
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

    fn is_kernel(&self) -> bool {
        self.kernel
    }
}
