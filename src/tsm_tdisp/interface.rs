// SPDX-License-Identifier: GPL-2.0

//! A TEE device interface: one function of a device. What readers see of it, and what can be asked of it.

mod private;
mod report;

pub(crate) use private::PrivateConfig;
pub(crate) use report::Report;

use private::Private;

use core::mem::replace;

use kernel::{
    new_mutex,
    new_spinlock,
    prelude::*,
    str::CStr,
    sync::{
        Arc,
        Mutex,
        SpinLock, //
    }, //
};
use tsm_ext::{
    pci::{
        self,
        Awake,
        Enabled,
        Unbound, //
    },
    sysfs::Directory,
    time::now, //
};
use tsm_proto::tdisp::{
    lock::Flags,
    state::State, //
};

use crate::functions::Functions;

/// Keeps a function as it was locked: a change of either makes the interface go to ERROR.
pub(crate) struct Hold {
    _enabled: Enabled,
    _awake: Awake,
}

impl Hold {
    /// Wakes a function up and enables it.
    ///
    /// # Errors
    ///
    /// Those of [`pci::Device::enable`].
    pub(crate) fn new(function: &pci::Device) -> Result<Self> {
        let awake = function.wake();

        Ok(Self {
            _enabled: function.enable()?,
            _awake: awake,
        })
    }
}

/// What is current.
struct Current {
    /// What the device has said last, in the session that there is.
    state: Option<State>,
    /// Grows whenever there is another report, or none any more.
    generation: u64,
    report: Option<Arc<Report>>,
}

/// An interface.
#[pin_data]
pub(crate) struct Interface {
    function: pci::Device,
    functions: Arc<Functions>,
    directory: Directory,
    /// As long as it is bound.
    #[pin]
    hold: Mutex<Option<Hold>>,
    #[pin]
    private: Private,
    #[pin]
    current: SpinLock<Current>,
}

impl Interface {
    /// Makes one that is not bound. `directory` has the files `state` and `generation`.
    pub(crate) fn new(
        function: pci::Device,
        functions: Arc<Functions>,
        directory: Directory,
    ) -> Result<Arc<Self>> {
        let current = Current {
            state: None,
            // There are never more changes than nanoseconds. So no interface that the function had before, in another
            // place or by this module before it was loaded again, has had any of the generations to come.
            generation: now(),
            report: None,
        };

        Arc::pin_init(
            pin_init!(Self {
                function,
                functions,
                directory,
                hold <- new_mutex!(None, "tsm_tdisp::Interface::hold"),
                private <- Private::new(),
                current <- new_spinlock!(current, "tsm_tdisp::Interface::current"),
            }),
            GFP_KERNEL,
        )
    }

    /// Returns the function.
    pub(crate) fn function(&self) -> &pci::Device {
        &self.function
    }

    /// Returns the functions of the device.
    pub(crate) fn functions(&self) -> &Arc<Functions> {
        &self.functions
    }

    /// Returns a number that grows whenever any evidence changes: that of function 0, or the report.
    pub(crate) fn generation(&self) -> u64 {
        let own = self.current.lock().generation;

        self.functions.generation().wrapping_add(own)
    }

    /// Returns the report, if the interface is bound.
    pub(crate) fn report(&self) -> Option<Arc<Report>> {
        self.current.lock().report.clone()
    }

    /// Returns the report, if the interface is bound, and a number that no other report of it has. An address is no
    /// such number: the next report may get the memory of the last one.
    pub(crate) fn numbered_report(&self) -> Option<(usize, Arc<Report>)> {
        let current = self.current.lock();
        // CAST: The architecture has 64 bits.
        let number = current.generation as usize;

        current.report.clone().map(|report| (number, report))
    }

    /// Returns what the device has said last of the interface.
    pub(crate) fn last_state(&self) -> Option<State> {
        self.current.lock().state
    }

    /// Binds the interface: has the device lock it, and gets the report.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` when there is no session, [`EBUSY`] when a driver is bound to the function, the interface is not
    /// unlocked, or another request runs that changes something, `EOPNOTSUPP` when the device does not have these
    /// flags, [`ENXIO`] when function 0 is not there, [`EINTR`] when the task is killed, and those of the exchange.
    pub(crate) fn bind(self: &Arc<Self>, flags: Flags) -> Result {
        self.functions.device()?.bind(self.clone(), flags)
    }

    /// Starts the interface, if the evidence is of this generation.
    ///
    /// # Errors
    ///
    /// `ESTALE` when it is of another one, or the device has unlocked the interface; else those of [`Self::bind`].
    pub(crate) fn validate(self: &Arc<Self>, generation: u64) -> Result {
        self.functions.device()?.validate(self.clone(), generation)
    }

    /// Unbinds the interface: has the device stop it, in any state.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` when there is no session, [`ENXIO`] when function 0 is not there, [`EINTR`] when the task is killed,
    /// and those of the exchange.
    pub(crate) fn unbind(self: &Arc<Self>) -> Result {
        let unbound = self
            .functions
            .device()
            .and_then(|device| device.unbind(self.clone()));

        // What a driver has kept until now ends with a session that is gone, too.
        if unbound.is_err() && self.report().is_none() {
            self.try_end_private();
        }
        unbound
    }

    /// Asks the device for the state. Without a session there is none.
    ///
    /// # Errors
    ///
    /// [`EINTR`] when the task is killed, and those of the exchange.
    pub(crate) fn ask_state(self: &Arc<Self>) -> Result<Option<State>> {
        match self.functions.device() {
            Ok(device) => device.interface_state(self.clone()),
            Err(_) => Ok(None),
        }
    }

    /// The function is about to be removed: gives up what is bound.
    pub(crate) fn release(self: &Arc<Self>) {
        if let Ok(device) = self.functions.device() {
            device.release_interface(self);
        }
        // If function 0 takes no request any more, it is informed later.
        self.let_go();
    }

    /// Keeps the function as it is now, until [`Self::let_go`].
    pub(crate) fn hold(&self, hold: Hold) {
        *self.hold.lock() = Some(hold);
    }

    /// Lets go of the function.
    pub(crate) fn let_go(&self) {
        let hold = self.hold.lock().take();

        self.try_end_private();

        // Without the lock.
        drop(hold);
    }

    /// Has the function use private memory from now on, as far as the user of the module wants that.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` when DMA would be private and an IOMMU maps that of the function, [`EBUSY`] when the function has DMA
    /// operations of its own, or one of its BARs a descriptor, [`ENXIO`] when it was removed.
    pub(crate) fn begin_private(&self, unbound: &Unbound<'_>, report: &Report) -> Result {
        self.private
            .begin(unbound, self.functions.private(), report.within_tee())
    }

    /// Has the function not use private memory any more.
    pub(crate) fn end_private(&self, unbound: &Unbound<'_>) {
        self.private.end(unbound);
    }

    /// The same, if no driver is bound.
    pub(crate) fn try_end_private(&self) {
        self.private.try_end(&self.function);
    }

    /// Tells whether the function uses private memory.
    pub(crate) fn has_private(&self) -> bool {
        self.private.is_some()
    }

    /// Notifies poll(2) that the generation has changed.
    pub(crate) fn notify_generation(&self) {
        self.directory.notify(c"generation");
    }

    /// Shows what the device says of the interface, and the report that goes with that.
    pub(crate) fn set(&self, state: Option<State>, report: Option<Arc<Report>>) {
        let mut current = self.current.lock();
        let has_moved = current.state != state;
        let has_changed = current.report.is_some() || report.is_some();
        let old = replace(&mut current.report, report);

        current.state = state;
        if has_changed {
            current.generation = current.generation.wrapping_add(1);
        }
        drop(current);
        drop(old);

        if has_changed {
            self.notify_generation();
        }
        if has_moved {
            self.notify_state(state);
        }
    }

    /// Shows what the device says of the interface. The report stays.
    pub(crate) fn set_state(&self, state: State) {
        let old = self.current.lock().state.replace(state);

        if old != Some(state) {
            self.notify_state(Some(state));
        }
    }

    fn notify_state(&self, state: Option<State>) {
        self.directory.notify(c"state");
        // Without memory the event is lost; poll(2) works nevertheless.
        let _ = self.function.changed(&[event(state)]);
    }
}

/// Returns the text of a state.
pub(crate) fn text(state: Option<State>) -> &'static str {
    match state {
        Some(State::Unlocked) => "unlocked",
        Some(State::Locked) => "locked",
        Some(State::Run) => "run",
        Some(State::Error) => "error",
        None => "unknown",
    }
}

/// Returns the variable of an event.
fn event(state: Option<State>) -> &'static CStr {
    match state {
        Some(State::Unlocked) => c"TDI_STATE=unlocked",
        Some(State::Locked) => c"TDI_STATE=locked",
        Some(State::Run) => c"TDI_STATE=run",
        Some(State::Error) => c"TDI_STATE=error",
        None => c"TDI_STATE=unknown",
    }
}
