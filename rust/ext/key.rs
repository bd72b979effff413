// SPDX-License-Identifier: GPL-2.0

//! Public keys of certificates.
//!
//! C headers: [`include/crypto/public_key.h`](srctree/include/crypto/public_key.h),
//! [`include/linux/key.h`](srctree/include/linux/key.h)

use core::ptr::NonNull;

use kernel::{
    bindings,
    error::{
        from_err_ptr,
        to_result, //
    },
    prelude::*,
    str::CStr, //
};

use crate::{
    error::errno,
    hash::HashAlgo, //
};

/// The algorithm of a public key, and how its signatures are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// ECDSA on NIST P-256. A signature is r and s, in big-endian order (IEEE P1363).
    EcdsaP256,
    /// ECDSA on NIST P-384. A signature is r and s, in big-endian order (IEEE P1363).
    EcdsaP384,
    /// RSASSA-PKCS1-v1_5. A signature is a number of the size of the modulus, in big-endian order.
    Rsa,
}

impl KeyAlgorithm {
    /// Returns the algorithm of this name.
    fn new(name: &CStr) -> Option<Self> {
        match name.to_bytes() {
            b"ecdsa-nist-p256" => Some(Self::EcdsaP256),
            b"ecdsa-nist-p384" => Some(Self::EcdsaP384),
            b"rsa" => Some(Self::Rsa),
            _ => None,
        }
    }

    /// Returns what the kernel calls the encoding.
    fn encoding(self) -> &'static CStr {
        match self {
            Self::EcdsaP256 | Self::EcdsaP384 => c"p1363",
            Self::Rsa => c"pkcs1",
        }
    }
}

/// A reference to a key of the kernel.
///
/// # Invariants
///
/// It is counted.
struct Reference(NonNull<bindings::key>);

// SAFETY: The references to a key are counted, and any thread may drop one.
unsafe impl Send for Reference {}

// SAFETY: A shared reference gives out an address only.
unsafe impl Sync for Reference {}

impl Drop for Reference {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the reference is counted, and this is its last use.
        unsafe { bindings::key_put(self.0.as_ptr()) };
    }
}

/// The public key of a certificate: a key of the type `asymmetric` that is in no keyring.
///
/// That there is such a key does not say that it is to be trusted: the issuer is not looked at.
///
/// # Invariants
///
/// `key` is an asymmetric key with a public key of this algorithm, and does not change.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::{
///     hash::HashAlgo,
///     key::CertificateKey, //
/// };
///
/// fn verify(certificate: &[u8], digest: &[u8; 48], signature: &[u8]) -> Result {
///     let key = CertificateKey::parse(certificate)?;
///
///     // `EKEYREJECTED` if the signature is wrong.
///     key.verify(HashAlgo::SHA384, digest, signature)
/// }
/// ```
pub struct CertificateKey {
    key: Reference,
    algorithm: KeyAlgorithm,
}

impl CertificateKey {
    /// Makes a key of an X.509 certificate, DER. May sleep.
    ///
    /// # Errors
    ///
    /// `EBADMSG` or another error of the kernel's parser when `certificate` can't be parsed, `EKEYREJECTED`
    /// when the kernel blocks it or when it is signed by itself and the signature is wrong, `ENOPKG` when the
    /// kernel or this module does not know the algorithm, [`ENOMEM`].
    pub fn parse(certificate: &[u8]) -> Result<Self> {
        // SAFETY: The type is a part of the kernel or of a module that this one depends on. The description
        // is a C string, which is copied.
        let key = from_err_ptr(unsafe {
            tsm_bindings::tsm_helper_key_alloc(
                &raw mut tsm_bindings::key_type_asymmetric,
                c"tsm_certificate".as_char_ptr(),
            )
        })?;
        // INVARIANT: A new key is returned with a reference to it.
        let key = Reference(NonNull::new(key).ok_or(ENOMEM)?);

        // SAFETY: The key is new and not instantiated. Pointer and length are those of a slice, of which the
        // kernel copies what it keeps. There are neither a keyring nor a key that authorizes this.
        to_result(unsafe {
            tsm_bindings::key_instantiate_and_link(
                key.0.as_ptr(),
                certificate.as_ptr().cast(),
                certificate.len(),
                core::ptr::null_mut(),
                core::ptr::null_mut(),
            )
        })?;

        // SAFETY: The key is asymmetric, and was instantiated just now. Its payload does not change.
        let name = unsafe { tsm_bindings::tsm_helper_certificate_algorithm(key.0.as_ptr()) };
        if name.is_null() {
            return Err(errno(bindings::EBADMSG));
        }
        // SAFETY: The name is a string constant of the kernel, or of a module that this one depends on.
        let algorithm = KeyAlgorithm::new(unsafe { CStr::from_char_ptr(name) });

        // INVARIANT: The key was found to be one with such a public key.
        Ok(Self {
            key,
            algorithm: algorithm.ok_or(errno(bindings::ENOPKG))?,
        })
    }

    /// Returns the algorithm.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// Verifies the signature of a text that has this digest. May sleep.
    ///
    /// # Errors
    ///
    /// `EKEYREJECTED` when the signature is not by this key or is malformed, `ENOPKG` when the kernel lacks
    /// the algorithm, [`ENOMEM`].
    pub fn verify(&self, hash: HashAlgo, digest: &[u8], signature: &[u8]) -> Result {
        let rejected = || errno(bindings::EKEYREJECTED);
        let signature = tsm_bindings::public_key_signature {
            s: signature.as_ptr().cast_mut(),
            s_size: signature.len().try_into().map_err(|_| rejected())?,
            m: digest.as_ptr().cast_mut(),
            m_size: digest.len().try_into().map_err(|_| rejected())?,
            hash_algo: hash.name().as_char_ptr(),
            encoding: self.algorithm.encoding().as_char_ptr(),
            ..pin_init::zeroed()
        };

        let key = self.key.0.as_ptr();

        // SAFETY: By the type invariant, the key is one that can verify. The other pointers and lengths are those of
        // slices and C strings, which are only read.
        let result = to_result(unsafe { tsm_bindings::verify_signature(key, &signature) });
        // Which error it is depends on the algorithm, and on the byte of the signature that is wrong.
        result.map_err(|err| match err {
            err if err == EINVAL || err == errno(bindings::EBADMSG) => rejected(),
            err if err == ENOENT => errno(bindings::ENOPKG),
            err => err,
        })
    }
}
