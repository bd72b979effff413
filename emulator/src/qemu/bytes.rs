// SPDX-License-Identifier: GPL-2.0

//! Bytes that QEMU takes and gives.

use std::{
    ffi::c_uint,
    ptr::NonNull, //
};

use super::{
    api::{
        g_byte_array_free,
        g_byte_array_new,
        g_byte_array_set_size,
        GByteArray, //
    },
    exit::stop, //
};

/// A byte array of GLib.
///
/// # Invariants
///
/// The pointer is to an array that is only reachable through this object.
pub(super) struct Bytes(NonNull<GByteArray>);

impl Bytes {
    /// Makes an empty array.
    pub(super) fn new() -> Self {
        // SAFETY: `g_byte_array_new()` has no conditions.
        let array = unsafe { g_byte_array_new() };

        // INVARIANT: The array is new. GLib does not return without one.
        Self(NonNull::new(array).unwrap_or_else(|| stop("out of memory")))
    }

    /// Returns the array, for QEMU to read or fill while this object is there.
    pub(super) fn as_ptr(&self) -> *mut GByteArray {
        self.0.as_ptr()
    }

    /// Replaces the contents.
    pub(super) fn fill(&mut self, from: &[u8]) {
        // CAST: Nothing is written in larger pieces than a quote, some MiB.
        // SAFETY: By the type's invariant, the array is alive and nothing else uses it.
        unsafe { g_byte_array_set_size(self.0.as_ptr(), from.len() as c_uint) };
        // SAFETY: By the type's invariant, the array is alive and nothing else uses it.
        let to = unsafe { (*self.0.as_ptr()).data };
        // SAFETY: The array has just been given the size of `from`, and is not `from`, as
        // only `self` has a pointer to it.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to, from.len()) };
    }

    /// Copies out as many bytes as both have. Returns how many.
    pub(super) fn copy_to(&self, to: &mut [u8]) -> usize {
        // SAFETY: By the type's invariant, the array is alive and nothing else uses it.
        let GByteArray { data, len } = unsafe { self.0.as_ptr().read() };
        // CAST: Widens.
        let len = to.len().min(len as usize);

        if len != 0 {
            // SAFETY: `len` is no more than what either of them has, and they are apart, as
            // only `self` has a pointer to the array.
            unsafe { std::ptr::copy_nonoverlapping(data, to.as_mut_ptr(), len) };
        }
        len
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        // SAFETY: By the type's invariant, only `self` has a pointer to the array.
        unsafe { g_byte_array_free(self.0.as_ptr(), 1) };
    }
}
