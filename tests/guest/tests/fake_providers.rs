// SPDX-License-Identifier: GPL-2.0

//! Providers that come and go.

use std::{
    fs,
    thread, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    errno,
    fake::{
        reports::{
            fake,
            outblob,
            report,
            while_held,
            HELD, //
        },
        wait_until,
        Blob,
        Fake, //
    },
    modules::load,
    reports::Report,
    Drivers, //
};

#[test]
fn there_is_one_provider_at_a_time() {
    let _fake = fake("");
    let (_, provider) = Drivers::get().modules();

    let refusal = Drivers::get().refusal_of_a_provider();
    assert_eq!(load(provider), Err(refusal));
    // One that is made for our core does not find it elsewhere.
    let refusal = match Drivers::get().publishes_registers() {
        true => Errno::EBUSY,
        false => Errno::ENOENT,
    };
    assert_eq!(load("tsm_fake_rust"), Err(refusal));
    outblob(&report("still", &[1; 64]));
}

#[test]
fn refuses_what_is_not_as_it_should_be() {
    // The kernel's core does not check.
    if !Drivers::get().publishes_registers() {
        return;
    }
    let fake = Fake::prepare("tsm_fake");

    for (wrong, error) in [
        ("ops", Errno::EINVAL),
        ("name", Errno::EINVAL),
        ("callback", Errno::EINVAL),
        ("twice", Errno::EBUSY),
        ("stranger", Errno::EBUSY),
    ] {
        assert_eq!(fake.load(&format!("wrong={wrong}")), Err(error), "{wrong}");
        let refusal = errno(Report::bare("none").map(drop));
        assert_eq!(refusal, Some(Errno::ENXIO), "{wrong}");
    }
    // A provider that was refused leaves the place free.
    fake.load("").unwrap();
    outblob(&report("right", &[1; 64]));
}

#[test]
fn unloading_waits_for_a_call_and_new_ones_are_refused() {
    let fake = fake("");
    let held = report("held", &[HELD; 64]);
    let other = report("other", &[1; 64]);

    thread::scope(|scope| {
        let (blob, unloading) = while_held(&fake, &held, || {
            let unloading = scope.spawn(|| fake.unload());

            wait_until("the unloading", || fake.is_going());
            if Drivers::get().reports_have_their_own_lock() {
                wait_until("the refusal", || {
                    errno(other.outblob()) == Some(Errno::ENXIO)
                });
                assert_eq!(errno(Report::bare("new").map(drop)), Some(Errno::ENXIO));
                assert_eq!(errno(other.read("provider")), Some(Errno::ENXIO));
            }
            assert!(!unloading.is_finished());
            unloading
        });
        unloading.join().unwrap().unwrap();
        // The size was known before the provider went, the contents may not have been.
        match blob {
            Ok(blob) => drop(Blob::out(blob)),
            Err(err) => assert_eq!(err.raw_os_error(), Some(Errno::ENXIO as i32)),
        }
    });
}

#[test]
fn a_report_goes_on_with_the_next_provider() {
    let fake = fake("");
    let report = report("next", &[1; 64]);

    outblob(&report);
    fake.unload().unwrap();
    assert_eq!(errno(report.read("provider")), Some(Errno::ENXIO));
    if !Drivers::get().registers_with_reports_present() {
        assert_eq!(fake.load(""), Err(Errno::EBUSY));
        return;
    }
    assert_eq!(errno(report.outblob()), Some(Errno::ENXIO));
    assert_eq!(errno(report.store("privlevel", "1")), Some(Errno::ENXIO));
    assert_eq!(report.generation(), 1);

    fake.load("privlevel_floor=3 outblob_size=500").unwrap();
    let blob = outblob(&report);
    assert_eq!((blob.len(), blob.call(), blob.privlevel()), (500, 1, 3));
    assert_eq!(report.generation(), 1);
}

#[test]
fn a_privilege_level_of_the_provider_before_may_be_too_low() {
    let fake = fake("privlevel_floor=1");
    let report = report("low", &[1; 64]);

    if !Drivers::get().registers_with_reports_present() {
        return;
    }
    report.store("privlevel", "1").unwrap();
    assert_eq!(outblob(&report).privlevel(), 1);
    fake.unload().unwrap();
    fake.load("privlevel_floor=2").unwrap();
    assert_eq!(errno(report.outblob()), Some(Errno::EINVAL));
    assert_eq!(fake.get("calls"), 0);
    report.store("privlevel", "2").unwrap();
    assert_eq!(outblob(&report).privlevel(), 2);
}

#[test]
fn a_provider_in_rust_makes_reports() {
    // A provider in Rust needs our core.
    if !Drivers::get().publishes_registers() {
        return;
    }
    let fake = Fake::new("tsm_fake_rust", "privlevel_floor=1 auxblob_size=90");
    let report = report("rust", &[b'x'; 3]);
    let text = |level| {
        let guid = "[00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00, 00]";
        format!("privlevel {level}\nservice - {guid} 0\n").into_bytes()
    };
    assert_eq!(report.read("provider").unwrap(), b"fake_rust\n");
    assert_eq!(report.read("privlevel_floor").unwrap(), b"1\n");
    let blob = report.outblob().unwrap();
    let expected = text(1);
    assert_eq!(blob[..expected.len()], expected);
    assert!(blob[expected.len()..].iter().all(|byte| *byte == b'x'));
    assert_eq!(blob.len(), 1000);
    assert_eq!(report.read("auxblob").unwrap(), blob[..90]);
    assert!(!fs::exists(report.path("manifestblob")).unwrap());

    report.store("privlevel", "2").unwrap();
    report.store("service_provider", "any").unwrap();
    report.store("service_manifest_version", "9").unwrap();
    let blob = String::from_utf8(report.outblob().unwrap()).unwrap();
    assert!(blob.starts_with("privlevel 2\nservice any ["), "{blob}");
    assert!(blob.contains("] 9\nxxx"), "{blob}");

    report.remove().unwrap();
    fake.unload().unwrap();
    fake.load("error=95 delay_ms=5").unwrap();
    let report = self::report("rust", &[1]);
    assert_eq!(errno(report.outblob()), Some(Errno::EOPNOTSUPP));
}
