// SPDX-License-Identifier: GPL-2.0

//! The TEE device interfaces (TDIs) of a device, one for each function: PCIe r6 chapter 11.
//!
//! The functions and the responder share them. A lock belongs to the SPDM session that it came over;
//! when that ends, the interface is in error. The mutex here is taken last, and held for a moment.
//!
//! ```text
//! interface.rs  one interface: its states, and what changes them
//! lock.rs       what a lock is about
//! function_id.rs   names of interfaces
//! bars.rs       where the BARs of a function are
//! ide.rs        keys of the link
//! memory.rs     memory that only an interface in RUN gives access to
//! ```

mod bars;
mod function_id;
mod ide;
mod interface;
mod lock;
mod memory;

use std::sync::{
    Arc,
    Mutex, //
};

use self::{
    ide::Ide,
    interface::Interface, //
};
use super::{
    misbehaviour::Wrong,
    requester_id::RequesterId,
    settings::{
        BarAddresses,
        Settings, //
    }, //
};
use crate::machine::lock::lock as hold;

pub(crate) use bars::{
    Bars,
    MEMORY_SIZE,
    MSIX_SIZE,
    REGISTERS_SIZE, //
};
pub(crate) use function_id::FunctionId;
pub(crate) use ide::{
    KeyName,
    KeyValue,
    LAYOUT as IDE_LAYOUT,
    REGISTERS as IDE_REGISTERS,
    STATUS as IDE_STATUS, //
};
pub(crate) use interface::{
    Configuration,
    Refusal,
    State, //
};
pub(crate) use lock::{
    Flags,
    Lock,
    Nonce,
    SessionNumber, //
};

/// What there is of a device.
#[derive(Debug)]
struct Shared {
    /// The requester ID of function 0.
    first: RequesterId,
    /// Whether functions are TDIs at all.
    has_tee_io: bool,
    interfaces: Vec<Interface>,
    /// What the link is encrypted with, if there is one.
    ide: Option<Ide>,
}

impl Shared {
    /// Has the interfaces fail whose stream has lost its keys.
    fn check_streams(&mut self) {
        let Some(ide) = &self.ide else { return };

        for interface in &mut self.interfaces {
            let lock = interface.lock();
            if lock.is_some_and(|lock| !ide.permits_lock(lock.stream, lock.session)) {
                interface.fail();
            }
        }
    }

    /// Does something with the keys. Without a link there are none.
    fn change_keys<T>(&mut self, change: impl FnOnce(&mut Ide) -> T) -> Option<T> {
        let changed = self.ide.as_mut().map(change);

        self.check_streams();
        changed
    }
}

/// The interfaces of a device, of which all handles are the same.
#[derive(Debug, Clone)]
pub(crate) struct Tdis(Arc<Mutex<Shared>>);

impl Tdis {
    /// Makes the interfaces of a device. All are unlocked.
    pub(crate) fn new(settings: &Settings) -> Self {
        let interfaces = (0..settings.functions).map(|number| {
            let host = Bars::of_host(number);
            Interface::new((settings.bars == BarAddresses::Host).then_some(host))
        });

        let tdis = Self(Arc::new(Mutex::new(Shared {
            first: settings.requester_id(),
            has_tee_io: settings.persona.has_tee_io(),
            interfaces: interfaces.collect(),
            ide: settings.persona.has_ide().then(Ide::new),
        })));
        tdis.renew(settings.wrong);
        tdis
    }

    /// Resets the device, which from then on does something else wrong, or nothing.
    pub(crate) fn renew(&self, wrong: Option<Wrong>) {
        let mut shared = hold(&self.0);

        shared.interfaces.iter_mut().for_each(Interface::stop);
        if let Some(ide) = &mut shared.ide {
            ide.clear();
            ide.stays_insecure = wrong == Some(Wrong::IdeInsecure);
            ide.is_optional = wrong == Some(Wrong::TdispLockWithoutKeys);
        }
    }

    /// Takes a key of a stream. Returns whether it did.
    pub(crate) fn program_key(
        &self,
        stream: u8,
        name: KeyName,
        session: SessionNumber,
        value: KeyValue,
    ) -> bool {
        hold(&self.0).change_keys(|ide| ide.program(stream, name, session, value)) == Some(true)
    }

    /// Uses a key of a stream. Returns whether there is one, of this session.
    pub(crate) fn use_key(&self, stream: u8, name: KeyName, session: SessionNumber) -> bool {
        hold(&self.0).change_keys(|ide| ide.go(stream, name, session)) == Some(true)
    }

    /// Destroys a key of a stream.
    pub(crate) fn stop_key(&self, stream: u8, name: KeyName) {
        hold(&self.0).change_keys(|ide| ide.stop(stream, name));
    }

    /// Returns the registers of IDE. Without a link all are 0.
    pub(crate) fn ide_registers(&self) -> [u32; IDE_REGISTERS] {
        let shared = hold(&self.0);

        shared
            .ide
            .as_ref()
            .map_or([0; IDE_REGISTERS], Ide::registers)
    }

    /// Returns the interface of a function.
    pub(crate) fn interface(&self, number: u8) -> Tdi {
        Tdi {
            tdis: self.clone(),
            number: number.into(),
        }
    }

    /// Finds the interface with a name.
    pub(crate) fn find(&self, id: FunctionId) -> Option<Tdi> {
        let shared = hold(&self.0);
        let number = id.function(shared.first)?;

        usize::from(number)
            .lt(&shared.interfaces.len())
            .then(|| self.interface(number))
    }

    /// Has the interfaces fail that a session has locked, which is over.
    pub(crate) fn end_session(&self, session: SessionNumber) {
        for interface in &mut hold(&self.0).interfaces {
            if interface.lock().is_some_and(|lock| lock.session == session) {
                interface.fail();
            }
        }
    }
}

/// The interface of a function.
#[derive(Debug, Clone)]
pub(crate) struct Tdi {
    tdis: Tdis,
    number: usize,
}

impl Tdi {
    /// Does something with the interface, whether it is one at all, and the device.
    fn with<T>(&self, work: impl FnOnce(&mut Interface, bool) -> T) -> T {
        let mut shared = hold(&self.tdis.0);
        let has_tee_io = shared.has_tee_io;

        // PANIC: A handle is only made for a function that there is.
        work(&mut shared.interfaces[self.number], has_tee_io)
    }

    /// Returns the state.
    pub(crate) fn state(&self) -> State {
        self.with(|interface, _| interface.state())
    }

    /// Returns what the lock is about, and how the function is set up, if the interface is locked or
    /// runs.
    pub(crate) fn locked(&self) -> Option<(Lock, Configuration)> {
        self.with(|interface, _| {
            let lock = interface.lock()?.clone();
            Some((lock, interface.configuration()))
        })
    }

    /// Locks the interface. The link has to have keys that came over the same session: 11.3.8.
    pub(crate) fn lock(&self, lock: Lock) -> Result<(), Refusal> {
        let mut shared = hold(&self.tdis.0);
        let is_permitted = shared
            .ide
            .as_ref()
            .is_none_or(|ide| ide.permits_lock(lock.stream, lock.session));

        // PANIC: A handle is only made for a function that there is.
        let interface = &mut shared.interfaces[self.number];
        match is_permitted || interface.state() != State::Unlocked {
            true => interface.enter_locked(lock),
            false => Err(Refusal::Stream),
        }
    }

    /// Learns what the registers of IDE are, which are those of function 0.
    pub(crate) fn set_ide_registers(&self, registers: [u32; IDE_REGISTERS]) {
        hold(&self.tdis.0).change_keys(|ide| ide.set_registers(registers));
    }

    /// Returns the registers of IDE.
    pub(crate) fn ide_registers(&self) -> [u32; IDE_REGISTERS] {
        self.tdis.ide_registers()
    }

    /// Returns how many keys of the link were programmed, each other than all before.
    pub(crate) fn programmed_keys(&self) -> usize {
        let shared = hold(&self.tdis.0);

        shared.ide.as_ref().map_or(0, Ide::programmed)
    }

    /// Has all interfaces of the device fail that are locked or run: all use the same stream.
    pub(crate) fn fail_all(&self) {
        let mut shared = hold(&self.tdis.0);

        shared.interfaces.iter_mut().for_each(Interface::fail);
    }

    /// Unlocks the interface by a reset. That of function 0 destroys the keys of the link.
    pub(crate) fn reset(&self) {
        let mut shared = hold(&self.tdis.0);

        // PANIC: A handle is only made for a function that there is.
        shared.interfaces[self.number].stop();
        if self.number == 0 {
            shared.change_keys(Ide::clear);
        }
    }

    /// Starts the interface, if the nonce is that of the lock, which has to be of this session.
    pub(crate) fn start(&self, session: SessionNumber, nonce: &Nonce) -> Result<(), Refusal> {
        self.with(|interface, _| interface.start(session, nonce))
    }

    /// Unlocks the interface, whatever its state: at a request, or by a reset.
    pub(crate) fn stop(&self) {
        self.with(|interface, _| interface.stop());
    }

    /// Has the interface fail, if it is locked or runs.
    pub(crate) fn fail(&self) {
        self.with(|interface, _| interface.fail());
    }

    /// Has the interface fail, if the MSI-X table is locked with it.
    pub(crate) fn fail_msix(&self) {
        self.with(|interface, _| {
            let flags = interface.lock().map(|lock| lock.flags);
            if flags.is_some_and(|flags| flags.has(Flags::LOCK_MSIX)) {
                interface.fail();
            }
        });
    }

    /// Learns how the function is set up.
    pub(crate) fn configure(&self, configuration: Configuration) {
        self.with(|interface, _| interface.configure(configuration));
    }

    /// Reads a DWORD of the memory. All bits are set where it is not accessible.
    pub(crate) fn read_memory(&self, offset: u64) -> u32 {
        self.with(|interface, has_tee_io| match has_tee_io {
            true if interface.state() != State::Run => u32::MAX,
            _ => interface.memory().read(offset),
        })
    }

    /// Writes the bits of a mask in a DWORD of the memory, if it is accessible.
    pub(crate) fn write_memory(&self, offset: u64, value: u32, mask: u32) {
        self.with(|interface, has_tee_io| {
            if !has_tee_io || interface.state() == State::Run {
                interface.memory().write(offset, value, mask);
            }
        });
    }
}

#[cfg(test)]
mod tests;
