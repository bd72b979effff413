// SPDX-License-Identifier: GPL-2.0

//! The place for a report provider in `tsm.ko`.
//!
//! A [`Call`] is what others wait for, and it may take long; so beginning one takes no lock:
//!
//! 1. Within an RCU read-side section it reads `current` and counts itself at the provider.
//! 2. [`Slot::unregister`] clears `current` and waits for a grace period. From then on no call is counted
//!    any more, and those that were can be waited for.

use core::ptr::null_mut;

use kernel::{
    bindings,
    ffi,
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        rcu,
        Arc,
        ArcBorrow,
        Mutex, //
    }, //
};

use crate::call::{
    Call,
    Provider, //
};

/// The place for the one provider that there can be.
///
/// # Invariants
///
/// `current` is null or comes from [`Arc::into_raw`], whose reference belongs to it. It changes only
/// with `registering` held, and after a change to null its reference is given up no sooner than a
/// grace period later.
#[pin_data(PinnedDrop)]
pub(crate) struct Slot {
    current: Atomic<*mut Provider>,
    /// The number of its registration, or zero, which no registration has. A reader that needs no more
    /// needs no RCU read-side section.
    registration: Atomic<u64>,
    /// How many providers there have been.
    #[pin]
    registering: Mutex<u64>,
}

// SAFETY: `current` owns an `Arc<Provider>`, and `Provider` is `Send` and `Sync`.
unsafe impl Send for Slot {}

// SAFETY: `current` owns an `Arc<Provider>`, `Provider` is `Send` and `Sync`, and access to
// `current` is atomic; `registering` is a lock.
unsafe impl Sync for Slot {}

impl Slot {
    /// Makes an initializer of an empty slot.
    pub(crate) fn new() -> impl PinInit<Self> {
        // INVARIANT: `current` is null.
        pin_init!(Self {
            current: Atomic::new(null_mut()),
            registration: Atomic::new(0),
            registering <- new_mutex!(0, "tsm::Slot::registering"),
        })
    }

    /// Puts a provider in.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] if there is one, [`EINVAL`] if the name or the callback of this one is missing.
    ///
    /// # Safety
    ///
    /// `ops` must be null, or valid and unchanged until [`Slot::unregister`] has returned for it;
    /// its name must be null or a C string, and its callbacks must accept `data`, from any thread
    /// and several at a time.
    pub(crate) unsafe fn register(
        &self,
        ops: *const tsm_bindings::tsm_report_ops,
        data: *mut ffi::c_void,
    ) -> Result {
        // SAFETY: By the safety requirement, `ops` is null or valid.
        let raw = unsafe { ops.as_ref() }.ok_or(EINVAL)?;

        if raw.name.is_null() || raw.report_new.is_none() {
            return Err(EINVAL);
        }
        let mut registrations = self.registering.lock();

        if !self.current.load(Relaxed).is_null() {
            return Err(EBUSY);
        }
        let registration = *registrations + 1;

        // SAFETY: By the safety requirement, `ops` is valid and unchanged, and its callbacks accept
        // `data`, until `unregister` has returned, which drains the provider. Name and `report_new`
        // were checked above.
        let provider = unsafe { Provider::new(registration, ops, data) };
        let provider = Arc::pin_init(provider, GFP_KERNEL)?;

        *registrations = registration;
        // INVARIANT: The pointer comes from `into_raw`, and `registering` is held. Released, so
        // that a reader that finds the provider finds it initialized.
        self.current
            .store(Arc::into_raw(provider).cast_mut(), Release);
        self.registration.store(registration, Relaxed);
        Ok(())
    }

    /// Takes the provider out and waits until no call to it runs. New calls fail at once.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] if `ops` is not what is registered, as the kernel's own core has it.
    pub(crate) fn unregister(&self, ops: *const tsm_bindings::tsm_report_ops) -> Result {
        let registrations = self.registering.lock();
        let current = self.current.load(Relaxed);

        // SAFETY: By the type invariant, what is not null is a provider, and its reference can't go
        // away while `registering` is held.
        if unsafe { current.as_ref() }.is_none_or(|provider| !provider.has(ops)) {
            return Err(EBUSY);
        }
        // INVARIANT: `registering` is held; the reference is given up at the end of this function.
        self.current.store(null_mut(), Relaxed);
        self.registration.store(0, Relaxed);
        drop(registrations);
        // SAFETY: This may sleep, as all of this function; no RCU read-side section is around it.
        unsafe { bindings::synchronize_rcu() };

        // SAFETY: By the type invariant, the pointer comes from `into_raw`, and the reference that
        // belonged to `current` is now ours.
        let provider = unsafe { Arc::from_raw(current.cast_const()) };

        // SAFETY: `current` does not have the provider any more, so no call begins and no other task gets
        // here with it.
        unsafe { provider.drain() };
        Ok(())
    }

    /// Returns the number of the current registration, which no other one has.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] if there is none.
    pub(crate) fn registration(&self) -> Result<u64> {
        match self.registration.load(Relaxed) {
            0 => Err(ENXIO),
            registration => Ok(registration),
        }
    }

    /// Begins to use the provider, which stays until the [`Call`] is dropped.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] if there is none.
    //
    // It has many callers, and none that calls it often.
    #[inline(never)]
    pub(crate) fn call(&self) -> Result<Call> {
        let _rcu = rcu::read_lock();
        let current = self.current.load(Acquire);

        if current.is_null() {
            return Err(ENXIO);
        }
        // SAFETY: By the type invariant, it comes from `into_raw`, and its reference is not given
        // up before this RCU read-side section ends.
        let provider: Arc<Provider> = unsafe { ArcBorrow::from_raw(current.cast_const()) }.into();

        // SAFETY: `unregister` drains a provider no sooner than this RCU read-side section has ended.
        Ok(unsafe { Call::new(provider) })
    }
}

#[pinned_drop]
impl PinnedDrop for Slot {
    fn drop(self: Pin<&mut Self>) {
        let current = self.current.load(Relaxed);

        // A provider that is never unregistered stays valid for ever, by the ABI.
        if !current.is_null() {
            // SAFETY: By the type invariant, it comes from `into_raw`, and its reference is ours.
            // No task is in `call`, since there is no other reference to `self`.
            drop(unsafe { Arc::from_raw(current.cast_const()) });
        }
    }
}
