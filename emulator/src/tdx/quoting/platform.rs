// SPDX-License-Identifier: GPL-2.0

//! The platform that the quoting enclave runs on, and what certifies it.
//!
//! "Intel SGX PCK Certificate and Certificate Revocation List Profile Specification". A real chain
//! has the same shape, down to the order of its extensions, but other names and a root of Intel's. This
//! one has a root of its own, whose key is public: what it certifies proves nothing.

use sha2::{
    Digest as _,
    Sha256, //
};
use x509_cert::{
    attr::AttributeTypeAndValue,
    builder,
    der::{
        self,
        asn1::{
            Any,
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
        KeyIdentifier,
        Template,
        Terms,
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
/// Number of the platform, which provisioning knows it by.
const PPID: [u8; 16] = *b"TSM-RS TEST ONLY";
/// Number of this instance of it.
const INSTANCE: [u8; 16] = *b"TSM-RS TEST INST";
/// The kind that has several processors.
const SCALABLE: u8 = 1;

/// Whether packages may be added, whether keys are cached at Intel's, and whether threads are on.
const CONFIGURATION: [bool; 3] = [true, false, true];

/// Where the revocation list of the root is, and that of the authority for platforms. Neither exists; the
/// paths are those of Intel's.
const ROOT_LIST: &str = "https://tsm-rs.invalid/IntelSGXRootCA.der";
const PLATFORM_LIST: &str =
    "https://tsm-rs.invalid/sgx/certification/v4/pckcrl?ca=platform&encoding=der";

/// When the authority for platforms and a platform are certified. That is for 15 and for 7 years.
const PLATFORM_CA_VALIDITY: [&str; 2] = ["2024-01-01T00:00:00Z", "2039-01-01T00:00:00Z"];
const PCK_VALIDITY: [&str; 2] = ["2025-01-01T00:00:00Z", "2032-01-01T00:00:00Z"];

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
        let mut tcb = (1..)
            .zip(Cpu::SVN)
            .map(|(number, svn)| part(&[2, number], &svn))
            .collect::<der::Result<Vec<_>>>()?;
        tcb.push(part(&[2, 17], &PCE_SVN)?);
        tcb.push(part(&[2, 18], &svn)?);

        let configuration = (1..)
            .zip(CONFIGURATION)
            .map(|(number, is_so)| part(&[7, number], &is_so))
            .collect::<der::Result<Vec<_>>>()?;
        Ok(Self(vec![
            part(&[1], &OctetStringRef::new(&PPID)?)?,
            part(&[2], &tcb)?,
            part(&[3], &OctetStringRef::new(&PCE_ID)?)?,
            part(&[4], &OctetStringRef::new(&FMSPC)?)?,
            part(&[5], &Any::new(Tag::Enumerated, [SCALABLE])?)?,
            part(&[6], &OctetStringRef::new(&INSTANCE)?)?,
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

/// Makes the identity with a common name, which its key is derived from.
pub(super) fn identity(name: &str) -> Identity<P256> {
    Identity::new(
        &format!("C=US,ST=CA,L=Santa Clara,O={ORGANIZATION},CN={name}"),
        x509::p256(&format!("{name} of {ORGANIZATION}")),
    )
}

/// Adds the extensions of all certificates, in the order of Intel's: which revocation list may have it, what
/// the key is used for, how many authorities may follow.
fn describe(
    template: &mut Template<'_, P256>,
    list: &str,
    usage: Usage,
    authorities: Option<u8>,
) -> Result<(), builder::Error> {
    template.add_issuer(KeyIdentifier::Sha1)?;
    template.add_revocation_list(list)?;
    template.add_subject(KeyIdentifier::Sha1)?;
    template.add_usage(usage)?;
    template.add_constraints(usage, authorities)
}

/// Makes the certificate of the root.
pub(super) fn root(root: &Identity<P256>) -> Certificate {
    // The number of an authority's certificate is what identifies its key.
    let terms = Terms::longest(root.identifier(KeyIdentifier::Sha1));

    root.certify(&terms, root, |template| {
        describe(template, ROOT_LIST, Usage::Authority, Some(1))
    })
}

/// Makes the certificate of the authority for platforms.
fn platform_ca(root: &Identity<P256>, authority: &Identity<P256>) -> Certificate {
    let terms = Terms {
        serial: authority.identifier(KeyIdentifier::Sha1),
        validity: PLATFORM_CA_VALIDITY,
    };

    root.certify(&terms, authority, |template| {
        describe(template, ROOT_LIST, Usage::Authority, Some(0))
    })
}

/// Makes the certificate of a platform.
fn pck(authority: &Identity<P256>, pck: &Identity<P256>) -> Certificate {
    let digest = x509::seed::<Sha256>(&format!("number of {PCK} of {ORGANIZATION}")).finalize();
    let terms = Terms {
        serial: digest.iter().copied().take(20).collect(),
        validity: PCK_VALIDITY,
    };

    authority.certify(&terms, pck, |template| {
        describe(template, PLATFORM_LIST, Usage::Signer, None)?;
        template.add_extension(&Sgx::new()?)
    })
}

/// Makes the certificates of a platform with the key of `platform` up to the root, as text.
pub(super) fn chain(platform: &Identity<P256>) -> String {
    let (authority, platform_authority) = (identity(ROOT), identity(PLATFORM_CA));

    [
        pck(&platform_authority, platform),
        platform_ca(&authority, &platform_authority),
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
