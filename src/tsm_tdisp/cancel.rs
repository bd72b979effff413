// SPDX-License-Identifier: GPL-2.0

//! What ends a request before its time.

use kernel::{
    bindings,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    }, //
};
use tsm_ext::error::errno;

/// What ends a request before its time.
pub(crate) struct Cancel {
    /// Whether the device is being removed or the module unloaded, if not 0.
    closed: Atomic<u32>,
    /// How many [`Cancelling`] there are.
    cancelling: Atomic<u32>,
    /// Grows when one has ended a request.
    ended: Atomic<u32>,
    /// Of all devices: not 0 while the machine sleeps.
    asleep: Arc<Atomic<u32>>,
}

impl Cancel {
    pub(crate) fn new(asleep: Arc<Atomic<u32>>) -> Self {
        Self {
            closed: Atomic::new(0),
            cancelling: Atomic::new(0),
            ended: Atomic::new(0),
            asleep,
        }
    }

    /// Has no further exchange begin.
    pub(crate) fn close(&self) {
        self.closed.store(1, Relaxed);
    }

    /// Lets exchanges begin again.
    pub(crate) fn reopen(&self) {
        self.closed.store(0, Relaxed);
    }

    /// Checks that a further exchange may begin.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] when it is closed.
    pub(crate) fn is_open(&self) -> Result {
        match self.closed.load(Relaxed) {
            0 => Ok(()),
            _ => Err(ENXIO),
        }
    }

    /// Checks that a further exchange of a request may begin.
    ///
    /// # Errors
    ///
    /// `ECANCELED` when the request is ended, or the machine sleeps.
    pub(crate) fn may_go_on(&self) -> Result {
        if self.cancelling.load(Relaxed) != 0 {
            self.ended.add(1, Relaxed);
            return Err(errno(bindings::ECANCELED));
        }
        match self.asleep.load(Relaxed) {
            0 => Ok(()),
            _ => Err(errno(bindings::ECANCELED)),
        }
    }

    /// Returns a number that is another one after a [`Cancelling`] has ended a request.
    pub(crate) fn ended(&self) -> u32 {
        self.ended.load(Relaxed)
    }

    /// Has requests end before their next exchange, as long as what this returns exists.
    pub(crate) fn begin(self: &Arc<Self>) -> Cancelling {
        self.cancelling.add(1, Relaxed);
        Cancelling(self.clone())
    }
}

/// Requests end before their next exchange while this exists.
///
/// # Invariants
///
/// It is counted in `cancelling`.
pub(crate) struct Cancelling(Arc<Cancel>);

impl Drop for Cancelling {
    fn drop(&mut self) {
        // By the type invariant, there was one at least.
        self.0.cancelling.fetch_sub(1, Relaxed);
    }
}
