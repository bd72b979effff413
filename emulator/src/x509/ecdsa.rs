// SPDX-License-Identifier: GPL-2.0

//! Keys on elliptic curves. Signatures are deterministic: RFC 6979.

use sha2::{
    Digest as _,
    Sha256,
    Sha384, //
};
use tsm_keys::{
    P256,
    P384, //
};
use x509_cert::{
    builder::{
        self,
        Builder as _,
        CertificateBuilder, //
    },
    Certificate, //
};

use super::{
    identity::Identity,
    key::{
        seed,
        Key, //
    },
};

/// Makes the key on P-256 with a name.
pub(crate) fn p256(name: &str) -> P256 {
    let key = P256::new(&seed::<Sha256>(name).finalize().into());

    // PANIC: One in 2^32 digests is no key, and the tests make all keys.
    key.expect("key")
}

/// Makes the key on P-384 with a name.
pub(crate) fn p384(name: &str) -> P384 {
    let key = P384::new(&seed::<Sha384>(name).finalize().into());

    // PANIC: One in 2^194 digests is no key.
    key.expect("key")
}

impl Key for P256 {
    fn sign(certificate: CertificateBuilder<'_, Self>) -> Result<Certificate, builder::Error> {
        certificate.build::<p256::ecdsa::DerSignature>()
    }
}

impl Key for P384 {
    fn sign(certificate: CertificateBuilder<'_, Self>) -> Result<Certificate, builder::Error> {
        certificate.build::<p384::ecdsa::DerSignature>()
    }
}

impl Identity<P256> {
    /// Signs `message`: `r` and `s`.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key().sign_message(message)
    }

    /// Returns the public key: `x` and `y`.
    pub(crate) fn public_key(&self) -> [u8; 64] {
        self.key().point()
    }
}
