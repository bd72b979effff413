// SPDX-License-Identifier: GPL-2.0

//! Reports of a provider that does what a test tells it to.

use std::{
    fs::{
        self,
        File, //
    },
    io::{
        self,
        Write as _, //
    },
    os::unix::{
        fs::MetadataExt,
        process::ExitStatusExt, //
    },
    process::{
        Child,
        Command,
        Stdio, //
    },
    sync::atomic::{
        AtomicBool,
        Ordering, //
    },
    thread,
    time::Duration, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    errno,
    fake::{
        is_blocked,
        wait_until,
        Blob,
        Fake, //
    },
    modules::load,
    reports::Report,
    Drivers, //
};

const MIB: usize = 1024 * 1024;

/// Reports whose inblob begins with this wait until [`release`].
const HELD: u8 = 0xaa;

fn fake(parameters: &str) -> Fake {
    Fake::new("tsm_fake", parameters)
}

fn report(name: &str, inblob: &[u8]) -> Report {
    let report = Report::new(name).unwrap();

    report.set_inblob(inblob).unwrap();
    report
}

fn outblob(report: &Report) -> Blob {
    Blob::out(report.outblob().unwrap())
}

/// Runs `test` while a call for `held` runs, and returns what that call made.
fn while_held<T>(fake: &Fake, held: &Report, test: impl FnOnce() -> T) -> (io::Result<Vec<u8>>, T) {
    /// Also when the test panics; otherwise the scope would wait for ever.
    struct Release<'a>(&'a Fake);

    impl Drop for Release<'_> {
        fn drop(&mut self) {
            self.0.set("hold", 0);
        }
    }

    fake.set("hold", HELD);
    thread::scope(|scope| {
        let release = Release(fake);
        let reader = scope.spawn(|| held.outblob());

        wait_until("the call", || fake.get("running") == 1);
        let result = test();
        assert!(!reader.is_finished());
        drop(release);
        (reader.join().unwrap(), result)
    })
}

/// Runs `test` while a call runs that it should not wait for; in the kernel's core it does, and is
/// done only when the call is.
fn does_not_wait(fake: &Fake, held: &Report, test: impl FnOnce() + Send) {
    if Drivers::get().reports_have_their_own_lock() {
        let (blob, ()) = while_held(fake, held, test);
        Blob::out(blob.unwrap());
        return;
    }
    thread::scope(|scope| {
        let (_, waiter) = while_held(fake, held, || {
            let waiter = scope.spawn(test);

            thread::sleep(Duration::from_millis(200));
            assert!(!waiter.is_finished());
            waiter
        });
        waiter.join().unwrap();
    });
}

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
    let report = Report::new("counts").unwrap();
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
        let result = report.store("privlevel", &level.to_string());
        assert_eq!(result.is_ok(), allowed, "{level}");
        if allowed {
            assert_eq!(outblob(&report).privlevel(), level);
        }
    }
}

#[test]
fn an_inblob_has_1_to_64_bytes() {
    let _fake = fake("");
    let report = Report::new("sizes").unwrap();

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

#[test]
fn a_report_has_the_files_that_the_provider_shows() {
    const TEXT: [(&str, u32); 7] = [
        ("generation", 0o444),
        ("provider", 0o444),
        ("privlevel", 0o200),
        ("privlevel_floor", 0o444),
        ("service_provider", 0o200),
        ("service_guid", 0o200),
        ("service_manifest_version", 0o200),
    ];
    const BINARY: [(&str, u32); 4] = [
        ("inblob", 0o200),
        ("outblob", 0o444),
        ("auxblob", 0o444),
        ("manifestblob", 0o444),
    ];

    let fake = fake("");
    // All, none, and each alone hidden.
    let masks = (0..7).map(|bit| (1 << bit, 0));
    let masks = masks.chain((0..4).map(|bit| (0, 1 << bit)));
    for (text, binary) in masks.chain([(0, 0), (0x7f, 0xf), (0x7c, 0xc)]) {
        fake.set("hidden_text", text);
        fake.set("hidden_binary", binary);
        let report = Report::new("visible").unwrap();
        let shown = |files: &[(&str, u32)], hidden: u32| {
            let files = files.iter().enumerate();
            files
                .filter(|(index, _)| hidden & (1 << index) == 0)
                .map(|(_, (name, mode))| (name.to_string(), *mode))
                .collect::<Vec<_>>()
        };
        let mut expected = [shown(&TEXT, text), shown(&BINARY, binary)].concat();
        let mut found: Vec<(String, u32)> = fs::read_dir(report.path(""))
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                let mode = entry.metadata().unwrap().mode() & 0o7777;
                (entry.file_name().into_string().unwrap(), mode)
            })
            .collect();

        expected.sort();
        found.sort();
        assert_eq!(found, expected);
    }
}

#[test]
fn there_are_as_many_blobs_as_the_provider_makes() {
    let fake = fake("auxblob_size=300 manifestblob_size=400");
    let report = report("blobs", &[7; 20]);

    // In any order, they are of one call.
    let aux = Blob::parse("aux", report.read("auxblob").unwrap()).unwrap();
    let man = Blob::parse("man", report.read("manifestblob").unwrap()).unwrap();
    let out = outblob(&report);
    assert_eq!((out.len(), aux.len(), man.len()), (1000, 300, 400));
    assert_eq!((out.call(), aux.call(), man.call()), (1, 1, 1));

    if !Drivers::get().forgets_blobs_that_are_not_made_again() {
        return;
    }
    fake.set("auxblob_size", 0);
    fake.set("manifestblob_size", 0);
    report.set_inblob(&[8]).unwrap();
    assert_eq!(outblob(&report).call(), 2);
    // Those need not be made.
    assert_eq!(report.read("auxblob").unwrap(), b"");
    assert_eq!(report.read("manifestblob").unwrap(), b"");
}

#[test]
fn a_blob_can_have_16_mib_and_no_more() {
    let fake = fake("");
    let report = report("big", &[1; 64]);

    for size in [Blob::HEADER, 4095, 4096, 4097, MIB + 1, 16 * MIB] {
        fake.set("outblob_size", size);
        report.set_inblob(&[size as u8 ^ 3; 64]).unwrap();
        assert_eq!(outblob(&report).len(), size);
    }
    fake.set("outblob_size", 16 * MIB + 1);
    report.set_inblob(&[2; 64]).unwrap();
    assert_eq!(errno(report.outblob()), Some(Errno::EFBIG));

    // The other files have that limit too, and are not harmed by the one that is too large.
    fake.set("outblob_size", 1000);
    fake.set("auxblob_size", 16 * MIB);
    fake.set("manifestblob_size", 16 * MIB + 1);
    report.set_inblob(&[3; 64]).unwrap();
    outblob(&report);
    let aux = Blob::parse("aux", report.read("auxblob").unwrap()).unwrap();
    assert_eq!(aux.len(), 16 * MIB);
    drop(aux);
    assert_eq!(errno(report.read("manifestblob")), Some(Errno::EFBIG));
}

#[test]
fn a_success_without_a_blob_is_none() {
    let fake = fake("");
    let report = report("nothing", &[1; 64]);

    for (knob, bad, good) in [("no_blob", 1, 0), ("outblob_size", 0, 1000)] {
        fake.set(knob, bad);
        // With the others made, these are not handed out either.
        for aux in [0, 500] {
            fake.set("auxblob_size", aux);
            report.set_inblob(&[2; 64]).unwrap();
            if Drivers::get().refuses_an_empty_blob() {
                assert_eq!(errno(report.outblob()), Some(Errno::EIO), "{knob}");
                assert_eq!(errno(report.read("auxblob")), Some(Errno::EIO), "{knob}");
            } else if aux == 0 {
                assert_eq!(report.outblob().unwrap(), b"", "{knob}");
            }
        }
        fake.set(knob, good);
        report.set_inblob(&[3; 64]).unwrap();
        outblob(&report);
    }
}

#[test]
fn the_errno_of_the_provider_arrives_and_the_next_read_asks_again() {
    let fake = fake("auxblob_size=5000 manifestblob_size=5000");
    let report = report("errno", &[1; 64]);
    let errors = [
        Errno::EIO,
        Errno::EINVAL,
        Errno::ENXIO,
        Errno::ENOMEM,
        Errno::EBUSY,
        Errno::EAGAIN,
        Errno::ETIMEDOUT,
        Errno::EOPNOTSUPP,
        Errno::EPERM,
    ];

    // What a failed call leaves, the core frees: the debug kernel looks for it.
    for leave in [0, 1] {
        fake.set("leave_blobs", leave);
        for error in errors {
            let calls = fake.get("calls");

            report.set_inblob(&[error as u8; 64]).unwrap();
            fake.set("error", error as i32);
            for attempt in 1..=3 {
                assert_eq!(errno(report.outblob()), Some(error));
                assert_eq!(fake.get("calls"), calls + attempt);
            }
            fake.set("error", 0);
            assert_eq!(outblob(&report).inblob(), [error as u8; 64]);
        }
    }
}

#[test]
fn readers_of_one_blob_share_one_call() {
    let fake = fake("auxblob_size=300");
    let report = report("share", &[HELD; 64]);

    thread::scope(|scope| {
        let (first, others) = while_held(&fake, &report, || {
            let others: Vec<_> = ["outblob", "auxblob", "outblob", "outblob"]
                .into_iter()
                .map(|name| (name, scope.spawn(|| report.read(name))))
                .collect();

            // Gives them time to get to where they wait. Without it the test proves less.
            thread::sleep(Duration::from_millis(50));
            assert!(others.iter().all(|(_, reader)| !reader.is_finished()));
            others
        });
        let first = Blob::out(first.unwrap());
        for (name, reader) in others {
            let blob = reader.join().unwrap().unwrap();
            let blob = Blob::parse(&name[..3], blob).unwrap();
            assert_eq!(blob.call(), first.call());
        }
    });
    assert_eq!(fake.get("calls"), 1);
    outblob(&report);
    assert_eq!(fake.get("calls"), 1);
}

#[test]
fn other_reports_do_not_wait_for_a_call() {
    let fake = fake("");
    let held = report("held", &[HELD; 64]);
    let other = report("other", &[1; 64]);

    does_not_wait(&fake, &held, || {
        let before = other.generation();

        other.set_inblob(&[2; 64]).unwrap();
        other.store("privlevel", "1").unwrap();
        other.store("service_provider", "x").unwrap();
        assert_eq!(other.generation(), before + 3);
        assert_eq!(other.read("provider").unwrap(), b"fake\n");
        assert_eq!(other.read("privlevel_floor").unwrap(), b"0\n");
        assert_eq!(outblob(&other).inblob(), [2; 64]);

        let third = report("third", &[3; 64]);
        assert_eq!(outblob(&third).inblob(), [3; 64]);
        third.remove().unwrap();
    });
}

#[test]
fn making_a_report_does_not_wait_for_a_call() {
    let fake = fake("");
    let held = report("held", &[HELD; 64]);

    does_not_wait(&fake, &held, || drop(Report::new("made").unwrap()));
}

#[test]
fn the_files_of_a_report_do_not_wait_for_its_own_call() {
    let fake = fake("");
    let held = report("held", &[HELD; 64]);

    does_not_wait(&fake, &held, || {
        held.generation();
        assert_eq!(held.read("provider").unwrap(), b"fake\n");
    });
}

#[test]
fn a_write_does_not_wait_for_a_call_and_outdates_it() {
    let fake = fake("");
    let held = report("held", &[HELD; 64]);

    if !Drivers::get().reports_have_their_own_lock() {
        return;
    }
    let (blob, ()) = while_held(&fake, &held, || {
        held.set_inblob(&[1; 64]).unwrap();
        assert_eq!(held.generation(), 2);
    });
    assert_eq!(Blob::out(blob.unwrap()).inblob(), [HELD; 64]);
    // Nobody gets that later.
    assert_eq!(outblob(&held).inblob(), [1; 64]);
}

#[test]
fn a_reader_gets_the_blob_that_it_waited_for() {
    let fake = fake("outblob_size=2000");
    let held = report("resized", &[HELD; 64]);

    if !Drivers::get().blobs_are_whole_under_a_writer() {
        return;
    }
    for size in [200, 5000] {
        held.set_inblob(&[HELD; 64]).unwrap();
        // configfs asks for the size first, and for the contents when this was written.
        let (blob, ()) = while_held(&fake, &held, || {
            fake.set("outblob_size", size);
            held.set_inblob(&[1; 64]).unwrap();
        });
        let blob = Blob::out(blob.unwrap());
        assert_eq!((blob.len(), blob.inblob()), (2000, &[HELD; 64][..]));
        assert_eq!(outblob(&held).len(), size);
        fake.set("outblob_size", 2000);
    }
}

#[test]
fn every_blob_is_whole_under_a_writer() {
    let fake = fake("");
    let report = report("whole", &[1; 64]);
    let done = AtomicBool::new(false);

    if !Drivers::get().blobs_are_whole_under_a_writer() {
        return;
    }
    thread::scope(|scope| {
        scope.spawn(|| {
            let _done = Done(&done);
            for round in 0..300u32 {
                fake.set("outblob_size", 200 + round * 7 % 9000);
                report.set_inblob(&[round as u8; 64]).unwrap();
                thread::yield_now();
            }
        });
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    match report.outblob() {
                        Ok(blob) => drop(Blob::out(blob)),
                        Err(err) => assert_eq!(err.raw_os_error(), Some(Errno::EAGAIN as i32)),
                    }
                }
            });
        }
    });
    outblob(&report);
}

/// Ends the readers, also when the writer panics.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Starts a process that reads the blob.
fn reading_process(report: &Report) -> Child {
    Command::new("cat")
        .arg(report.path("outblob"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills `child`, and checks that it ends by that.
fn killed(mut child: Child) {
    child.kill().unwrap();
    wait_until("the end of the process", || {
        child.try_wait().unwrap().is_some()
    });
    assert_eq!(child.wait().unwrap().signal(), Some(9));
}

#[test]
fn who_waits_for_another_reader_can_be_killed() {
    let fake = fake("");
    let held = report("kill", &[HELD; 64]);

    let (blob, late) = while_held(&fake, &held, || {
        let child = reading_process(&held);

        wait_until("the second reader", || is_blocked(child.id()));
        if Drivers::get().reports_have_their_own_lock() {
            killed(child);
            return None;
        }
        Some(child)
    });
    if let Some(mut child) = late {
        child.wait().unwrap();
    }
    Blob::out(blob.unwrap());
    assert_eq!(fake.get("calls"), 1);
}

#[test]
fn who_waits_for_the_provider_can_be_killed() {
    let fake = fake("");
    let held = report("kill", &[HELD; 64]);

    fake.set("hold", HELD);
    let child = reading_process(&held);
    wait_until("the call", || fake.get("running") == 1);
    killed(child);
    assert_eq!(fake.get("running"), 0);
    fake.set("hold", 0);
    assert_eq!(outblob(&held).call(), 2);
}

#[test]
fn there_is_one_provider_at_a_time() {
    let _fake = fake("");
    let (_, provider) = Drivers::get().modules();

    assert_eq!(load(provider), Err(Errno::EBUSY));
    // One that is made for our core does not find it elsewhere.
    let refusal = match Drivers::get().publishes_registers() {
        true => Errno::EBUSY,
        false => Errno::ENOENT,
    };
    assert_eq!(load("tsm_fake_rust"), Err(refusal));
    outblob(&report("still", &[1; 64]));
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
                assert_eq!(errno(Report::new("new").map(drop)), Some(Errno::ENXIO));
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
fn a_provider_in_rust_makes_reports() {
    // Such a one is made for our core.
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
    report.store("service_provider", "who").unwrap();
    report.store("service_manifest_version", "9").unwrap();
    let blob = String::from_utf8(report.outblob().unwrap()).unwrap();
    assert!(blob.starts_with("privlevel 2\nservice who ["), "{blob}");
    assert!(blob.contains("] 9\nxxx"), "{blob}");

    report.remove().unwrap();
    fake.unload().unwrap();
    fake.load("error=95 delay_ms=5").unwrap();
    let report = self::report("rust", &[1]);
    assert_eq!(errno(report.outblob()), Some(Errno::EOPNOTSUPP));
}
