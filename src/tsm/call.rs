// SPDX-License-Identifier: GPL-2.0

//! Calls to a report provider.

use core::ptr::null;

use kernel::{
    error::to_result,
    ffi,
    prelude::*,
    str::CStr,
    sync::Arc, //
};
use tsm_ext::users::Users;
use tsm_provider::ReportId;

use crate::{
    blob::Blobs,
    desc::Desc,
    trace, //
};

/// A provider that is registered, or was.
///
/// # Invariants
///
/// While there are `calls`, `ops` is valid and its callbacks accept `data`.
#[pin_data]
pub(crate) struct Provider {
    registration: u64,
    ops: *const tsm_bindings::tsm_report_ops,
    data: *mut ffi::c_void,
    /// The registration, and each [`Call`].
    #[pin]
    calls: Users,
}

// SAFETY: The ABI demands callbacks that may be called from any thread.
unsafe impl Send for Provider {}

// SAFETY: The ABI demands callbacks that may be called from any thread and several at a time;
// `calls` is `Sync`, and nothing else changes.
unsafe impl Sync for Provider {}

impl Provider {
    /// Makes an initializer of the provider with this number of its registration.
    ///
    /// # Safety
    ///
    /// `ops` must be valid, with a name, which is a C string, and `report_new`, and unchanged until
    /// [`Self::drain`] has returned; its callbacks must accept `data`, from any thread and several
    /// at a time.
    pub(crate) unsafe fn new(
        registration: u64,
        ops: *const tsm_bindings::tsm_report_ops,
        data: *mut ffi::c_void,
    ) -> impl PinInit<Self> {
        // INVARIANT: By the safety requirement, until `drain` has returned, and that waits for `calls` to be
        // zero.
        pin_init!(Self {
            registration,
            ops,
            data,
            calls <- Users::new(),
        })
    }

    /// Says whether this was registered with `ops`.
    pub(crate) fn has(&self, ops: *const tsm_bindings::tsm_report_ops) -> bool {
        self.ops == ops
    }

    /// Ends the registration and waits until no call runs.
    ///
    /// # Safety
    ///
    /// This must be called once at most, and no call may begin from then on.
    pub(crate) unsafe fn drain(&self) {
        // SAFETY: By the safety requirement, this is called once at most.
        unsafe { self.calls.drain() };
    }
}

/// The right to use a provider.
///
/// # Invariants
///
/// It is counted in `calls`.
pub(crate) struct Call(Arc<Provider>);

impl Call {
    /// Begins to use a provider.
    ///
    /// # Safety
    ///
    /// [`Provider::drain`] must not be called before this returns.
    pub(crate) unsafe fn new(provider: Arc<Provider>) -> Self {
        // SAFETY: By the safety requirement, `drain` is not called before this returns, so the
        // registration is counted until then.
        unsafe { provider.calls.get() };
        // INVARIANT: The call was counted just now; by the safety requirement, the registration
        // still was.
        Self(provider)
    }

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
        // SAFETY: By the safety requirement of `Provider::new`, `ops` has a name, a C string. By
        // the invariants of `Call` and `Provider`, it is valid as long as `self` is.
        unsafe { CStr::from_char_ptr(self.ops().name) }
    }

    /// Returns the lowest privilege level that the provider accepts.
    pub(crate) fn privlevel_floor(&self) -> u32 {
        self.ops().privlevel_floor
    }

    /// Says whether reports have the text file of this index in `enum tsm_attr_index`.
    pub(crate) fn shows(&self, index: i32) -> bool {
        self.ops().report_attr_visible.is_none_or(|visible| {
            // SAFETY: By the invariants of `Call` and `Provider`, `ops` is valid as long as `self`
            // is, and so is its callback.
            unsafe { visible(index) }
        })
    }

    /// Says whether reports have the binary file of this index in `enum tsm_bin_attr_index`.
    pub(crate) fn shows_binary(&self, index: i32) -> bool {
        self.ops().report_bin_attr_visible.is_none_or(|visible| {
            // SAFETY: By the invariants of `Call` and `Provider`, `ops` is valid as long as `self`
            // is, and so is its callback.
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
        let mut pending = KBox::new(
            PendingReport {
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

        trace::report_requested(name, generation, desc.inblob, pending.report.desc.privlevel);
        let start: *mut PendingReport = &mut *pending;
        // SAFETY: By the invariants of `Call` and `Provider`, `ops` is valid as long as `self` is,
        // and its callback accepts `data`; the report is as the ABI wants it, and begins a
        // `PendingReport`.
        let ret = unsafe { report_new(start.cast(), self.0.data) };

        // A failed call may leave blobs as well, which the core has to free.
        // SAFETY: By the ABI, each blob is null or memory of `kvmalloc` that is now the core's.
        let blobs = unsafe { Blobs::from_raw(&pending.report) };

        match to_result(ret).and(blobs.ok_or(EIO)) {
            Ok(blobs) => {
                trace::report_generated(name, generation, blobs.sizes());
                Ok(blobs)
            }
            Err(err) => {
                let source = match pending.source.is_null() {
                    true => c"-",
                    // SAFETY: By the safety requirement of `PendingReport::set_status`, `source` is a C string
                    // until the provider is unregistered, which waits for `self`.
                    false => unsafe { CStr::from_char_ptr(pending.source) },
                };
                trace::report_failed(name, generation, ret, err, (source, pending.status));
                Err(err)
            }
        }
    }
}

/// A report that a provider was asked for, and what it says of its platform.
#[repr(C)]
pub(crate) struct PendingReport {
    /// First, so that its address is that of all.
    report: tsm_bindings::tsm_report,
    id: ReportId,
    source: *const ffi::c_char,
    status: u64,
}

impl PendingReport {
    /// Returns the number of a report.
    ///
    /// # Safety
    ///
    /// `report` must be what [`Call::report`] has called a provider with that has not returned yet.
    pub(crate) unsafe fn id(report: *const tsm_bindings::tsm_report) -> ReportId {
        let pending = report.cast::<Self>();

        // Not by a reference: the provider has one to the report, with which a `PendingReport` begins.
        // SAFETY: By the safety requirement, `report` begins a `PendingReport`, which is there until the
        // provider returns.
        unsafe { (*pending).id }
    }

    /// Takes down a status of the platform.
    ///
    /// # Safety
    ///
    /// `report` must be what [`Call::report`] has called a provider with that has not returned yet,
    /// and no other task may do this meanwhile; `source` must be a C string until the provider is
    /// unregistered.
    pub(crate) unsafe fn set_status(
        report: *mut tsm_bindings::tsm_report,
        source: *const ffi::c_char,
        status: u64,
    ) {
        let pending = report.cast::<Self>();

        // Not by a reference: the provider has one to the report, with which a `PendingReport` begins.
        // SAFETY: By the safety requirement, `report` begins a `PendingReport`, which is there until the
        // provider returns, and which no other task writes to.
        unsafe { (*pending).source = source };
        // SAFETY: By the safety requirement, `report` begins a `PendingReport`, which is there until the
        // provider returns, and which no other task writes to.
        unsafe { (*pending).status = status };
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the call is counted, and it is dropped once.
        unsafe { self.0.calls.put() };
    }
}
