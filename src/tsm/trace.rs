// SPDX-License-Identifier: GPL-2.0

//! The tracepoints of `tsm.ko`.
//!
//! C headers: `src/tsm/trace.h`, `src/tsm/trace_calls.h`

use kernel::{
    prelude::*,
    str::CStr, //
};

/// The C functions.
#[expect(unreachable_pub, reason = "generated code")]
mod bindings {
    use kernel::{
        bindings::*,
        ffi, //
    };

    include!(concat!(env!("TSM_OBJTREE"), "/src/tsm/trace_generated.rs"));
}

/// What a register is called.
#[derive(Clone, Copy)]
pub(crate) struct Label<'a> {
    /// The provider of the register.
    pub(crate) provider: &'a CStr,
    /// The register.
    pub(crate) name: &'a CStr,
    /// Its hash algorithm, or `data`.
    pub(crate) hash: &'a CStr,
}

/// The core asks a provider for a report.
#[inline]
pub(crate) fn report_requested(provider: &CStr, generation: u64, inblob: &[u8], privlevel: u32) {
    // SAFETY: The string is valid for the call, which copies it.
    unsafe {
        bindings::tsm_trace_report_requested(
            provider.as_char_ptr(),
            generation,
            len(inblob),
            privlevel,
        )
    };
}

/// A provider has made a report; of its blobs, only the sizes are shown.
#[inline]
pub(crate) fn report_generated(provider: &CStr, generation: u64, sizes: [usize; 3]) {
    let [outblob, auxblob, manifestblob] = sizes;

    // SAFETY: The string is valid for the call, which copies it.
    unsafe {
        bindings::tsm_trace_report_generated(
            provider.as_char_ptr(),
            generation,
            outblob,
            auxblob,
            manifestblob,
        )
    };
}

/// A provider has made no report. `status` is what it returned, `error` what the reader gets, and
/// `answer` what kind of status its platform has returned, and which.
#[inline]
pub(crate) fn report_failed(
    provider: &CStr,
    generation: u64,
    status: i32,
    error: Error,
    (source, answer): (&CStr, u64),
) {
    // SAFETY: The strings are valid for the call, which copies them.
    unsafe {
        bindings::tsm_trace_report_failed(
            provider.as_char_ptr(),
            generation,
            status,
            error.to_errno(),
            source.as_char_ptr(),
            answer,
        )
    };
}

/// A register was read, and this part of it was returned.
#[inline]
pub(crate) fn register_read(label: Label<'_>, data: &[u8]) {
    // SAFETY: Strings and data are valid for the call, which copies them.
    unsafe {
        bindings::tsm_trace_register_read(
            label.provider.as_char_ptr(),
            label.name.as_char_ptr(),
            label.hash.as_char_ptr(),
            data.as_ptr(),
            data.len(),
        )
    };
}

/// Registers were refreshed because this one was to be read.
#[inline]
pub(crate) fn register_refresh(label: Label<'_>, result: Result) {
    // SAFETY: The strings are valid for the call, which copies them.
    unsafe {
        bindings::tsm_trace_register_refresh(
            label.provider.as_char_ptr(),
            label.name.as_char_ptr(),
            status(result),
        )
    };
}

/// A register was extended with, or replaced by, `data`.
#[inline]
pub(crate) fn register_write(label: Label<'_>, data: &[u8], result: Result) {
    // SAFETY: Strings and data are valid for the call, which copies them.
    unsafe {
        bindings::tsm_trace_register_write(
            label.provider.as_char_ptr(),
            label.name.as_char_ptr(),
            label.hash.as_char_ptr(),
            data.as_ptr(),
            data.len(),
            status(result),
        )
    };
}

#[inline]
fn len(data: &[u8]) -> u32 {
    // Nothing that is traced is larger than a page.
    u32::try_from(data.len()).unwrap_or(u32::MAX)
}

#[inline]
fn status(result: Result) -> i32 {
    result.map_or_else(Error::to_errno, |()| 0)
}
