// SPDX-License-Identifier: GPL-2.0

//! Errors.
//!
//! C header: [`include/uapi/asm-generic/errno.h`](srctree/include/uapi/asm-generic/errno.h)

use kernel::prelude::*;

/// Returns the error of a code that `kernel::error::code` lacks, for example `EPROTO` of the bindings.
pub fn errno(code: u32) -> Error {
    // CAST: Every code is below 4096.
    Error::from_errno(-(code as i32))
}
