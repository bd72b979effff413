// SPDX-License-Identifier: GPL-2.0

//! Which tasks wait for a call of the provider, and which do not.

use std::{
    os::unix::process::ExitStatusExt,
    process::{
        Child,
        Command,
        Stdio, //
    },
    sync::atomic::{
        AtomicBool,
        Ordering, //
    },
    thread, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    fake::{
        is_blocked,
        reports::{
            does_not_wait,
            fake,
            outblob,
            report,
            while_held,
            HELD, //
        },
        spawn_blocked,
        wait_until,
        Blob, //
    },
    reports::Report,
    Drivers, //
};

#[test]
fn readers_of_one_blob_share_one_call() {
    let fake = fake("auxblob_size=300");
    let report = report("share", &[HELD; 64]);

    thread::scope(|scope| {
        let (first, others) = while_held(&fake, &report, || {
            let report = &report;
            let others: Vec<_> = ["outblob", "auxblob", "outblob", "outblob"]
                .into_iter()
                .map(|name| (name, spawn_blocked(scope, move || report.read(name))))
                .collect();

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

    does_not_wait(&fake, &held, || drop(Report::bare("made").unwrap()));
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
    // Later readers get the blob of the new request.
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
        // configfs asks for the size before this write, and for the contents after it.
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
            let _done = StopOnDrop(&done);
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
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
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
fn a_task_that_waits_for_another_reader_can_be_killed() {
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
fn a_reader_that_waits_for_the_provider_can_be_killed() {
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
