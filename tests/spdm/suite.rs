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
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use sha2::{
    Digest as _,
    Sha256,
    Sha384, //
};
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

/// A running hash.
#[derive(Debug, Clone)]
pub(crate) enum Running {
    Sha256(Sha256),
    Sha384(Sha384),
}

impl Hash for Running {
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
pub(crate) enum Ephemeral {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
}

/// Puts the byte before a point that SPDM leaves out.
fn sec1(point: &[u8]) -> Vec<u8> {
    [&[4], point].concat()
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
    type Hash = Running;
    type Ephemeral = Ephemeral;

    fn hash(&self, algorithm: HashAlgorithm) -> Running {
        match algorithm {
            HashAlgorithm::Sha256 => Running::Sha256(Sha256::new()),
            HashAlgorithm::Sha384 => Running::Sha384(Sha384::new()),
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
        use p256::elliptic_curve::sec1::ToEncodedPoint as _;

        let key = &self.private_key;
        match group {
            Dhe::SECP_256_R1 => {
                let key = p256::SecretKey::from_slice(key).map_err(|_| Error::Crypto)?;
                public.copy_from_slice(&key.public_key().to_encoded_point(false).as_bytes()[1..]);
                Ok(Ephemeral::P256(key))
            }
            Dhe::SECP_384_R1 => {
                let key = p384::SecretKey::from_slice(key).map_err(|_| Error::Crypto)?;
                public.copy_from_slice(&key.public_key().to_encoded_point(false).as_bytes()[1..]);
                Ok(Ephemeral::P384(key))
            }
            _ => Err(Error::NoAlgorithm),
        }
    }

    fn agree(&self, own: &Ephemeral, peer: &[u8], secret: &mut [u8]) -> Result {
        let peer = sec1(peer);
        match own {
            Ephemeral::P256(own) => {
                let peer = p256::PublicKey::from_sec1_bytes(&peer).map_err(|_| Error::PublicKey)?;
                let shared = p256::ecdh::diffie_hellman(own.to_nonzero_scalar(), peer.as_affine());
                secret.copy_from_slice(shared.raw_secret_bytes());
            }
            Ephemeral::P384(own) => {
                let peer = p384::PublicKey::from_sec1_bytes(&peer).map_err(|_| Error::PublicKey)?;
                let shared = p384::ecdh::diffie_hellman(own.to_nonzero_scalar(), peer.as_affine());
                secret.copy_from_slice(shared.raw_secret_bytes());
            }
        }
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
        let digest = signed.digest.as_bytes();

        match signed.scheme {
            BaseAsym::ECDSA_P256 => {
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(bits);
                let signature = p256::ecdsa::Signature::from_slice(signature);
                key.map_err(|_| Error::Signature)?
                    .verify_prehash(digest, &signature.map_err(|_| Error::Signature)?)
                    .map_err(|_| Error::Signature)
            }
            BaseAsym::ECDSA_P384 => {
                let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(bits);
                let signature = p384::ecdsa::Signature::from_slice(signature);
                key.map_err(|_| Error::Signature)?
                    .verify_prehash(digest, &signature.map_err(|_| Error::Signature)?)
                    .map_err(|_| Error::Signature)
            }
            BaseAsym::RSASSA_2048 | BaseAsym::RSASSA_3072 => {
                let key = key.to_der().map_err(|_| Error::Certificate)?;
                verify_rsa(&key, signed, signature)
            }
            _ => Err(Error::NoAlgorithm),
        }
    }
}
