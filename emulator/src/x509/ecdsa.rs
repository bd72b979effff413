// SPDX-License-Identifier: GPL-2.0

//! Keys on elliptic curves. RFC 5480, RFC 5758; signatures are those of RFC 6979.

use ::der::asn1::ObjectIdentifier;
use p256::ecdsa::signature::Signer as _;
use sha2::{
    Digest as _,
    Sha256,
    Sha384, //
};

use super::{
    der::{
        bits,
        oid,
        sequence, //
    },
    id,
    seed,
    Identity,
    Key, //
};

const EC_PUBLIC_KEY: ObjectIdentifier = id("1.2.840.10045.2.1");
const ECDSA_WITH_SHA256: ObjectIdentifier = id("1.2.840.10045.4.3.2");
const ECDSA_WITH_SHA384: ObjectIdentifier = id("1.2.840.10045.4.3.3");
const PRIME256V1: ObjectIdentifier = id("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = id("1.3.132.0.34");

/// Encodes a point of a curve, not compressed, as a `SubjectPublicKeyInfo`.
fn public_key_info(curve: ObjectIdentifier, point: &[u8]) -> Vec<u8> {
    let algorithm = sequence(&[&oid(EC_PUBLIC_KEY), &oid(curve)]);

    sequence(&[&algorithm, &bits(0, point)])
}

/// A key on P-256.
pub(crate) struct P256(p256::ecdsa::SigningKey);

impl P256 {
    /// Makes the key with a name.
    pub(crate) fn new(name: &str) -> Self {
        let key = p256::ecdsa::SigningKey::from_bytes(&seed::<Sha256>(name).finalize());

        // PANIC: One in 2^32 digests is no key, and the tests know all names.
        Self(key.expect("key"))
    }

    /// Returns the public key: `x` and `y`.
    pub(crate) fn public_key(&self) -> [u8; 64] {
        let mut key = [0; 64];

        // The first byte says that the point is not compressed.
        for (to, from) in key.iter_mut().zip(self.point().as_bytes().iter().skip(1)) {
            *to = *from;
        }
        key
    }

    /// Returns the public key.
    fn point(&self) -> p256::EncodedPoint {
        self.0.verifying_key().to_encoded_point(false)
    }
}

impl Key for P256 {
    fn algorithm(&self) -> Vec<u8> {
        sequence(&[&oid(ECDSA_WITH_SHA256)])
    }

    fn public_key_info(&self) -> Vec<u8> {
        public_key_info(PRIME256V1, self.point().as_bytes())
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: p256::ecdsa::DerSignature = self.0.sign(message);

        signature.as_bytes().to_vec()
    }
}

impl Identity<P256> {
    /// Signs `message`: `r` and `s`.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature: p256::ecdsa::Signature = self.key().0.sign(message);

        signature.to_bytes().into()
    }

    /// Returns the public key: `x` and `y`.
    pub(crate) fn public_key(&self) -> [u8; 64] {
        self.key().public_key()
    }
}

/// A key on P-384.
pub(crate) struct P384(p384::ecdsa::SigningKey);

impl P384 {
    /// Makes the key with a name.
    pub(crate) fn new(name: &str) -> Self {
        let key = p384::ecdsa::SigningKey::from_bytes(&seed::<Sha384>(name).finalize());

        // PANIC: One in 2^194 digests is no key.
        Self(key.expect("key"))
    }

    /// Signs `message`: `r` and `s`, the most significant byte of each first.
    pub(crate) fn sign_raw(&self, message: &[u8]) -> ([u8; 48], [u8; 48]) {
        let signature: p384::ecdsa::Signature = self.0.sign(message);
        let (r, s) = signature.split_bytes();

        (r.into(), s.into())
    }
}

impl Key for P384 {
    fn algorithm(&self) -> Vec<u8> {
        sequence(&[&oid(ECDSA_WITH_SHA384)])
    }

    fn public_key_info(&self) -> Vec<u8> {
        let point = self.0.verifying_key().to_encoded_point(false);

        public_key_info(SECP384R1, point.as_bytes())
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: p384::ecdsa::DerSignature = self.0.sign(message);

        signature.as_bytes().to_vec()
    }
}
