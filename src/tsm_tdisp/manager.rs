// SPDX-License-Identifier: GPL-2.0

//! What runs on the worker of a device: it has a backend do what is asked for, and shows what came of it.

mod interfaces;
mod link;
mod measurement_files;

use kernel::{
    bindings,
    prelude::*,
    str::CStr,
    sync::Arc, //
};
use tsm_ext::{
    error::errno,
    pci::Awake,
    sysfs::Directory, //
};
use tsm_proto::spdm::{
    transcript::Part,
    Nonce,
    Slot, //
};

use self::{
    interfaces::Bound,
    measurement_files::MeasurementFiles, //
};
use crate::{
    backend::Backend,
    evidence::{
        Published,
        Snapshot,
        State, //
    },
    failure::Failure,
    functions::Functions,
    trace, //
};

/// What exchanges messages with one device. A request that may be deep has a stack frame of its own, and is not inlined into
/// what makes all of them.
pub(crate) struct Manager<B: Backend> {
    backend: B,
    published: Arc<Published>,
    files: MeasurementFiles,
    /// Interfaces that are locked or run.
    bound: KVec<Bound<B>>,
    /// The functions whose interfaces the mailbox reaches, if any: those of the device, for that of function 0.
    functions: Option<Arc<Functions>>,
}

impl<B: Backend> Manager<B> {
    pub(crate) fn new(
        backend: B,
        published: Arc<Published>,
        measurements: Directory,
        functions: Option<Arc<Functions>>,
    ) -> Self {
        Self {
            backend,
            files: MeasurementFiles::new(measurements, published.clone()),
            published,
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
        self.backend.is_connected()
    }

    /// Tells whether a TSM of the PCI core has the device.
    pub(crate) fn has_tsm(&self) -> bool {
        self.backend.device().has_tsm()
    }

    /// Checks that the device signs measurements.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` when it does not.
    pub(crate) fn can_sign_measurements(&self) -> Result {
        match self.backend.signs_measurements() {
            true => Ok(()),
            false => Err(errno(bindings::EOPNOTSUPP)),
        }
    }

    /// A request begins. Function 0 is awake as long as what this returns exists.
    fn begin(&mut self) -> Awake {
        let awake = self.backend.device().wake();

        self.backend.begin();
        awake
    }

    /// Connects.
    #[inline(never)]
    pub(crate) fn connect(&mut self, slot: Slot) -> Result {
        let _awake = self.begin();
        let connected = self.backend.connect(slot).and_then(|snapshot| {
            self.files.add(&snapshot)?;
            Ok(snapshot)
        });

        match connected {
            Ok(snapshot) => {
                self.publish(snapshot);
                Ok(())
            }
            // There was no connection that could have been lost, and one that was stays so.
            Err(failure) => {
                self.backend.finish();
                self.backend.disconnect();
                self.files.clear();
                Err(self.failed(c"connect", &failure))
            }
        }
    }

    /// Shows evidence. Its files are there already; those that it has not are there until it is shown.
    fn publish(&mut self, snapshot: Arc<Snapshot>) {
        self.published.replace(snapshot.clone());
        self.files.keep(&snapshot);
        self.notify_interfaces();
    }

    /// Notifies poll(2) that the evidence about the interfaces has changed.
    fn notify_interfaces(&self) {
        if let Some(functions) = &self.functions {
            functions.notify();
        }
    }

    /// Ends the connection.
    pub(crate) fn disconnect(&mut self) {
        let _awake = self.begin();

        self.end(State::Disconnected);
    }

    /// Ends the connection, which is lost, if there is one.
    #[cfg(CONFIG_PM_SLEEP)]
    pub(crate) fn lose(&mut self) {
        if self.is_connected() {
            let _awake = self.begin();

            self.end(State::Lost);
        }
    }

    /// Takes new measurements.
    #[inline(never)]
    pub(crate) fn measure(&mut self, nonce: Nonce) -> Result {
        if !self.is_connected() {
            return Err(errno(bindings::ENOTCONN));
        }
        let _awake = self.begin();
        let measured = self.backend.measure(nonce).and_then(|snapshot| {
            self.files.add(&snapshot)?;
            Ok(snapshot)
        });

        match measured {
            Ok(snapshot) => {
                self.publish(snapshot);
                Ok(())
            }
            Err(failure) => Err(self.refused(c"measure", &failure)),
        }
    }

    /// Reads the chain in a slot, if that was not done before.
    #[inline(never)]
    pub(crate) fn read_slot(&mut self, slot: Slot) -> Result {
        let no_data = errno(bindings::ENODATA);

        if !self.backend.has_chain(slot) {
            return Err(no_data);
        }
        let shown = self.published.snapshot().ok_or(no_data)?;
        if shown.part(Part::Chain(slot)).is_some() {
            return Ok(());
        }
        let _awake = self.begin();
        match self.backend.read_slot(slot, &shown) {
            Ok(snapshot) => {
                self.published.extend(snapshot);
                Ok(())
            }
            Err(failure) => Err(self.refused(c"certificates", &failure)),
        }
    }

    /// Drops the connection after a failure, unless the device only refused the request. Returns the error.
    fn refused(&mut self, request: &CStr, failure: &Failure) -> Error {
        self.lose_after(failure);
        self.failed(request, failure)
    }

    /// Drops the connection after a failure, unless the device only refused the request.
    fn lose_after(&mut self, failure: &Failure) {
        if self.is_connected() && (!self.backend.is_alive() || failure.ends_session()) {
            self.end(State::Lost);
        }
    }

    /// Drops the connection and its evidence.
    fn end(&mut self, state: State) {
        self.backend.finish();
        self.stop_all();
        self.backend.disconnect();
        self.published.clear(state);
        self.files.clear();
        self.notify_interfaces();
    }

    /// Reports a failure, and returns its error.
    fn failed(&self, request: &CStr, failure: &Failure) -> Error {
        trace::failed(self.backend.device(), request, failure);
        failure.errno()
    }

    /// Ends the connection because the device is about to be removed. It would keep its half of the session.
    pub(crate) fn shut_down(&mut self) {
        if self.is_connected() {
            let _awake = self.backend.device().wake();

            self.backend.reopen();
            self.backend.finish();
            self.stop_all();
            self.backend.disconnect_at_once();
        }
    }
}
