// SPDX-License-Identifier: GPL-2.0

//! A PCI function: which register an access is about.

use std::{
    fs::File,
    sync::Arc,
    time::Instant, //
};

use super::{
    super::tdi::{
        self,
        State,
        Tdi,
        MEMORY_SIZE,
        MSIX_SIZE,
        REGISTERS_SIZE, //
    },
    access,
    config_space::ConfigSpace,
    control::{
        self,
        Counts, //
    },
    dma::{
        self,
        Dma, //
    },
    interrupts::Interrupts,
    layout::{
        self,
        BUS_MASTER,
        COMMAND,
        CONTROL,
        CONTROL_SIZE,
        DEVICE_CONTROL,
        DMA_VECTOR,
        DOE,
        DOE_SIZE,
        IDE_STATUS,
        INITIATE_RESET,
        MAILBOX_VECTOR, //
    },
    locked::{
        self,
        Change, //
    },
    mailbox::{
        Effect,
        MailboxRegisters,
        Traffic, //
    },
    memory::{
        AddressSpace,
        Memory, //
    }, //
};
use crate::machine::private_pages::PrivatePages;

/// Where BAR 0 has the buffer of [`dma`].
const BUFFER: u64 = 0x1000;

/// What there is of a function to read and write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Region {
    /// Configuration space.
    Config,
    /// BAR 0.
    Registers,
    /// BAR 2. QEMU has the table itself.
    Msix,
    /// BAR 4.
    Memory,
}

impl Region {
    /// Returns its size in bytes.
    pub(super) fn size(self) -> u64 {
        match self {
            Self::Config => super::config_space::SIZE,
            Self::Registers => REGISTERS_SIZE.into(),
            Self::Msix => MSIX_SIZE.into(),
            Self::Memory => MEMORY_SIZE.into(),
        }
    }
}

/// The function is gone: its server closes the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Vanished;

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    space: ConfigSpace,
    /// Its TEE device interface. If the device has none, it stays unlocked.
    tdi: Tdi,
    /// Most often only function 0 has one.
    mailbox: Option<MailboxRegisters>,
    counts: Counts,
    interrupts: Interrupts,
    memory: Memory,
    /// Which pages are private, if any are.
    pages: Option<Arc<dyn PrivatePages>>,
    dma: Dma,
}

impl Function {
    /// Makes a function.
    pub(super) fn new(space: ConfigSpace, tdi: Tdi, mailbox: Option<MailboxRegisters>) -> Self {
        tdi.configure(layout::configuration(&space));
        Self {
            space,
            tdi,
            mailbox,
            counts: Counts::default(),
            interrupts: Interrupts::new(),
            memory: Memory::default(),
            pages: None,
            dma: Dma::new(),
        }
    }

    /// Gives the function the states of pages: it accesses private ones in RUN only.
    pub(super) fn with_pages(self, pages: Option<Arc<dyn PrivatePages>>) -> Self {
        Self { pages, ..self }
    }

    /// Reads bytes.
    pub(super) fn read(&mut self, region: Region, offset: u64, data: &mut [u8], now: Instant) {
        if region == Region::Config {
            self.counts.config_reads = self.counts.config_reads.wrapping_add(1);
        }
        self.poll(now);
        access::read(offset, data, |offset| match region {
            Region::Config => self.config(offset),
            Region::Registers => match offset.checked_sub(BUFFER) {
                Some(offset) => self.dma.read_buffer(offset),
                None => self.control(offset),
            },
            Region::Msix => 0,
            Region::Memory => self.tdi.read_memory(offset),
        });
    }

    /// Writes bytes.
    pub(super) fn write(
        &mut self,
        region: Region,
        offset: u64,
        data: &[u8],
        now: Instant,
    ) -> Result<(), Vanished> {
        let mut effect = Effect::None;

        if region == Region::Config {
            self.counts.config_writes = self.counts.config_writes.wrapping_add(1);
        }
        self.poll(now);
        access::write(offset, data, |offset, value, mask| match region {
            Region::Config => {
                let it = self.set_config(offset, value, mask, now);
                if it != Effect::None {
                    effect = it;
                }
            }
            Region::Registers => match offset.checked_sub(BUFFER) {
                Some(offset) => self.dma.write_buffer(offset, value, mask),
                None => self.set_control(offset, value, mask),
            },
            Region::Msix => self.tdi.fail_msix(),
            Region::Memory => self.tdi.write_memory(offset, value, mask),
        });
        match effect {
            Effect::None => {}
            Effect::Reset => self.reset(),
            Effect::Vanish => return Err(Vanished),
        }
        self.poll(now);
        Ok(())
    }

    /// Resets the function: Function Level Reset, or one of the bus. With function 0 all sessions end, and
    /// the locks of all functions with them.
    pub(super) fn reset(&mut self) {
        self.space.reset();
        self.dma.reset();
        if let Some(mailbox) = &mut self.mailbox {
            mailbox.reset();
        }
        self.tdi.reset();
        self.describe();
    }

    /// Makes the transitions whose time has come, and sends the interrupts of the mailbox.
    pub(super) fn poll(&mut self, now: Instant) {
        if let Some(mailbox) = &mut self.mailbox {
            mailbox.poll(now);
            if mailbox.take_interrupt() {
                self.interrupts.raise(MAILBOX_VECTOR);
            }
        }
    }

    /// Returns when there will be something to poll for, each time once.
    pub(super) fn take_due(&mut self) -> Option<Instant> {
        self.mailbox.as_mut()?.take_due()
    }

    /// Returns the guest memory, for changes of what there is of it.
    pub(super) fn memory(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// Sets MSI-X vectors.
    pub(super) fn set_vectors(&mut self, start: u32, count: u32, files: Vec<File>) {
        self.tdi.fail_msix();
        match count {
            0 => self.interrupts.clear(),
            _ => self.interrupts.set(start, count, files),
        }
    }

    /// Reads a DWORD of configuration space.
    fn config(&self, offset: u64) -> u32 {
        if let Some(register) = within(offset, CONTROL, CONTROL_SIZE) {
            return self.control(register);
        }
        match (within(offset, DOE, DOE_SIZE), &self.mailbox) {
            (Some(register @ 4..), Some(mailbox)) => mailbox.read(register),
            _ if offset == IDE_STATUS && self.mailbox.is_some() => {
                self.tdi.ide_registers()[tdi::IDE_STATUS]
            }
            _ => self.space.read(offset),
        }
    }

    /// Writes bits of a DWORD of configuration space.
    fn set_config(&mut self, offset: u64, value: u32, mask: u32, now: Instant) -> Effect {
        if let Some(register) = within(offset, CONTROL, CONTROL_SIZE) {
            self.set_control(register, value, mask);
            return Effect::None;
        }
        match (within(offset, DOE, DOE_SIZE), &mut self.mailbox) {
            (Some(register @ 4..), Some(mailbox)) => mailbox.write(register, value, mask, now),
            _ => {
                self.set_bits(offset, value, mask);
                match offset == DEVICE_CONTROL && value & mask & INITIATE_RESET != 0 {
                    true => Effect::Reset,
                    false => Effect::None,
                }
            }
        }
    }

    /// Writes bits of a register that only holds them, which a locked interface may not survive.
    fn set_bits(&mut self, offset: u64, value: u32, mask: u32) {
        let before = self.space.read(offset);
        self.space.write(offset, value, mask);

        match locked::change(offset, before, self.space.read(offset)) {
            Some(Change::Function) => self.tdi.fail(),
            Some(Change::Msix) => self.tdi.fail_msix(),
            Some(Change::Stream) => self.tdi.fail_all(),
            None => {}
        }
        self.describe();
    }

    /// Says how the function is set up, and the link if it is function 0.
    fn describe(&self) {
        self.tdi.configure(layout::configuration(&self.space));
        if self.mailbox.is_some() {
            self.tdi
                .set_ide_registers(layout::ide_registers(&self.space));
        }
    }

    /// Reads one of our own registers.
    fn control(&self, offset: u64) -> u32 {
        if let Some(register) = within(offset, dma::REGISTERS, dma::SIZE) {
            return self.dma.read(register);
        }
        let mailbox = self.mailbox.as_ref();
        let counts = Counts {
            traffic: mailbox.map_or(Traffic::default(), MailboxRegisters::traffic),
            // CAST: There are fewer.
            keys: self.tdi.programmed_keys() as u32,
            ..self.counts
        };

        control::read(offset, &counts, mailbox.and_then(MailboxRegisters::wrong))
    }

    /// Writes one of our own registers.
    fn set_control(&mut self, offset: u64, value: u32, mask: u32) {
        if let Some(register) = within(offset, dma::REGISTERS, dma::SIZE) {
            let is_master = self.space.read(COMMAND) & BUS_MASTER != 0;
            let address_space = AddressSpace {
                memory: is_master.then_some(&self.memory),
                private: self
                    .pages
                    .as_deref()
                    .filter(|_| self.tdi.state() != State::Run),
            };
            if self.dma.write(register, value, mask, address_space) {
                self.interrupts.raise(DMA_VECTOR);
            }
            return;
        }
        if offset == control::WRONG && mask == u32::MAX {
            if let (Some(mailbox), Some(wrong)) = (&mut self.mailbox, control::wrong(value)) {
                mailbox.set_wrong(wrong);
            }
        }
    }
}

/// Returns the offset in a range, if it is in there.
fn within(offset: u64, start: u64, size: u64) -> Option<u64> {
    offset.checked_sub(start).filter(|offset| *offset < size)
}

#[cfg(test)]
mod tests;
