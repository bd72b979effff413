// SPDX-License-Identifier: GPL-2.0

//! The cryptography of the requester, which is the kernel's.

use kernel::{
    bindings,
    error::{
        code,
        Error as Errno, //
    },
};
use pin_init::stack_try_pin_init;
use tsm_ext::{
    crypto::{
        fill_random,
        hmac_sha256,
        hmac_sha384,
        Aes256Gcm,
        Curve,
        PrivateKey,
        PublicKey,
        Sha256,
        Sha384, //
    },
    error::errno,
    hash::HashAlgo,
    key::{
        CertificateKey,
        KeyAlgorithm, //
    },
};
use tsm_proto::spdm::{
    algorithms::{
        BaseAsym,
        Dhe, //
    },
    suite::{
        Signed,
        AEAD_NONCE,
        AEAD_TAG, //
    },
    Digest,
    Error,
    Hash,
    HashAlgorithm,
    Nonce,
    Result,
    Suite, //
};

/// The suite. It has no state.
pub(crate) struct KernelSuite;

/// The state of a hash that is computed.
#[derive(Clone)]
pub(crate) enum HashState {
    /// SHA-256.
    Sha256(Sha256),
    /// SHA-384.
    Sha384(Sha384),
}

impl Hash for HashState {
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha384(hash) => hash.update(bytes),
        }
    }

    fn finish(self) -> Digest {
        match self {
            Self::Sha256(hash) => Digest::from(hash.finish()),
            Self::Sha384(hash) => Digest::from(hash.finish()),
        }
    }
}

/// Returns what is wrong on this side.
fn own_error(err: Errno) -> Error {
    match err {
        err if err == code::ENOMEM => Error::NoMemory,
        err if err == errno(bindings::ENOPKG) => Error::NoAlgorithm,
        _ => Error::Crypto,
    }
}

/// Returns what is wrong when an agreement failed.
fn agreement_error(err: Errno) -> Error {
    match err {
        err if err == code::EINVAL => Error::PublicKey,
        err => own_error(err),
    }
}

/// Returns what is wrong when a record was not decrypted.
fn record_error(err: Errno) -> Error {
    match err {
        err if err == errno(bindings::EBADMSG) => Error::Mac,
        err => own_error(err),
    }
}

/// Returns what is wrong when a certificate was not parsed.
fn certificate_error(err: Errno) -> Error {
    match err {
        err if err == errno(bindings::EBADMSG) || err == code::EINVAL => Error::Certificate,
        err => signature_error(err),
    }
}

/// Returns what is wrong when a signature was not verified.
fn signature_error(err: Errno) -> Error {
    match err {
        err if err == errno(bindings::EKEYREJECTED) => Error::Signature,
        err => own_error(err),
    }
}

/// Returns the key of a record.
fn aead_key(key: &[u8]) -> Result<&[u8; Aes256Gcm::KEY]> {
    key.try_into().map_err(|_| Error::Crypto)
}

impl Suite for KernelSuite {
    type Hash = HashState;
    type Ephemeral = PrivateKey;

    fn hash(&self, algorithm: HashAlgorithm) -> HashState {
        match algorithm {
            HashAlgorithm::Sha256 => HashState::Sha256(Sha256::new()),
            HashAlgorithm::Sha384 => HashState::Sha384(Sha384::new()),
        }
    }

    fn hmac(&self, algorithm: HashAlgorithm, key: &[u8], data: &[u8], mac: &mut [u8]) {
        match algorithm {
            HashAlgorithm::Sha256 => match mac.try_into() {
                Ok(mac) => hmac_sha256(key, data, mac),
                // No other MAC is equal to a random one of a wrong size.
                Err(_) => fill_random(mac),
            },
            HashAlgorithm::Sha384 => match mac.try_into() {
                Ok(mac) => hmac_sha384(key, data, mac),
                Err(_) => fill_random(mac),
            },
        }
    }

    fn nonce(&self) -> Nonce {
        let mut nonce = Nonce::default();

        fill_random(&mut nonce);
        nonce
    }

    fn generate(&self, group: Dhe, public: &mut [u8]) -> Result<PrivateKey> {
        let curve = match group {
            Dhe::SECP_256_R1 => Curve::P256,
            Dhe::SECP_384_R1 => Curve::P384,
            _ => return Err(Error::NoAlgorithm),
        };
        let own = PrivateKey::generate(curve).map_err(own_error)?;
        let point = own.public().map_err(own_error)?;
        let point = point.as_bytes();

        if public.len() != point.len() {
            return Err(Error::Crypto);
        }
        for (to, from) in public.iter_mut().zip(point) {
            *to = *from;
        }
        Ok(own)
    }

    fn agree(&self, own: &PrivateKey, peer: &[u8], secret: &mut [u8]) -> Result {
        let peer = PublicKey::parse(own.curve(), peer).map_err(agreement_error)?;

        own.agree(&peer, secret).map_err(agreement_error)
    }

    fn seal(
        &self,
        key: &[u8],
        nonce: &[u8; AEAD_NONCE],
        aad: &[u8],
        text: &mut [u8],
        tag: &mut [u8; AEAD_TAG],
    ) -> Result {
        stack_try_pin_init!(let key = Aes256Gcm::new(aead_key(key)?));
        let key = key.map_err(own_error)?;

        key.seal(nonce, aad, text, tag).map_err(record_error)
    }

    fn open(
        &self,
        key: &[u8],
        nonce: &[u8; AEAD_NONCE],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; AEAD_TAG],
    ) -> Result {
        stack_try_pin_init!(let key = Aes256Gcm::new(aead_key(key)?));
        let key = key.map_err(own_error)?;

        key.open(nonce, aad, text, tag).map_err(record_error)
    }

    fn verify(&self, signed: &Signed<'_>, signature: &[u8]) -> Result {
        let algorithm = match signed.scheme {
            BaseAsym::ECDSA_P256 => KeyAlgorithm::EcdsaP256,
            BaseAsym::ECDSA_P384 => KeyAlgorithm::EcdsaP384,
            // The kernel compares the size of the signature with that of the key.
            BaseAsym::RSASSA_2048 | BaseAsym::RSASSA_3072 | BaseAsym::RSASSA_4096 => {
                KeyAlgorithm::Rsa
            }
            _ => return Err(Error::NoAlgorithm),
        };
        let hash = match signed.hash {
            HashAlgorithm::Sha256 => HashAlgo::SHA256,
            HashAlgorithm::Sha384 => HashAlgo::SHA384,
        };
        let key = CertificateKey::parse(signed.leaf).map_err(certificate_error)?;

        if key.algorithm() != algorithm {
            return Err(Error::Signature);
        }
        key.verify(hash, signed.digest.as_bytes(), signature)
            .map_err(signature_error)
    }
}
