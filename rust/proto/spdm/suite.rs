// SPDX-License-Identifier: GPL-2.0

//! The cryptography that a requester needs, from outside: the kernel's, or a library that cargo links.

use super::{
    algorithms::{
        BaseAsym,
        BaseHash,
        Dhe, //
    },
    Digest,
    Error,
    Nonce,
    Result, //
};

/// A hash that was negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
}

impl HashAlgorithm {
    /// Returns the size of a digest in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

impl TryFrom<BaseHash> for HashAlgorithm {
    type Error = Error;

    fn try_from(hash: BaseHash) -> Result<Self> {
        match hash {
            BaseHash::SHA_256 => Ok(Self::Sha256),
            BaseHash::SHA_384 => Ok(Self::Sha384),
            _ => Err(Error::NotOffered),
        }
    }
}

/// A running hash. A clone goes on from the same state.
pub trait Hash: Clone {
    /// Adds `bytes`.
    fn update(&mut self, bytes: &[u8]);

    /// Returns the digest of what was added.
    fn finish(self) -> Digest;
}

/// Number of bytes of the nonce of an AEAD.
pub const AEAD_NONCE: usize = 12;
/// Number of bytes of the tag of an AEAD.
pub const AEAD_TAG: usize = 16;

/// What is signed: a digest under a scheme, by the key of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The certificate, DER.
    pub leaf: &'a [u8],
    /// The scheme.
    pub scheme: BaseAsym,
    /// The hash that made the digest.
    pub hash: HashAlgorithm,
    /// The digest.
    pub digest: &'a Digest,
}

/// The algorithms.
///
/// An implementation clears the secrets that it copied.
pub trait Suite {
    /// A running hash.
    type Hash: Hash;
    /// An ephemeral private key. It clears itself.
    type Ephemeral;

    /// Starts a hash.
    fn hash(&self, algorithm: HashAlgorithm) -> Self::Hash;

    /// Writes the HMAC of `data` to `mac`, which has the size of a digest.
    fn hmac(&self, algorithm: HashAlgorithm, key: &[u8], data: &[u8], mac: &mut [u8]);

    /// Returns a random number.
    fn nonce(&self) -> Nonce;

    /// Makes an ephemeral key and writes its public half: X and Y, big-endian.
    ///
    /// # Errors
    ///
    /// [`Error::NoAlgorithm`] when there is no such group, [`Error::NoMemory`], [`Error::Crypto`].
    fn generate(&self, group: Dhe, public: &mut [u8]) -> Result<Self::Ephemeral>;

    /// Writes the secret that `own` and the public key `peer` share: X, big-endian, not shortened.
    ///
    /// # Errors
    ///
    /// [`Error::PublicKey`] when `peer` is not on the curve or the secret is the point at infinity,
    /// [`Error::NoMemory`], [`Error::Crypto`].
    fn agree(&self, own: &Self::Ephemeral, peer: &[u8], secret: &mut [u8]) -> Result;

    /// Encrypts `text` in place and writes its tag.
    ///
    /// # Errors
    ///
    /// [`Error::NoAlgorithm`] when there is no cipher for such a key, [`Error::NoMemory`], [`Error::Crypto`].
    fn seal(
        &self,
        key: &[u8],
        nonce: &[u8; AEAD_NONCE],
        aad: &[u8],
        text: &mut [u8],
        tag: &mut [u8; AEAD_TAG],
    ) -> Result;

    /// Decrypts `text` in place.
    ///
    /// # Errors
    ///
    /// [`Error::Mac`] when the tag is not that of `text` and `aad`; those of [`Suite::seal`].
    fn open(
        &self,
        key: &[u8],
        nonce: &[u8; AEAD_NONCE],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; AEAD_TAG],
    ) -> Result;

    /// Verifies a signature: of ECDSA r and s, big-endian; of RSA one number, big-endian.
    ///
    /// # Errors
    ///
    /// [`Error::Signature`] when the signature is wrong or the key is not one of the scheme,
    /// [`Error::Certificate`] when the certificate can't be read, [`Error::NoAlgorithm`] when there is no such
    /// scheme, [`Error::NoMemory`], [`Error::Crypto`].
    fn verify(&self, signed: &Signed<'_>, signature: &[u8]) -> Result;
}
