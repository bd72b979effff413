// SPDX-License-Identifier: GPL-2.0

//! What can be asked of a device.
//!
//! | request | turn | in state |
//! |---|---|---|
//! | connect | refused while one of the two marked runs (*) | `disconnected`, `lost` |
//! | disconnect | ends what runs, and waits for that | all others |
//! | measure | the same (*) | `authenticated`, `session` |
//! | read a slot | waits | `authenticated`, `session` |

use kernel::{
    bindings,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Full,
            Relaxed,
            Release, //
        },
        Arc, //
    },
    time::Delta, //
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
        Cancel,
        Cancelling,
        Native, //
    }, //
};

/// What is asked of a device, on its worker.
#[derive(Clone, Copy)]
enum Request {
    Connect(Slot),
    Disconnect {
        /// Whether it ends a request that makes or changes a connection.
        of_running: bool,
    },
    Measure(Nonce),
    ReadSlot(Slot),
}

impl Request {
    /// Checks that it can be done now.
    fn check(self, native: &Native) -> Result {
        match self {
            Self::Connect(_) if native.is_connected() => Err(EBUSY),
            Self::Measure(_) if !native.is_connected() => Err(errno(bindings::ENOTCONN)),
            Self::Measure(_) => native.can_sign_measurements(),
            Self::Disconnect { of_running: false } => native.state().needs_disconnect(),
            Self::Connect(_) | Self::Disconnect { .. } | Self::ReadSlot(_) => Ok(()),
        }
    }

    fn run(self, native: &mut Native) -> Result {
        match self {
            Self::Connect(slot) => native.connect(slot),
            Self::Disconnect { .. } => {
                native.disconnect();
                Ok(())
            }
            Self::Measure(nonce) => native.measure(nonce),
            Self::ReadSlot(slot) => native.read_slot(slot),
        }
    }
}

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
    cancel: Arc<Cancel>,
    published: Arc<Published>,
}

impl Device {
    /// Makes a device that is not connected, shown in `directory`. A request may take `timeout`.
    pub(crate) fn new(
        mailbox: Mailbox,
        timeout: Delta,
        directory: Directory,
        measurements: Directory,
    ) -> Result<Arc<Self>> {
        let cancel = Arc::new(Cancel::default(), GFP_KERNEL)?;
        let published = Published::new(mailbox.device().clone(), directory)?;
        let native = Native::new(
            mailbox,
            cancel.clone(),
            timeout,
            published.clone(),
            measurements,
        );

        Ok(Arc::new(
            Self {
                worker: Worker::new(c"tsm_tdisp", native)?,
                is_running: Arc::new(Atomic::new(0), GFP_KERNEL)?,
                cancel,
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
        let running = Running::begin(&self.is_running)?;

        self.ask(Request::Connect(slot), Some(running), None)
    }

    /// Ends the connection, or the request that makes it, or forgets that it was lost.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` when there is none, [`EINTR`] when the task is killed.
    pub(crate) fn disconnect(&self) -> Result {
        let of_running = self.is_running.load(Relaxed) != 0;
        let cancelling = self.cancel.begin();

        self.ask(Request::Disconnect { of_running }, None, Some(cancelling))
    }

    /// Takes new measurements, with this nonce.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` when there is no connection, `EOPNOTSUPP` when the device does not sign measurements,
    /// [`EBUSY`] when it is being connected or measured, [`EINTR`] when the task is killed, and those of the exchange. After
    /// those the connection is lost, unless the device only refused.
    pub(crate) fn measure(&self, nonce: Nonce) -> Result {
        let running = Running::begin(&self.is_running)?;

        self.ask(Request::Measure(nonce), Some(running), None)
    }

    /// Reads the chain in another slot, unless it was read already.
    ///
    /// # Errors
    ///
    /// `ENODATA` when there is no connection or no such chain, [`EINTR`] when the task is killed, and those of
    /// the exchange. After those the connection is lost, unless the device only refused.
    pub(crate) fn read_slot(&self, slot: Slot) -> Result {
        self.ask(Request::ReadSlot(slot), None, None)
    }

    /// Waits until it is the turn of the request, and then for its end. `cancelling` lasts until the turn.
    fn ask(
        &self,
        request: Request,
        running: Option<Running>,
        cancelling: Option<Cancelling>,
    ) -> Result {
        self.worker.call(
            |native| request.check(native),
            move |native, _| {
                let _running = running;

                drop(cancelling);
                request.run(native)
            },
        )?
    }

    /// Has a running request end before its next exchange, and refuses later ones with [`ENXIO`].
    pub(crate) fn close(&self) {
        self.worker.close();
        self.cancel.close();
    }
}
