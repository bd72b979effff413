// SPDX-License-Identifier: GPL-2.0

//! Cryptography of the kernel, from its library and not by the names of algorithms.
//!
//! C headers: [`include/crypto/sha2.h`](srctree/include/crypto/sha2.h),
//! [`include/crypto/aes-gcm.h`](srctree/include/crypto/aes-gcm.h),
//! [`include/crypto/internal/ecc.h`](srctree/include/crypto/internal/ecc.h)
//!
//! A secret is written to where it stays, or is cleared.

mod aead;
mod ecdh;
mod hash;
mod hmac;
mod random;

pub use aead::Aes256Gcm;
pub use ecdh::{
    Curve,
    PrivateKey,
    PublicKey, //
};
pub use hash::{
    Sha256,
    Sha384, //
};
pub use hmac::{
    hmac_sha256,
    hmac_sha384, //
};
pub use random::fill_random;
