// SPDX-License-Identifier: GPL-2.0

//! Hexadecimal digits of test vectors.

use kernel::prelude::*;

/// Returns the bytes that `hex` stands for: two digits for each, or `-` for none.
pub(crate) fn bytes(hex: &str) -> Result<KVec<u8>> {
    let mut bytes = KVec::new();

    if hex == "-" {
        return Ok(bytes);
    }
    for digits in hex.as_bytes().chunks(2) {
        let digits = core::str::from_utf8(digits).map_err(|_| EINVAL)?;
        bytes.push(
            u8::from_str_radix(digits, 16).map_err(|_| EINVAL)?,
            GFP_KERNEL,
        )?;
    }
    Ok(bytes)
}
