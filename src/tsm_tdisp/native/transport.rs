// SPDX-License-Identifier: GPL-2.0

//! Sends what a requester wants to send.

use kernel::{
    bindings,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
    time::{
        delay::fsleep,
        Delta,
        Instant,
        Monotonic, //
    }, //
};
use tsm_ext::{
    error::errno,
    pci::{
        doe::{
            Buffer,
            Mailbox, //
        },
        Device, //
    }, //
};
use tsm_proto::doe::ObjectType;

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

    fn is_closed(&self) -> bool {
        self.closed.load(Relaxed) != 0
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

/// A mailbox, until it is closed.
pub(super) struct Transport {
    mailbox: Mailbox,
    cancel: Arc<Cancel>,
    /// How long a request may take.
    timeout: Delta,
    /// When the request that runs has begun, or its end.
    phase: Phase,
}

/// What goes on.
#[derive(Clone, Copy)]
enum Phase {
    /// A request, which may be ended.
    Request(Instant<Monotonic>),
    /// The end of one, or of a session.
    End(Instant<Monotonic>),
}

impl Transport {
    /// Bytes of the longest message that is received, in a record or not. With the rest of a record, padding and
    /// the guard of a mailbox, it fits [`Self::BUFFER`].
    pub(super) const LONGEST: u16 = 4032;
    /// Bytes of the buffer.
    pub(super) const BUFFER: usize = 4096;
    /// How long after its end a request may still send something.
    const END: Delta = Delta::from_secs(5);

    pub(super) fn new(mailbox: Mailbox, cancel: Arc<Cancel>, timeout: Delta) -> Self {
        Self {
            mailbox,
            cancel,
            timeout,
            phase: Phase::End(Instant::now()),
        }
    }

    /// Tells whether a [`Cancelling`] has ended a request since [`Cancel::ended`] returned this.
    pub(super) fn has_ended(&self, since: u32) -> bool {
        self.cancel.ended() != since
    }

    /// Returns the device.
    pub(super) fn device(&self) -> &Device {
        self.mailbox.device()
    }

    /// A request begins. It may be cancelled, and take so long.
    pub(super) fn begin(&mut self) {
        self.phase = Phase::Request(Instant::now());
    }

    /// From here on, until the next request, the exchanges are few, and are made whatever happens but a removal, within
    /// [`Self::END`].
    pub(super) fn finish(&mut self) {
        if let Phase::Request(_) = self.phase {
            self.phase = Phase::End(Instant::now());
        }
    }

    /// Lets exchanges begin again, after no other task can ask for any.
    pub(super) fn reopen(&mut self) {
        self.cancel.closed.store(0, Relaxed);
        self.begin();
    }

    /// Tells whether a further exchange may begin.
    pub(super) fn check(&self) -> Result {
        if self.cancel.is_closed() {
            return Err(ENXIO);
        }
        let begun = match self.phase {
            Phase::Request(begun) => begun,
            Phase::End(begun) if begun.elapsed() <= Self::END => return Ok(()),
            Phase::End(_) => return Err(ETIMEDOUT),
        };

        if self.cancel.cancelling.load(Relaxed) != 0 {
            self.cancel.ended.add(1, Relaxed);
            return Err(errno(bindings::ECANCELED));
        }
        if self.cancel.asleep.load(Relaxed) != 0 {
            return Err(errno(bindings::ECANCELED));
        }
        match begun.elapsed() > self.timeout {
            true => Err(ETIMEDOUT),
            false => Ok(()),
        }
    }

    /// Sends the first `len` bytes of the buffer, and receives the response into it. Returns its length.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] when it is closed, `ECANCELED` when the request was cancelled or the machine sleeps, [`ETIMEDOUT`] when it took too
    /// long, and those of [`Mailbox::exchange`].
    pub(super) fn exchange(
        &self,
        object_type: ObjectType,
        buffer: &mut Buffer,
        len: usize,
    ) -> Result<usize> {
        self.check()?;
        self.mailbox.exchange(object_type, buffer, len)
    }

    /// Waits, in steps, so that it ends soon if no further exchange may begin.
    pub(super) fn wait(&self, microseconds: u32) {
        const STEP: u32 = 20_000;
        let mut rest = microseconds;

        while rest > 0 && self.check().is_ok() {
            let step = rest.min(STEP);

            fsleep(Delta::from_micros(step.into()));
            rest -= step;
        }
    }
}
