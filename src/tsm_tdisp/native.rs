// SPDX-License-Identifier: GPL-2.0

//! Authentication by this kernel: it speaks SPDM itself. What is here runs on the worker of a device, or at its turn
//! on the task that has the machine sleep.

mod connection;
mod dsm;
mod ide;
mod interfaces;
mod measurement_files;
mod transport;

pub(crate) use ide::Link;
pub(crate) use transport::{
    Cancel,
    Cancelling, //
};

use kernel::{
    bindings,
    prelude::*,
    str::CStr,
    sync::Arc,
    time::Delta, //
};
use tsm_ext::{
    error::errno,
    pci::{
        doe::Mailbox,
        ide::Ide, //
    },
    sysfs::Directory, //
};
use tsm_proto::{
    ide::Stream,
    spdm::{
        requester::Event,
        transcript::Part,
        Nonce,
        Slot, //
    }, //
};

use self::{
    connection::Connection,
    interfaces::Bound,
    measurement_files::MeasurementFiles,
    transport::Transport, //
};
use crate::{
    evidence::{
        Published,
        Serial,
        Snapshot,
        State, //
    },
    failure::Failure,
    functions::Functions,
    trace, //
};

/// The side of a device that talks to it.
pub(crate) struct Native {
    transport: Transport,
    published: Arc<Published>,
    files: MeasurementFiles,
    serial: Serial,
    connection: Option<KBox<Connection>>,
    /// The registers of the streams, if the function has any.
    ide: Option<Ide>,
    /// The stream by which the link is encrypted.
    stream: Option<Stream>,
    /// Interfaces that are locked or run.
    bound: KVec<Bound>,
    /// The functions of the device.
    functions: Arc<Functions>,
}

impl Native {
    pub(crate) fn new(
        mailbox: Mailbox,
        cancel: Arc<Cancel>,
        timeout: Delta,
        published: Arc<Published>,
        measurements: Directory,
        functions: Arc<Functions>,
        ide: Option<Ide>,
    ) -> Self {
        Self {
            transport: Transport::new(mailbox, cancel, timeout),
            files: MeasurementFiles::new(measurements, published.clone()),
            published,
            serial: Serial::default(),
            connection: None,
            ide,
            stream: None,
            bound: KVec::new(),
            functions,
        }
    }

    /// Returns the state that readers see.
    pub(crate) fn state(&self) -> State {
        self.published.state()
    }

    /// Tells whether the device is connected.
    pub(crate) fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// Tells whether a TSM of the PCI core has the device.
    pub(crate) fn has_tsm(&self) -> bool {
        self.transport.device().has_tsm()
    }

    /// Tells whether a request was ended by another one since [`Cancel::ended`] returned this.
    pub(crate) fn has_ended(&self, since: u32) -> bool {
        self.transport.has_ended(since)
    }

    /// Checks that the device signs measurements.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` when it does not.
    pub(crate) fn can_sign_measurements(&self) -> Result {
        match &self.connection {
            Some(connection) if connection.signs_measurements() => Ok(()),
            _ => Err(errno(bindings::EOPNOTSUPP)),
        }
    }

    /// Connects.
    pub(crate) fn connect(&mut self, slot: Slot) -> Result {
        let _awake = self.transport.device().wake();
        self.transport.begin();
        let connected = Connection::new().and_then(|mut connection| {
            match self.establish(&mut connection, slot) {
                Ok(snapshot) => Ok((connection, snapshot)),
                Err(failure) => {
                    self.transport.finish();
                    connection.end(&self.transport);
                    Err(failure)
                }
            }
        });

        match connected {
            Ok((connection, snapshot)) => {
                self.connection = Some(connection);
                self.publish(snapshot);
                Ok(())
            }
            // There was no connection that could have been lost, and one that was stays so.
            Err(failure) => {
                self.files.clear();
                Err(self.failed(c"connect", &failure))
            }
        }
    }

    fn establish(
        &mut self,
        connection: &mut Connection,
        slot: Slot,
    ) -> Result<Arc<Snapshot>, Failure> {
        connection.run(Event::Connect(slot), &self.transport)?;
        connection.measure_first(&self.transport)?;
        let snapshot = connection.snapshot(&mut self.serial)?;
        self.files.add(&snapshot)?;
        Ok(snapshot)
    }

    /// Shows evidence. Its files are there already; those that it has not are there until it is shown.
    fn publish(&mut self, snapshot: Arc<Snapshot>) {
        self.published.replace(snapshot.clone());
        self.files.keep(&snapshot);
        self.notify_interfaces();
    }

    /// Ends the connection.
    pub(crate) fn disconnect(&mut self) {
        let _awake = self.transport.device().wake();

        self.transport.begin();
        self.end(State::Disconnected);
    }

    /// Ends the connection, which is lost, if there is one.
    #[cfg(CONFIG_PM_SLEEP)]
    pub(crate) fn lose(&mut self) {
        if self.is_connected() {
            let _awake = self.transport.device().wake();

            self.transport.begin();
            self.end(State::Lost);
        }
    }

    /// Takes new measurements.
    pub(crate) fn measure(&mut self, nonce: Nonce) -> Result {
        let _awake = self.transport.device().wake();
        self.transport.begin();
        let Some(connection) = &mut self.connection else {
            return Err(errno(bindings::ENOTCONN));
        };
        let result = connection
            .measure(nonce, &self.transport)
            .and_then(|()| connection.snapshot(&mut self.serial))
            .and_then(|snapshot| {
                self.files.add(&snapshot)?;
                Ok(snapshot)
            });

        match result {
            Ok(snapshot) => {
                self.publish(snapshot);
                Ok(())
            }
            Err(failure) => Err(self.refused(c"measure", &failure)),
        }
    }

    /// Reads the chain in a slot, if that was not done before.
    pub(crate) fn read_slot(&mut self, slot: Slot) -> Result {
        let _awake = self.transport.device().wake();
        self.transport.begin();
        let no_data = errno(bindings::ENODATA);
        let connection = self.connection.as_mut().ok_or(no_data)?;

        if !connection.has_chain(slot) {
            return Err(no_data);
        }
        let shown = self.published.snapshot().ok_or(no_data)?;
        if shown.part(Part::Chain(slot)).is_some() {
            return Ok(());
        }
        let result = connection.read_slot(slot, &shown, &self.transport, &mut self.serial);

        match result {
            Ok(snapshot) => {
                self.published.extend(snapshot);
                Ok(())
            }
            Err(failure) => Err(self.refused(c"certificates", &failure)),
        }
    }

    /// Tells readers of the interfaces that there is other evidence.
    fn notify_interfaces(&self) {
        self.functions.notify();
    }

    /// Drops the connection after a failure, unless the device only refused the request. Returns the error.
    fn refused(&mut self, request: &CStr, failure: &Failure) -> Error {
        self.lose_after(failure);
        self.failed(request, failure)
    }

    /// Drops the connection after a failure, unless the device only refused the request.
    fn lose_after(&mut self, failure: &Failure) {
        let is_alive = self
            .connection
            .as_ref()
            .is_some_and(|connection| connection.is_alive());

        if self.connection.is_some() && (!is_alive || failure.ends_session()) {
            self.end(State::Lost);
        }
    }

    /// Drops the connection and its evidence.
    fn end(&mut self, state: State) {
        self.transport.finish();
        self.stop_all();
        self.stop_link();
        if let Some(mut connection) = self.connection.take() {
            connection.end(&self.transport);
        }
        self.published.clear(state);
        self.files.clear();
        self.notify_interfaces();
    }

    /// Reports a failure, and returns its error.
    fn failed(&self, request: &CStr, failure: &Failure) -> Error {
        trace::failed(self.transport.device(), request, failure);
        failure.errno()
    }

    /// Ends the connection because the device is about to be removed. It would keep its half of the session.
    pub(crate) fn shut_down(&mut self) {
        if self.connection.is_some() {
            let _awake = self.transport.device().wake();

            self.transport.reopen();
            self.transport.finish();
            self.stop_all();
            self.stop_link();
            // A device that is busy does not delay the removal.
            if let Some(mut connection) = self.connection.take() {
                connection.end_at_once(&self.transport);
            }
        }
    }
}
