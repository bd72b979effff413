// SPDX-License-Identifier: GPL-2.0

//! Sends the message that a requester has written.

use kernel::{
    prelude::*,
    sync::Arc,
    time::{
        delay::fsleep,
        Delta,
        Instant,
        Monotonic, //
    }, //
};
use tsm_ext::pci::{
    doe::{
        Buffer,
        Mailbox, //
    },
    Device, //
};
use tsm_proto::doe::ObjectType;

use crate::cancel::Cancel;

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
        self.cancel.reopen();
        self.begin();
    }

    /// Tells whether the device is not closed: neither being removed, nor the module unloaded.
    pub(super) fn is_open(&self) -> bool {
        self.cancel.is_open().is_ok()
    }

    /// Checks that a further exchange may begin.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] when it is closed, `ECANCELED` when the request was cancelled or the machine sleeps, [`ETIMEDOUT`] when it
    /// took too long.
    pub(super) fn check(&self) -> Result {
        self.cancel.is_open()?;
        let begun = match self.phase {
            Phase::Request(begun) => begun,
            Phase::End(begun) if begun.elapsed() <= Self::END => return Ok(()),
            Phase::End(_) => return Err(ETIMEDOUT),
        };

        self.cancel.may_go_on()?;
        match begun.elapsed() > self.timeout {
            true => Err(ETIMEDOUT),
            false => Ok(()),
        }
    }

    /// Sends the first `len` bytes of the buffer, and receives the response into it. Returns its length. [`Self::check`] has
    /// allowed it.
    ///
    /// # Errors
    ///
    /// Those of [`Mailbox::exchange`].
    pub(super) fn exchange(
        &self,
        object_type: ObjectType,
        buffer: &mut Buffer,
        len: usize,
    ) -> Result<usize> {
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
