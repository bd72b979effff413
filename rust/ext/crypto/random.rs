// SPDX-License-Identifier: GPL-2.0

//! Random numbers.
//!
//! C header: [`include/linux/random.h`](srctree/include/linux/random.h)

use kernel::bindings;

/// Fills `bytes` with random numbers that keys can be made of.
///
/// # Examples
///
/// ```
/// use tsm_ext::crypto::fill_random;
///
/// let mut nonce = [0; 32];
/// fill_random(&mut nonce);
/// ```
pub fn fill_random(bytes: &mut [u8]) {
    // SAFETY: Pointer and length are those of a slice, which may be written.
    unsafe { bindings::get_random_bytes(bytes.as_mut_ptr().cast(), bytes.len()) };
}
