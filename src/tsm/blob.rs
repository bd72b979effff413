// SPDX-License-Identifier: GPL-2.0

//! What a provider makes, `struct tsm_report`.

use core::{
    ops::Deref,
    ptr::NonNull,
    slice, //
};

use kernel::bindings;

/// One blob of a report.
///
/// # Invariants
///
/// The pointer is that of an allocation of `kvmalloc()` with `len` initialized bytes, which belongs
/// to `self`. `len` is not zero.
pub(crate) struct Blob {
    ptr: NonNull<u8>,
    len: usize,
}

// SAFETY: By the type invariant, the memory belongs to `self`: no other pointer to it is used.
unsafe impl Send for Blob {}

// SAFETY: A shared reference to a `Blob` only allows reading.
unsafe impl Sync for Blob {}

impl Blob {
    /// The most bytes there can be.
    pub(crate) const MAX_SIZE: u32 = tsm_bindings::TSM_REPORT_OUTBLOB_MAX;

    /// Takes over the memory at `ptr`, unless there is none.
    ///
    /// # Safety
    ///
    /// `ptr` must be null or come from `kvmalloc()` with `len` initialized bytes, and belong to the
    /// caller.
    unsafe fn from_raw(ptr: *mut u8, len: usize) -> Option<Self> {
        if len == 0 {
            // SAFETY: By the safety requirement, `ptr` is null, which is accepted, or comes from
            // `kvmalloc()` and belongs to the caller.
            unsafe { bindings::kvfree(ptr.cast()) };
            return None;
        }
        // INVARIANT: By the safety requirement, what is not null comes from `kvmalloc()` with `len`
        // initialized bytes, and belongs to the caller; `len` is not zero.
        NonNull::new(ptr).map(|ptr| Self { ptr, len })
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: By the type invariant, there are `len` initialized bytes at `ptr`, which belong
        // to `self`.
        unsafe { slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the memory comes from `kvmalloc()` and belongs to `self`.
        unsafe { bindings::kvfree(self.ptr.as_ptr().cast()) };
    }
}

/// The blobs of a report. Which there are is up to the provider, but for the first.
pub(crate) struct Blobs {
    /// The report itself.
    pub(crate) outblob: Blob,
    /// What goes with it, for example certificates.
    pub(crate) auxblob: Option<Blob>,
    /// The manifest of a service provider.
    pub(crate) manifestblob: Option<Blob>,
}

impl Blobs {
    /// Takes over what a provider has put into `report`, or [`None`] if that is no report. What is
    /// not taken over is freed.
    ///
    /// # Safety
    ///
    /// The blobs of `report` must be as the ABI demands, null or from `kvmalloc()` with as many
    /// initialized bytes as their lengths say, and belong to the caller.
    pub(crate) unsafe fn from_raw(report: &tsm_bindings::tsm_report) -> Option<Self> {
        // SAFETY: By the safety requirement, the blob is null or comes from `kvmalloc()` with as
        // many initialized bytes, and belongs to the caller.
        let outblob = unsafe { Blob::from_raw(report.outblob, report.outblob_len) };
        // SAFETY: By the safety requirement, the blob is null or comes from `kvmalloc()` with as
        // many initialized bytes, and belongs to the caller.
        let auxblob = unsafe { Blob::from_raw(report.auxblob, report.auxblob_len) };
        // SAFETY: By the safety requirement, the blob is null or comes from `kvmalloc()` with as
        // many initialized bytes, and belongs to the caller.
        let manifestblob = unsafe { Blob::from_raw(report.manifestblob, report.manifestblob_len) };

        Some(Self {
            outblob: outblob?,
            auxblob,
            manifestblob,
        })
    }

    /// Returns the sizes of report, auxiliary data and manifest.
    pub(crate) fn sizes(&self) -> [usize; 3] {
        let size = |blob: &Option<Blob>| blob.as_ref().map_or(0, |blob| blob.len());

        [
            self.outblob.len(),
            size(&self.auxblob),
            size(&self.manifestblob),
        ]
    }
}
