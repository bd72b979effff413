// SPDX-License-Identifier: GPL-2.0

//! Names with a key, and the certificates that they issue.

use p256::ecdsa::signature::Keypair;
use x509_cert::{
    builder::{
        self,
        CertificateBuilder,
        Profile, //
    },
    der::{
        self,
        asn1::{
            Uint,
            UtcTime, //
        },
        Decode as _,
        Encode as _, //
    },
    name::Name,
    serial_number::SerialNumber,
    spki::{
        EncodePublicKey,
        SubjectPublicKeyInfoOwned, //
    },
    time::{
        Time,
        Validity, //
    },
    Certificate, //
};

use super::{
    key::Key,
    template::{
        KeyIdentifier,
        Template,
        Usage, //
    },
};

/// The number of a certificate, and when it is valid.
#[derive(Debug, Clone)]
pub(crate) struct Terms<'a> {
    /// The number: an unsigned integer, its most significant byte first.
    pub(crate) serial: Vec<u8>,
    /// The first second and the last one, as `YYYY-MM-DDThh:mm:ssZ`.
    pub(crate) validity: [&'a str; 2],
}

impl Terms<'_> {
    /// From the start of 2024 to the last second that a `UTCTime` can encode.
    const LONGEST: [&'static str; 2] = ["2024-01-01T00:00:00Z", "2049-12-31T23:59:59Z"];

    /// Makes those of a certificate that is valid as long as any.
    pub(crate) fn longest(serial: impl Into<Vec<u8>>) -> Self {
        Self {
            serial: serial.into(),
            validity: Self::LONGEST,
        }
    }
}

/// Encodes a time, given as `YYYY-MM-DDThh:mm:ssZ`.
pub(crate) fn time(text: &str) -> der::Result<Time> {
    Ok(Time::UtcTime(UtcTime::from_date_time(text.parse()?)?))
}

/// Makes the number of a certificate. Authorities of processors have numbers of 160 bits, of which
/// the encoding may have 21 bytes.
fn serial_number(bytes: &[u8]) -> der::Result<SerialNumber> {
    SerialNumber::from_der(&Uint::new(bytes)?.to_der()?)
}

/// A distinguished name with a key pair.
pub(crate) struct Identity<K> {
    name: Name,
    key: K,
}

impl<K: Keypair<VerifyingKey: EncodePublicKey>> Identity<K> {
    /// Makes the identity with a key, and with a name in the format of RFC 4514: the last attribute
    /// comes first.
    pub(crate) fn new(name: &str, key: K) -> Self {
        // PANIC: The tests make all names.
        let name = name.parse().expect("name");

        Self { name, key }
    }

    /// Returns the name.
    #[cfg(test)]
    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// Returns the key pair.
    pub(crate) fn key(&self) -> &K {
        &self.key
    }

    /// Returns the key pair alone.
    pub(crate) fn into_key(self) -> K {
        self.key
    }

    /// Returns what certificates identify the key by.
    pub(crate) fn identifier(&self, identifier: KeyIdentifier) -> Vec<u8> {
        let key = self.public_key_info();

        // PANIC: The tests make all keys.
        let bits = identifier.of(&key.expect("key")).expect("160 bits");
        bits.into_bytes()
    }

    /// Returns the public key as certificates have it.
    fn public_key_info(&self) -> Result<SubjectPublicKeyInfoOwned, builder::Error> {
        Ok(SubjectPublicKeyInfoOwned::from_key(
            self.key.verifying_key(),
        )?)
    }
}

impl<K: Key> Identity<K> {
    /// Issues a certificate for `subject`, with the extensions that `describe` adds.
    pub(crate) fn certify<S: Keypair<VerifyingKey: EncodePublicKey>>(
        &self,
        terms: &Terms<'_>,
        subject: &Identity<S>,
        describe: impl FnOnce(&mut Template<'_, K>) -> Result<(), builder::Error>,
    ) -> Certificate {
        let [not_before, not_after] = terms.validity;
        let certify = || {
            let key = subject.public_key_info()?;
            let builder = CertificateBuilder::new(
                // The other profiles have extensions of their own.
                Profile::Manual {
                    issuer: Some(self.name.clone()),
                },
                serial_number(&terms.serial)?,
                Validity {
                    not_before: time(not_before)?,
                    not_after: time(not_after)?,
                },
                subject.name.clone(),
                key.clone(),
                &self.key,
            )?;
            let mut template = Template {
                builder,
                issuer: self.public_key_info()?,
                subject: key,
            };

            describe(&mut template)?;
            K::sign(template.builder)
        };

        // PANIC: The tests issue all certificates.
        certify().expect("certificate")
    }

    /// Issues a certificate for `subject`, with the extensions of RFC 5280, and behind these those that
    /// `describe` adds.
    pub(crate) fn issue<S: Keypair<VerifyingKey: EncodePublicKey>>(
        &self,
        serial: u8,
        subject: &Identity<S>,
        usage: Usage,
        describe: impl FnOnce(&mut Template<'_, K>) -> Result<(), builder::Error>,
    ) -> Certificate {
        self.certify(&Terms::longest([serial]), subject, |template| {
            template.add_issuer(KeyIdentifier::Sha256)?;
            template.add_subject(KeyIdentifier::Sha256)?;
            template.add_usage(usage)?;
            template.add_constraints(usage, None)?;
            describe(template)
        })
    }
}
