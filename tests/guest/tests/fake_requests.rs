// SPDX-License-Identifier: GPL-2.0

//! What a report asks of its provider, and every refusal.

use std::{
    fs::File,
    io::Write as _, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    errno,
    fake::reports::{
        fake,
        outblob,
        report, //
    },
    reports::Report,
    Drivers, //
};

#[test]
fn echoes_what_was_asked_for() {
    let _fake = fake("");
    let report = report("echo", b"some bytes");

    report.store("privlevel", "3\n").unwrap();
    report.store("service_provider", "svsm\n").unwrap();
    report
        .store("service_guid", "01020304-0506-0708-090a-0b0c0d0e0f10\n")
        .unwrap();
    report.store("service_manifest_version", "0x12\n").unwrap();
    let blob = outblob(&report);
    assert_eq!(blob.len(), 1000);
    assert_eq!(blob.inblob(), b"some bytes");
    assert_eq!(blob.privlevel(), 3);
    assert_eq!(blob.service_provider(), "svsm");
    let guid = [4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16];
    assert_eq!(blob.guid(), guid);
    assert_eq!(blob.manifest_version(), 0x12);
    assert_eq!(report.read("provider").unwrap(), b"fake\n");
}

#[test]
fn a_service_provider_can_have_no_line_feed_and_any_length() {
    let _fake = fake("");
    let report = report("service", &[1; 64]);

    report.store("service_provider", "plain").unwrap();
    assert_eq!(outblob(&report).service_provider(), "plain");
    let long = "s".repeat(4000);
    report.store("service_provider", &long).unwrap();
    assert_eq!(outblob(&report).service_provider(), &long[..59]);
    report.store("service_provider", "\n").unwrap();
    assert_eq!(outblob(&report).service_provider(), "");
}

#[test]
fn each_write_counts_once_and_a_refused_one_does_not() {
    let _fake = fake("privlevel_floor=1");
    let report = Report::bare("counts").unwrap();
    let guid = "11111111-2222-3333-4444-555555555555";
    let good = [
        ("privlevel", "1"),
        ("privlevel", "0x3\n"),
        ("service_provider", "x"),
        ("service_guid", guid),
        ("service_manifest_version", "0"),
        ("service_manifest_version", "4294967295\n"),
    ];
    let bad = [
        ("privlevel", "0", Errno::EINVAL),
        ("privlevel", "4", Errno::EINVAL),
        ("privlevel", "4294967295", Errno::EINVAL),
        ("privlevel", "4294967296", Errno::ERANGE),
        ("privlevel", "-1", Errno::EINVAL),
        ("privlevel", "one", Errno::EINVAL),
        ("privlevel", "\n", Errno::EINVAL),
        ("service_manifest_version", "4294967296", Errno::ERANGE),
        ("service_manifest_version", "1.0", Errno::EINVAL),
    ];

    for (count, (name, text)) in (1..).zip(good) {
        report.store(name, text).unwrap();
        assert_eq!(report.generation(), count, "{name} {text}");
    }
    report.set_inblob(&[1]).unwrap();
    let generation = report.generation();
    assert_eq!(generation, good.len() as u64 + 1);
    let before = outblob(&report);
    for (name, text, error) in bad {
        assert_eq!(
            errno(report.store(name, text)),
            Some(error),
            "{name} {text}"
        );
        assert_eq!(report.generation(), generation, "{name} {text}");
    }
    assert_eq!(outblob(&report), before);
}

#[test]
fn a_guid_that_is_none_is_refused_and_changes_nothing() {
    let _fake = fake("");
    let report = report("guid", &[1; 64]);

    report
        .store("service_guid", "11111111-1111-1111-1111-111111111111")
        .unwrap();
    let before = outblob(&report);
    for (count, bad) in (1..).zip(["", "1", "11111111-1111-1111-1111-11111111111", "x"]) {
        let bad = format!("{bad}\n");
        let generation = report.generation();

        assert_eq!(
            errno(report.store("service_guid", &bad)),
            Some(Errno::EINVAL),
            "{bad}"
        );
        if Drivers::get().refused_guid_changes_nothing() {
            assert_eq!(report.generation(), generation, "{bad}");
            assert_eq!(outblob(&report), before, "{bad}");
        } else {
            assert_eq!(report.generation(), 2 + count, "{bad}");
            assert_eq!(outblob(&report).guid(), [0; 16], "{bad}");
        }
    }
}

#[test]
fn the_privilege_level_is_the_floor_at_first() {
    let _fake = fake("privlevel_floor=2");
    let report = report("floor", &[1; 64]);
    let first = match Drivers::get().privlevel_defaults_to_the_floor() {
        true => 2,
        false => 0,
    };

    assert_eq!(report.read("privlevel_floor").unwrap(), b"2\n");
    assert_eq!(outblob(&report).privlevel(), first);
    for (level, allowed) in [(0, false), (1, false), (2, true), (3, true), (4, false)] {
        let refusal = errno(report.store("privlevel", &level.to_string()));
        assert_eq!(refusal, (!allowed).then_some(Errno::EINVAL), "{level}");
        if allowed {
            assert_eq!(outblob(&report).privlevel(), level);
        }
    }
}

#[test]
fn an_inblob_has_1_to_64_bytes() {
    let _fake = fake("");
    let report = Report::bare("sizes").unwrap();

    for len in 1..=64 {
        let inblob: Vec<u8> = (0..len).collect();
        report.set_inblob(&inblob).unwrap();
        assert_eq!(outblob(&report).inblob(), inblob);
    }
    assert_eq!(errno(report.set_inblob(&[1; 65])), Some(Errno::EFBIG));
}

#[test]
fn a_write_that_was_empty_changes_nothing() {
    let _fake = fake("");
    let report = report("empty", &[1; 64]);
    let before = outblob(&report);

    drop(
        File::options()
            .write(true)
            .open(report.path("inblob"))
            .unwrap(),
    );
    let mut file = File::options()
        .write(true)
        .open(report.path("inblob"))
        .unwrap();
    assert_eq!(file.write(&[]).unwrap_or(0), 0);
    drop(file);
    if Drivers::get().refused_inblob_changes_nothing() {
        assert_eq!(report.generation(), 1);
        assert_eq!(outblob(&report), before);
    }
}
