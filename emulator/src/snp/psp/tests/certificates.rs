// SPDX-License-Identifier: GPL-2.0

//! Certificates, compared with those of AMD, which the public verifier has, and with what KDS makes.

use super::*;
use crate::snp::config::{
    Month,
    Processor, //
};
use sev::certs::snp::builtin::{
    genoa,
    milan,
    turin, //
};
use x509_cert::{
    certificate::Certificate,
    der::{
        Decode as _,
        DecodePem as _,
        Tagged as _, //
    },
    ext::pkix::{
        name::{
            DistributionPointName,
            GeneralName, //
        },
        AuthorityKeyIdentifier,
        CrlDistributionPoints, //
    },
    name::Name,
};

/// Decodes the certificates of a guest's platform: the ARK, the ASK, the key of the chip, and the one
/// that was loaded.
fn certificates(processor: Processor) -> [Certificate; 4] {
    let (secure, _) = launch(|config| {
        config.processor = processor;
        config.vlek = true;
    });
    let Certificates {
        ark,
        ask,
        vcek,
        vlek,
    } = secure.certificates();

    [ark, ask, vcek, vlek.unwrap()].map(|der| Certificate::from_der(der).unwrap())
}

/// Returns what the extensions are and which are critical, in their order.
fn extensions(certificate: &Certificate) -> Vec<(String, bool)> {
    let extensions = certificate.tbs_certificate.extensions.iter().flatten();

    extensions
        .map(|extension| (extension.extn_id.to_string(), extension.critical))
        .collect()
}

/// Returns the value of an extension, encoded.
fn value(certificate: &Certificate, id: &str) -> Option<Vec<u8>> {
    let mut extensions = certificate.tbs_certificate.extensions.iter().flatten();

    extensions
        .find(|extension| extension.extn_id.to_string() == id)
        .map(|extension| extension.extn_value.as_bytes().to_vec())
}

/// Returns the attributes of a name, with their types, but no organization.
fn attributes(name: &Name) -> Vec<(String, u8, Option<Vec<u8>>)> {
    const ORGANIZATION: &str = "2.5.4.10";

    let attributes = name.0.iter().flat_map(|part| part.0.iter());
    attributes
        .map(|attribute| {
            let id = attribute.oid.to_string();
            let text = (id != ORGANIZATION).then(|| attribute.value.value().to_vec());
            (id, attribute.value.tag().octet(), text)
        })
        .collect()
}

/// Returns the path of the revocation list.
fn list(certificate: &Certificate) -> String {
    let found = certificate.tbs_certificate.get().unwrap();
    let (_, CrlDistributionPoints(points)) = found.unwrap();
    let Some(DistributionPointName::FullName(names)) = &points[0].distribution_point else {
        panic!("{points:?}");
    };
    let [GeneralName::UniformResourceIdentifier(uri)] = &names[..] else {
        panic!("{names:?}");
    };
    let (_, path) = uri.as_str()["https://".len()..].split_once('/').unwrap();

    assert_eq!(points.len(), 1);
    path.to_string()
}

/// Returns for how many days a certificate is valid.
fn days(certificate: &Certificate) -> u64 {
    let validity = certificate.tbs_certificate.validity;
    let length = validity.not_after.to_unix_duration() - validity.not_before.to_unix_duration();

    length.as_secs() / (24 * 60 * 60)
}

#[test]
fn has_authorities_like_those_of_amd() {
    for (processor, real) in [
        (Processor::Milan, [milan::ARK, milan::ASK]),
        (Processor::Genoa, [genoa::ARK, genoa::ASK]),
        (Processor::Turin, [turin::ARK, turin::ASK]),
    ] {
        let [ark, ask, ..] = certificates(processor);
        for (ours, real) in [ark, ask].into_iter().zip(real) {
            let real = Certificate::from_pem(real).unwrap();
            assert_eq!(extensions(&ours), extensions(&real));
            // What the key is for, and how many authorities may follow.
            for id in ["2.5.29.15", "2.5.29.19"] {
                assert_eq!(value(&ours, id), value(&real, id), "{id}");
            }
            assert_eq!(list(&ours), list(&real));
            let [days, real_days] = [days(&ours), days(&real)];
            assert!(days.abs_diff(real_days) <= 1, "{days} {real_days}");
            let (ours, real) = (ours.tbs_certificate, real.tbs_certificate);
            assert_eq!(ours.serial_number, real.serial_number);
            assert_eq!(attributes(&ours.issuer), attributes(&real.issuer));
            assert_eq!(attributes(&ours.subject), attributes(&real.subject));
        }
    }
}

#[test]
fn identifies_the_key_of_the_root_as_amd_does() {
    let real = [milan::ARK, milan::ASK].map(|pem| Certificate::from_pem(pem).unwrap());
    let [ark, ask, ..] = certificates(Processor::Milan);

    for [ark, ask] in [real, [ark, ask]] {
        let key = ark.tbs_certificate.subject_public_key_info;
        let digest = sha1::Sha1::digest(key.subject_public_key.raw_bytes());
        let found = ask.tbs_certificate.get::<AuthorityKeyIdentifier>().unwrap();
        let (_, authority) = found.unwrap();
        assert_eq!(authority.key_identifier.unwrap().as_bytes(), &digest[..]);
    }
}

#[test]
fn has_an_authority_for_keys_that_are_loaded() {
    for (processor, line) in [
        (Processor::Milan, "Milan"),
        (Processor::Genoa, "Genoa"),
        (Processor::Turin, "Turin"),
    ] {
        let [_, _, vcek, vlek] = certificates(processor).map(|c| c.tbs_certificate);
        let common = |name: &Name| attributes(name).pop().unwrap().2.unwrap();
        assert_eq!(common(&vcek.issuer), format!("SEV-{line}").as_bytes());
        assert_eq!(common(&vlek.issuer), format!("SEV-VLEK-{line}").as_bytes());
        assert_eq!(common(&vcek.subject), b"SEV-VCEK");
        assert_eq!(common(&vlek.subject), b"SEV-VLEK");
    }
}

#[test]
fn certifies_keys_as_kds_does() {
    const AMD: &str = "1.3.6.1.4.1.3704.1";
    let milan = [
        "1", "2", "3.1", "3.2", "3.4", "3.5", "3.6", "3.7", "3.3", "3.8",
    ];
    let turin = [
        "1", "2", "3.9", "3.1", "3.2", "3.3", "3.5", "3.6", "3.7", "3.8",
    ];

    for (processor, places, version, [product, line]) in [
        (Processor::Milan, milan, 0, ["Milan-B0", "Milan"]),
        (Processor::Genoa, milan, 0, ["Genoa", "Genoa"]),
        (Processor::Turin, turin, 1, ["Turin", "Turin"]),
    ] {
        let [_, _, vcek, vlek] = certificates(processor);
        // 7 years, with a leap day or two, and one.
        for (certificate, last, product, valid) in [
            (vcek, "4", product, 2556..=2557),
            (vlek, "5", line, 365..=366),
        ] {
            let expected: Vec<_> = places
                .into_iter()
                .chain([last])
                .map(|place| (format!("{AMD}.{place}"), false))
                .collect();
            assert_eq!(extensions(&certificate), expected);
            let text = [&[0x16, product.len() as u8][..], product.as_bytes()].concat();
            assert_eq!(value(&certificate, &format!("{AMD}.2")), Some(text));
            let number = value(&certificate, &format!("{AMD}.1"));
            assert_eq!(number, Some(vec![2, 1, version]));
            assert!(valid.contains(&days(&certificate)));
            let serial = certificate.tbs_certificate.serial_number;
            assert_eq!(serial.as_bytes(), [0]);
        }
    }
}

#[test]
fn certifies_a_key_that_is_loaded_for_a_year_from_the_month_that_it_is() {
    for (since, expected) in [
        (None, Month::now().and_a_year()),
        (
            Month::parse("2023-07"),
            ["2023-07-01T00:00:00Z", "2024-07-01T00:00:00Z"].map(str::to_string),
        ),
    ] {
        let (secure, _) = launch(|config| {
            config.vlek = true;
            config.vlek_since = since;
        });
        let vlek = Certificate::from_der(secure.certificates().vlek.unwrap()).unwrap();
        let validity = vlek.tbs_certificate.validity;
        let found = [validity.not_before, validity.not_after].map(|time| time.to_string());
        assert_eq!(found, expected);
    }
}

#[test]
fn names_the_provider_of_a_key_that_is_loaded_by_a_common_name() {
    let [_, _, vcek, vlek] = certificates(Processor::Milan);
    let provider = |certificate| value(certificate, "1.3.6.1.4.1.3704.1.5");
    let found = provider(&vlek).unwrap();

    // An `IA5String`, and its length.
    assert_eq!(found[..2], [0x16, found.len() as u8 - 2]);
    assert!(found[2..].starts_with(b"CN="));
    assert_eq!(provider(&vcek), None);
}

#[test]
fn certifies_how_new_the_platform_is_said_to_be() {
    let (secure, _) = launch(|config| {
        config.processor = Processor::Turin;
        config.vlek = true;
        config.current_tcb = Some(0xff00_0000_0708_0911);
        config.reported_tcb = Some(0xfe00_0000_0407_0301);
    });
    let found = secure.certificates();

    for der in [found.vcek, found.vlek.unwrap()] {
        let certificate = Certificate::from_der(der).unwrap();
        for (place, expected) in [
            ("9", &[2, 1, 1][..]),
            ("1", &[2, 1, 3][..]),
            ("2", &[2, 1, 7][..]),
            ("3", &[2, 1, 4][..]),
            ("8", &[2, 2, 0, 0xfe][..]),
        ] {
            let id = format!("1.3.6.1.4.1.3704.1.3.{place}");
            assert_eq!(value(&certificate, &id).unwrap(), expected, "{id}");
        }
    }
}
