// SPDX-License-Identifier: GPL-2.0

//! Numbers in text, as the kernel parses them.
//!
//! C header: [`include/linux/kstrtox.h`](srctree/include/linux/kstrtox.h)

use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    str::CStr, //
};

/// Parses an unsigned number as the kernel does: decimal, or with a prefix octal or hexadecimal, and
/// a line feed at the end if you like.
///
/// # Errors
///
/// [`EINVAL`] if it is none, [`ERANGE`] if it is too large.
pub fn parse_u32(text: &CStr) -> Result<u32> {
    let mut value = 0;

    // SAFETY: `text` is a C string; zero stands for any base.
    to_result(unsafe { bindings::kstrtouint(text.as_char_ptr(), 0, &mut value) })?;
    Ok(value)
}
