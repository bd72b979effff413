// SPDX-License-Identifier: GPL-2.0

//! X.509 certificates, and who they are about.
//!
//! RFC 5280. What a test authority issues is the same on every machine: the keys come from names,
//! and signatures depend on nothing but the key and what is signed.

pub(crate) mod der;
mod ecdsa;
mod rsa;

use ::der::asn1::ObjectIdentifier;
use sha2::{
    Digest,
    Sha256, //
};

use der::{
    bits,
    boolean,
    explicit,
    integer,
    octets,
    oid,
    sequence,
    text,
    time,
    tlv, //
};

pub(crate) use ecdsa::{
    P256,
    P384, //
};
pub(crate) use rsa::Rsa;

/// Makes the constant for an object identifier.
const fn id(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// The attribute of a name that says who it is.
pub(crate) const COMMON_NAME: ObjectIdentifier = id("2.5.4.3");
/// The attribute of a name that says whose it is.
pub(crate) const ORGANIZATION: ObjectIdentifier = id("2.5.4.10");
const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = id("2.5.29.14");
const KEY_USAGE: ObjectIdentifier = id("2.5.29.15");
const BASIC_CONSTRAINTS: ObjectIdentifier = id("2.5.29.19");
const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = id("2.5.29.35");

/// When what a test authority issues begins to be valid.
const NOT_BEFORE: &str = "240101000000Z";
/// When it ends, the last day that a `UTCTime` can have.
const NOT_AFTER: &str = "491231235959Z";

/// A part of a distinguished name: its type, and its value.
pub(crate) type Attribute = (ObjectIdentifier, &'static str);

/// A key pair, of some algorithm.
pub(crate) trait Key {
    /// Encodes the `AlgorithmIdentifier` of its signatures.
    fn algorithm(&self) -> Vec<u8>;

    /// Encodes the public key as a `SubjectPublicKeyInfo`.
    fn public_key_info(&self) -> Vec<u8>;

    /// Signs `message`: the signature as certificates have it.
    fn sign(&self, message: &[u8]) -> Vec<u8>;
}

/// Makes the hash that the key with a name is derived from.
fn seed<D: Digest>(name: &str) -> D {
    D::new()
        .chain_update("tsm-emulator test key, known to everybody: ")
        .chain_update(name)
}

/// Somebody with a name and a key pair.
pub(crate) struct Identity<K> {
    name: Vec<Attribute>,
    key: K,
}

impl<K: Key> Identity<K> {
    /// Makes the identity with a name and a key.
    pub(crate) fn with_key(name: &[Attribute], key: K) -> Self {
        Self {
            name: name.to_vec(),
            key,
        }
    }

    /// Encodes the `AlgorithmIdentifier` of what it signs.
    pub(crate) fn algorithm(&self) -> Vec<u8> {
        self.key.algorithm()
    }

    /// Returns the key.
    pub(crate) fn key(&self) -> &K {
        &self.key
    }

    /// Takes the key, and forgets whose it is.
    pub(crate) fn into_key(self) -> K {
        self.key
    }

    /// Signs what is to be a certificate, or a list of revoked ones.
    pub(crate) fn sign_der(&self, unsigned: &[u8]) -> Vec<u8> {
        let signature = bits(0, &self.key.sign(unsigned));

        sequence(&[unsigned, &self.algorithm(), &signature])
    }

    /// Encodes the name as a `Name`.
    pub(crate) fn distinguished_name(&self) -> Vec<u8> {
        let parts: Vec<_> = self
            .name
            .iter()
            .map(|(kind, value)| tlv(0x31, &[&sequence(&[&oid(*kind), &text(value)])]))
            .collect();

        sequence(&[&parts.concat()])
    }

    /// Returns a short name for the key.
    fn key_identifier(&self) -> Vec<u8> {
        let digest = Sha256::digest(self.key.public_key_info());

        digest.iter().copied().take(20).collect()
    }

    /// Issues a certificate for `subject`, with `others` after the extensions that all have.
    pub(crate) fn issue<S: Key>(
        &self,
        serial: u64,
        subject: &Identity<S>,
        usage: Usage,
        others: &[Vec<u8>],
    ) -> Vec<u8> {
        let authority = tlv(0x80, &[&self.key_identifier()]);
        let mut extensions = vec![
            extension(AUTHORITY_KEY_IDENTIFIER, false, &sequence(&[&authority])),
            extension(
                SUBJECT_KEY_IDENTIFIER,
                false,
                &octets(&subject.key_identifier()),
            ),
            extension(KEY_USAGE, true, &usage.key_usage()),
            extension(BASIC_CONSTRAINTS, true, &usage.basic_constraints()),
        ];
        extensions.extend_from_slice(others);

        self.sign_der(&sequence(&[
            // Version 3.
            &explicit(0, &[&integer(2)]),
            &integer(serial),
            &self.algorithm(),
            &self.distinguished_name(),
            &sequence(&[&time(NOT_BEFORE), &time(NOT_AFTER)]),
            &subject.distinguished_name(),
            &subject.key.public_key_info(),
            &explicit(3, &[&sequence(&[&extensions.concat()])]),
        ]))
    }
}

/// What the key in a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    /// To issue certificates, and lists of revoked ones.
    Authority,
    /// To sign anything else.
    Signer,
}

impl Usage {
    /// Encodes a `KeyUsage`.
    fn key_usage(self) -> Vec<u8> {
        match self {
            // Bits 5 and 6, keyCertSign and cRLSign.
            Self::Authority => bits(1, &[0x06]),
            // Bits 0 and 1, digitalSignature and nonRepudiation.
            Self::Signer => bits(6, &[0xc0]),
        }
    }

    /// Encodes a `BasicConstraints`.
    fn basic_constraints(self) -> Vec<u8> {
        match self {
            Self::Authority => sequence(&[&boolean(true)]),
            // A default value is left out.
            Self::Signer => sequence(&[]),
        }
    }
}

/// Encodes an `Extension`.
pub(crate) fn extension(id: ObjectIdentifier, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = match critical {
        true => boolean(true),
        false => Vec::new(),
    };
    sequence(&[&oid(id), &critical, &octets(value)])
}
