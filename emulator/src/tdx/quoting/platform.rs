// SPDX-License-Identifier: GPL-2.0

//! The platform that the quoting enclave runs on, and what certifies it.
//!
//! "Intel SGX PCK Certificate and Certificate Revocation List Profile Specification". A real chain
//! has the same shape, but a root of Intel's. This one has a root of its own, whose key is
//! public: what it certifies proves nothing.

use x509_cert::{
    attr::AttributeTypeAndValue,
    builder::{
        self,
        CertificateBuilder, //
    },
    der::{
        self,
        asn1::{
            Any,
            Ia5String,
            ObjectIdentifier,
            OctetStringRef, //
        },
        oid::AssociatedOid,
        pem::LineEnding,
        Encode,
        EncodePem as _,
        EncodeValue,
        Length,
        Tag,
        Tagged,
        Writer, //
    },
    ext::{
        pkix::{
            crl::dp::DistributionPoint,
            name::{
                DistributionPointName,
                GeneralName, //
            },
            CrlDistributionPoints, //
        },
        AsExtension,
        Extension, //
    },
    name::Name,
    Certificate, //
};

use crate::{
    tdx::cpu::Cpu,
    x509::{
        self,
        Identity,
        Usage,
        P256, //
    }, //
};

/// Whose everything is that has a name here. Verifiers compare common names with those of the
/// profile, so that this has to say what they are.
pub(super) const ORGANIZATION: &str = "TSM-RS TEST - NOT INTEL";
/// The root authority.
pub(super) const ROOT: &str = "Intel SGX Root CA";
/// The authority for platforms.
pub(super) const PLATFORM_CA: &str = "Intel SGX PCK Platform CA";
/// The platform.
pub(super) const PCK: &str = "Intel SGX PCK Certificate";

/// Security version number of the provisioning certification enclave.
pub(super) const PCE_SVN: u16 = 13;
/// Kind of platform: "TSMRS".
pub(super) const FMSPC: [u8; 6] = *b"TSMRS\0";
/// Identity of the provisioning certification enclave.
pub(super) const PCE_ID: [u8; 2] = [0, 0];
/// Number of the platform, and of this instance of it.
const INSTANCE: [u8; 16] = *b"TSM-RS TEST ONLY";
/// The kind that has several processors.
const SCALABLE: u8 = 1;

/// Object identifier of the extension that describes a platform. Those of its parts are under it.
const SGX: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113741.1.13.1");

/// The extension that describes a platform.
struct Sgx(Vec<AttributeTypeAndValue>);

impl AssociatedOid for Sgx {
    const OID: ObjectIdentifier = SGX;
}

impl Encode for Sgx {
    fn encoded_len(&self) -> der::Result<Length> {
        self.0.encoded_len()
    }

    fn encode(&self, encoder: &mut impl Writer) -> der::Result<()> {
        self.0.encode(encoder)
    }
}

impl AsExtension for Sgx {
    fn critical(&self, _: &Name, _: &[Extension]) -> bool {
        false
    }
}

impl Sgx {
    /// Makes the extension.
    fn new() -> der::Result<Self> {
        let svn = OctetStringRef::new(&Cpu::SVN)?;
        let instance = OctetStringRef::new(&INSTANCE)?;
        let mut tcb = (1..)
            .zip(Cpu::SVN)
            .map(|(number, svn)| part(&[2, number], &svn))
            .collect::<der::Result<Vec<_>>>()?;
        tcb.push(part(&[2, 17], &PCE_SVN)?);
        tcb.push(part(&[2, 18], &svn)?);

        let configuration = vec![
            part(&[7, 1], &false)?,
            part(&[7, 2], &true)?,
            part(&[7, 3], &false)?,
        ];
        Ok(Self(vec![
            part(&[1], &instance)?,
            part(&[2], &tcb)?,
            part(&[3], &OctetStringRef::new(&PCE_ID)?)?,
            part(&[4], &OctetStringRef::new(&FMSPC)?)?,
            part(&[5], &Any::new(Tag::Enumerated, [SCALABLE])?)?,
            part(&[6], &instance)?,
            part(&[7], &configuration)?,
        ]))
    }
}

/// Encodes a part of the extension: its place under [`SGX`], and its value.
fn part(place: &[u32], value: &(impl EncodeValue + Tagged)) -> der::Result<AttributeTypeAndValue> {
    Ok(AttributeTypeAndValue {
        oid: place.iter().try_fold(SGX, |id, arc| id.push_arc(*arc))?,
        value: Any::encode_from(value)?,
    })
}

/// Returns the extension with the address of the revocation list. The address does not exist.
fn crl_distribution_points() -> der::Result<CrlDistributionPoints> {
    let uri = Ia5String::new("https://tsm-rs.invalid/crl")?;
    let names = vec![GeneralName::UniformResourceIdentifier(uri)];

    Ok(CrlDistributionPoints(vec![DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(names)),
        reasons: None,
        crl_issuer: None,
    }]))
}

/// Makes the identity with a common name, which its key is derived from.
pub(super) fn identity(name: &str) -> Identity<P256> {
    Identity::new(
        &format!("O={ORGANIZATION},CN={name}"),
        x509::p256(&format!("{name} of {ORGANIZATION}")),
    )
}

/// Adds the extensions of a platform to its certificate.
fn describe(certificate: &mut CertificateBuilder<'_, P256>) -> Result<(), builder::Error> {
    certificate.add_extension(&crl_distribution_points()?)?;
    certificate.add_extension(&Sgx::new()?)
}

/// Makes the certificate of the root.
pub(super) fn root(root: &Identity<P256>) -> Certificate {
    root.issue(1, root, Usage::Authority, |_| Ok(()))
}

/// Makes the certificates of a platform with the key of `pck` up to the root, as text.
pub(super) fn chain(pck: &Identity<P256>) -> String {
    let (authority, platform) = (identity(ROOT), identity(PLATFORM_CA));

    [
        platform.issue(3, pck, Usage::Signer, describe),
        authority.issue(2, &platform, Usage::Authority, |_| Ok(())),
        root(&authority),
    ]
    .iter()
    .map(to_pem)
    .collect()
}

/// Encodes a certificate as text.
pub(super) fn to_pem(certificate: &Certificate) -> String {
    // PANIC: It fails for 256 MiB and more.
    certificate.to_pem(LineEnding::LF).expect("short")
}
