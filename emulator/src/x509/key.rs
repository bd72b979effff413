// SPDX-License-Identifier: GPL-2.0

//! Keys of authorities.

use p256::ecdsa::signature::Keypair;
use sha2::Digest;
use x509_cert::{
    builder::{
        self,
        CertificateBuilder, //
    },
    spki::{
        DynSignatureAlgorithmIdentifier,
        EncodePublicKey, //
    },
    Certificate, //
};

/// The key pair of an authority.
pub(crate) trait Key:
    Keypair<VerifyingKey: EncodePublicKey> + DynSignatureAlgorithmIdentifier + Sized
{
    /// Signs a certificate.
    fn sign(certificate: CertificateBuilder<'_, Self>) -> Result<Certificate, builder::Error>;
}

/// Makes the hash that the key with a name is derived from.
pub(crate) fn seed<D: Digest>(name: &str) -> D {
    D::new()
        .chain_update("tsm-emulator test key, known to everybody: ")
        .chain_update(name)
}
