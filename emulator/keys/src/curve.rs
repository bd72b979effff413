// SPDX-License-Identifier: GPL-2.0

//! What a peer does with a public key of the other side: it makes the secret that both share, and it
//! verifies signatures.

use p256::{
    ecdsa::signature::hazmat::PrehashVerifier as _,
    elliptic_curve::{
        rand_core::CryptoRngCore,
        sec1::ToEncodedPoint as _, //
    },
    pkcs8::DecodePublicKey as _, //
};

/// A curve. Its public keys are `x` and `y`, without the byte 4 of SEC 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256, `secp256r1`.
    P256,
    /// NIST P-384, `secp384r1`.
    P384,
}

impl Curve {
    /// Makes a private key.
    pub fn generate(self, mut random: &mut dyn CryptoRngCore) -> Vec<u8> {
        match self {
            Self::P256 => p256::SecretKey::random(&mut random).to_bytes().to_vec(),
            Self::P384 => p384::SecretKey::random(&mut random).to_bytes().to_vec(),
        }
    }

    /// Returns the public key of a private key, if that is one.
    pub fn public(self, private: &[u8]) -> Option<Vec<u8>> {
        let point = match self {
            Self::P256 => {
                let key = p256::SecretKey::from_slice(private).ok()?;
                key.public_key().to_encoded_point(false).to_bytes()
            }
            Self::P384 => {
                let key = p384::SecretKey::from_slice(private).ok()?;
                key.public_key().to_encoded_point(false).to_bytes()
            }
        };

        point.get(1..).map(<[u8]>::to_vec)
    }

    /// Returns the public key in a `SubjectPublicKeyInfo`, if that is of this curve.
    pub fn read(self, info: &[u8]) -> Option<Vec<u8>> {
        let point = match self {
            Self::P256 => {
                let key = p256::PublicKey::from_public_key_der(info).ok()?;
                key.to_encoded_point(false).to_bytes()
            }
            Self::P384 => {
                let key = p384::PublicKey::from_public_key_der(info).ok()?;
                key.to_encoded_point(false).to_bytes()
            }
        };

        point.get(1..).map(<[u8]>::to_vec)
    }

    /// Returns whether a public key is a point on the curve.
    pub fn has(self, public: &[u8]) -> bool {
        match self {
            Self::P256 => p256::PublicKey::from_sec1_bytes(&sec1(public)).is_ok(),
            Self::P384 => p384::PublicKey::from_sec1_bytes(&sec1(public)).is_ok(),
        }
    }

    /// Makes the secret that a private key shares with the public key of the peer: the `x` of ECDH.
    /// There is none with a point that is not on the curve.
    pub fn agree(self, private: &[u8], public: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::P256 => {
                let ours = p256::SecretKey::from_slice(private).ok()?;
                let theirs = p256::PublicKey::from_sec1_bytes(&sec1(public)).ok()?;
                let shared =
                    p256::ecdh::diffie_hellman(ours.to_nonzero_scalar(), theirs.as_affine());

                Some(shared.raw_secret_bytes().to_vec())
            }
            Self::P384 => {
                let ours = p384::SecretKey::from_slice(private).ok()?;
                let theirs = p384::PublicKey::from_sec1_bytes(&sec1(public)).ok()?;
                let shared =
                    p384::ecdh::diffie_hellman(ours.to_nonzero_scalar(), theirs.as_affine());

                Some(shared.raw_secret_bytes().to_vec())
            }
        }
    }

    /// Returns whether `signature`, `r` and `s`, is one of a digest by the key pair of a public key.
    pub fn verifies(self, public: &[u8], digest: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Self::P256 => {
                p256::ecdsa::VerifyingKey::from_sec1_bytes(&sec1(public)).and_then(|key| {
                    let signature = p256::ecdsa::Signature::from_slice(signature)?;
                    key.verify_prehash(digest, &signature)
                })
            }
            Self::P384 => {
                p384::ecdsa::VerifyingKey::from_sec1_bytes(&sec1(public)).and_then(|key| {
                    let signature = p384::ecdsa::Signature::from_slice(signature)?;
                    key.verify_prehash(digest, &signature)
                })
            }
        };

        verified.is_ok()
    }
}

/// Puts the byte 4 of SEC 1 before a point.
fn sec1(public: &[u8]) -> Vec<u8> {
    [&[4], public].concat()
}
