// SPDX-License-Identifier: GPL-2.0

//! Certificates before they are signed. Authorities differ in the extensions that they add, and in the
//! order of these, so that each adds its own.

use sha1::Sha1;
use sha2::{
    Digest as _,
    Sha256, //
};
use x509_cert::{
    builder::{
        CertificateBuilder,
        Error, //
    },
    der::{
        self,
        asn1::{
            Ia5String,
            OctetString, //
        },
        Encode as _, //
    },
    ext::{
        pkix::{
            crl::dp::DistributionPoint,
            name::{
                DistributionPointName,
                GeneralName, //
            },
            AuthorityKeyIdentifier,
            BasicConstraints,
            CrlDistributionPoints,
            KeyUsage,
            KeyUsages,
            SubjectKeyIdentifier, //
        },
        AsExtension, //
    },
    spki::SubjectPublicKeyInfoOwned,
};

use super::key::Key;

/// How an authority identifies public keys, in 160 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyIdentifier {
    /// The first bits of the SHA-256 of the `SubjectPublicKeyInfo`.
    Sha256,
    /// The SHA-1 of the `SubjectPublicKeyInfo`.
    Sha1,
    /// The SHA-1 of the key itself. RFC 5280, section 4.2.1.2, method 1.
    Sha1OfKey,
}

impl KeyIdentifier {
    /// Returns the identifier of a key.
    pub(super) fn of(self, key: &SubjectPublicKeyInfoOwned) -> der::Result<OctetString> {
        let identifier: [u8; 20] = match self {
            Self::Sha256 => {
                let mut bits = [0; 20];
                let digest = Sha256::digest(key.to_der()?);
                bits.iter_mut()
                    .zip(digest)
                    .for_each(|(to, from)| *to = from);
                bits
            }
            Self::Sha1 => Sha1::digest(key.to_der()?).into(),
            Self::Sha1OfKey => Sha1::digest(key.subject_public_key.raw_bytes()).into(),
        };

        OctetString::new(identifier)
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
}

/// A certificate that is to be signed with a key.
pub(crate) struct Template<'a, K> {
    pub(super) builder: CertificateBuilder<'a, K>,
    pub(super) issuer: SubjectPublicKeyInfoOwned,
    pub(super) subject: SubjectPublicKeyInfoOwned,
}

impl<K: Key> Template<'_, K> {
    /// Adds an extension behind those that there are.
    pub(crate) fn add_extension(&mut self, extension: &impl AsExtension) -> Result<(), Error> {
        self.builder.add_extension(extension)
    }

    /// Adds what identifies the key of the issuer.
    pub(crate) fn add_issuer(&mut self, identifier: KeyIdentifier) -> Result<(), Error> {
        self.add_extension(&AuthorityKeyIdentifier {
            key_identifier: Some(identifier.of(&self.issuer)?),
            ..Default::default()
        })
    }

    /// Adds what identifies the key of the subject.
    pub(crate) fn add_subject(&mut self, identifier: KeyIdentifier) -> Result<(), Error> {
        self.add_extension(&SubjectKeyIdentifier(identifier.of(&self.subject)?))
    }

    /// Adds what the key may be used for.
    pub(crate) fn add_usage(&mut self, usage: Usage) -> Result<(), Error> {
        self.add_extension(&usage.key_usage())
    }

    /// Adds what tells authorities from other subjects, and how many authorities may follow at most.
    pub(crate) fn add_constraints(
        &mut self,
        usage: Usage,
        authorities: Option<u8>,
    ) -> Result<(), Error> {
        self.add_extension(&BasicConstraints {
            ca: usage == Usage::Authority,
            path_len_constraint: authorities,
        })
    }

    /// Adds the address of the revocation list.
    pub(crate) fn add_revocation_list(&mut self, uri: &str) -> Result<(), Error> {
        let names = vec![GeneralName::UniformResourceIdentifier(Ia5String::new(uri)?)];

        self.add_extension(&CrlDistributionPoints(vec![DistributionPoint {
            distribution_point: Some(DistributionPointName::FullName(names)),
            reasons: None,
            crl_issuer: None,
        }]))
    }
}
