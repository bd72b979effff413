// SPDX-License-Identifier: GPL-2.0

//! The cryptography of the RustCrypto project, which is not what the modules use.

use std::{
    cell::Cell,
    rc::Rc, //
};

use aes_gcm::{
    aead::{
        AeadInPlace,
        KeyInit, //
    },
    Aes128Gcm,
    Aes256Gcm, //
};
use hmac::{
    Hmac,
    Mac, //
};
use sha2::{
    Digest as _,
    Sha256,
    Sha384, //
};
use tsm_keys::Curve;
use tsm_proto::spdm::{
    algorithms::{
        BaseAsym,
        Dhe, //
    },
    suite::Signed,
    Digest,
    Error,
    Hash,
    HashAlgorithm,
    Nonce,
    Result,
    Suite, //
};
use x509_cert::{
    der::{
        Decode,
        Encode, //
    },
    Certificate,
};

/// The suite. Its random numbers are all the same, and its ephemeral key is the one it has.
#[derive(Debug, Clone, Default)]
pub(crate) struct RustCrypto {
    pub(crate) nonce: Nonce,
    pub(crate) private_key: Vec<u8>,
    /// What sealing fails with, if it does.
    pub(crate) seal_error: Rc<Cell<Option<Error>>>,
}

/// The state of a hash that is computed.
#[derive(Debug, Clone)]
pub(crate) enum HashState {
    Sha256(Sha256),
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
            Self::Sha256(hash) => Digest::new(&hash.finalize()),
            Self::Sha384(hash) => Digest::new(&hash.finalize()),
        }
        .expect("digests are not longer")
    }
}

/// An ephemeral key.
pub(crate) struct Ephemeral {
    curve: Curve,
    key: Vec<u8>,
}

/// Verifies with a key on a curve, which has the byte before the point that SPDM leaves out.
fn verify_ecdsa(curve: Curve, key: &[u8], signed: &Signed<'_>, signature: &[u8]) -> Result {
    let public = key.strip_prefix(&[4]).ok_or(Error::Signature)?;

    match curve.verifies(public, signed.digest.as_bytes(), signature) {
        true => Ok(()),
        false => Err(Error::Signature),
    }
}

/// Verifies with a key of RSA.
fn verify_rsa(key: &[u8], signed: &Signed<'_>, signature: &[u8]) -> Result {
    use rsa::{
        pkcs1v15::Pkcs1v15Sign,
        pkcs8::DecodePublicKey, //
    };

    let key = rsa::RsaPublicKey::from_public_key_der(key).map_err(|_| Error::Signature)?;
    let scheme = match signed.hash {
        HashAlgorithm::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
        HashAlgorithm::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
    };
    key.verify(scheme, signed.digest.as_bytes(), signature)
        .map_err(|_| Error::Signature)
}

impl Suite for RustCrypto {
    type Hash = HashState;
    type Ephemeral = Ephemeral;

    fn hash(&self, algorithm: HashAlgorithm) -> HashState {
        match algorithm {
            HashAlgorithm::Sha256 => HashState::Sha256(Sha256::new()),
            HashAlgorithm::Sha384 => HashState::Sha384(Sha384::new()),
        }
    }

    fn hmac(&self, algorithm: HashAlgorithm, key: &[u8], data: &[u8], mac: &mut [u8]) {
        match algorithm {
            HashAlgorithm::Sha256 => {
                let mut hmac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("any key will do");
                hmac.update(data);
                mac.copy_from_slice(&hmac.finalize().into_bytes());
            }
            HashAlgorithm::Sha384 => {
                let mut hmac = <Hmac<Sha384> as Mac>::new_from_slice(key).expect("any key will do");
                hmac.update(data);
                mac.copy_from_slice(&hmac.finalize().into_bytes());
            }
        }
    }

    fn nonce(&self) -> Nonce {
        self.nonce
    }

    fn generate(&self, group: Dhe, public: &mut [u8]) -> Result<Ephemeral> {
        let curve = match group {
            Dhe::SECP_256_R1 => Curve::P256,
            Dhe::SECP_384_R1 => Curve::P384,
            _ => return Err(Error::NoAlgorithm),
        };
        let key = self.private_key.clone();

        public.copy_from_slice(&curve.public(&key).ok_or(Error::Crypto)?);
        Ok(Ephemeral { curve, key })
    }

    fn agree(&self, own: &Ephemeral, peer: &[u8], secret: &mut [u8]) -> Result {
        let shared = own.curve.agree(&own.key, peer).ok_or(Error::PublicKey)?;

        secret.copy_from_slice(&shared);
        Ok(())
    }

    fn seal(
        &self,
        key: &[u8],
        nonce: &[u8; 12],
        aad: &[u8],
        text: &mut [u8],
        tag: &mut [u8; 16],
    ) -> Result {
        if let Some(err) = self.seal_error.get() {
            return Err(err);
        }
        let sealed = match key.len() {
            16 => Aes128Gcm::new_from_slice(key)
                .expect("it has the size")
                .encrypt_in_place_detached(nonce.into(), aad, text),
            _ => Aes256Gcm::new_from_slice(key)
                .map_err(|_| Error::Crypto)?
                .encrypt_in_place_detached(nonce.into(), aad, text),
        };

        *tag = sealed.map_err(|_| Error::Crypto)?.into();
        Ok(())
    }

    fn open(
        &self,
        key: &[u8],
        nonce: &[u8; 12],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; 16],
    ) -> Result {
        let opened = match key.len() {
            16 => Aes128Gcm::new_from_slice(key)
                .expect("it has the size")
                .decrypt_in_place_detached(nonce.into(), aad, text, tag.into()),
            _ => Aes256Gcm::new_from_slice(key)
                .map_err(|_| Error::Crypto)?
                .decrypt_in_place_detached(nonce.into(), aad, text, tag.into()),
        };

        opened.map_err(|_| Error::Mac)
    }

    fn verify(&self, signed: &Signed<'_>, signature: &[u8]) -> Result {
        let leaf = Certificate::from_der(signed.leaf).map_err(|_| Error::Certificate)?;
        let key = &leaf.tbs_certificate.subject_public_key_info;
        let bits = key.subject_public_key.raw_bytes();

        match signed.scheme {
            BaseAsym::ECDSA_P256 => verify_ecdsa(Curve::P256, bits, signed, signature),
            BaseAsym::ECDSA_P384 => verify_ecdsa(Curve::P384, bits, signed, signature),
            BaseAsym::RSASSA_2048 | BaseAsym::RSASSA_3072 => {
                let key = key.to_der().map_err(|_| Error::Certificate)?;
                verify_rsa(&key, signed, signature)
            }
            _ => Err(Error::NoAlgorithm),
        }
    }
}
