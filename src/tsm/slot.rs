// SPDX-License-Identifier: GPL-2.0

//! The place for a report provider in `tsm.ko`.
//!
//! A [`Call`] is what others wait for, and it may take long; so beginning one takes no lock:
//!
//! 1. Within an RCU read-side section it reads `current` and counts itself in `calls`.
//! 2. Who unregisters a provider clears `current` and waits for a grace period. From then on nobody
//!    counts himself any more, and the ones that did can be waited for.

use core::ptr::{
    null,
    null_mut, //
};

use kernel::{
    bindings,
    error::to_result,
    ffi,
    new_mutex,
    prelude::*,
    str::CStr,
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
use tsm_ext::users::Users;
use tsm_provider::ReportId;

use crate::{
    blob::Blobs,
    desc::Desc,
    trace, //
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
    /// How many providers there have been.
    #[pin]
    registering: Mutex<u64>,
}

// SAFETY: `current` owns an `Arc<Provider>`, and `Provider` is `Send` and `Sync`.
unsafe impl Send for Slot {}

// SAFETY: As for `Send`; access to `current` is atomic.
unsafe impl Sync for Slot {}

/// # Invariants
///
/// While there are `calls`, `ops` is valid and its callbacks accept `data`.
#[pin_data]
struct Provider {
    registration: u64,
    ops: *const tsm_bindings::tsm_report_ops,
    data: *mut ffi::c_void,
    /// The registration, and each [`Call`].
    #[pin]
    calls: Users,
}

// SAFETY: The ABI demands callbacks that may be called from any thread.
unsafe impl Send for Provider {}

// SAFETY: As for `Send`, and they may be called at the same time.
unsafe impl Sync for Provider {}

impl Slot {
    /// Makes an initializer of an empty slot.
    pub(crate) fn new() -> impl PinInit<Self> {
        // INVARIANT: `current` is null.
        pin_init!(Self {
            current: Atomic::new(null_mut()),
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
    /// its callbacks must accept `data`, from any thread and several at a time.
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

        // INVARIANT: By the safety requirement, until `unregister` has returned, and that waits
        // for `calls` to be zero.
        let provider = Arc::pin_init(
            pin_init!(Provider {
                registration,
                ops,
                data,
                calls <- Users::new(),
            }),
            GFP_KERNEL,
        )?;
        *registrations = registration;
        // INVARIANT: It comes from `into_raw`, and `registering` is held. Released, so that who
        // finds the provider finds it initialized.
        self.current
            .store(Arc::into_raw(provider).cast_mut(), Release);
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
        if unsafe { current.as_ref() }.is_none_or(|provider| provider.ops != ops) {
            return Err(EBUSY);
        }
        // INVARIANT: `registering` is held; the reference is given up at the end of this function.
        self.current.store(null_mut(), Relaxed);
        drop(registrations);
        // SAFETY: This may sleep, as all of this function; no RCU read-side section is around it.
        unsafe { bindings::synchronize_rcu() };

        // SAFETY: By the type invariant, the pointer comes from `into_raw`, and the reference that
        // belonged to `current` is now ours.
        let provider = unsafe { Arc::from_raw(current.cast_const()) };

        provider.calls.drain();
        Ok(())
    }

    /// Returns the number of the current registration, which no other one has.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] if there is none.
    pub(crate) fn registration(&self) -> Result<u64> {
        let _rcu = rcu::read_lock();

        // SAFETY: By the type invariant, what is not null is a provider, whose reference is not given up
        // before this RCU read-side section ends.
        let current = unsafe { self.current.load(Acquire).as_ref() };
        Ok(current.ok_or(ENXIO)?.registration)
    }

    /// Begins to use the provider, which stays until the [`Call`] is dropped.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] if there is none.
    pub(crate) fn call(&self) -> Result<Call> {
        let _rcu = rcu::read_lock();
        let current = self.current.load(Acquire);

        if current.is_null() {
            return Err(ENXIO);
        }
        // SAFETY: By the type invariant, it comes from `into_raw`, and its reference is not given
        // up before this RCU read-side section ends.
        let provider: Arc<Provider> = unsafe { ArcBorrow::from_raw(current.cast_const()) }.into();

        provider.calls.get();
        // INVARIANT: It was counted just now. At that time the registration was still counted,
        // because that count is not given up before this RCU read-side section ends.
        Ok(Call(provider))
    }
}

#[pinned_drop]
impl PinnedDrop for Slot {
    fn drop(self: Pin<&mut Self>) {
        let current = self.current.load(Relaxed);

        // A provider that is never unregistered stays valid for ever, by the ABI.
        if !current.is_null() {
            // SAFETY: By the type invariant, it comes from `into_raw`, and its reference is ours.
            // Nobody is in `call`, since nobody has a reference to `self`.
            drop(unsafe { Arc::from_raw(current.cast_const()) });
        }
    }
}

/// The right to use a provider.
///
/// # Invariants
///
/// It is counted in `calls`.
pub(crate) struct Call(Arc<Provider>);

impl Call {
    fn ops(&self) -> &tsm_bindings::tsm_report_ops {
        // SAFETY: By the invariants of `Call` and `Provider`, `ops` is valid as long as `self` is.
        unsafe { &*self.0.ops }
    }

    /// Returns the number of the registration, which no other one has.
    pub(crate) fn registration(&self) -> u64 {
        self.0.registration
    }

    /// Returns the provider's name.
    pub(crate) fn name(&self) -> &CStr {
        // SAFETY: `register` refused a null pointer; the rest is as for `ops`.
        unsafe { CStr::from_char_ptr(self.ops().name) }
    }

    /// Returns the lowest privilege level that the provider accepts.
    pub(crate) fn privlevel_floor(&self) -> u32 {
        self.ops().privlevel_floor
    }

    /// Says whether reports have the text file of this index in `enum tsm_attr_index`.
    pub(crate) fn shows(&self, index: i32) -> bool {
        self.ops().report_attr_visible.is_none_or(|visible| {
            // SAFETY: By the invariants of `Call` and `Provider`, the callback may be called.
            unsafe { visible(index) }
        })
    }

    /// Says whether reports have the binary file of this index in `enum tsm_bin_attr_index`.
    pub(crate) fn shows_binary(&self, index: i32) -> bool {
        self.ops().report_bin_attr_visible.is_none_or(|visible| {
            // SAFETY: By the invariants of `Call` and `Provider`, the callback may be called.
            unsafe { visible(index) }
        })
    }

    /// Asks for the report `id`, which may take long. `generation` is for the trace.
    ///
    /// # Errors
    ///
    /// What the provider says, [`EIO`] if it reports success without a report, and [`EINVAL`] for a
    /// privilege level below the floor, which may have been that of another provider.
    pub(crate) fn report(&self, id: ReportId, desc: &Desc<'_>, generation: u64) -> Result<Blobs> {
        let report_new = self.ops().report_new.ok_or(EINVAL)?;
        let name = self.name();
        let floor = self.privlevel_floor();

        if desc.privlevel.is_some_and(|level| level.get() < floor) {
            return Err(EINVAL);
        }
        // Not on the stack, because providers may pass the physical address of what is in it to
        // their platform, as sev-guest does.
        let mut asked = KBox::new(
            Asked {
                report: tsm_bindings::tsm_report {
                    desc: desc.to_raw(floor),
                    ..pin_init::zeroed()
                },
                id,
                source: null(),
                status: 0,
            },
            GFP_KERNEL,
        )?;

        trace::report_requested(name, generation, desc.inblob, asked.report.desc.privlevel);
        let start: *mut Asked = &mut *asked;
        // SAFETY: By the invariants of `Call` and `Provider`, the callback may be called and
        // accepts `data`; the report is as the ABI wants it, and begins an `Asked`.
        let ret = unsafe { report_new(start.cast(), self.0.data) };

        // A failed call may leave blobs as well, which the core has to free.
        // SAFETY: By the ABI, each blob is null or memory of `kvmalloc` that is now the core's.
        let blobs = unsafe { Blobs::from_raw(&asked.report) };

        match to_result(ret).and(blobs.ok_or(EIO)) {
            Ok(blobs) => {
                trace::report_generated(name, generation, blobs.sizes());
                Ok(blobs)
            }
            Err(err) => {
                let source = match asked.source.is_null() {
                    true => c"-",
                    // SAFETY: By the safety requirement of `Asked::explain`, and the provider, whose
                    // it is, stays as long as `self`.
                    false => unsafe { CStr::from_char_ptr(asked.source) },
                };
                trace::report_failed(name, generation, ret, err, (source, asked.status));
                Err(err)
            }
        }
    }
}

/// What a provider is called with, and what it says of its platform.
#[repr(C)]
pub(crate) struct Asked {
    /// First, so that its address is that of all.
    report: tsm_bindings::tsm_report,
    id: ReportId,
    source: *const ffi::c_char,
    status: u64,
}

impl Asked {
    /// Returns the number of a report.
    ///
    /// # Safety
    ///
    /// `report` must be what [`Call::report`] has called a provider with that has not returned yet.
    pub(crate) unsafe fn id(report: *const tsm_bindings::tsm_report) -> ReportId {
        let asked = report.cast::<Self>();

        // Not by a reference: the provider has one to the report, with which an `Asked` begins.
        // SAFETY: By the safety requirement.
        unsafe { (*asked).id }
    }

    /// Takes down a status of the platform.
    ///
    /// # Safety
    ///
    /// `report` must be what [`Call::report`] has called a provider with that has not returned yet,
    /// and nobody else may do this meanwhile; `source` must be a C string until then.
    pub(crate) unsafe fn explain(
        report: *mut tsm_bindings::tsm_report,
        source: *const ffi::c_char,
        status: u64,
    ) {
        let asked = report.cast::<Self>();

        // Not by a reference: the provider has one to the report, with which an `Asked` begins.
        // SAFETY: By the safety requirement.
        unsafe { (*asked).source = source };
        // SAFETY: As above.
        unsafe { (*asked).status = status };
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.calls.put();
    }
}
