// SPDX-License-Identifier: GPL-2.0

//! The platform that the quoting enclave runs on, and what certifies it.
//!
//! "Intel SGX PCK Certificate and Certificate Revocation List Profile Specification". A real chain
//! has the same shape, but a root of Intel's. This one has a root of its own, whose key anybody can
//! know: what it certifies proves nothing.

use der::{
    asn1::ObjectIdentifier,
    pem::{
        self,
        LineEnding, //
    }, //
};

use crate::{
    tdx::Cpu,
    x509::{
        self,
        der::{
            boolean,
            enumerated,
            integer,
            octets,
            oid,
            sequence,
            tlv, //
        },
        extension,
        Identity,
        Usage,
        COMMON_NAME,
        P256, //
    }, //
};

/// Whose everything is that has a name here. Verifiers compare common names with those of the
/// profile, so that this has to say what they are.
pub(super) const ORGANIZATION: &str = "TSM-RS TEST - NOT INTEL";
/// The authority that everything goes back to.
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

/// The extension that describes a platform. Its parts have numbers under it.
const SGX: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113741.1.13.1");

const CRL_DISTRIBUTION_POINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.31");

/// Makes the identity with a common name, which its key is derived from.
pub(super) fn identity(name: &'static str) -> Identity<P256> {
    let key = P256::new(&format!("{name} of {ORGANIZATION}"));

    Identity::with_key(
        &[(COMMON_NAME, name), (x509::ORGANIZATION, ORGANIZATION)],
        key,
    )
}

/// Encodes a part of the extension: its place under [`SGX`], and its value.
fn part(place: &[u8], value: &[u8]) -> Vec<u8> {
    let id = place
        .iter()
        .try_fold(SGX, |id, arc| id.push_arc((*arc).into()));

    // PANIC: The longest has 11 of the 39 bytes that there may be.
    sequence(&[&oid(id.expect("short")), value])
}

/// Encodes the extension.
fn sgx_extension() -> Vec<u8> {
    let mut tcb: Vec<_> = (1..)
        .zip(Cpu::SVN)
        .map(|(number, svn)| part(&[2, number], &integer(svn.into())))
        .collect();
    tcb.push(part(&[2, 17], &integer(PCE_SVN.into())));
    tcb.push(part(&[2, 18], &octets(&Cpu::SVN)));

    let configuration = [
        part(&[7, 1], &boolean(false)),
        part(&[7, 2], &boolean(true)),
        part(&[7, 3], &boolean(false)),
    ];
    let parts = [
        part(&[1], &octets(&INSTANCE)),
        part(&[2], &sequence(&[&tcb.concat()])),
        part(&[3], &octets(&PCE_ID)),
        part(&[4], &octets(&FMSPC)),
        part(&[5], &enumerated(SCALABLE)),
        part(&[6], &octets(&INSTANCE)),
        part(&[7], &sequence(&[&configuration.concat()])),
    ];
    extension(SGX, false, &sequence(&[&parts.concat()]))
}

/// Encodes the extension that says where the list of revoked certificates is. Nowhere.
fn crl_distribution_points() -> Vec<u8> {
    let uri = tlv(0x86, &[b"https://tsm-rs.invalid/crl"]);
    let name = tlv(0xa0, &[&tlv(0xa0, &[&uri])]);

    extension(
        CRL_DISTRIBUTION_POINTS,
        false,
        &sequence(&[&sequence(&[&name])]),
    )
}

/// The certificate of the root.
pub(super) fn root(root: &Identity<P256>) -> Vec<u8> {
    root.issue(1, root, Usage::Authority, &[])
}

/// The certificates of a platform with the key of `pck` up to the root, as text.
pub(super) fn chain(pck: &Identity<P256>) -> String {
    let (authority, platform) = (identity(ROOT), identity(PLATFORM_CA));

    [
        platform.issue(
            3,
            pck,
            Usage::Signer,
            &[crl_distribution_points(), sgx_extension()],
        ),
        authority.issue(2, &platform, Usage::Authority, &[]),
        root(&authority),
    ]
    .iter()
    .map(|certificate| to_pem(certificate))
    .collect()
}

/// Encodes a certificate as text.
pub(super) fn to_pem(certificate: &[u8]) -> String {
    // PANIC: It fails for 3 EiB and more.
    pem::encode_string("CERTIFICATE", LineEnding::LF, certificate).expect("short")
}
