// SPDX-License-Identifier: GPL-2.0

//! Every key, each refusal.

use super::*;

/// Sets some options.
fn parse(args: &[(&str, &str)]) -> Result<SnpConfig, String> {
    let mut config = SnpConfig::default();
    for (key, value) in args {
        config.set(key, value)?;
    }
    Ok(config)
}

#[test]
fn takes_what_the_guest_is() {
    let (digest, long, short) = ("0f".repeat(48), "0f".repeat(32), "0f".repeat(16));
    let config = parse(&[
        ("vmpl", "2"),
        ("policy", "0x130000"),
        ("guest_svn", "7"),
        ("measurement", &digest),
        ("host_data", &long),
        ("report_id", &long),
        ("family_id", &short),
        ("image_id", &short),
        ("id_key_digest", &digest),
        ("author_key_digest", &digest),
        ("report_version", "5"),
        ("firmware", "1.58.3"),
        ("messages", "4294967290"),
        ("vlek_since", "2026-03"),
        ("vcek_disabled", "on"),
        ("platform_info", "0x27"),
        ("mit_vector", "b"),
        ("current_tcb", "0xdb18000000000004"),
        ("committed_tcb", "db17000000000004"),
        ("reported_tcb", "db16000000000004"),
        ("launch_tcb", "db15000000000004"),
    ])
    .unwrap();
    let digest = Digest384::new([0x0f; 48]);
    assert_eq!(
        (config.vmpl, config.policy, config.guest_svn),
        (2, 0x13_0000, 7)
    );
    assert_eq!(config.measurement, Some(digest));
    assert_eq!(config.host_data, [0x0f; 32]);
    assert_eq!(config.report_id, Some([0x0f; 32]));
    assert_eq!(config.family_id, [0x0f; 16]);
    assert_eq!(config.image_id, [0x0f; 16]);
    assert_eq!(
        (config.id_key_digest, config.author_key_digest),
        (digest, digest)
    );
    assert_eq!(config.report_version, ReportVersion::V5);
    let firmware = Firmware {
        major: 1,
        minor: 58,
        build: 3,
    };
    assert_eq!(config.firmware(), firmware);
    assert_eq!(config.messages, 4_294_967_290);
    assert_eq!(config.vlek_since, Month::parse("2026-03"));
    assert!(config.vcek_disabled);
    assert_eq!(config.platform_info, Some(0x27));
    assert_eq!(config.mit_vector, Some(0xb));
    assert_eq!(config.current_tcb, Some(0xdb18_0000_0000_0004));
    assert_eq!(config.committed_tcb, Some(0xdb17_0000_0000_0004));
    assert_eq!(config.reported_tcb, Some(0xdb16_0000_0000_0004));
    assert_eq!(config.launch_tcb, Some(0xdb15_0000_0000_0004));
}

#[test]
fn takes_misbehaviour() {
    let config = parse(&[
        ("certs", "overflowing"),
        ("certs_size", "40K"),
        ("guest_request", "replay"),
        ("request_error", "100000000"),
        ("request_error_count", "2"),
        ("report_status", "27"),
        ("report_size", "5000"),
        ("busy", "3"),
        ("busy_ms", "70"),
        ("refuse_after", "4"),
        ("mutate", "7"),
        ("mutate_count", "9"),
        ("mutate_part", "certs"),
    ])
    .unwrap();
    assert_eq!(config.certs, CertificateService::Overflowing);
    assert_eq!(config.certs_size, 40 << 10);
    assert_eq!(config.guest_request, RequestService::Replay);
    assert_eq!(
        (config.request_error, config.request_error_count),
        (Some(1 << 32), 2)
    );
    assert_eq!(
        (config.report_status, config.report_size),
        (Some(0x27), Some(5000))
    );
    assert_eq!((config.busy, config.refuse_after), (3, 4));
    assert_eq!(config.busy_for, Duration::from_millis(70));
    assert_eq!((config.mutate, config.mutate_count), (Some(7), 9));
    assert_eq!(config.mutate_part, MutatedPart::Certificates);
    for (value, part) in [
        ("all", MutatedPart::All),
        ("payload", MutatedPart::Payload),
        ("svsm", MutatedPart::Attestation),
    ] {
        let config = parse(&[("mutate_part", value)]).unwrap();
        assert_eq!(config.mutate_part, part);
    }
}

#[test]
fn refuses_values_that_make_no_sense() {
    for arg in [
        ("vmpl", "4"),
        ("policy", "x"),
        ("guest_svn", "-1"),
        ("measurement", "00"),
        ("host_data", "00"),
        ("family_id", "+0+0+0+0+0+0+0+0+0+0+0+0+0+0+0+0"),
        ("report_version", "1"),
        ("messages", "4294967296"),
        ("vlek_since", "2026-3"),
        ("vcek_disabled", "yes"),
        ("platform_info", "smt"),
        ("mit_vector", "-1"),
        ("committed_tcb", "10000000000000000"),
        ("certs", "maybe"),
        ("certs_size", "65M"),
        ("guest_request", "maybe"),
        ("request_error", "x"),
        ("request_error_count", "-1"),
        ("report_status", "100000000"),
        ("report_size", "-1"),
        ("busy", "4294967296"),
        ("busy_ms", "1s"),
        ("mutate", "-1"),
        ("mutate_part", "tag"),
    ] {
        assert!(parse(&[arg]).is_err());
    }
}
