// SPDX-License-Identifier: GPL-2.0

//! The native backend: this kernel speaks SPDM itself.

mod connection;
mod dsm;
mod ide;
mod transport;

use kernel::{
    bindings,
    prelude::*,
    sync::Arc,
    time::Delta, //
};
use tsm_ext::{
    error::errno,
    pci::{
        doe::Mailbox,
        ide::Ide,
        Device,
        Location, //
    }, //
};
use tsm_proto::{
    ide::Stream,
    spdm::{
        requester::Event,
        Nonce,
        Slot, //
    },
    tdisp::{
        lock::Flags,
        ranges::Range,
        state::State,
        StartNonce, //
    }, //
};

use self::{
    connection::Connection,
    dsm::Dsm,
    transport::Transport, //
};
use crate::{
    backend::{
        Backend,
        Link, //
    },
    cancel::Cancel,
    evidence::{
        Serial,
        Snapshot, //
    },
    failure::Failure, //
};

/// A device that this kernel exchanges messages with, by the mailbox of function 0.
pub(crate) struct Native {
    transport: Transport,
    serial: Serial,
    connection: Option<KBox<Connection>>,
    /// The registers of the streams, if the function has any.
    ide: Option<Ide>,
    /// The stream by which the link is encrypted.
    stream: Option<Stream>,
}

/// Returns the connection.
///
/// # Errors
///
/// `ENOTCONN` when there is none.
fn connected(connection: &mut Option<KBox<Connection>>) -> Result<&mut Connection> {
    match connection {
        Some(connection) => Ok(connection),
        None => Err(errno(bindings::ENOTCONN)),
    }
}

impl Native {
    /// Takes a mailbox. A request may take `timeout`, and ends when `cancel` says so.
    pub(crate) fn new(
        mailbox: Mailbox,
        cancel: Arc<Cancel>,
        timeout: Delta,
        ide: Option<Ide>,
    ) -> Self {
        Self {
            transport: Transport::new(mailbox, cancel, timeout),
            serial: Serial::default(),
            connection: None,
            ide,
            stream: None,
        }
    }

    /// Returns what sends the messages about an interface.
    fn dsm(&mut self, location: Location) -> Result<Dsm<'_>> {
        Ok(Dsm {
            connection: connected(&mut self.connection)?,
            transport: &self.transport,
            location,
            ide: self.ide.as_ref(),
            stream: self.stream.map(Stream::id),
        })
    }
}

impl Backend for Native {
    type Locked = StartNonce;

    fn device(&self) -> &Device {
        self.transport.device()
    }

    fn begin(&mut self) {
        self.transport.begin();
    }

    fn finish(&mut self) {
        self.transport.finish();
    }

    fn reopen(&mut self) {
        self.transport.reopen();
    }

    fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    fn has_session(&self) -> bool {
        let connection = self.connection.as_ref();

        connection.is_some_and(|connection| connection.has_session())
    }

    fn is_alive(&self) -> bool {
        let connection = self.connection.as_ref();

        connection.is_some_and(|connection| connection.is_alive())
    }

    fn signs_measurements(&self) -> bool {
        let connection = self.connection.as_ref();

        connection.is_some_and(|connection| connection.signs_measurements())
    }

    fn has_chain(&self, slot: Slot) -> bool {
        let connection = self.connection.as_ref();

        connection.is_some_and(|connection| connection.has_chain(slot))
    }

    fn connect(&mut self, slot: Slot) -> Result<Arc<Snapshot>, Failure> {
        let connection = self.connection.insert(Connection::new()?);

        connection.run(Event::Connect(slot), &self.transport)?;
        connection.measure_first(&self.transport)?;
        connection.snapshot(&mut self.serial)
    }

    fn disconnect(&mut self) {
        self.stop_link();
        if let Some(mut connection) = self.connection.take() {
            connection.end(&self.transport);
        }
    }

    fn disconnect_at_once(&mut self) {
        self.stop_link();
        if let Some(mut connection) = self.connection.take() {
            connection.end_at_once(&self.transport);
        }
    }

    fn measure(&mut self, nonce: Nonce) -> Result<Arc<Snapshot>, Failure> {
        let connection = connected(&mut self.connection)?;

        connection.measure(nonce, &self.transport)?;
        connection.snapshot(&mut self.serial)
    }

    fn read_slot(&mut self, slot: Slot, shown: &Snapshot) -> Result<Arc<Snapshot>, Failure> {
        let connection = connected(&mut self.connection)?;

        connection.read_slot(slot, shown, &self.transport, &mut self.serial)
    }

    fn lock(&mut self, function: Location, flags: Flags) -> Result<StartNonce, Failure> {
        self.dsm(function)?.lock(flags)
    }

    fn report(&mut self, function: Location) -> Result<KVVec<u8>, Failure> {
        self.dsm(function)?.report()
    }

    fn start(&mut self, function: Location, locked: StartNonce) -> Result<(), Failure> {
        self.dsm(function)?.start(&locked)
    }

    fn accept(&mut self, _function: Location, _ranges: &[Range]) -> Result<(), Failure> {
        // START_INTERFACE_REQUEST was all of it: there is no platform to inform.
        Ok(())
    }

    fn stop(&mut self, function: Location) -> Result<(), Failure> {
        self.dsm(function)?.stop()
    }

    fn state(&mut self, function: Location) -> Result<State, Failure> {
        self.dsm(function)?.state()
    }

    fn link(&self) -> Result<Link> {
        self.link_state()
    }

    fn has_stream(&self) -> bool {
        self.stream.is_some()
    }

    fn stream(&self, id: u8) -> Result<Stream> {
        self.free_stream(id)
    }

    fn encrypt(&mut self, stream: Stream) -> Result<(), Failure> {
        self.start_link(stream)
    }

    fn decrypt(&mut self) -> Result<(), Failure> {
        self.end_link()
    }
}
