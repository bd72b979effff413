// SPDX-License-Identifier: GPL-2.0

//! What can be asked of a device.
//!
//! | request | turn | in state |
//! |---|---|---|
//! | connect | refused while one of the two marked runs (*) | `disconnected`, `lost` |
//! | disconnect | waits | all others |
//! | measure | the same (*) | `authenticated`, `session` |
//! | read a slot | waits | `authenticated`, `session` |

use kernel::{
    bindings,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Full,
            Release, //
        },
        Arc, //
    }, //
};
use tsm_ext::{
    error::errno,
    pci::doe::Mailbox,
    sysfs::Directory,
    worker::Worker, //
};
use tsm_proto::spdm::{
    Nonce,
    Slot, //
};

use crate::{
    evidence::Published,
    native::{
        Closing,
        Native, //
    }, //
};

/// The right to connect or to measure. The request has it until it ends, even if its task was killed.
///
/// # Invariants
///
/// The number is 1.
struct Running(Arc<Atomic<u32>>);

impl Running {
    /// Takes the right, if no other request has it.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] if one has.
    fn begin(is_running: &Arc<Atomic<u32>>) -> Result<Self> {
        match is_running.xchg(1, Full) {
            // INVARIANT: Just set.
            0 => Ok(Self(is_running.clone())),
            _ => Err(EBUSY),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.store(0, Release);
    }
}

/// A device. Requests run on a thread of its own: the task that waits for one can be killed, and the request
/// goes on.
pub(crate) struct Device {
    worker: Worker<Native>,
    is_running: Arc<Atomic<u32>>,
    closing: Arc<Closing>,
    published: Arc<Published>,
}

impl Device {
    /// Makes a device that is not connected, shown in `directory`.
    pub(crate) fn new(
        mailbox: Mailbox,
        directory: Directory,
        measurements: Directory,
    ) -> Result<Arc<Self>> {
        let closing = Arc::new(Closing::default(), GFP_KERNEL)?;
        let published = Published::new(mailbox.device().clone(), directory)?;
        let native = Native::new(mailbox, closing.clone(), published.clone(), measurements);

        Ok(Arc::new(
            Self {
                worker: Worker::new(c"tsm_tdisp", native)?,
                is_running: Arc::new(Atomic::new(0), GFP_KERNEL)?,
                closing,
                published,
            },
            GFP_KERNEL,
        )?)
    }

    /// Returns what readers see of the device.
    pub(crate) fn published(&self) -> &Arc<Published> {
        &self.published
    }

    /// Connects, authenticated by the chain in a slot.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] when the device is connected, or is being connected or measured, [`EINTR`] when the task is killed, and
    /// those of the exchange.
    pub(crate) fn connect(&self, slot: Slot) -> Result {
        let ready = |native: &Native| match native.is_connected() {
            true => Err(EBUSY),
            false => Ok(()),
        };

        let running = Running::begin(&self.is_running)?;

        self.worker.call(ready, move |native, _| {
            let _running = running;

            native.connect(slot)
        })?
    }

    /// Ends the connection, or forgets that it was lost.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` when there is none, [`EINTR`] when the task is killed.
    pub(crate) fn disconnect(&self) -> Result {
        self.worker.call(
            |_| self.published.state().needs_disconnect(),
            |native, _| native.disconnect(),
        )
    }

    /// Takes new measurements, with this nonce.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` when there is no connection, `EOPNOTSUPP` when the device does not sign measurements,
    /// [`EBUSY`] when it is being connected or measured, [`EINTR`] when the task is killed, and those of the exchange. After
    /// those the connection is lost, unless the device only refused.
    pub(crate) fn measure(&self, nonce: Nonce) -> Result {
        let ready = |native: &Native| match native.is_connected() {
            true => native.can_sign_measurements(),
            false => Err(errno(bindings::ENOTCONN)),
        };

        let running = Running::begin(&self.is_running)?;

        self.worker.call(ready, move |native, _| {
            let _running = running;

            native.measure(nonce)
        })?
    }

    /// Reads the chain in another slot, unless it was read already.
    ///
    /// # Errors
    ///
    /// `ENODATA` when there is no connection or no such chain, [`EINTR`] when the task is killed, and those of
    /// the exchange. After those the connection is lost, unless the device only refused.
    pub(crate) fn read_slot(&self, slot: Slot) -> Result {
        self.worker
            .call(|_| Ok(()), move |native, _| native.read_slot(slot))?
    }

    /// Has a running request end before its next exchange, and refuses later ones with [`ENXIO`].
    pub(crate) fn close(&self) {
        self.worker.close();
        self.closing.close();
    }
}
