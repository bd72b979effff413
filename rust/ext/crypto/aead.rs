// SPDX-License-Identifier: GPL-2.0

//! Authenticated encryption.
//!
//! C header: [`include/crypto/aes-gcm.h`](srctree/include/crypto/aes-gcm.h), of Linux 7.2
//! [`include/crypto/gcm.h`](srctree/include/crypto/gcm.h)

use core::pin::Pin;

use kernel::{
    error::to_result,
    ffi,
    prelude::*,
    types::Opaque, //
};

/// A key of AES-256-GCM with tags of 16 bytes, cleared when dropped. It is pinned, because a move would
/// leave a copy of the key behind.
///
/// # Invariants
///
/// The key is prepared, and does not change.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::crypto::Aes256Gcm;
///
/// let (secret, nonce) = ([1; Aes256Gcm::KEY], [2; Aes256Gcm::NONCE]);
/// let key = KBox::pin_init(Aes256Gcm::new(&secret), GFP_KERNEL)?;
///
/// let (mut text, mut tag) = (*b"text", [0; Aes256Gcm::TAG]);
/// key.seal(&nonce, b"header", &mut text, &mut tag)?;
/// // `EBADMSG` if any byte of them has changed.
/// key.open(&nonce, b"header", &mut text, &tag)?;
/// # Ok::<(), Error>(())
/// ```
#[pin_data(PinnedDrop)]
pub struct Aes256Gcm {
    #[pin]
    key: Opaque<tsm_bindings::tsm_helper_aes_gcm_key>,
}

// SAFETY: The key is plain data that belongs to no thread.
unsafe impl Send for Aes256Gcm {}

// SAFETY: By the type invariant, the key does not change: a shared reference only reads it.
unsafe impl Sync for Aes256Gcm {}

impl Aes256Gcm {
    /// Bytes of a key.
    pub const KEY: usize = 32;
    /// Bytes of a nonce.
    pub const NONCE: usize = 12;
    /// Bytes of a tag.
    pub const TAG: usize = 16;

    /// Prepares a key.
    pub fn new(key: &[u8; Self::KEY]) -> impl PinInit<Self, Error> + '_ {
        // INVARIANT: The key is prepared when this succeeds.
        try_pin_init!(Self {
            key <- Opaque::try_ffi_init(|slot| {
                // SAFETY: `slot` has room for a prepared key, and `key` has `KEY` bytes. No pointer is kept.
                to_result(unsafe {
                    tsm_bindings::tsm_helper_aes_gcm_preparekey(
                        slot,
                        key.as_ptr(),
                        // CAST: 32 and 16.
                        Self::KEY as ffi::c_uint,
                        Self::TAG as ffi::c_uint,
                    )
                })
            }),
        }? Error)
    }

    /// Encrypts `text` in place and writes its tag. A nonce must not be used twice with one key.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] when a length has more than 31 bits.
    pub fn seal(
        &self,
        nonce: &[u8; Self::NONCE],
        data: &[u8],
        text: &mut [u8],
        tag: &mut [u8; Self::TAG],
    ) -> Result {
        let (data_len, text_len) = (data.len().try_into()?, text.len().try_into()?);

        // SAFETY: By the type invariant, the key is prepared, for tags of this size. Pointers and lengths
        // are those of slices, which do not overlap.
        unsafe {
            tsm_bindings::tsm_helper_aes_gcm_encrypt(
                self.key.get(),
                nonce.as_ptr(),
                data.as_ptr(),
                data_len,
                text.as_mut_ptr(),
                text_len,
                tag.as_mut_ptr(),
            )
        };
        Ok(())
    }

    /// Decrypts `text` in place if the tag is that of `text` and `data`, and else clears it.
    ///
    /// # Errors
    ///
    /// `EBADMSG` when the tag is another, [`EINVAL`] when a length has more than 31 bits.
    pub fn open(
        &self,
        nonce: &[u8; Self::NONCE],
        data: &[u8],
        text: &mut [u8],
        tag: &[u8; Self::TAG],
    ) -> Result {
        let (data_len, text_len) = (data.len().try_into()?, text.len().try_into()?);

        // SAFETY: By the type invariant, the key is prepared, for tags of this size. Pointers and lengths
        // are those of slices, of which only `text` is written, which does not overlap with the others.
        to_result(unsafe {
            tsm_bindings::tsm_helper_aes_gcm_decrypt(
                self.key.get(),
                nonce.as_ptr(),
                data.as_ptr(),
                data_len,
                text.as_mut_ptr(),
                text_len,
                tag.as_ptr(),
            )
        })
    }
}

#[pinned_drop]
impl PinnedDrop for Aes256Gcm {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: The key is a plain structure of this size, and this is the last use of it.
        unsafe {
            tsm_bindings::tsm_helper_memzero_explicit(
                self.key.get().cast(),
                size_of::<tsm_bindings::tsm_helper_aes_gcm_key>(),
            )
        };
    }
}
