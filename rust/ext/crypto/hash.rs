// SPDX-License-Identifier: GPL-2.0

//! Hashes.
//!
//! C header: [`include/crypto/sha2.h`](srctree/include/crypto/sha2.h)

use core::mem::MaybeUninit;

/// A running SHA-256. A clone goes on from the same state.
///
/// # Invariants
///
/// The context is initialized, and not finished.
///
/// # Examples
///
/// ```
/// use tsm_ext::crypto::Sha256;
///
/// let mut hash = Sha256::new();
/// hash.update(b"part");
/// // The digest of what was added so far. More can be added to `hash`.
/// let digest: [u8; Sha256::SIZE] = hash.clone().finish();
/// hash.update(b"and the rest");
/// ```
#[derive(Clone)]
pub struct Sha256(tsm_bindings::sha256_ctx);

impl Sha256 {
    /// Bytes of a digest.
    pub const SIZE: usize = 32;

    /// Starts a hash.
    pub fn new() -> Self {
        // `init` leaves the buffer for the rest of a block as it is.
        let mut context = MaybeUninit::zeroed();

        // SAFETY: This only writes to the context, for which there is room.
        unsafe { tsm_bindings::sha256_init(context.as_mut_ptr()) };
        // INVARIANT: The context was initialized just now.
        // SAFETY: All bytes of the context were zeroed or written since, and it has only integers in it.
        Self(unsafe { context.assume_init() })
    }

    /// Adds `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        // SAFETY: By the type invariant, the context is initialized. Pointer and length are those of a slice.
        unsafe { tsm_bindings::tsm_helper_sha256_update(&mut self.0, bytes.as_ptr(), bytes.len()) };
    }

    /// Returns the digest of what was added. The context is cleared.
    pub fn finish(mut self) -> [u8; Self::SIZE] {
        let mut digest = [0; Self::SIZE];

        // SAFETY: By the type invariant, the context is initialized, and this is its last use. There is room
        // for a digest.
        unsafe { tsm_bindings::sha256_final(&mut self.0, digest.as_mut_ptr()) };
        digest
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

/// A running SHA-384. A clone goes on from the same state.
///
/// # Invariants
///
/// The context is initialized, and not finished.
///
/// # Examples
///
/// See [`Sha256`].
#[derive(Clone)]
pub struct Sha384(tsm_bindings::sha384_ctx);

impl Sha384 {
    /// Bytes of a digest.
    pub const SIZE: usize = 48;

    /// Starts a hash.
    pub fn new() -> Self {
        // `init` leaves the buffer for the rest of a block as it is.
        let mut context = MaybeUninit::zeroed();

        // SAFETY: This only writes to the context, for which there is room.
        unsafe { tsm_bindings::sha384_init(context.as_mut_ptr()) };
        // INVARIANT: The context was initialized just now.
        // SAFETY: All bytes of the context were zeroed or written since, and it has only integers in it.
        Self(unsafe { context.assume_init() })
    }

    /// Adds `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        // SAFETY: By the type invariant, the context is initialized. Pointer and length are those of a slice.
        unsafe { tsm_bindings::tsm_helper_sha384_update(&mut self.0, bytes.as_ptr(), bytes.len()) };
    }

    /// Returns the digest of what was added. The context is cleared.
    pub fn finish(mut self) -> [u8; Self::SIZE] {
        let mut digest = [0; Self::SIZE];

        // SAFETY: By the type invariant, the context is initialized, and this is its last use. There is room
        // for a digest.
        unsafe { tsm_bindings::sha384_final(&mut self.0, digest.as_mut_ptr()) };
        digest
    }
}

impl Default for Sha384 {
    fn default() -> Self {
        Self::new()
    }
}
