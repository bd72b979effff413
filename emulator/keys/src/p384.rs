// SPDX-License-Identifier: GPL-2.0

//! Key pairs on P-384. Signatures are deterministic: RFC 6979.

use p384::{
    ecdsa::{
        signature::{
            hazmat::PrehashSigner as _,
            Error,
            Keypair,
            Signer, //
        },
        DerSignature,
        Signature,
        SigningKey, //
    },
    pkcs8::spki::{
        self,
        AlgorithmIdentifierOwned,
        DynSignatureAlgorithmIdentifier, //
    }, //
};

use crate::public::PublicKey;

/// A key pair on P-384.
#[derive(Debug, Clone)]
pub struct P384(SigningKey);

impl P384 {
    /// Makes the key pair of a private key. There is none of 0, nor of the order of the curve or more.
    pub fn new(private: &[u8; 48]) -> Option<Self> {
        SigningKey::from_slice(private).ok().map(Self)
    }

    /// Returns the public key: `x` and `y`.
    pub fn point(&self) -> [u8; 96] {
        let encoded = self.0.verifying_key().to_encoded_point(false);
        let mut point = [0; 96];

        // The first byte only says that the point is not compressed.
        for (to, from) in point.iter_mut().zip(encoded.as_bytes().iter().skip(1)) {
            *to = *from;
        }
        point
    }

    /// Signs the SHA-384 of a message: `r` and `s`.
    pub fn sign_message(&self, message: &[u8]) -> [u8; 96] {
        bytes(self.0.sign(message))
    }

    /// Signs a digest, of this hash or of another: `r` and `s`. There is no signature of one that has
    /// less than half the bytes of the private key.
    pub fn sign_digest(&self, digest: &[u8]) -> Option<[u8; 96]> {
        self.0.sign_prehash(digest).ok().map(bytes)
    }
}

impl Keypair for P384 {
    type VerifyingKey = PublicKey;

    fn verifying_key(&self) -> PublicKey {
        PublicKey::new(self.0.verifying_key())
    }
}

impl DynSignatureAlgorithmIdentifier for P384 {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        self.0.signature_algorithm_identifier()
    }
}

impl Signer<DerSignature> for P384 {
    fn try_sign(&self, message: &[u8]) -> Result<DerSignature, Error> {
        self.0.try_sign(message)
    }
}

/// Returns a signature as `r` and `s`.
fn bytes(signature: Signature) -> [u8; 96] {
    let mut bytes = [0; 96];

    bytes.copy_from_slice(&signature.to_bytes());
    bytes
}
