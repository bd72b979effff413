// SPDX-License-Identifier: GPL-2.0

//! Registers of `tsm_fake_mr`.

use std::{
    fs::{
        self,
        File, //
    },
    io,
    os::unix::fs::FileExt, //
};

use crate::{
    fake::Fake,
    Drivers, //
};

/// Where providers have their registers.
pub const TREE: &str = "/sys/kernel/tsm";

/// Runs `test` with the registers of `case`. The kernel's core has no registers.
///
/// # Panics
///
/// If the provider can't be loaded.
pub fn with_registers(case: &str, test: impl FnOnce(&Fake)) {
    if Drivers::get().publishes_registers() {
        test(&Fake::new("tsm_fake_mr", &format!("case={case}")));
    }
}

/// Returns the path of `register`, or of the folder for an empty name.
pub fn path(register: &str) -> String {
    format!("{TREE}/fake/{register}")
}

/// Returns what is in `register`.
pub fn read(register: &str) -> io::Result<Vec<u8>> {
    fs::read(path(register))
}

/// Writes `data` to `register`, in one call.
pub fn write(register: &str, data: &[u8]) -> io::Result<usize> {
    File::options()
        .write(true)
        .open(path(register))?
        .write_at(data, 0)
}

/// Returns what a byte of a register becomes when it is extended.
pub fn extended(old: u8, data: u8) -> u8 {
    old.rotate_left(1) ^ data
}
