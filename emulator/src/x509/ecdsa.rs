// SPDX-License-Identifier: GPL-2.0

//! Keys on elliptic curves. Signatures are deterministic: RFC 6979.

use p256::ecdsa::signature::Signer as _;
use sha2::{
    Digest as _,
    Sha256,
    Sha384, //
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

/// A key pair on P-256.
pub(crate) type P256 = p256::ecdsa::SigningKey;

/// A key pair on P-384.
pub(crate) type P384 = p384::ecdsa::SigningKey;

/// Makes the key on P-256 with a name.
pub(crate) fn p256(name: &str) -> P256 {
    let key = P256::from_bytes(&seed::<Sha256>(name).finalize());

    // PANIC: One in 2^32 digests is no key, and the tests make all keys.
    key.expect("key")
}

/// Makes the key on P-384 with a name.
pub(crate) fn p384(name: &str) -> P384 {
    let key = P384::from_bytes(&seed::<Sha384>(name).finalize());

    // PANIC: One in 2^194 digests is no key.
    key.expect("key")
}

/// Returns the public key of a pair on P-256: `x` and `y`.
pub(crate) fn p256_point(key: &P256) -> [u8; 64] {
    let encoded = key.verifying_key().to_encoded_point(false);
    let mut point = [0; 64];

    // The first byte only says that the point is not compressed.
    for (to, from) in point.iter_mut().zip(encoded.as_bytes().iter().skip(1)) {
        *to = *from;
    }
    point
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
        let signature: p256::ecdsa::Signature = self.key().sign(message);

        signature.to_bytes().into()
    }

    /// Returns the public key: `x` and `y`.
    pub(crate) fn public_key(&self) -> [u8; 64] {
        p256_point(self.key())
    }
}
