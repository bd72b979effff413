// SPDX-License-Identifier: GPL-2.0

//! Algorithms, and their bits in NEGOTIATE_ALGORITHMS and ALGORITHMS: DSP0274.

use core::str::FromStr;

use aes_gcm::{
    aead::{
        Aead as _,
        KeyInit as _,
        Payload, //
    },
    Aes128Gcm,
    Aes256Gcm, //
};
use hkdf::Hkdf;
use hmac::{
    Hmac,
    Mac as _, //
};
use rand_chacha::ChaCha8Rng;
use sha2::{
    Digest as _,
    Sha256,
    Sha384, //
};
use tsm_keys::Curve;

use super::unknown::Unknown;

/// A base hash algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// `TPM_ALG_SHA_256`.
    Sha256,
    /// `TPM_ALG_SHA_384`.
    Sha384,
}

impl Hash {
    /// Returns its bit in `BaseHashAlgo`.
    pub(crate) fn bit(self) -> u32 {
        match self {
            Self::Sha256 => 1 << 0,
            Self::Sha384 => 1 << 1,
        }
    }

    /// Returns its bit in `MeasurementHashAlgo`, where bit 0 is for raw bit streams.
    pub(crate) fn measurement_bit(self) -> u32 {
        self.bit() << 1
    }

    /// Returns the size of a digest.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    /// Hashes bytes.
    pub(crate) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
        }
    }

    /// Makes an HMAC.
    pub(crate) fn hmac(self, key: &[u8], bytes: &[u8]) -> Vec<u8> {
        // PANIC: HMAC takes keys of any length.
        let key_fits = "key of any length";

        match self {
            Self::Sha256 => <Hmac<Sha256> as hmac::Mac>::new_from_slice(key)
                .expect(key_fits)
                .chain_update(bytes)
                .finalize()
                .into_bytes()
                .to_vec(),
            Self::Sha384 => <Hmac<Sha384> as hmac::Mac>::new_from_slice(key)
                .expect(key_fits)
                .chain_update(bytes)
                .finalize()
                .into_bytes()
                .to_vec(),
        }
    }

    /// Makes a secret of other material: `HKDF-Extract`, RFC 5869.
    pub(crate) fn extract(self, salt: &[u8], material: &[u8]) -> Vec<u8> {
        self.hmac(salt, material)
    }

    /// Makes `size` bytes of a secret: `HKDF-Expand`, RFC 5869.
    pub(crate) fn expand(self, secret: &[u8], info: &[u8], size: usize) -> Vec<u8> {
        let mut key = vec![0; size];
        let made = match self {
            Self::Sha256 => {
                Hkdf::<Sha256>::from_prk(secret).map(|hkdf| hkdf.expand(info, &mut key))
            }
            Self::Sha384 => {
                Hkdf::<Sha384>::from_prk(secret).map(|hkdf| hkdf.expand(info, &mut key))
            }
        };

        // PANIC: A secret is a digest, and no key is longer than 255 of them.
        made.expect("secret").expect("size");
        key
    }
}

impl FromStr for Hash {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        match text {
            "sha256" => Ok(Self::Sha256),
            "sha384" => Ok(Self::Sha384),
            _ => Err(Unknown),
        }
    }
}

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// `TPM_ALG_RSASSA_3072`: PKCS #1 v1.5.
    RsaSsa3072,
    /// `TPM_ALG_RSAPSS_3072`.
    RsaPss3072,
    /// `TPM_ALG_ECDSA_ECC_NIST_P256`.
    EcdsaP256,
    /// `TPM_ALG_ECDSA_ECC_NIST_P384`.
    EcdsaP384,
}

impl Signature {
    /// Returns its bit in `BaseAsymAlgo`.
    pub(crate) fn bit(self) -> u32 {
        match self {
            Self::RsaSsa3072 => 1 << 2,
            Self::RsaPss3072 => 1 << 3,
            Self::EcdsaP256 => 1 << 4,
            Self::EcdsaP384 => 1 << 7,
        }
    }

    /// Returns the size of a signature.
    #[cfg(test)]
    pub(crate) fn size(self) -> usize {
        match self {
            Self::RsaSsa3072 | Self::RsaPss3072 => 384,
            Self::EcdsaP256 => 64,
            Self::EcdsaP384 => 96,
        }
    }
}

impl FromStr for Signature {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        match text {
            "p256" => Ok(Self::EcdsaP256),
            "p384" => Ok(Self::EcdsaP384),
            "rsapss" => Ok(Self::RsaPss3072),
            "rsassa" => Ok(Self::RsaSsa3072),
            _ => Err(Unknown),
        }
    }
}

/// A group for the exchange of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// `secp256r1`.
    P256,
    /// `secp384r1`.
    P384,
}

impl Group {
    /// All groups, the preferred one first.
    pub(crate) const ALL: [Self; 2] = [Self::P384, Self::P256];

    /// Returns its bit in `AlgSupported` of the DHE structure.
    pub(crate) fn bit(self) -> u16 {
        match self {
            Self::P256 => 1 << 3,
            Self::P384 => 1 << 4,
        }
    }

    /// Returns the size of the exchange data: x and y, big-endian, without the byte 4 of SEC 1.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::P256 => 64,
            Self::P384 => 96,
        }
    }

    /// Makes a key pair, and the secret shared with the key pair of `theirs`: its x. There is none
    /// with a point that is not on the curve.
    pub(crate) fn agree(
        self,
        random: &mut ChaCha8Rng,
        theirs: &[u8],
    ) -> Option<(Vec<u8>, Vec<u8>)> {
        let curve = match self {
            Self::P256 => Curve::P256,
            Self::P384 => Curve::P384,
        };
        if !curve.has(theirs) {
            return None;
        }
        let ours = curve.generate(random);

        Some((curve.public(&ours)?, curve.agree(&ours, theirs)?))
    }
}

/// A cipher of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cipher {
    /// `AES-128-GCM`.
    Aes128Gcm,
    /// `AES-256-GCM`.
    Aes256Gcm,
}

impl Cipher {
    /// All ciphers, the preferred one first.
    pub(crate) const ALL: [Self; 2] = [Self::Aes256Gcm, Self::Aes128Gcm];
    /// Size of the tag.
    pub(crate) const TAG: usize = 16;
    /// Size of the nonce.
    pub(crate) const NONCE: usize = 12;

    /// Returns its bit in `AlgSupported` of the AEAD structure.
    pub(crate) fn bit(self) -> u16 {
        match self {
            Self::Aes128Gcm => 1 << 0,
            Self::Aes256Gcm => 1 << 1,
        }
    }

    /// Returns the size of a key.
    pub(crate) fn key_size(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm => 32,
        }
    }

    /// Encrypts; the tag follows.
    pub(crate) fn seal(self, key: &[u8], nonce: &[u8], payload: Payload<'_, '_>) -> Vec<u8> {
        let sealed = match self {
            Self::Aes128Gcm => Aes128Gcm::new(key.into()).encrypt(nonce.into(), payload),
            Self::Aes256Gcm => Aes256Gcm::new(key.into()).encrypt(nonce.into(), payload),
        };

        // PANIC: A record is far shorter than what GCM can encrypt.
        sealed.expect("length of a record")
    }

    /// Decrypts what a tag follows, if the tag is right.
    pub(crate) fn open(
        self,
        key: &[u8],
        nonce: &[u8],
        payload: Payload<'_, '_>,
    ) -> Option<Vec<u8>> {
        let opened = match self {
            Self::Aes128Gcm => Aes128Gcm::new(key.into()).decrypt(nonce.into(), payload),
            Self::Aes256Gcm => Aes256Gcm::new(key.into()).decrypt(nonce.into(), payload),
        };

        opened.ok()
    }
}
