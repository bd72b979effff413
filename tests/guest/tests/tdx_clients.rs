// SPDX-License-Identifier: GPL-2.0

//! What clients in the field do, call by call, and what they rely on.

use std::{
    fs::{
        self,
        File, //
    },
    io::{
        Read as _,
        Write as _, //
    },
    os::unix::fs::{
        DirBuilderExt,
        FileExt,
        OpenOptionsExt, //
    },
    path::Path,
    thread, //
};

use nix::{
    fcntl::{
        Flock,
        FlockArg, //
    },
    libc,
};
use tsm_guest_tests::{
    registers::{
        self,
        RTMRS,
        SIZE, //
    },
    reports::{
        self,
        Report,
        REPORTS, //
    },
    tdreport::{
        Request,
        DEVICE, //
    },
};

const CLASS: &str = "/sys/class/misc/tdx_guest/measurements";
const VIRTUAL: &str = "/sys/devices/virtual/misc/tdx_guest/measurements";

/// Has the device make a report, and checks that it binds the data.
fn makes_a_report(device: &File) {
    let mut request = Request::new([0x42; 64]);

    request.send(device).unwrap();
    assert_eq!(request.tdreport[128..192], [0x42; 64]);
}

fn generation(entry: &Path) -> String {
    fs::read_to_string(entry.join("generation")).unwrap()
}

#[test]
fn go_configfs_tsm_reads_the_generation_after_each_read() {
    // os.MkdirTemp, with mode 0700 and a number after the prefix.
    let entry = Path::new(REPORTS).join("entry3141592653");
    fs::DirBuilder::new().mode(0o700).create(&entry).unwrap();

    assert_eq!(generation(&entry), "0\n");
    // os.WriteFile: O_WRONLY|O_CREATE|O_TRUNC.
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o220)
        .open(entry.join("inblob"))
        .unwrap();
    assert_eq!(file.write(&[5; 64]).unwrap(), 64);
    drop(file);
    for name in ["outblob", "provider"] {
        assert!(!fs::read(entry.join(name)).unwrap().is_empty());
        assert_eq!(generation(&entry), "1\n", "{name}");
    }
    fs::remove_dir(entry).unwrap();
}

#[test]
fn go_configfs_tsm_leaves_reports_of_its_probes_behind() {
    let probes: Vec<Report> = (0..300)
        .map(|number| Report::new(&format!("entry{number}")).unwrap())
        .collect();

    assert!(probes.iter().all(|probe| probe.generation() == 0));
    let report = Report::new("entry-after").unwrap();
    report.set_inblob(&[6; 64]).unwrap();
    assert_eq!(reports::report_data(&report.outblob().unwrap()), [6; 64]);
}

#[test]
fn go_tdx_guest_opens_the_device_synchronously() {
    let file = File::options()
        .read(true)
        .write(true)
        .custom_flags(libc::O_SYNC)
        .open(DEVICE)
        .unwrap();

    makes_a_report(&file);
}

#[test]
fn go_tdx_guest_would_use_a_folder_of_rtmrs() {
    // If the folder existed, the client would use a protocol that no kernel has.
    assert!(!fs::exists("/sys/kernel/config/tsm/rtmrs").unwrap());
    assert!(fs::create_dir("/sys/kernel/config/tsm/rtmrs").is_err());
}

#[test]
fn go_tdx_guest_extends_by_writing_at_0() {
    for name in RTMRS {
        let path = format!("{CLASS}/{name}:sha384");
        let old = registers::value(name);
        let file = File::options().write(true).open(&path).unwrap();

        assert_eq!(file.write_at(&[3; SIZE], 0).unwrap(), SIZE);
        assert_eq!(
            fs::read(path).unwrap(),
            registers::extended(&old, &[3; SIZE])
        );
    }
}

#[test]
fn a_client_opens_a_register_to_read_and_write_and_create() {
    let old = registers::value("rtmr3");
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(format!("{CLASS}/rtmr3:sha384"))
        .unwrap();
    let mut value = [0; SIZE];

    assert_eq!(file.write_at(&[4; SIZE], 0).unwrap(), SIZE);
    file.read_exact_at(&mut value, 0).unwrap();
    assert_eq!(value, registers::extended(&old, &[4; SIZE]));
}

#[test]
fn guest_components_opens_the_device_for_reading_only() {
    makes_a_report(&File::open(DEVICE).unwrap());
}

#[test]
fn guest_components_takes_a_second_generation_for_a_conflict() {
    let report = Report::new(".tmpAbC123").unwrap();

    assert_eq!(report.read("provider").unwrap(), b"tdx_guest\n");
    fs::write(report.path("inblob"), [7; 64]).unwrap();
    assert_eq!(reports::report_data(&report.outblob().unwrap()), [7; 64]);
    assert_eq!(report.generation(), 1);
    report.remove().unwrap();
}

#[test]
fn guest_components_reads_registers_of_the_device() {
    for name in RTMRS {
        let value = fs::read(format!("{VIRTUAL}/{name}:sha384")).unwrap();
        assert_eq!(value, registers::value(name), "{name}");
    }
    let value = fs::read(format!("{VIRTUAL}/mrconfigid")).unwrap();
    assert_eq!(value, registers::value("mrconfigid"));
}

#[test]
fn libtdx_attest_finds_the_provider_at_once() {
    for _ in 0..100 {
        let report = Report::new("com.intel.dcap").unwrap();
        let mut start = [0; 15];

        let len = File::open(report.path("provider"))
            .unwrap()
            .read(&mut start)
            .unwrap();
        assert!(start[..len].starts_with(b"tdx_guest"));
    }
}

#[test]
fn libtdx_attest_and_dstack_share_a_report_under_a_lock() {
    let report = Report::new("com.intel.dcap").unwrap();

    thread::scope(|scope| {
        for client in 1..=4 {
            let report = &report;

            scope.spawn(move || {
                for _ in 0..10 {
                    let file = File::options()
                        .write(true)
                        .open(report.path("inblob"))
                        .unwrap();
                    // The lock lasts as long as this file is open. The write opens another one.
                    let _lock = Flock::lock(file, FlockArg::LockExclusive).unwrap();
                    let before = report.generation();
                    report.set_inblob(&[client; 64]).unwrap();
                    assert_eq!(report.generation(), before + 1);

                    // One read, into a buffer of 8 KiB.
                    let mut quote = vec![0; 8192];
                    let len = File::open(report.path("outblob"))
                        .unwrap()
                        .read(&mut quote)
                        .unwrap();
                    assert!((1021..8192).contains(&len));
                    assert_eq!(reports::report_data(&quote), [client; 64]);
                    assert_eq!(report.generation(), before + 1);
                }
            });
        }
    });
    assert_eq!(report.generation(), 40);
}

#[test]
fn systemd_extends_with_one_write() {
    assert!(Path::new(VIRTUAL).is_dir());
    let old = registers::value("rtmr2");
    let mut file = File::options()
        .write(true)
        .open(format!("{VIRTUAL}/rtmr2:sha384"))
        .unwrap();

    assert_eq!(file.write(&[8; SIZE]).unwrap(), SIZE);
    drop(file);
    assert_eq!(
        registers::value("rtmr2"),
        registers::extended(&old, &[8; SIZE])
    );
}

#[test]
fn asterinas_finds_eight_registers_of_48_bytes() {
    let files: Vec<_> = fs::read_dir(VIRTUAL)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();

    assert_eq!(files.len(), 8);
    for file in files {
        assert_eq!(fs::read(&file).unwrap().len(), SIZE, "{}", file.display());
    }
    assert_ne!(
        fs::read(format!("{VIRTUAL}/mrtd:sha384")).unwrap(),
        [0; SIZE]
    );
    assert!(fs::write(format!("{VIRTUAL}/mrtd:sha384"), [1; SIZE]).is_err());
    let rtmr = format!("{VIRTUAL}/rtmr3:sha384");
    let before = fs::read(&rtmr).unwrap();
    assert!(fs::write(&rtmr, [1; 32]).is_err());
    assert_eq!(fs::read(&rtmr).unwrap(), before);
    assert!(fs::write(&rtmr, [1; 64]).is_err());
    fs::write(&rtmr, [1; SIZE]).unwrap();
    assert_ne!(fs::read(&rtmr).unwrap(), before);
}
