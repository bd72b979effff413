// SPDX-License-Identifier: GPL-2.0

//! A device that its module drops while it is open, which no driver here does and safe code can.

use std::{
    fs::{
        self,
        File, //
    },
    os::fd::AsRawFd as _,
    thread, //
};

use nix::{
    errno::Errno,
    libc, //
};
use tsm_guest_tests::{
    fake::{
        spawn_blocked,
        Fake, //
    },
    reports::Report,
    Drivers, //
};

const DEVICE: &str = "/dev/tsm-fake";

/// The ioctl that the device has.
const KNOWN: libc::c_ulong = nix::request_code_none!(b'F', 1);
/// An ioctl that the device does not have.
const UNKNOWN: libc::c_ulong = nix::request_code_none!(b'F', 2);

/// Has the fake make or drop its device.
fn device(report: &Report, what: &str) {
    report.set_inblob(what.as_bytes()).unwrap();
    report.outblob().unwrap();
}

#[expect(unsafe_code, reason = "an ioctl")]
fn ioctl(file: &File, command: libc::c_ulong) -> nix::Result<i32> {
    // SAFETY: The argument is a number.
    Errno::result(unsafe { libc::ioctl(file.as_raw_fd(), command, 1234) })
}

/// Runs a test with the fake and a report of it. The kernel's core has none.
fn with_fake(test: impl FnOnce(&Report)) {
    if Drivers::get() == Drivers::C {
        return;
    }
    let _fake = Fake::new("tsm_fake_rust", "");

    test(&Report::bare("device").unwrap());
}

#[test]
fn a_device_that_is_dropped_waits_for_its_last_file() {
    with_fake(|report| {
        device(report, "make");
        let files = [(); 2].map(|()| File::open(DEVICE).unwrap());

        thread::scope(|scope| {
            let dropper = spawn_blocked(scope, || device(report, "drop"));

            // The device can't be opened any more, and open files go on working. Another task unlinks the
            // node a moment later.
            let refused = Errno::try_from(File::open(DEVICE).unwrap_err()).unwrap();
            assert!(
                matches!(refused, Errno::ENODEV | Errno::ENOENT),
                "{refused}"
            );
            let [first, second] = files;
            assert_eq!(ioctl(&first, KNOWN), Ok(1234));
            assert_eq!(ioctl(&first, UNKNOWN), Err(Errno::ENOTTY));
            drop(first);
            assert_eq!(ioctl(&second, KNOWN), Ok(1234));
            assert!(!dropper.is_finished());
            drop(second);
            dropper.join().unwrap();
        });
        assert!(!fs::exists(DEVICE).unwrap());
        device(report, "make");
        assert_eq!(ioctl(&File::open(DEVICE).unwrap(), KNOWN), Ok(1234));
        device(report, "drop");
    });
}

#[test]
fn a_device_can_be_dropped_while_its_files_are_closed() {
    with_fake(|report| {
        for _ in 0..50 {
            device(report, "make");
            let files = [(); 8].map(|()| File::open(DEVICE).unwrap());

            // The debug kernel finds it if closing a file reads memory of the device too late.
            thread::scope(|scope| {
                for file in files {
                    scope.spawn(move || {
                        assert_eq!(ioctl(&file, KNOWN), Ok(1234));
                        drop(file);
                    });
                }
                device(report, "drop");
            });
        }
    });
}
