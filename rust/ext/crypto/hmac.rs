// SPDX-License-Identifier: GPL-2.0

//! Message authentication codes.
//!
//! C header: [`include/crypto/sha2.h`](srctree/include/crypto/sha2.h)

use super::{
    Sha256,
    Sha384, //
};

/// Writes the HMAC-SHA256 of `data` to `mac`. The key may have any length.
///
/// # Examples
///
/// ```
/// use tsm_ext::crypto::hmac_sha256;
///
/// let mut mac = [0; 32];
/// hmac_sha256(b"key", b"data", &mut mac);
/// ```
pub fn hmac_sha256(key: &[u8], data: &[u8], mac: &mut [u8; Sha256::SIZE]) {
    // SAFETY: Pointers and lengths are those of slices, and `mac` has the size of a digest.
    unsafe {
        tsm_bindings::hmac_sha256_usingrawkey(
            key.as_ptr(),
            key.len(),
            data.as_ptr(),
            data.len(),
            mac.as_mut_ptr(),
        )
    };
}

/// Writes the HMAC-SHA384 of `data` to `mac`. The key may have any length.
///
/// # Examples
///
/// See [`hmac_sha256`].
pub fn hmac_sha384(key: &[u8], data: &[u8], mac: &mut [u8; Sha384::SIZE]) {
    // SAFETY: Pointers and lengths are those of slices, and `mac` has the size of a digest.
    unsafe {
        tsm_bindings::hmac_sha384_usingrawkey(
            key.as_ptr(),
            key.len(),
            data.as_ptr(),
            data.len(),
            mac.as_mut_ptr(),
        )
    };
}
