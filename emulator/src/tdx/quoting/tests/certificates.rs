// SPDX-License-Identifier: GPL-2.0

//! Certificates, compared with what a chain of a real platform has.

use std::time::Duration;

use sha1::{
    Digest as _,
    Sha1, //
};
use x509_cert::{
    certificate::Certificate,
    der::{
        oid::AssociatedOid,
        Decode,
        DecodePem as _,
        Encode as _, //
    },
    ext::pkix::{
        name::{
            DistributionPointName,
            GeneralName, //
        },
        AuthorityKeyIdentifier,
        BasicConstraints,
        CrlDistributionPoints,
        KeyUsage,
        SubjectKeyIdentifier, //
    },
};

use super::platform;

/// The certificates from that of the platform to that of the root.
fn chain() -> [Certificate; 3] {
    let text = platform::chain(&platform::identity(platform::PCK));
    let chain: Vec<_> = text
        .split_inclusive("-----END CERTIFICATE-----\n")
        .map(|certificate| Certificate::from_pem(certificate).unwrap())
        .collect();

    chain.try_into().unwrap()
}

/// Decodes an extension, and tells whether it is critical.
fn extension<E: AssociatedOid + for<'a> Decode<'a>>(certificate: &Certificate) -> (bool, E) {
    let (critical, extension) = certificate.tbs_certificate.get().unwrap().unwrap();

    (critical, extension)
}

/// Returns the SHA-1 of a public key as certificates have it.
fn sha1(certificate: &Certificate) -> Vec<u8> {
    let key = &certificate.tbs_certificate.subject_public_key_info;

    Sha1::digest(key.to_der().unwrap()).to_vec()
}

#[test]
fn has_the_extensions_of_a_real_chain_in_their_order() {
    let usual = [
        "2.5.29.35",
        "2.5.29.31",
        "2.5.29.14",
        "2.5.29.15",
        "2.5.29.19",
    ];
    let more = ["1.2.840.113741.1.13.1"];

    for (certificate, more) in chain().iter().zip([&more[..], &[], &[]]) {
        let extensions = certificate.tbs_certificate.extensions.iter().flatten();
        let identifiers: Vec<_> = extensions.map(|ext| ext.extn_id.to_string()).collect();
        assert_eq!(identifiers, [&usual[..], more].concat());
    }
}

#[test]
fn says_what_each_key_is_for_as_a_real_chain_does() {
    for (certificate, (is_authority, authorities)) in
        chain()
            .iter()
            .zip([(false, None), (true, Some(0)), (true, Some(1))])
    {
        let (critical, usage): (_, KeyUsage) = extension(certificate);
        assert!(critical);
        assert_eq!(
            [usage.digital_signature(), usage.non_repudiation()],
            [!is_authority; 2]
        );
        assert_eq!([usage.key_cert_sign(), usage.crl_sign()], [is_authority; 2]);
        let (critical, constraints): (_, BasicConstraints) = extension(certificate);
        assert!(critical);
        assert_eq!(constraints.ca, is_authority);
        assert_eq!(constraints.path_len_constraint, authorities);
    }
}

#[test]
fn identifies_keys_by_their_sha_1_and_authorities_by_that_of_their_keys() {
    let [pck, platform_ca, root] = &chain();

    for (certificate, issuer) in [(pck, platform_ca), (platform_ca, root), (root, root)] {
        let (critical, subject): (_, SubjectKeyIdentifier) = extension(certificate);
        assert!(!critical);
        assert_eq!(subject.0.as_bytes(), sha1(certificate));
        let (critical, authority): (_, AuthorityKeyIdentifier) = extension(certificate);
        assert!(!critical);
        assert_eq!(authority.key_identifier.unwrap().as_bytes(), sha1(issuer));
        assert_eq!(authority.authority_cert_issuer, None);
        // A number of 160 bits has no sign.
        let mut serial = certificate.tbs_certificate.serial_number.as_bytes();
        serial = serial.strip_prefix(&[0]).unwrap_or(serial);
        assert_eq!(serial.len(), 20);
        assert_eq!(serial == sha1(certificate), certificate != pck);
    }
}

#[test]
fn names_the_revocation_list_in_each_certificate() {
    for (certificate, path) in chain().iter().zip([
        "/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
        "/IntelSGXRootCA.der",
        "/IntelSGXRootCA.der",
    ]) {
        let (critical, CrlDistributionPoints(points)) = extension(certificate);
        assert!(!critical);
        let [point] = &points[..] else {
            panic!("{points:?}");
        };
        let Some(DistributionPointName::FullName(names)) = &point.distribution_point else {
            panic!("{point:?}");
        };
        let [GeneralName::UniformResourceIdentifier(uri)] = &names[..] else {
            panic!("{names:?}");
        };
        assert_eq!(
            uri.as_str().strip_prefix("https://tsm-rs.invalid"),
            Some(path)
        );
    }
}

#[test]
fn is_valid_as_long_as_a_real_chain() {
    const DAY: u64 = 24 * 60 * 60;

    // 7 years with a leap day or two, and 15 with three or four. The root ends with what a date can say.
    let [pck, platform_ca, root] = &chain().map(|certificate| {
        let validity = certificate.tbs_certificate.validity;
        let [start, end] =
            [validity.not_before, validity.not_after].map(|time| time.to_unix_duration());
        (end - start, end)
    });
    for ((length, _), years, leaps) in [(pck, 7, 1..=2), (platform_ca, 15, 3..=4)] {
        let days = length.as_secs() / DAY - 365 * years;
        assert!(leaps.contains(&days), "{days}");
    }
    assert_eq!(root.1, Duration::from_secs(2_524_607_999));
}

#[test]
fn has_the_attributes_of_a_real_name_in_their_order() {
    for certificate in chain() {
        let certificate = certificate.tbs_certificate;
        for name in [certificate.issuer, certificate.subject] {
            // The last attribute comes first.
            let text = name.to_string();
            let (place, common) = text.split_once(",CN=").unwrap();
            assert_eq!(place, "C=US,ST=CA,L=Santa Clara,O=TSM-RS TEST - NOT INTEL");
            assert!(common.starts_with("Intel SGX "));
        }
    }
}

#[test]
fn a_public_verifier_finds_what_is_said_of_the_platform() {
    let [pck, ..] = &chain();
    let sgx = dcap_qvl::intel::parse_pck_extension(&pck.to_der().unwrap()).unwrap();

    assert_eq!(sgx.fmspc, platform::FMSPC);
    assert_eq!(sgx.cpu_svn, crate::tdx::cpu::Cpu::SVN);
    assert_eq!(sgx.pce_svn, platform::PCE_SVN);
    assert_eq!(sgx.ppid, b"TSM-RS TEST ONLY");
    assert_eq!(
        sgx.platform_instance_id.as_deref(),
        Some(&b"TSM-RS TEST INST"[..])
    );
    // It may get packages, its keys are not cached, its threads are on.
    for (number, value) in [(1, 0xff), (2, 0), (3, 0xff)] {
        let place = format!("1.2.840.113741.1.13.1.7.{number}");
        let found = sgx.get_value(&place.parse().unwrap()).unwrap();
        assert_eq!(found, Some(vec![value]), "{place}");
    }
}
