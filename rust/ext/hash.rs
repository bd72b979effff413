// SPDX-License-Identifier: GPL-2.0

//! Identifiers of hash algorithms.
//!
//! C header: [`include/crypto/hash_info.h`](srctree/include/crypto/hash_info.h)

use kernel::{
    prelude::*,
    str::CStr, //
};

/// A hash algorithm that the kernel knows.
///
/// # Invariants
///
/// The value is less than `HASH_ALGO__LAST`.
///
/// # Examples
///
/// ```
/// use tsm_ext::hash::HashAlgo;
///
/// let name = HashAlgo::SHA384.name();
/// assert_eq!(name.to_bytes(), b"sha384");
/// // There is no algorithm of this number.
/// assert!(HashAlgo::new(u32::MAX).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HashAlgo(tsm_bindings::hash_algo);

impl HashAlgo {
    /// SHA-256.
    // INVARIANT: It is one of the algorithms that the enumeration ends with `HASH_ALGO__LAST`.
    pub const SHA256: Self = Self(tsm_bindings::hash_algo_HASH_ALGO_SHA256);

    /// SHA-384.
    // INVARIANT: It is one of the algorithms that the enumeration ends with `HASH_ALGO__LAST`.
    pub const SHA384: Self = Self(tsm_bindings::hash_algo_HASH_ALGO_SHA384);

    /// Takes `raw` if the kernel knows it.
    pub fn new(raw: tsm_bindings::hash_algo) -> Option<Self> {
        // INVARIANT: The comparison shows that the value is less than `HASH_ALGO__LAST`.
        (raw < tsm_bindings::hash_algo_HASH_ALGO__LAST).then_some(Self(raw))
    }

    /// Returns the value that C code uses.
    pub const fn as_raw(self) -> tsm_bindings::hash_algo {
        self.0
    }

    /// Returns the kernel's name of the algorithm, for example `sha384`.
    pub fn name(self) -> &'static CStr {
        let names = (&raw const tsm_bindings::hash_algo_name).cast::<*const kernel::ffi::c_char>();

        // SAFETY: `hash_algo_name` has `HASH_ALGO__LAST` elements, and by the type invariant `self`
        // is one of their indices.
        // CAST: A C enumerator of the kernel fits `usize`.
        let name = unsafe { *names.add(self.0 as usize) };
        // SAFETY: Each element is a string constant of the kernel image or of a module that this
        // one depends on.
        unsafe { CStr::from_char_ptr(name) }
    }
}
