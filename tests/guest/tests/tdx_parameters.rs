// SPDX-License-Identifier: GPL-2.0

//! Parameters of the provider: which registers user space may extend.

use std::{
    fs::{
        self,
        File, //
    },
    os::unix::fs::MetadataExt as _,
    path::Path, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    errno,
    modules::{
        self,
        load_with,
        unload, //
    },
    registers::{
        self,
        RTMRS,
        SIZE, //
    },
    Drivers, //
};

/// Where clients look.
const MEASUREMENTS: &str = "/sys/class/misc/tdx_guest/measurements";

/// Checks the mode of a register's file, and that it can be opened for writing only if that says so.
fn has_mode(path: &Path, mode: u32) {
    let path = fs::canonicalize(path).unwrap();
    let opened = File::options().write(true).open(&path);

    assert_eq!(
        fs::metadata(&path).unwrap().mode() & 0o7777,
        mode,
        "{path:?}"
    );
    match mode & 0o200 {
        // sysfs refuses this for root too.
        0 => assert_eq!(errno(opened), Some(Errno::EACCES), "{path:?}"),
        _ => assert!(opened.is_ok(), "{path:?}"),
    }
}

#[test]
fn only_registers_in_the_mask_can_be_extended() {
    if !Drivers::get().rtmrs_can_be_withheld() {
        return;
    }
    modules::with(|_, provider| {
        for mask in [0, 0b0100, 0b1100, 0b1111] {
            unload(provider).unwrap();
            load_with(provider, &format!("rtmr_writable={mask}")).unwrap();

            for (number, name) in RTMRS.into_iter().enumerate() {
                let shown = format!("{MEASUREMENTS}/{name}:sha384");
                if (mask >> number) & 1 == 0 {
                    has_mode(&registers::path(name), 0o444);
                    has_mode(Path::new(&shown), 0o444);
                    registers::value(name);
                    continue;
                }
                has_mode(&registers::path(name), 0o644);
                has_mode(Path::new(&shown), 0o644);

                let old = registers::value(name);
                registers::write_at(name, &[6; SIZE], 0).unwrap();
                let new = registers::extended(&old, &[6; SIZE]);
                assert_eq!(registers::value(name), new, "{name}");
            }
        }
    });
}

#[test]
fn refuses_a_mask_of_registers_that_there_are_not() {
    if !Drivers::get().rtmrs_can_be_withheld() {
        return;
    }
    modules::with(|_, provider| {
        unload(provider).unwrap();
        for mask in ["16", "0x1f", "255", "256", "-1", "rtmr3"] {
            let loaded = load_with(provider, &format!("rtmr_writable={mask}"));
            assert_eq!(loaded, Err(Errno::EINVAL), "{mask}");
        }
    });
}
