// SPDX-License-Identifier: GPL-2.0

//! What can be asked of a device.
//!
//! | request | while another one runs | in state |
//! |---|---|---|
//! | connect | refused while one of the two marked runs (*) | `disconnected`, `lost` |
//! | disconnect | ends what runs, and waits for that | all others |
//! | measure | the same (*) | `authenticated`, `session` |
//! | read a slot | waits | `authenticated`, `session` |
//! | sleep of the machine | ends what runs, and waits for that; no exchange begins until it is over | `authenticated`, `session` |
//!
//! Where the kernel has PCI/TSM, it connects and disconnects as well, by `link_tsm.rs`. What one has
//! connected the other does not disconnect, as long as the PCI core has a context for it; what the core is
//! still connecting, `spdm/` ends, because other devices wait for that. Without a context, the
//! connection is one of `spdm/`: if the task that wrote to `tsm/connect` was killed, for one, the core has given
//! up the context, and the connection may yet be made.

mod interfaces;
mod request;

use kernel::{
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
    pci::{
        doe::Mailbox,
        ide::Ide, //
    },
    sysfs::Directory,
    worker::Worker, //
};
use tsm_proto::spdm::{
    Nonce,
    Slot, //
};

use self::request::Request;
use crate::{
    cancel::{
        Cancel,
        Cancelling, //
    },
    evidence::Published,
    functions::Functions,
    manager::Manager,
    native::Native, //
};

/// What runs on the worker of a device.
type Managed = Manager<Native>;

/// Where a request comes from.
#[derive(Clone, Copy)]
enum Origin {
    /// `spdm/`.
    Spdm,
    /// `tsm/` of the PCI core.
    #[cfg(CONFIG_PCI_TSM)]
    Tsm,
}

/// The right to connect or to measure. The request has it until it ends, even if its task was killed.
///
/// # Invariants
///
/// The number is 1.
struct RunningGuard(Arc<Atomic<u32>>);

impl RunningGuard {
    /// Takes the right, if no other request has it.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] if one has.
    fn begin(is_running: &Arc<Atomic<u32>>) -> Result<Self> {
        match is_running.xchg(1, Full) {
            // INVARIANT: The number was set to 1 just now.
            0 => Ok(Self(is_running.clone())),
            _ => Err(EBUSY),
        }
    }
}

impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.0.store(0, Release);
    }
}

/// A device. Requests run on a thread of its own: the task that waits for one can be killed, and the request
/// goes on.
pub(crate) struct Device {
    worker: Worker<Managed>,
    is_running: Arc<Atomic<u32>>,
    cancel: Arc<Cancel>,
    /// Not 0 while the PCI core has a context by which it has connected, or connects.
    is_held: Atomic<u32>,
    published: Arc<Published>,
}

impl Device {
    /// Makes a device that is not connected, shown in `directory`. A request may take `timeout`, and ends when
    /// `asleep` is not 0. `functions` are those whose interfaces its mailbox reaches, if any.
    pub(crate) fn new(
        mailbox: Mailbox,
        timeout: Delta,
        asleep: Arc<Atomic<u32>>,
        directory: Directory,
        measurements: Directory,
        functions: Option<Arc<Functions>>,
        ide: Option<Ide>,
    ) -> Result<Arc<Self>> {
        let cancel = Arc::new(Cancel::new(asleep), GFP_KERNEL)?;
        let published = Published::new(mailbox.device().clone(), directory)?;
        let native = Native::new(mailbox, cancel.clone(), timeout, ide);
        let manager = Manager::new(native, published.clone(), measurements, functions);

        Ok(Arc::new(
            Self {
                worker: Worker::new(c"tsm_tdisp", manager)?,
                is_running: Arc::new(Atomic::new(0), GFP_KERNEL)?,
                cancel,
                is_held: Atomic::new(0),
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
    /// [`EBUSY`] when the device is connected, by a TSM of the PCI core as well, or is being connected or measured,
    /// [`EINTR`] when the task is killed, and those of the exchange.
    pub(crate) fn connect(&self, slot: Slot) -> Result {
        self.connect_by(Origin::Spdm, slot)
    }

    /// Connects with slot 0, for the PCI core. [`Self::release`] is called when it gives up its context.
    ///
    /// # Errors
    ///
    /// Those of [`Self::connect`], and [`EBUSY`] when the state is `lost`.
    #[cfg(CONFIG_PCI_TSM)]
    pub(crate) fn tsm_connect(&self) -> Result {
        // Other devices wait for the caller, which is not to wait for the worker in vain.
        self.is_disconnected()?;
        self.connect_by(Origin::Tsm, Slot::new(0)?)
    }

    /// The PCI core has no context any more.
    #[cfg(CONFIG_PCI_TSM)]
    pub(crate) fn release(&self) {
        self.is_held.store(0, Relaxed);
    }

    fn connect_by(&self, origin: Origin, slot: Slot) -> Result {
        let running = RunningGuard::begin(&self.is_running)?;

        self.ask(origin, Request::Connect(slot), Some(running), None)
    }

    /// Checks that there is nothing to disconnect.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] if there is.
    #[cfg(CONFIG_PCI_TSM)]
    fn is_disconnected(&self) -> Result {
        match self.published.state().needs_disconnect() {
            Ok(()) => Err(EBUSY),
            Err(_) => Ok(()),
        }
    }

    /// Checks that there is no connection that the PCI core has made. One that it is making is none yet.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] if there is one.
    fn is_free(&self) -> Result {
        let needs_disconnect = self.published.state().needs_disconnect().is_ok();

        match needs_disconnect && self.is_held.load(Relaxed) != 0 {
            true => Err(EBUSY),
            false => Ok(()),
        }
    }

    /// Ends the connection, or the request that makes it, or forgets that it was lost.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` when there is none, [`EBUSY`] when it is one of the PCI core, [`EINTR`] when the task is killed.
    pub(crate) fn disconnect(&self) -> Result {
        // Before it ends what runs.
        self.is_free()?;
        self.disconnect_by(Origin::Spdm)
    }

    /// Does as [`Self::disconnect`], for the PCI core.
    #[cfg(CONFIG_PCI_TSM)]
    pub(crate) fn tsm_disconnect(&self) -> Result {
        self.disconnect_by(Origin::Tsm)
    }

    fn disconnect_by(&self, origin: Origin) -> Result {
        let since = self.cancel.ended();
        let cancelling = self.cancel.begin();

        self.ask(
            origin,
            Request::Disconnect { since },
            None,
            Some(cancelling),
        )
    }

    /// Ends the connection, after the request that runs, which ends soon because the machine sleeps.
    #[cfg(CONFIG_PM_SLEEP)]
    pub(crate) fn lose(&self) {
        self.worker.run(Managed::lose);
    }

    /// Takes new measurements, with this nonce.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` when there is no connection, `EOPNOTSUPP` when the device does not sign measurements,
    /// [`EBUSY`] when it is being connected or measured, [`EINTR`] when the task is killed, and those of the exchange. After
    /// those the connection is lost, unless the device only refused.
    pub(crate) fn measure(&self, nonce: Nonce) -> Result {
        self.change(Request::Measure(nonce))
    }

    /// Reads the chain in another slot, unless it was read already.
    ///
    /// # Errors
    ///
    /// `ENODATA` when there is no connection or no such chain, [`EINTR`] when the task is killed, and those of
    /// the exchange. After those the connection is lost, unless the device only refused.
    pub(crate) fn read_slot(&self, slot: Slot) -> Result {
        self.ask(Origin::Spdm, Request::ReadSlot(slot), None, None)
    }

    /// Waits until the request has the permit of the worker, and then for its end. `cancelling` lasts until the first.
    fn ask(
        &self,
        origin: Origin,
        request: Request,
        running: Option<RunningGuard>,
        cancelling: Option<Cancelling>,
    ) -> Result {
        let asked = request.clone();

        self.worker.call(
            |manager| self.check(origin, &asked, manager),
            move |manager, _| {
                let _running = running;

                drop(cancelling);
                request.run(manager)
            },
        )?
    }

    /// Checks that a request of this origin may run now. It has the permit of the worker.
    fn check(&self, origin: Origin, request: &Request, manager: &Managed) -> Result {
        request.check(manager, &self.cancel)?;
        match (origin, request) {
            (Origin::Spdm, Request::Connect(_)) if manager.has_tsm() => Err(EBUSY),
            (Origin::Spdm, Request::Disconnect { .. }) => self.is_free(),
            #[cfg(CONFIG_PCI_TSM)]
            (Origin::Tsm, Request::Connect(_)) => {
                self.is_disconnected()?;
                self.is_held.store(1, Relaxed);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Has a running request end before its next exchange, and refuses later ones with [`ENXIO`].
    pub(crate) fn close(&self) {
        self.worker.close();
        self.cancel.close();
    }

    /// Ends the connection after [`Self::close`], while the device is still there.
    pub(crate) fn shut_down(&self) {
        self.worker.run_last(Managed::shut_down);
    }

    /// Has requests end before their next exchange, as long as what this returns exists.
    pub(crate) fn cancel(&self) -> Cancelling {
        self.cancel.begin()
    }
}
