// SPDX-License-Identifier: GPL-2.0

//! Secrets that clear themselves.

use core::{
    fmt,
    hint::black_box, //
};

/// Bytes that are overwritten with zeros when they are dropped.
///
/// It can't be cloned. A move leaves a copy behind; therefore, code that derives a secret writes it to where
/// it stays.
pub struct Secret {
    bytes: [u8; Self::MAX],
    len: usize,
}

impl Secret {
    /// Bytes of the longest secret.
    pub const MAX: usize = 48;

    /// Makes an empty secret.
    pub const fn empty() -> Self {
        Self {
            bytes: [0; Self::MAX],
            len: 0,
        }
    }

    /// Clears the secret, and borrows `len` zero bytes for the next one: at most 48.
    pub fn reset(&mut self, len: usize) -> &mut [u8] {
        self.clear();
        self.len = len.min(Self::MAX);
        self.bytes.get_mut(..self.len).unwrap_or_default()
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Overwrites the bytes with zeros.
    pub fn clear(&mut self) {
        clear(&mut self.bytes);
        self.len = 0;
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.clear();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Overwrites bytes with zeros.
pub(super) fn clear(bytes: &mut [u8]) {
    bytes.fill(0);
    // The compiler has to assume that this reads the zeros, so that it can't leave them out.
    black_box(bytes);
}

/// Tells whether two strings of bytes are the same, in a time that does not depend on where they differ.
pub(super) fn is_equal(a: &[u8], b: &[u8]) -> bool {
    let differences = a
        .iter()
        .zip(b)
        .fold(0, |found, (a, b)| black_box(found | (a ^ b)));

    a.len() == b.len() && differences == 0
}
