// SPDX-License-Identifier: GPL-2.0

//! Sends what a requester wants to send.

use kernel::{
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
        Delta, //
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

/// Whether a device is being removed, or the module unloaded.
pub(crate) struct Closing(Atomic<u32>);

impl Default for Closing {
    /// It is not.
    fn default() -> Self {
        Self(Atomic::new(0))
    }
}

impl Closing {
    /// Has no further exchange begin.
    pub(crate) fn close(&self) {
        self.0.store(1, Relaxed);
    }

    fn is_closed(&self) -> bool {
        self.0.load(Relaxed) != 0
    }
}

/// A mailbox, until it is closed.
pub(super) struct Transport {
    mailbox: Mailbox,
    closing: Arc<Closing>,
}

impl Transport {
    /// Bytes of the longest message that is received, in a record or not. With the rest of a record, padding and
    /// the guard of a mailbox, it fits [`Self::BUFFER`].
    pub(super) const LONGEST: u16 = 4032;
    /// Bytes of the buffer.
    pub(super) const BUFFER: usize = 4096;

    pub(super) fn new(mailbox: Mailbox, closing: Arc<Closing>) -> Self {
        Self { mailbox, closing }
    }

    /// Returns the device.
    pub(super) fn device(&self) -> &Device {
        self.mailbox.device()
    }

    /// Lets exchanges begin again, after no other task can ask for any.
    pub(super) fn reopen(&mut self) {
        self.closing.0.store(0, Relaxed);
    }

    /// Sends the first `len` bytes of the buffer, and receives the response into it. Returns its length.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] when it is closed, and those of [`Mailbox::exchange`].
    pub(super) fn exchange(
        &self,
        object_type: ObjectType,
        buffer: &mut Buffer,
        len: usize,
    ) -> Result<usize> {
        if self.closing.is_closed() {
            return Err(ENXIO);
        }
        self.mailbox.exchange(object_type, buffer, len)
    }

    /// Waits, in steps, so that it ends soon when it is closed.
    pub(super) fn wait(&self, microseconds: u32) {
        const STEP: u32 = 20_000;
        let mut rest = microseconds;

        while rest > 0 && !self.closing.is_closed() {
            let step = rest.min(STEP);

            fsleep(Delta::from_micros(step.into()));
            rest -= step;
        }
    }
}
