// SPDX-License-Identifier: GPL-2.0

//! How a vCPU starts another one: by interrupts that its local APIC sends.

use crate::machine::memory::{
    GuestMemory,
    NoMemory, //
};

/// The registers that send an interrupt.
const ICR_LOW: u64 = 0xfee0_0300;
const ICR_HIGH: u64 = 0xfee0_0310;

/// Interrupts, with the level asserted.
const INIT: u32 = 0x4500;
const STARTUP: u32 = 0x4600;

/// Sends an interrupt.
fn send(memory: &dyn GuestMemory, apic_id: u8, command: u32) -> Result<(), NoMemory> {
    memory.write(ICR_HIGH, &(u32::from(apic_id) << 24).to_le_bytes())?;
    memory.write(ICR_LOW, &command.to_le_bytes())
}

/// Stops a vCPU.
pub(crate) fn stop(memory: &dyn GuestMemory, apic_id: u8) -> Result<(), NoMemory> {
    send(memory, apic_id, INIT)
}

/// Starts a vCPU in real mode, at the beginning of a page.
pub(crate) fn start(memory: &dyn GuestMemory, apic_id: u8, page: u8) -> Result<(), NoMemory> {
    send(memory, apic_id, INIT)?;
    send(memory, apic_id, STARTUP | u32::from(page))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// The writes to an APIC.
    #[derive(Default)]
    struct FakeApic(RefCell<Vec<(u64, Vec<u8>)>>);

    impl GuestMemory for FakeApic {
        fn read(&self, _: u64, _: &mut [u8]) -> Result<(), NoMemory> {
            Err(NoMemory)
        }

        fn write(&self, address: u64, from: &[u8]) -> Result<(), NoMemory> {
            self.0.borrow_mut().push((address, from.to_vec()));
            Ok(())
        }
    }

    #[test]
    fn starts_with_init_and_a_startup_ipi() {
        let apic = FakeApic::default();
        start(&apic, 3, 0x9a).unwrap();
        let to = (0xfee0_0310, vec![0, 0, 0, 3]);
        let init = (0xfee0_0300, vec![0, 0x45, 0, 0]);
        let startup = (0xfee0_0300, vec![0x9a, 0x46, 0, 0]);
        assert_eq!(*apic.0.borrow(), [to.clone(), init, to, startup]);
    }

    #[test]
    fn stops_with_init() {
        let apic = FakeApic::default();
        stop(&apic, 1).unwrap();
        assert_eq!(apic.0.borrow()[1], (0xfee0_0300, vec![0, 0x45, 0, 0]));
        assert_eq!(apic.0.borrow().len(), 2);
    }

    #[test]
    fn needs_an_apic() {
        let none = crate::machine::memory::FakeMemory::new(0);
        assert_eq!(start(&none, 1, 0), Err(NoMemory));
        assert_eq!(stop(&none, 1), Err(NoMemory));
    }
}
