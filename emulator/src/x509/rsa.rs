// SPDX-License-Identifier: GPL-2.0

//! RSA keys of 4096 bits. Signatures are RSASSA-PSS with SHA-384. RFC 8017, RFC 4055.
//!
//! A search for a prime of 2048 bits takes seconds, and minutes in a build for tests. So the caller
//! gives the distance of each prime from the number that the search would start with.

use ::rsa::{
    pss,
    signature::{
        self,
        Keypair,
        RandomizedSigner, //
    },
    BigUint,
    RsaPrivateKey, //
};
use rand_chacha::{
    rand_core::{
        CryptoRngCore,
        SeedableRng as _, //
    },
    ChaCha8Rng, //
};
use sha2::{
    Digest as _,
    Sha256,
    Sha384, //
};
use x509_cert::{
    builder::{
        self,
        Builder as _,
        CertificateBuilder, //
    },
    der::{
        Any,
        Tag, //
    },
    spki::{
        self,
        AlgorithmIdentifierOwned,
        DynSignatureAlgorithmIdentifier, //
    },
    Certificate, //
};

use super::key::{
    seed,
    Key, //
};

/// The exponent of all public keys.
const EXPONENT: u32 = 65537;

/// The last parameter of signatures: `trailerField`, which there is one value for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trailer {
    /// As in DER: what has its default value is left out.
    Omitted,
    /// Encoded nevertheless.
    Encoded,
}

impl Trailer {
    /// The encoded parameter, `[3] INTEGER`: `trailerFieldBC`.
    const ENCODED: [u8; 5] = [0xa3, 3, 2, 1, 1];
}

/// An RSA key pair. The salt of its signatures is as long as the digest: 48 bytes.
pub(crate) struct Rsa {
    key: pss::SigningKey<Sha384>,
    trailer: Trailer,
}

/// Makes the key with a name, whose primes are in these places among the odd numbers.
pub(crate) fn rsa(name: &str, places: [u32; 2], trailer: Trailer) -> Rsa {
    let [p, q] = [(0, places[0]), (1, places[1])].map(|(which, place)| {
        // The highest bits make the product have all its bits.
        (start(name, which) | (BigUint::from(3u8) << 2046) | BigUint::from(1u8))
            + BigUint::from(place) * 2u8
    });
    let key = RsaPrivateKey::from_p_q(p, q, EXPONENT.into());

    Rsa {
        // PANIC: The tests make all keys.
        key: pss::SigningKey::new(key.expect("key")),
        trailer,
    }
}

/// Returns the number of 2048 bits that the search for a prime begins with.
fn start(name: &str, which: u8) -> BigUint {
    let digests: Vec<_> = (0..8)
        .map(|part: u8| seed::<Sha256>(name).chain_update([which, part]).finalize())
        .collect();

    BigUint::from_bytes_be(&digests.concat())
}

impl Key for Rsa {
    fn sign(certificate: CertificateBuilder<'_, Self>) -> Result<Certificate, builder::Error> {
        // The key is public, so the salt needs no secrecy: all signatures have the same one.
        certificate.build_with_rng::<pss::Signature>(&mut ChaCha8Rng::seed_from_u64(0))
    }
}

impl Keypair for Rsa {
    type VerifyingKey = pss::VerifyingKey<Sha384>;

    fn verifying_key(&self) -> Self::VerifyingKey {
        self.key.verifying_key()
    }
}

impl DynSignatureAlgorithmIdentifier for Rsa {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        let mut algorithm = self.key.signature_algorithm_identifier()?;

        if let (Trailer::Encoded, Some(parameters)) = (self.trailer, &algorithm.parameters) {
            let bytes = [parameters.value(), &Trailer::ENCODED].concat();
            algorithm.parameters = Some(Any::new(Tag::Sequence, bytes)?);
        }
        Ok(algorithm)
    }
}

impl RandomizedSigner<pss::Signature> for Rsa {
    fn try_sign_with_rng(
        &self,
        rng: &mut impl CryptoRngCore,
        message: &[u8],
    ) -> Result<pss::Signature, signature::Error> {
        self.key.try_sign_with_rng(rng, message)
    }
}
