// SPDX-License-Identifier: GPL-2.0

//! C bindings that `kernel::bindings` does not have.

#![allow(
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    missing_docs,
    non_camel_case_types,
    non_upper_case_globals,
    non_snake_case,
    improper_ctypes,
    unreachable_pub,
    unsafe_op_in_unsafe_fn,
    dead_code,
    reason = "generated code"
)]

use kernel::{
    bindings::*,
    ffi, //
};
use pin_init::MaybeZeroable;

include!(concat!(
    env!("TSM_OBJTREE"),
    "/rust/bindings/bindings_generated.rs"
));
