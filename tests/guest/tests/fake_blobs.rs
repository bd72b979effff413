// SPDX-License-Identifier: GPL-2.0

//! What a report makes of the blobs and errors of its provider.

use std::{
    fs::File,
    io::{
        BufRead as _,
        BufReader,
        Read as _, //
    },
    path::Path,
    process::Stdio, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    errno,
    fake::{
        reports::{
            fake,
            outblob,
            report, //
        },
        Blob, //
    },
    files,
    reports::Report,
    Drivers,
    User, //
};

const MIB: usize = 1024 * 1024;

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
        let report = Report::bare("visible").unwrap();
        let shown = |files: &[(&'static str, u32)], hidden: u32| {
            let files = files.iter().enumerate();
            files
                .filter(|(index, _)| hidden & (1 << index) == 0)
                .map(|(_, file)| *file)
                .collect::<Vec<_>>()
        };
        let expected = [shown(&TEXT, text), shown(&BINARY, binary)].concat();

        assert_eq!(files::in_folder(report.path("")), files::modes(expected));
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
    // An auxblob and a manifestblob are optional.
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

/// Has a user open a blob of 8 MiB so often and read the first byte each time. Returns how often that
/// succeeded, and what `meanwhile` did while the files were open.
fn readers<T>(blob: &Path, times: usize, meanwhile: impl FnOnce() -> T) -> (usize, T) {
    let fds = (3..3 + times).map(|fd| fd.to_string()).collect::<Vec<_>>();
    let script = r#"
        blob=$1; shift
        for fd; do eval "exec $fd<$blob"; head -c 1 <&$fd >/dev/null 2>&1 && echo read || echo refused; done
        echo all; read -r end
    "#;
    let mut shell = USER
        .command("sh")
        .args(["-c", script, "sh"])
        .arg(blob)
        .args(&fds)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(shell.stdout.take().unwrap()).lines();
    let answers: Vec<String> = lines
        .map(Result::unwrap)
        .take_while(|line| line != "all")
        .collect();

    let result = meanwhile();
    drop(shell.stdin.take());
    shell.wait().unwrap();
    assert_eq!(answers.len(), times);
    (
        answers.iter().filter(|line| *line == "read").count(),
        result,
    )
}

const USER: User = User::new(1000, 1000);

#[test]
fn a_user_holds_at_most_32_mib_of_a_blob() {
    if !USER.is_known() {
        return;
    }
    let fake = fake("auxblob_size=1000");
    let report = report("held", &[1; 64]);
    let blob = report.path("outblob");
    let allowed = |times| match Drivers::get().bounds_what_readers_hold() {
        true => times,
        false => 6,
    };

    fake.set("outblob_size", 8 * MIB);
    let (count, ()) = readers(&blob, 6, || {
        // The limit is for this blob alone, and not for root.
        assert_eq!(outblob(&report).len(), 8 * MIB);
        let aux = USER.reads(&report.path("auxblob"));
        assert_eq!(aux.unwrap().len(), 1000);
        // What another process of the user holds counts.
        let (count, ()) = readers(&blob, 6, || ());
        assert_eq!(count, allowed(0));
    });
    assert_eq!(count, allowed(4));
    // All files are closed, so the whole limit is free again.
    assert_eq!(readers(&blob, 6, || ()).0, allowed(4));
    fake.set("outblob_size", 16 * MIB);
    report.set_inblob(&[2; 64]).unwrap();
    assert_eq!(readers(&blob, 6, || ()).0, allowed(2));
    // Quotes of the usual size can be read by thousands at the same time.
    fake.set("outblob_size", 8000);
    report.set_inblob(&[3; 64]).unwrap();
    assert_eq!(readers(&blob, 6, || ()).0, 6);
}

#[test]
fn a_refusal_for_what_is_held_has_its_errno() {
    if !Drivers::get().bounds_what_readers_hold() || !USER.is_known() {
        return;
    }
    let fake = fake("");
    let report = report("refused", &[1; 64]);
    fake.set("outblob_size", 16 * MIB);

    let mut holders: Vec<File> = (0..3)
        .map(|_| File::open(report.path("outblob")).unwrap())
        .collect();
    for holder in &mut holders {
        holder.read_exact(&mut [0]).unwrap();
    }
    let output = USER
        .command("cat")
        .arg(report.path("outblob"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("Too many open files"), "{text}");
    drop(holders);
    let blob = USER.reads(&report.path("outblob"));
    assert_eq!(blob.unwrap().len(), 16 * MIB);
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
