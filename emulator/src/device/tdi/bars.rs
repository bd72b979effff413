// SPDX-License-Identifier: GPL-2.0

//! Where the BARs of a function are.

/// Size of BAR 0: a page of registers, and one of data.
pub(crate) const REGISTERS_SIZE: u32 = 0x2000;
/// Size of BAR 2: a page for the MSI-X table, and one for the pending bits.
pub(crate) const MSIX_SIZE: u32 = 0x2000;
/// Size of BAR 4: memory of the device.
pub(crate) const MEMORY_SIZE: u32 = 0x1_0000;

/// The addresses of BARs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Bars {
    /// That of BAR 0.
    pub(crate) registers: u64,
    /// That of BAR 2.
    pub(crate) msix: u64,
    /// That of BAR 4.
    pub(crate) memory: u64,
}

impl Bars {
    /// Returns where a made-up host has them: those of 32 bits below 4 GiB, aligned to their size.
    pub(crate) fn of_host(function: u8) -> Self {
        let function = u64::from(function);
        let low = 0x9d80_0000 + (function << 20);

        Self {
            registers: 0x3a_0000_0000 + function * u64::from(REGISTERS_SIZE),
            msix: low,
            memory: low + u64::from(MEMORY_SIZE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_those_of_the_host() {
        for function in 0..8 {
            let bars = Bars::of_host(function);
            assert_eq!(bars.registers % u64::from(REGISTERS_SIZE), 0);
            assert_eq!(bars.msix % u64::from(MSIX_SIZE), 0);
            assert_eq!(bars.memory % u64::from(MEMORY_SIZE), 0);
            assert!(bars.registers >= 1 << 32 && bars.memory < 1 << 32);
        }
    }
}
