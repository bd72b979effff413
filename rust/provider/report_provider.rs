// SPDX-License-Identifier: GPL-2.0

//! Providers of attestation reports.

use core::pin::Pin;

use kernel::{
    bindings,
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

use crate::{
    failure::{
        Answer,
        Failure, //
    },
    report_id::ReportId, //
};

/// A source of attestation reports.
pub trait ReportProvider: Send + Sync + 'static {
    /// Name of the blob's format, which clients compare.
    const NAME: &'static CStr;

    /// Returns which files its reports have.
    fn files() -> Files {
        Files::BASIC
    }

    /// Returns the lowest privilege level that a report can be asked for.
    fn privlevel_floor(&self) -> u32 {
        0
    }

    /// Makes a report. May sleep; several calls may run at the same time.
    fn report(&self, request: &Request<'_>) -> Result<Output, Failure>;
}

/// Which files a report has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Files(u8);

impl Files {
    /// `inblob`, `outblob`, `provider` and `generation`, which there always are.
    pub const BASIC: Self = Self(0);
    /// `privlevel` and `privlevel_floor`.
    pub const PRIVLEVEL: Self = Self(1);
    /// `service_provider`, `service_guid` and `service_manifest_version`.
    pub const SERVICE: Self = Self(2);
    /// `auxblob`.
    pub const AUXBLOB: Self = Self(4);
    /// `manifestblob`.
    pub const MANIFESTBLOB: Self = Self(8);

    /// Returns the files of `self` and of `other`.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Says whether all of `other` are among them.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns which files the text file belongs to that has this index in `enum tsm_attr_index`.
    fn of_text(index: tsm_bindings::tsm_attr_index) -> Self {
        match index {
            tsm_bindings::tsm_attr_index_TSM_REPORT_PRIVLEVEL
            | tsm_bindings::tsm_attr_index_TSM_REPORT_PRIVLEVEL_FLOOR => Self::PRIVLEVEL,
            tsm_bindings::tsm_attr_index_TSM_REPORT_SERVICE_PROVIDER
            | tsm_bindings::tsm_attr_index_TSM_REPORT_SERVICE_GUID
            | tsm_bindings::tsm_attr_index_TSM_REPORT_SERVICE_MANIFEST_VER => Self::SERVICE,
            _ => Self::BASIC,
        }
    }

    /// Returns which files the binary file belongs to that has this index in
    /// `enum tsm_bin_attr_index`.
    fn of_binary(index: tsm_bindings::tsm_bin_attr_index) -> Self {
        match index {
            tsm_bindings::tsm_bin_attr_index_TSM_REPORT_AUXBLOB => Self::AUXBLOB,
            tsm_bindings::tsm_bin_attr_index_TSM_REPORT_MANIFESTBLOB => Self::MANIFESTBLOB,
            _ => Self::BASIC,
        }
    }
}

/// What a report is asked to be.
pub struct Request<'a> {
    id: ReportId,
    desc: &'a tsm_bindings::tsm_report_desc,
}

impl Request<'_> {
    /// Returns which report it is.
    pub fn id(&self) -> ReportId {
        self.id
    }

    /// Returns what it is to bind, not empty.
    pub fn inblob(&self) -> &[u8] {
        let len = self.desc.inblob_len;

        self.desc.inblob.get(..len).unwrap_or_default()
    }

    /// Returns the privilege level, not less than the floor.
    pub fn privlevel(&self) -> u32 {
        self.desc.privlevel
    }

    /// Returns where the report is to come from, if not from the platform itself.
    pub fn service_provider(&self) -> Option<&CStr> {
        let name = self.desc.service_provider;

        // SAFETY: By the ABI, what is not null is a C string for the time of the call.
        (!name.is_null()).then(|| unsafe { CStr::from_char_ptr(name) })
    }

    /// Returns the service to attest, all zeros for all services.
    pub fn service_guid(&self) -> &[u8; 16] {
        let bindings::guid_t { b } = &self.desc.service_guid;

        b
    }

    /// Returns the version of the service's manifest.
    pub fn service_manifest_version(&self) -> u32 {
        self.desc.service_manifest_version
    }
}

/// A report.
pub struct Output {
    /// The report itself, not empty.
    pub outblob: KVVec<u8>,
    /// What goes with it.
    pub auxblob: KVVec<u8>,
    /// The manifest of a service provider.
    pub manifestblob: KVVec<u8>,
}

impl From<KVVec<u8>> for Output {
    fn from(outblob: KVVec<u8>) -> Self {
        Self {
            outblob,
            auxblob: KVVec::new(),
            manifestblob: KVVec::new(),
        }
    }
}

/// Copies a blob, which is accounted to the memory control group of the current task.
pub fn copy_blob(bytes: &[u8]) -> Result<KVVec<u8>> {
    let mut copy = KVVec::with_capacity(bytes.len(), GFP_KERNEL_ACCOUNT)?;

    copy.extend_from_slice(bytes, GFP_KERNEL_ACCOUNT)?;
    Ok(copy)
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
        let ops = tsm_bindings::tsm_report_ops {
            name: as_char_ptr_in_const_context(P::NAME),
            privlevel_floor: provider.privlevel_floor(),
            report_new: Some(Inner::<P>::report_new),
            report_attr_visible: Some(Inner::<P>::text_visible),
            report_bin_attr_visible: Some(Inner::<P>::binary_visible),
        };
        let inner = KBox::pin(Inner { ops, provider }, GFP_KERNEL)?;
        let data = (&raw const inner.provider).cast_mut().cast::<ffi::c_void>();

        // SAFETY: `inner` is pinned and freed after it is unregistered. The callback takes `data`
        // for a `&P`, from any thread and several at a time, which `P: Sync` allows.
        to_result(unsafe { tsm_bindings::tsm_register_report(&inner.ops, data) })?;

        // INVARIANT: The operations were registered just now.
        Ok(Self(inner))
    }
}

impl<P: ReportProvider> Drop for ReportRegistration<P> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the operations are registered, so this can't fail.
        unsafe { tsm_bindings::tsm_unregister_report(&self.0.ops) };
    }
}

impl<P: ReportProvider> Inner<P> {
    /// # Safety
    ///
    /// None; the ABI has pointers to `unsafe` functions.
    unsafe extern "C" fn text_visible(index: ffi::c_int) -> bool {
        tsm_bindings::tsm_attr_index::try_from(index)
            .is_ok_and(|index| P::files().contains(Files::of_text(index)))
    }

    /// # Safety
    ///
    /// None; the ABI has pointers to `unsafe` functions.
    unsafe extern "C" fn binary_visible(index: ffi::c_int) -> bool {
        tsm_bindings::tsm_bin_attr_index::try_from(index)
            .is_ok_and(|index| P::files().contains(Files::of_binary(index)))
    }

    /// # Safety
    ///
    /// To be called by the core only, with a valid report, which nothing else uses meanwhile, and
    /// the `data` that was registered.
    unsafe extern "C" fn report_new(
        report: *mut tsm_bindings::tsm_report,
        data: *mut ffi::c_void,
    ) -> ffi::c_int {
        // SAFETY: By the safety requirement, `data` is the address of a provider that is
        // registered, and stays so while a callback runs.
        let provider = unsafe { &*data.cast::<P>() };
        let raw = report;
        // SAFETY: By the safety requirement, `raw` is what this call got, which has not returned
        // yet.
        let id = ReportId::new(unsafe { tsm_bindings::tsm_report_id(raw) });
        // SAFETY: By the safety requirement, the report is valid, and nothing else uses it
        // meanwhile.
        let report = unsafe { &mut *raw };

        from_result(|| {
            let output = match provider.report(&Request {
                id,
                desc: &report.desc,
            }) {
                Ok(output) => output,
                Err(failure) => {
                    if let Some(Answer { source, status }) = failure.answer {
                        // SAFETY: By the safety requirement, `raw` is what this call got, which has
                        // not returned yet; the name lives forever.
                        unsafe {
                            tsm_bindings::tsm_report_explain(raw, source.as_char_ptr(), status)
                        };
                    }
                    return Err(failure.error);
                }
            };

            if output.outblob.is_empty() {
                return Err(EIO);
            }
            (report.outblob, report.outblob_len) = hand_over(output.outblob);
            (report.auxblob, report.auxblob_len) = hand_over(output.auxblob);
            (report.manifestblob, report.manifestblob_len) = hand_over(output.manifestblob);
            Ok(0)
        })
    }
}

/// Returns a blob as the core takes it over: its memory is from `kvmalloc()`, as the ABI demands,
/// because that is what allocates a [`KVVec`].
fn hand_over(blob: KVVec<u8>) -> (*mut u8, usize) {
    // One that is empty has no allocation.
    if blob.is_empty() {
        return (core::ptr::null_mut(), 0);
    }
    let (start, len, _capacity) = blob.into_raw_parts();

    (start, len)
}
