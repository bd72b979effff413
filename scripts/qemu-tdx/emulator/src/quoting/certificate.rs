// SPDX-License-Identifier: GPL-2.0

//! X.509 certificates, and who they are about.
//!
//! RFC 5280. What a test authority issues is the same on every machine: the keys come from names,
//! the signatures are those of RFC 6979.

use der::asn1::ObjectIdentifier;
use p256::ecdsa::{
    signature::Signer as _,
    DerSignature,
    Signature,
    SigningKey, //
};
use sha2::{
    Digest as _,
    Sha256, //
};

use super::der::{
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

/// Makes the constant for an object identifier.
const fn id(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const COMMON_NAME: ObjectIdentifier = id("2.5.4.3");
const ECDSA_WITH_SHA256: ObjectIdentifier = id("1.2.840.10045.4.3.2");
const EC_PUBLIC_KEY: ObjectIdentifier = id("1.2.840.10045.2.1");
const PRIME256V1: ObjectIdentifier = id("1.2.840.10045.3.1.7");
const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = id("2.5.29.14");
const KEY_USAGE: ObjectIdentifier = id("2.5.29.15");
const BASIC_CONSTRAINTS: ObjectIdentifier = id("2.5.29.19");
const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = id("2.5.29.35");

/// When what a test authority issues begins to be valid.
const NOT_BEFORE: &str = "240101000000Z";
/// When it ends, the last day that a `UTCTime` can have.
const NOT_AFTER: &str = "491231235959Z";

/// Somebody with a name and a key pair.
pub(super) struct Identity {
    name: &'static str,
    key: SigningKey,
}

impl Identity {
    /// Makes the identity with a name, which its key is derived from.
    pub(super) fn new(name: &'static str) -> Self {
        let seed = Sha256::new()
            .chain_update("tsm-emulator test key, known to everybody: ")
            .chain_update(name)
            .finalize();
        let key = SigningKey::from_bytes(&seed);

        Self {
            name,
            // PANIC: One in 2^32 digests is no key, and the tests know all names.
            key: key.expect("key"),
        }
    }

    /// Signs `message`: `r` and `s`.
    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature: Signature = self.key.sign(message);

        signature.to_bytes().into()
    }

    /// Signs what is to be a certificate, or a list of revoked ones.
    pub(super) fn sign_der(&self, unsigned: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.key.sign(unsigned);

        sequence(&[unsigned, &algorithm(), &bits(0, signature.as_bytes())])
    }

    /// Returns the public key: `x` and `y`.
    pub(super) fn public_key(&self) -> [u8; 64] {
        let point = self.key.verifying_key().to_encoded_point(false);
        let mut key = [0; 64];

        // The first byte says that the point is not compressed.
        for (to, from) in key.iter_mut().zip(point.as_bytes().iter().skip(1)) {
            *to = *from;
        }
        key
    }

    /// Encodes the name as a `Name`.
    pub(super) fn distinguished_name(&self) -> Vec<u8> {
        let attribute = sequence(&[&oid(COMMON_NAME), &text(self.name)]);

        sequence(&[&tlv(0x31, &[&attribute])])
    }

    /// Returns a short name for the key.
    fn key_identifier(&self) -> Vec<u8> {
        let digest = Sha256::digest(self.public_key());

        digest.iter().copied().take(20).collect()
    }

    /// Encodes the public key as a `SubjectPublicKeyInfo`.
    fn public_key_info(&self) -> Vec<u8> {
        let algorithm = sequence(&[&oid(EC_PUBLIC_KEY), &oid(PRIME256V1)]);
        let point = [&[4], self.public_key().as_slice()].concat();

        sequence(&[&algorithm, &bits(0, &point)])
    }

    /// Issues a certificate for `subject`, with `others` after the extensions that all have.
    pub(super) fn issue(
        &self,
        serial: u64,
        subject: &Self,
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
            &algorithm(),
            &self.distinguished_name(),
            &sequence(&[&time(NOT_BEFORE), &time(NOT_AFTER)]),
            &subject.distinguished_name(),
            &subject.public_key_info(),
            &explicit(3, &[&sequence(&[&extensions.concat()])]),
        ]))
    }
}

/// What the key in a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
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

/// Encodes the `AlgorithmIdentifier` of all signatures here.
pub(super) fn algorithm() -> Vec<u8> {
    sequence(&[&oid(ECDSA_WITH_SHA256)])
}

/// Encodes an `Extension`.
pub(super) fn extension(id: ObjectIdentifier, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = match critical {
        true => boolean(true),
        false => Vec::new(),
    };
    sequence(&[&oid(id), &critical, &octets(value)])
}
