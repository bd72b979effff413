// SPDX-License-Identifier: GPL-2.0

//! Measurement registers whose values may not be there yet when a module is loaded.
//!
//! What the platform refuses at that moment must not keep the module from being loaded: a client that
//! finds no interface goes on without a report. So the registers are published by the first call that
//! finds their values, whenever that is.

use core::ptr::null_mut;

use kernel::{
    bindings,
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Release, //
        },
        Arc,
        Mutex, //
    }, //
};
use tsm_ext::miscdevice::{
    Ioctl,
    MiscDevice, //
};

use crate::{
    failure::Failure,
    measurement_provider::{
        MeasurementProvider,
        MeasurementRegistration, //
    }, //
};

/// The place of a [`MeasurementRegistration`] that is made later, once.
#[pin_data]
pub struct LateRegistration<P: MeasurementProvider> {
    /// Whether nothing is left to be done. Only tells that the lock need not be taken.
    is_done: Atomic<bool>,
    #[pin]
    state: Mutex<State<P>>,
}

/// # Invariants
///
/// `device` is null, or in sysfs until `registration` is dropped and `is_closed`.
struct State<P: MeasurementProvider> {
    registration: Option<MeasurementRegistration<P>>,
    /// Where the registers are shown as well.
    device: *mut bindings::kobject,
    is_closed: bool,
}

// SAFETY: A registration is `Send`, and a device in sysfs may be used by any thread.
unsafe impl<P: MeasurementProvider> Send for State<P> {}

impl<P: MeasurementProvider> LateRegistration<P> {
    /// Makes an initializer of an empty place.
    pub fn new() -> impl PinInit<Self> {
        // INVARIANT: `device` is null.
        let state = State {
            registration: None,
            device: null_mut(),
            is_closed: false,
        };

        pin_init!(Self {
            is_done: Atomic::new(false),
            state <- new_mutex!(state, "tsm::LateRegistration::state"),
        })
    }

    /// Publishes the registers of `provider`, unless they are published, or another call is about to do
    /// it. Must not be called by the provider of the registers.
    ///
    /// # Errors
    ///
    /// Those of `provider`, and of [`MeasurementRegistration::new`].
    #[inline]
    pub fn publish(&self, provider: impl FnOnce() -> Result<P, Failure>) -> Result<(), Failure> {
        if self.is_done.load(Acquire) {
            return Ok(());
        }
        self.publish_first(provider)
    }

    /// Publishes the registers, unless another call has done it or is about to.
    #[cold]
    fn publish_first(&self, provider: impl FnOnce() -> Result<P, Failure>) -> Result<(), Failure> {
        let Some(mut state) = self.state.try_lock() else {
            return Ok(());
        };

        if state.registration.is_none() && !state.is_closed {
            let registration = MeasurementRegistration::new(provider()?)?;

            // SAFETY: By the invariant of `State`, the device is null, or in sysfs until the
            // registration is dropped.
            unsafe { registration.show_at(state.device) };
            state.registration = Some(registration);
        }
        self.is_done.store(true, Release);
        Ok(())
    }

    /// Shows the registers in the directory of a device as well, now or when they are published.
    ///
    /// # Safety
    ///
    /// `device` must be in sysfs until [`Self::close`] has returned.
    unsafe fn show_in(&self, device: *mut bindings::kobject) {
        let mut state = self.state.lock();

        // INVARIANT: By the safety requirement, `device` is in sysfs until `close` has returned,
        // which drops `registration` and sets `is_closed`.
        state.device = device;
        if let Some(registration) = &state.registration {
            // SAFETY: By the safety requirement, `device` is in sysfs until `close` has returned,
            // which drops the registration.
            unsafe { registration.show_at(device) };
        }
    }

    /// Takes the registers back. None are published from then on.
    fn close(&self) {
        let mut state = self.state.lock();

        state.is_closed = true;
        state.registration = None;
        // INVARIANT: `device` is null, and nothing uses what it was.
        state.device = null_mut();
    }
}

/// Registers that are shown in the directory of a device, too.
pub struct DeviceRegisters<P: MeasurementProvider, D: Ioctl> {
    registration: Arc<LateRegistration<P>>,
    _device: MiscDevice<D>,
}

impl<P: MeasurementProvider, D: Ioctl> DeviceRegisters<P, D> {
    /// Shows the registers in the folder `measurements` of `device` as well, as files
    /// `<register>[:<hash>]`. If that fails, the log says so: an open file of the device can't be taken
    /// back.
    pub fn new(registration: Arc<LateRegistration<P>>, device: MiscDevice<D>) -> Self {
        // SAFETY: The device is in sysfs until it is dropped, and `drop` closes the registration
        // before that.
        unsafe { registration.show_in(device.kobj()) };

        Self {
            registration,
            _device: device,
        }
    }
}

impl<P: MeasurementProvider, D: Ioctl> Drop for DeviceRegisters<P, D> {
    fn drop(&mut self) {
        self.registration.close();
    }
}
