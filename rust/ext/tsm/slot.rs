// SPDX-License-Identifier: GPL-2.0

//! The place for a report provider in `tsm.ko`.

use core::{
    ops::Deref,
    ptr::NonNull,
    slice, //
};

use kernel::{
    bindings,
    error::to_result,
    ffi,
    new_condvar,
    new_mutex,
    prelude::*,
    str::CStr,
    sync::{
        Arc,
        CondVar,
        Mutex, //
    }, //
};

/// What a report is to bind: up to 64 bytes of the caller's choice.
#[derive(Clone, Copy)]
pub struct Inblob {
    bytes: [u8; Self::MAX_SIZE as usize],
    len: usize,
}

impl Inblob {
    /// The most bytes there can be.
    pub const MAX_SIZE: u32 = tsm_bindings::TSM_REPORT_INBLOB_MAX;

    /// Copies `data`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it is empty, [`EFBIG`] if it is too long.
    #[inline]
    pub fn new(data: &[u8]) -> Result<Self> {
        let mut bytes = [0; Self::MAX_SIZE as usize];

        if data.is_empty() {
            return Err(EINVAL);
        }
        bytes
            .get_mut(..data.len())
            .ok_or(EFBIG)?
            .copy_from_slice(data);
        Ok(Self {
            bytes,
            len: data.len(),
        })
    }
}

impl Deref for Inblob {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// What a provider made.
///
/// # Invariants
///
/// The pointer is that of an allocation of `kvmalloc()` with `len` initialized bytes, which belongs
/// to `self`. `len` is not zero.
pub struct Blob {
    ptr: NonNull<u8>,
    len: usize,
}

// SAFETY: It is memory that nobody else knows.
unsafe impl Send for Blob {}

// SAFETY: A shared reference only allows reading.
unsafe impl Sync for Blob {}

impl Blob {
    /// The most bytes there can be.
    pub const MAX_SIZE: u32 = tsm_bindings::TSM_REPORT_OUTBLOB_MAX;

    /// Takes over the memory at `ptr`, unless there is none.
    ///
    /// # Safety
    ///
    /// `ptr` must be null or come from `kvmalloc()` with `len` initialized bytes, and belong to the
    /// caller.
    #[inline]
    unsafe fn from_raw(ptr: *mut u8, len: usize) -> Option<Self> {
        if len == 0 {
            // SAFETY: By the safety requirement. Null is accepted.
            unsafe { bindings::kvfree(ptr.cast()) };
            return None;
        }
        // INVARIANT: By the safety requirement, and `len` is not zero.
        NonNull::new(ptr).map(|ptr| Self { ptr, len })
    }
}

impl Deref for Blob {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: By the type invariant.
        unsafe { slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }
}

impl Drop for Blob {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the memory comes from `kvmalloc` and is ours.
        unsafe { bindings::kvfree(self.ptr.as_ptr().cast()) };
    }
}

/// The place for the one provider that there can be.
#[pin_data]
pub struct Slot {
    #[pin]
    place: Mutex<Place>,
}

/// What is in the slot, and how many providers have been.
struct Place {
    provider: Option<Arc<Provider>>,
    registrations: u64,
}

/// # Invariants
///
/// While `calls` is open, `ops` is valid and its callbacks accept `data`.
#[pin_data]
struct Provider {
    registration: u64,
    ops: *const tsm_bindings::tsm_report_ops,
    data: *mut ffi::c_void,
    #[pin]
    calls: Mutex<Calls>,
    #[pin]
    idle: CondVar,
}

/// Who uses a provider.
struct Calls {
    running: usize,
    /// Whether calls may begin, or still run.
    open: bool,
}

// SAFETY: The ABI demands callbacks that may be called from any thread.
unsafe impl Send for Provider {}

// SAFETY: As for `Send`, and they may be called at the same time.
unsafe impl Sync for Provider {}

impl Slot {
    /// Makes an initializer of an empty slot.
    #[inline]
    pub fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            place <- new_mutex!(
                Place { provider: None, registrations: 0 },
                "tsm::Slot::place"
            ),
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
    #[inline]
    pub unsafe fn register(
        &self,
        ops: *const tsm_bindings::tsm_report_ops,
        data: *mut ffi::c_void,
    ) -> Result {
        // SAFETY: By the safety requirement, `ops` is null or valid.
        let raw = unsafe { ops.as_ref() }.ok_or(EINVAL)?;

        if raw.name.is_null() || raw.report_new.is_none() {
            return Err(EINVAL);
        }

        let mut place = self.place.lock();
        if place.provider.is_some() {
            return Err(EBUSY);
        }
        let registration = place.registrations + 1;

        // INVARIANT: By the safety requirement, for as long as `unregister` has not returned, and
        // that waits until `calls` is closed.
        place.provider = Some(Arc::pin_init(
            pin_init!(Provider {
                registration,
                ops,
                data,
                calls <- new_mutex!(
                    Calls { running: 0, open: true },
                    "tsm::Provider::calls"
                ),
                idle <- new_condvar!("tsm::Provider::idle"),
            }),
            GFP_KERNEL,
        )?);
        place.registrations = registration;
        Ok(())
    }

    /// Takes the provider out and waits until no call to it runs. New calls fail at once.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] if `ops` is not what is registered, as the kernel's own has it.
    #[inline]
    pub fn unregister(&self, ops: *const tsm_bindings::tsm_report_ops) -> Result {
        let provider = self
            .place
            .lock()
            .provider
            .take_if(|provider| provider.ops == ops)
            .ok_or(EBUSY)?;

        let mut calls = provider.calls.lock();
        calls.open = false;
        while calls.running > 0 {
            provider.idle.wait(&mut calls);
        }
        Ok(())
    }

    /// Begins to use the provider, which stays until the [`Call`] is dropped.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] if there is none.
    #[inline]
    pub fn call(&self) -> Result<Call> {
        let provider = self.place.lock().provider.clone().ok_or(ENXIO)?;
        let mut calls = provider.calls.lock();

        if !calls.open {
            return Err(ENXIO);
        }
        calls.running += 1;
        drop(calls);
        // INVARIANT: It was counted just now, while `calls` was open.
        Ok(Call(provider))
    }
}

/// The right to use a provider.
///
/// # Invariants
///
/// It is counted in `calls.running`, and was when `calls` was open. Hence the provider has not been
/// unregistered.
pub struct Call(Arc<Provider>);

impl Call {
    #[inline]
    fn ops(&self) -> &tsm_bindings::tsm_report_ops {
        // SAFETY: By the invariants of `Call` and `Provider`, `ops` is valid as long as `self` is.
        unsafe { &*self.0.ops }
    }

    /// Returns the number of the registration, which no other one has.
    #[inline]
    pub fn registration(&self) -> u64 {
        self.0.registration
    }

    /// Returns the provider's name.
    #[inline]
    pub fn name(&self) -> &CStr {
        // SAFETY: `register` refused a null pointer; the rest is as for `ops`.
        unsafe { CStr::from_char_ptr(self.ops().name) }
    }

    /// Asks for a report, which may take long.
    ///
    /// # Errors
    ///
    /// What the provider says, and [`EIO`] if it reports success without a report.
    #[inline]
    pub fn report(&self, inblob: &Inblob) -> Result<Blob> {
        let report_new = self.ops().report_new.ok_or(EINVAL)?;
        let mut report: tsm_bindings::tsm_report = pin_init::zeroed();

        report.desc.inblob = inblob.bytes;
        report.desc.inblob_len = inblob.len;

        // SAFETY: By the invariants of `Call` and `Provider`, the callback may be called and
        // accepts `data`; `report` is as the ABI wants it.
        let ret = unsafe { report_new(&mut report, self.0.data) };

        // A failed call may leave blobs as well, which the core has to free.
        // SAFETY: By the ABI, the blob is null or memory of `kvmalloc` that is now the core's.
        let outblob = unsafe { Blob::from_raw(report.outblob, report.outblob_len) };
        // SAFETY: As above.
        drop(unsafe { Blob::from_raw(report.auxblob, report.auxblob_len) });
        // SAFETY: As above.
        drop(unsafe { Blob::from_raw(report.manifestblob, report.manifestblob_len) });

        to_result(ret)?;
        outblob.ok_or(EIO)
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        let mut calls = self.0.calls.lock();

        calls.running -= 1;
        if calls.running == 0 {
            self.0.idle.notify_all();
        }
    }
}
