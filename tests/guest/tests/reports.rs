// SPDX-License-Identifier: GPL-2.0

//! Reports in configfs: the life of one, and every refusal.

use std::{
    fs::{
        self,
        File,
        OpenOptions, //
    },
    io::{
        Read as _,
        Write as _, //
    },
    os::fd::AsRawFd as _,
    ptr,
    sync::atomic::{
        AtomicBool,
        Ordering, //
    },
    thread, //
};

use nix::{
    errno::Errno,
    libc, //
};
use tsm_guest_tests::{
    errno,
    files,
    reports::{
        self,
        Report,
        REPORTS, //
    },
    snp,
    Drivers,
    Platform, //
};

#[test]
fn has_the_files_of_its_provider_with_their_modes() {
    let report = Report::new("files").unwrap();
    let mut expected = vec![
        ("generation", 0o444),
        ("inblob", 0o200),
        ("outblob", 0o444),
        ("provider", 0o444),
    ];
    if Platform::get() == Platform::Snp {
        expected.extend([
            ("auxblob", 0o444),
            ("privlevel", 0o200),
            ("privlevel_floor", 0o444),
        ]);
        if snp::vmpl() > 0 {
            // There is an SVSM.
            expected.extend([
                ("manifestblob", 0o444),
                ("service_guid", 0o200),
                ("service_manifest_version", 0o200),
                ("service_provider", 0o200),
            ]);
        }
    }
    assert_eq!(files::in_folder(report.path("")), files::modes(expected));
}

#[test]
fn names_the_format_of_its_blob() {
    let report = Report::new("provider").unwrap();

    let name = Platform::get().kernels_provider();
    assert_eq!(
        report.read("provider").unwrap(),
        format!("{name}\n").as_bytes()
    );
}

#[test]
fn has_no_blob_before_an_inblob() {
    let report = Report::new("early").unwrap();

    assert_eq!(report.generation(), 0);
    assert_eq!(errno(report.outblob()), Some(Errno::EINVAL));
}

#[test]
fn binds_the_inblob() {
    let report = Report::new("binds").unwrap();
    let inblob: [u8; 64] = std::array::from_fn(|index| index as u8 ^ 0x5a);

    report.set_inblob(&inblob).unwrap();
    assert_eq!(reports::report_data(&report.outblob().unwrap()), inblob);
}

#[test]
fn counts_writes_and_answers_the_last() {
    let report = Report::new("counts").unwrap();

    for round in 1..=5 {
        report.set_inblob(&[round; 64]).unwrap();
        assert_eq!(report.generation(), u64::from(round));
        // Reading does not count.
        let blob = report.outblob().unwrap();
        assert_eq!(reports::report_data(&blob), [round; 64]);
        assert_eq!(report.generation(), u64::from(round));
    }
}

#[test]
fn gives_the_same_blob_in_pieces() {
    let report = Report::new("pieces").unwrap();

    report.set_inblob(&[3; 64]).unwrap();
    let whole = report.outblob().unwrap();
    for size in [1, 7, 64, whole.len() - 1, whole.len() + 1] {
        let mut file = File::open(report.path("outblob")).unwrap();
        let mut pieces = Vec::new();
        let mut piece = vec![0; size];

        loop {
            let got = file.read(&mut piece).unwrap();
            if got == 0 {
                break;
            }
            pieces.extend_from_slice(&piece[..got]);
        }
        assert_eq!(pieces, whole, "pieces of {size}");
    }
}

#[test]
fn an_open_reader_keeps_its_blob() {
    let report = Report::new("open").unwrap();

    report.set_inblob(&[1; 64]).unwrap();
    let mut file = File::open(report.path("outblob")).unwrap();
    let mut start = [0; 16];
    file.read_exact(&mut start).unwrap();
    report.set_inblob(&[2; 64]).unwrap();
    let mut rest = Vec::new();
    file.read_to_end(&mut rest).unwrap();

    let blob = [&start[..], &rest].concat();
    assert_eq!(reports::report_data(&blob), [1; 64]);
    assert_eq!(reports::report_data(&report.outblob().unwrap()), [2; 64]);
}

#[test]
fn refuses_an_inblob_of_another_size() {
    for len in [1, 32, 48, 63] {
        let report = Report::new("size").unwrap();

        // configfs does not tell the writer; the read does.
        report.set_inblob(&[1; 64][..len]).unwrap();
        assert_eq!(report.generation(), 1);
        assert_eq!(errno(report.outblob()), Some(Errno::EINVAL), "{len} bytes");

        report.set_inblob(&[2; 64]).unwrap();
        assert_eq!(reports::report_data(&report.outblob().unwrap()), [2; 64]);
    }
}

#[test]
fn refuses_too_long_an_inblob() {
    let report = Report::new("long").unwrap();

    report.set_inblob(&[1; 64]).unwrap();
    assert_eq!(errno(report.set_inblob(&[2; 65])), Some(Errno::EFBIG));
    if Drivers::get().refused_inblob_changes_nothing() {
        assert_eq!(report.generation(), 1);
        assert_eq!(reports::report_data(&report.outblob().unwrap()), [1; 64]);
    } else {
        assert_eq!(report.generation(), 2);
        assert_eq!(errno(report.outblob()), Some(Errno::EINVAL));
    }
}

#[test]
fn an_empty_write_to_inblob_is_refused() {
    let report = Report::new("nothing").unwrap();
    let write_nothing = || {
        let file = File::options().write(true).open(report.path("inblob"));

        errno(nix::unistd::write(file.unwrap(), &[]).map_err(Into::into))
    };

    report.set_inblob(&[1; 64]).unwrap();
    assert_eq!(write_nothing(), Some(Errno::EFAULT));
    if Drivers::get().refused_inblob_changes_nothing() {
        assert_eq!(report.generation(), 1);
        assert_eq!(reports::report_data(&report.outblob().unwrap()), [1; 64]);
    } else {
        assert_eq!(report.generation(), 2);
        assert_eq!(errno(report.outblob()), Some(Errno::EINVAL));
    }
}

#[test]
#[expect(unsafe_code, reason = "an address that is not valid")]
fn what_cannot_be_read_of_an_inblob_is_zeros() {
    let report = Report::new("fault").unwrap();
    let file = OpenOptions::new()
        .write(true)
        .open(report.path("inblob"))
        .unwrap();

    // SAFETY: Nothing is at this address, and the kernel only reads there.
    let written = unsafe { libc::write(file.as_raw_fd(), ptr::without_provenance(8), 64) };
    assert_eq!(Errno::result(written), Err(Errno::EFAULT));
    drop(file);
    // configfs has made room for it by then, which it commits.
    assert_eq!(report.generation(), 1);
    assert_eq!(reports::report_data(&report.outblob().unwrap()), [0; 64]);
}

#[test]
fn takes_an_inblob_in_pieces_at_close() {
    let report = Report::new("close").unwrap();
    let mut file = OpenOptions::new()
        .write(true)
        .open(report.path("inblob"))
        .unwrap();

    file.write_all(&[1; 32]).unwrap();
    file.write_all(&[2; 32]).unwrap();
    assert_eq!(report.generation(), 0);
    drop(file);
    assert_eq!(report.generation(), 1);
    let blob = report.outblob().unwrap();
    assert_eq!(reports::report_data(&blob)[31..33], [1, 2]);
}

#[test]
fn refuses_the_wrong_direction() {
    let report = Report::new("direction").unwrap();

    assert_eq!(
        errno(File::open(report.path("inblob"))),
        Some(Errno::EACCES)
    );
    for name in ["outblob", "provider", "generation"] {
        let file = OpenOptions::new().write(true).open(report.path(name));
        assert_eq!(errno(file), Some(Errno::EACCES), "{name}");
    }
}

#[test]
fn takes_the_flags_that_clients_open_with() {
    let report = Report::new("flags").unwrap();

    // What Go's os.WriteFile does.
    fs::write(report.path("inblob"), [4; 64]).unwrap();
    assert_eq!(report.generation(), 1);
    assert_eq!(reports::report_data(&report.outblob().unwrap()), [4; 64]);
}

#[test]
fn a_removed_report_ends_what_is_open() {
    let report = Report::new("removed").unwrap();

    report.set_inblob(&[1; 64]).unwrap();
    let mut outblob = File::open(report.path("outblob")).unwrap();
    let mut inblob = OpenOptions::new()
        .write(true)
        .open(report.path("inblob"))
        .unwrap();
    inblob.write_all(&[2; 64]).unwrap();
    report.remove().unwrap();
    assert_eq!(errno(outblob.read(&mut [0; 8])), Some(Errno::ENOENT));
    drop(inblob);
}

#[test]
fn a_name_is_used_once_and_can_be_long() {
    let name = "n".repeat(255);
    let report = Report::new(&name).unwrap();

    assert_eq!(errno(Report::new(&name).map(drop)), Some(Errno::EEXIST));
    report.set_inblob(&[1; 64]).unwrap();
    assert_eq!(reports::report_data(&report.outblob().unwrap()), [1; 64]);
}

#[test]
fn reports_do_not_mix() {
    let reports: Vec<Report> = (0..100)
        .map(|number| Report::new(&format!("mix{number}")).unwrap())
        .collect();

    for (number, report) in reports.iter().enumerate() {
        report.set_inblob(&[number as u8; 64]).unwrap();
    }
    for (number, report) in reports.iter().enumerate() {
        let blob = report.outblob().unwrap();
        assert_eq!(reports::report_data(&blob), [number as u8; 64]);
        assert_eq!(report.generation(), 1);
    }
    drop(reports);
    assert_eq!(fs::read_dir(REPORTS).unwrap().count(), 0);
}

#[test]
fn readers_of_one_report_get_a_whole_blob_under_a_writer() {
    let report = Report::new("torn").unwrap();
    let done = AtomicBool::new(false);
    report.set_inblob(&[0; 64]).unwrap();

    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..=100 {
                report.set_inblob(&[round; 64]).unwrap();
                thread::yield_now();
            }
            done.store(true, Ordering::Relaxed);
        });
        for _ in 0..3 {
            scope.spawn(|| loop {
                let last = done.load(Ordering::Relaxed);
                let blob = report.outblob().unwrap();
                let data = reports::report_data(&blob);
                assert!(data.iter().all(|byte| *byte == data[0]), "{data:?}");
                if last {
                    assert_eq!(data[0], 100);
                    return;
                }
            });
        }
    });
    assert_eq!(reports::report_data(&report.outblob().unwrap()), [100; 64]);
}
