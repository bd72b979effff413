// SPDX-License-Identifier: GPL-2.0

//! Memory that is cleared before it is given back.
//!
//! C header: [`include/linux/string.h`](srctree/include/linux/string.h)

use core::ops::{
    Deref,
    DerefMut, //
};

use kernel::prelude::*;

/// Bytes that must not be found in memory later.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::secret::Secret;
///
/// let mut key = Secret::zeroed(32)?;
/// key[..4].copy_from_slice(&[1, 2, 3, 4]);
/// // It is all zeros before the memory is freed.
/// drop(key);
/// # Ok::<(), Error>(())
/// ```
pub struct Secret(KVec<u8>);

impl Secret {
    /// Allocates `len` zero bytes.
    pub fn zeroed(len: usize) -> Result<Self> {
        Ok(Self(KVec::from_elem(0, len, GFP_KERNEL)?))
    }
}

impl Deref for Secret {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Secret {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        clear(&mut self.0);
    }
}

/// Overwrites bytes with zeros, also when the compiler finds that they are not read any more.
pub(crate) fn clear(bytes: &mut [u8]) {
    // SAFETY: Pointer and length are those of a slice, which may be written.
    unsafe { tsm_bindings::tsm_helper_memzero_explicit(bytes.as_mut_ptr().cast(), bytes.len()) };
}
