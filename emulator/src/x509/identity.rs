// SPDX-License-Identifier: GPL-2.0

//! Names with a key, and the certificates that they issue.

use p256::ecdsa::signature::Keypair;
use sha2::{
    Digest,
    Sha256, //
};
use x509_cert::{
    builder::{
        self,
        CertificateBuilder,
        Profile, //
    },
    der::{
        self,
        asn1::{
            OctetString,
            UtcTime, //
        },
        Encode as _, //
    },
    ext::pkix::{
        AuthorityKeyIdentifier,
        BasicConstraints,
        KeyUsage,
        KeyUsages,
        SubjectKeyIdentifier, //
    },
    name::Name,
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

use super::key::Key;

/// Start of the validity of all certificates.
const NOT_BEFORE: &str = "2024-01-01T00:00:00Z";
/// End of the validity of all certificates: the last second that a `UTCTime` can encode.
const NOT_AFTER: &str = "2049-12-31T23:59:59Z";

/// Encodes a time, given as `YYYY-MM-DDThh:mm:ssZ`.
pub(crate) fn time(text: &str) -> der::Result<Time> {
    Ok(Time::UtcTime(UtcTime::from_date_time(text.parse()?)?))
}

/// Returns the identifier of a public key: the first 160 bits of its SHA-256.
fn key_identifier(key: &SubjectPublicKeyInfoOwned) -> der::Result<OctetString> {
    let digest = Sha256::digest(key.to_der()?);

    OctetString::new(digest.iter().copied().take(20).collect::<Vec<_>>())
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

    /// Returns the public key as certificates have it.
    fn public_key_info(&self) -> Result<SubjectPublicKeyInfoOwned, builder::Error> {
        Ok(SubjectPublicKeyInfoOwned::from_key(
            self.key.verifying_key(),
        )?)
    }
}

impl<K: Key> Identity<K> {
    /// Issues a certificate for `subject`. `describe` adds extensions to those of all certificates.
    pub(crate) fn issue<S: Keypair<VerifyingKey: EncodePublicKey>>(
        &self,
        serial: u64,
        subject: &Identity<S>,
        usage: Usage,
        describe: impl FnOnce(&mut CertificateBuilder<'_, K>) -> Result<(), builder::Error>,
    ) -> Certificate {
        let issue = || {
            let key = subject.public_key_info()?;
            let mut certificate = CertificateBuilder::new(
                // The other profiles have key identifiers by SHA-1.
                Profile::Manual {
                    issuer: Some(self.name.clone()),
                },
                serial.into(),
                Validity {
                    not_before: time(NOT_BEFORE)?,
                    not_after: time(NOT_AFTER)?,
                },
                subject.name.clone(),
                key.clone(),
                &self.key,
            )?;

            certificate.add_extension(&AuthorityKeyIdentifier {
                key_identifier: Some(key_identifier(&self.public_key_info()?)?),
                ..Default::default()
            })?;
            certificate.add_extension(&SubjectKeyIdentifier(key_identifier(&key)?))?;
            certificate.add_extension(&usage.key_usage())?;
            certificate.add_extension(&usage.basic_constraints())?;
            describe(&mut certificate)?;
            K::sign(certificate)
        };

        // PANIC: The tests issue all certificates.
        issue().expect("certificate")
    }
}

/// Permitted use of the key in a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    /// Signatures of certificates and of revocation lists.
    Authority,
    /// All other signatures.
    Signer,
}

impl Usage {
    /// Returns the extension that lists the uses.
    fn key_usage(self) -> KeyUsage {
        KeyUsage(match self {
            Self::Authority => KeyUsages::KeyCertSign | KeyUsages::CRLSign,
            Self::Signer => KeyUsages::DigitalSignature | KeyUsages::NonRepudiation,
        })
    }

    /// Returns the extension that tells authorities from other subjects.
    fn basic_constraints(self) -> BasicConstraints {
        BasicConstraints {
            ca: self == Self::Authority,
            path_len_constraint: None,
        }
    }
}
