// SPDX-License-Identifier: GPL-2.0

//! Key pairs. Signatures are deterministic: RFC 6979.

use p256::{
    ecdsa::signature::{
        hazmat::PrehashSigner as _,
        Error,
        Keypair,
        Signer, //
    },
    pkcs8::spki::{
        self,
        AlgorithmIdentifierOwned,
        DynSignatureAlgorithmIdentifier, //
    }, //
};

use crate::public::PublicKey;

/// Defines the key pair of a curve: its name, its crate, its hash, and the sizes of a private key and of a
/// point.
macro_rules! key_pair {
    ($name:ident, $curve:ident, $hash:literal, $private:literal, $point:literal) => {
        #[doc = concat!("A key pair on NIST ", stringify!($name), ".")]
        #[derive(Debug, Clone)]
        pub struct $name($curve::ecdsa::SigningKey);

        impl $name {
            /// Makes the key pair of a private key. There is none of 0, nor of the order of the curve or
            /// more.
            pub fn new(private: &[u8; $private]) -> Option<Self> {
                let key = $curve::ecdsa::SigningKey::from_slice(private);

                key.ok().map(Self)
            }

            /// Returns the public key: `x` and `y`.
            pub fn point(&self) -> [u8; $point] {
                let encoded = self.0.verifying_key().to_encoded_point(false);
                let mut point = [0; $point];

                // The first byte only says that the point is not compressed.
                for (to, from) in point.iter_mut().zip(encoded.as_bytes().iter().skip(1)) {
                    *to = *from;
                }
                point
            }

            #[doc = concat!("Signs the ", $hash, " of a message: `r` and `s`.")]
            pub fn sign_message(&self, message: &[u8]) -> [u8; $point] {
                Self::bytes(self.0.sign(message))
            }

            /// Signs a digest, of this hash or of another: `r` and `s`. There is no signature of one that
            /// has less than half the bytes of the private key.
            pub fn sign_digest(&self, digest: &[u8]) -> Option<[u8; $point]> {
                self.0.sign_prehash(digest).ok().map(Self::bytes)
            }

            /// Returns a signature as `r` and `s`.
            fn bytes(signature: $curve::ecdsa::Signature) -> [u8; $point] {
                let mut bytes = [0; $point];

                bytes.copy_from_slice(&signature.to_bytes());
                bytes
            }
        }

        impl Keypair for $name {
            type VerifyingKey = PublicKey;

            fn verifying_key(&self) -> PublicKey {
                PublicKey::new(self.0.verifying_key())
            }
        }

        impl DynSignatureAlgorithmIdentifier for $name {
            fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
                self.0.signature_algorithm_identifier()
            }
        }

        impl Signer<$curve::ecdsa::DerSignature> for $name {
            fn try_sign(&self, message: &[u8]) -> Result<$curve::ecdsa::DerSignature, Error> {
                self.0.try_sign(message)
            }
        }
    };
}

key_pair!(P256, p256, "SHA-256", 32, 64);
key_pair!(P384, p384, "SHA-384", 48, 96);
