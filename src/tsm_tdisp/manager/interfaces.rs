// SPDX-License-Identifier: GPL-2.0

//! The interfaces that are bound in a session.

use kernel::{
    bindings,
    prelude::*,
    sync::Arc, //
};
use tsm_ext::{
    error::errno,
    pci::Unbound, //
};
use tsm_proto::tdisp::{
    lock::Flags,
    state::State, //
};

use super::Manager;
use crate::{
    backend::Backend,
    failure::Failure,
    interface::{
        Hold,
        Interface,
        Report, //
    },
    trace, //
};

/// An interface that was locked, until it is stopped.
pub(super) struct Bound<B: Backend> {
    interface: Arc<Interface>,
    /// Until it is used to start the interface.
    locked: Option<B::Locked>,
}

/// Returns the error of a request that needs a session.
fn not_connected() -> Error {
    errno(bindings::ENOTCONN)
}

impl<B: Backend> Manager<B> {
    /// Tells whether any interface is bound.
    pub(super) fn has_bound(&self) -> bool {
        !self.bound.is_empty()
    }

    fn position(&self, interface: &Arc<Interface>) -> Option<usize> {
        self.bound
            .iter()
            .position(|bound| Arc::ptr_eq(&bound.interface, interface))
    }

    /// Checks that there is a session.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` when there is none.
    pub(crate) fn needs_session(&self) -> Result {
        match self.backend.has_session() {
            true => Ok(()),
            false => Err(not_connected()),
        }
    }

    /// Binds an interface.
    #[inline(never)]
    pub(crate) fn bind(&mut self, interface: &Arc<Interface>, flags: Flags) -> Result {
        let function = interface.function();

        function.without_driver(|unbound| {
            if self.position(interface).is_some() {
                return Err(EBUSY);
            }
            // What a driver has kept until now.
            interface.end_private(unbound);
            let _awake = self.begin();
            let hold = Hold::new(function)?;
            self.bound.reserve(1, GFP_KERNEL)?;

            match self.lock(interface, flags) {
                Ok((locked, report)) => {
                    let bound = Bound {
                        interface: interface.clone(),
                        locked: Some(locked),
                    };
                    self.bound.push(bound, GFP_KERNEL)?;
                    interface.hold(hold);
                    interface.set(Some(State::Locked), Some(report));
                    Ok(())
                }
                Err(failure) => Err(self.refused_of(interface, c"bind", &failure)),
            }
        })
    }

    /// Locks an interface. If there is no report of it that can be used, or the device may have locked it without saying so,
    /// it is stopped again; if that fails, it stays bound, until it is unbound or the session ends. There is room for one
    /// that is bound.
    fn lock(
        &mut self,
        interface: &Arc<Interface>,
        flags: Flags,
    ) -> Result<(B::Locked, Arc<Report>), Failure> {
        let bars = interface.function().bars()?;
        let location = interface.function().location();
        let locked = match self.backend.lock(location, flags) {
            Err(failure) if !matches!(failure, Failure::Unanswered(..)) => return Err(failure),
            locked => locked,
        };
        let reported = locked.and_then(|locked| {
            let bytes = self.backend.report(location)?;
            Ok((locked, Report::new(bytes, &bars, flags)?))
        });

        match reported {
            Ok(reported) => Ok(reported),
            Err(failure) => {
                // If that fails as well, the first failure says why.
                if self.stop(interface).is_err() {
                    let bound = Bound {
                        interface: interface.clone(),
                        locked: None,
                    };
                    self.bound.push(bound, GFP_KERNEL)?;
                }
                Err(failure)
            }
        }
    }

    /// Starts an interface whose evidence is of this generation.
    #[inline(never)]
    pub(crate) fn validate(&mut self, interface: &Arc<Interface>, generation: u64) -> Result {
        let function = interface.function();

        function.without_driver(|unbound| {
            if interface.generation() != generation {
                return Err(errno(bindings::ESTALE));
            }
            let position = self.position(interface).ok_or_else(not_connected)?;
            let report = match (interface.last_state(), interface.report()) {
                (Some(State::Locked), Some(report)) => report,
                _ => return Err(EBUSY),
            };
            let locked = self
                .bound
                .get_mut(position)
                .and_then(|bound| bound.locked.take());
            let locked = locked.ok_or(EBUSY)?;
            let _awake = self.begin();

            match self.start(interface, unbound, locked, &report) {
                Ok(()) => {
                    interface.set_state(State::Run);
                    Ok(())
                }
                Err(failure) => {
                    let stopped = self.stop(interface);
                    interface.end_private(unbound);
                    match stopped {
                        Ok(()) => self.forget(interface, Some(State::Unlocked)),
                        // It stays bound, until it is unbound or the session ends.
                        Err(_) => interface.set(None, None),
                    }
                    Err(self.refused_of(interface, c"validate", &failure))
                }
            }
        })
    }

    fn start(
        &mut self,
        interface: &Interface,
        unbound: &Unbound<'_>,
        locked: B::Locked,
        report: &Report,
    ) -> Result<(), Failure> {
        let location = interface.function().location();

        self.backend.start(location, locked)?;
        self.backend.accept(location, report.ranges())?;
        Ok(interface.begin_private(unbound, report)?)
    }

    /// Stops an interface, also when the request was ended.
    fn stop(&mut self, interface: &Interface) -> Result<(), Failure> {
        self.backend.finish();
        self.backend.stop(interface.function().location())
    }

    /// Unbinds an interface. If it uses private memory, no driver may be bound.
    pub(crate) fn unbind(&mut self, interface: &Arc<Interface>) -> Result {
        match interface.has_private() {
            true => interface.function().without_driver(|unbound| {
                self.unbind_now(interface)?;
                interface.end_private(unbound);
                Ok(())
            }),
            false => self.unbind_now(interface),
        }
    }

    fn unbind_now(&mut self, interface: &Arc<Interface>) -> Result {
        let _awake = self.begin();

        match self.backend.stop(interface.function().location()) {
            Ok(()) => {
                self.forget(interface, Some(State::Unlocked));
                Ok(())
            }
            Err(failure) => Err(self.refused_of(interface, c"unbind", &failure)),
        }
    }

    /// Asks for the state of an interface.
    pub(crate) fn interface_state(&mut self, interface: &Arc<Interface>) -> Result<Option<State>> {
        if self.needs_session().is_err() {
            return Ok(None);
        }
        let _awake = self.begin();

        match self.backend.state(interface.function().location()) {
            Ok(state) => {
                let is_bound = self.position(interface).is_some();
                match (is_bound, interface.last_state()) {
                    // The nonce is gone, and with it what the report is about.
                    (true, Some(last)) if last != state => {
                        interface.try_end_private();
                        interface.set(Some(state), None);
                    }
                    _ => interface.set_state(state),
                }
                Ok(Some(state))
            }
            Err(failure) => Err(self.refused_of(interface, c"state", &failure)),
        }
    }

    /// The function is about to be removed.
    pub(crate) fn release_interface(&mut self, interface: &Arc<Interface>) {
        if self.position(interface).is_some() {
            let _awake = self.begin();
            let stopped = self.stop(interface);
            self.forget(interface, None);
            if let Err(failure) = stopped {
                self.lose_after(&failure);
            }
        }
    }

    /// Stops what is bound, before the session ends.
    pub(super) fn stop_all(&mut self) {
        let bound = core::mem::replace(&mut self.bound, KVec::new());

        for Bound { interface, .. } in &bound {
            // Whatever the device answers, the session ends.
            let _ = self.stop(interface);
            interface.let_go();
            // One that was bound as soon as it was shown may not be among those below yet.
            interface.set(None, None);
        }
        if let Some(functions) = &self.functions {
            functions.forget();
        }
    }

    /// Gives up an interface.
    fn forget(&mut self, interface: &Arc<Interface>, state: Option<State>) {
        self.bound
            .retain(|bound| !Arc::ptr_eq(&bound.interface, interface));
        interface.let_go();
        interface.set(state, None);
    }

    /// Ends the session if the device has broken the protocol. Returns the error.
    fn refused_of(&mut self, interface: &Interface, request: &CStr, failure: &Failure) -> Error {
        self.lose_after(failure);
        trace::failed(interface.function(), request, failure);
        failure.errno()
    }
}
