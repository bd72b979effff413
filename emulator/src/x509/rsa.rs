// SPDX-License-Identifier: GPL-2.0

//! RSA keys of 4096 bits, whose signatures are RSASSA-PSS with SHA-384. RFC 8017, RFC 4055.
//!
//! To look for a prime of 2048 bits takes seconds, and minutes in a build for tests. So it is known
//! how far each is from the number that the name of the key begins the search with.

use ::der::asn1::ObjectIdentifier;
use ::rsa::{
    pss,
    rand_core,
    signature::{
        RandomizedSigner as _,
        SignatureEncoding as _, //
    },
    traits::PublicKeyParts as _,
    BigUint,
    RsaPrivateKey, //
};
use sha2::{
    Digest as _,
    Sha256,
    Sha384, //
};

use super::{
    der::{
        bits,
        explicit,
        integer,
        null,
        oid,
        sequence,
        unsigned, //
    },
    id,
    seed,
    Key, //
};
use crate::mutator::Random;

const RSA_ENCRYPTION: ObjectIdentifier = id("1.2.840.113549.1.1.1");
const MGF1: ObjectIdentifier = id("1.2.840.113549.1.1.8");
const RSASSA_PSS: ObjectIdentifier = id("1.2.840.113549.1.1.10");
const SHA384: ObjectIdentifier = id("2.16.840.1.101.3.4.2.2");

/// The exponent of all public keys here.
const EXPONENT: u32 = 65537;
/// Size of a salt, in bytes: that of the digest.
const SALT: u64 = 48;

/// An RSA key.
pub(crate) struct Rsa(RsaPrivateKey);

impl Rsa {
    /// Makes the key with a name, whose primes are in these places among the odd numbers.
    pub(crate) fn new(name: &str, places: [u32; 2]) -> Self {
        let [p, q] = [(0, places[0]), (1, places[1])].map(|(which, place)| {
            // The highest bits make the product have all its bits.
            (start(name, which) | (BigUint::from(3u8) << 2046) | BigUint::from(1u8))
                + BigUint::from(place) * 2u8
        });
        let key = RsaPrivateKey::from_p_q(p, q, EXPONENT.into());

        // PANIC: The tests make all keys.
        Self(key.expect("key"))
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
    fn algorithm(&self) -> Vec<u8> {
        let hash = sequence(&[&oid(SHA384), &null()]);

        sequence(&[
            &oid(RSASSA_PSS),
            &sequence(&[
                &explicit(0, &[&hash]),
                &explicit(1, &[&sequence(&[&oid(MGF1), &hash])]),
                &explicit(2, &[&integer(SALT)]),
            ]),
        ])
    }

    fn public_key_info(&self) -> Vec<u8> {
        let key = sequence(&[
            &unsigned(&self.0.n().to_bytes_be()),
            &integer(EXPONENT.into()),
        ]);

        sequence(&[&sequence(&[&oid(RSA_ENCRYPTION), &null()]), &bits(0, &key)])
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let key = pss::SigningKey::<Sha384>::new(self.0.clone());

        key.sign_with_rng(&mut Salt::of(message), message).to_vec()
    }
}

/// Numbers that hide nothing: the key is known to everybody. The same message has the same ones.
struct Salt(Random);

impl Salt {
    /// Begins the numbers for a message.
    fn of(message: &[u8]) -> Self {
        let digest = Sha256::digest(message);
        let seed = digest.iter().take(8).fold(0, |seed, byte| {
            // OVERFLOW: 8 bytes are 64 bits.
            (seed << 8) | u64::from(*byte)
        });

        Self(Random::new(seed))
    }
}

impl rand_core::RngCore for Salt {
    fn next_u32(&mut self) -> u32 {
        // CAST: Any 32 bits of it will do.
        self.0.next() as u32
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next()
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        for chunk in dest.chunks_mut(8) {
            for (to, from) in chunk.iter_mut().zip(self.0.next().to_le_bytes()) {
                *to = from;
            }
        }
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl rand_core::CryptoRng for Salt {}
