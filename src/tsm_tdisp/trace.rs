// SPDX-License-Identifier: GPL-2.0

//! The tracepoint of `tsm_tdisp.ko`.
//!
//! C headers: `src/tsm_tdisp/trace.h`, `src/tsm_tdisp/trace_calls.h`

use kernel::{
    prelude::*,
    str::{
        CStr,
        CString, //
    }, //
};
use tsm_ext::pci::Device;

use crate::failure::Failure;

/// The C functions.
#[expect(unreachable_pub, reason = "generated code")]
#[allow(
    improper_ctypes,
    reason = "without lockdep, a device has a structure without fields"
)]
mod bindings {
    use kernel::{
        bindings::*,
        ffi, //
    };

    include!(concat!(
        env!("TSM_OBJTREE"),
        "/src/tsm_tdisp/trace_generated.rs"
    ));
}

/// A request has failed. With dynamic debugging this is in the log as well.
pub(crate) fn failed(device: &Device, request: &CStr, failure: &Failure) {
    let reason = CString::try_from_fmt(fmt!("{failure}"));
    let reason = match &reason {
        Ok(reason) => reason,
        Err(_) => c"no memory",
    };

    // SAFETY: The device and the strings are valid for the call, which copies the strings.
    unsafe {
        bindings::tsm_tdisp_trace_failed(
            device.as_raw_device(),
            request.as_char_ptr(),
            reason.as_char_ptr(),
            failure.code(),
            failure.errno().to_errno(),
        )
    };
}
