// SPDX-License-Identifier: GPL-2.0

//! Providers of attestation reports.

use core::pin::Pin;

use kernel::{
    error::{
        from_result,
        to_result, //
    },
    ffi,
    prelude::*,
    str::{
        as_char_ptr_in_const_context,
        CStr, //
    }, //
};

/// A source of attestation reports.
pub trait ReportProvider: Send + Sync + 'static {
    /// Name of the blob's format, which clients compare.
    const NAME: &'static CStr;

    /// Makes a report that binds `inblob`, not an empty one. May sleep; several calls may run at the
    /// same time.
    fn report(&self, inblob: &[u8]) -> Result<KVVec<u8>>;
}

/// A registered [`ReportProvider`]; dropping it takes it back, and waits for calls that run.
///
/// # Invariants
///
/// The operations are registered, with the address of the provider.
pub struct ReportRegistration<P: ReportProvider>(Pin<KBox<Inner<P>>>);

struct Inner<P> {
    ops: tsm_bindings::tsm_report_ops,
    provider: P,
}

// SAFETY: The only pointer is to a name that lives forever, and `P` is `Send`.
unsafe impl<P: Send> Send for Inner<P> {}

// SAFETY: A shared reference gives out `&P`, and `P` is `Sync`; `ops` does not change.
unsafe impl<P: Sync> Sync for Inner<P> {}

impl<P: ReportProvider> ReportRegistration<P> {
    /// Registers `provider`.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] if another one is registered.
    pub fn new(provider: P) -> Result<Self> {
        let mut ops: tsm_bindings::tsm_report_ops = pin_init::zeroed();

        ops.name = as_char_ptr_in_const_context(P::NAME);
        ops.report_new = Some(Inner::<P>::report_new);

        let inner = KBox::pin(Inner { ops, provider }, GFP_KERNEL)?;
        let data = (&raw const inner.provider).cast_mut().cast::<ffi::c_void>();

        // SAFETY: `inner` is pinned and freed after it is unregistered. The callback takes `data`
        // for a `&P`, from any thread and several at a time, which `P: Sync` allows.
        to_result(unsafe { tsm_bindings::tsm_report_register(&inner.ops, data) })?;

        // INVARIANT: It was registered just now.
        Ok(Self(inner))
    }
}

impl<P: ReportProvider> Drop for ReportRegistration<P> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, it is registered, so this can't fail.
        unsafe { tsm_bindings::tsm_report_unregister(&self.0.ops) };
    }
}

impl<P: ReportProvider> Inner<P> {
    /// # Safety
    ///
    /// To be called by `tsm.ko` only, with a valid report and the `data` that was registered.
    unsafe extern "C" fn report_new(
        report: *mut tsm_bindings::tsm_report,
        data: *mut ffi::c_void,
    ) -> ffi::c_int {
        // SAFETY: By the safety requirement, `data` is the address of a provider that is
        // registered, and stays so while a callback runs.
        let provider = unsafe { &*data.cast::<P>() };
        // SAFETY: By the safety requirement, and nobody else uses the report meanwhile.
        let report = unsafe { &mut *report };

        from_result(|| {
            let inblob = report
                .desc
                .inblob
                .get(..report.desc.inblob_len)
                .ok_or(EINVAL)?;
            let blob = provider.report(inblob)?;

            // An empty vector has no allocation to hand over.
            if blob.is_empty() {
                return Err(EIO);
            }
            let (blob, len, _capacity) = blob.into_raw_parts();

            // The allocator of a `KVVec` is `kvmalloc`, so the core frees it as the ABI says.
            report.outblob = blob;
            report.outblob_len = len;
            Ok(0)
        })
    }
}
