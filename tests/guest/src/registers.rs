// SPDX-License-Identifier: GPL-2.0

//! Measurement registers of a TDX guest, and the files of the registers of any platform.

use std::{
    fs::{
        self,
        File,
        OpenOptions, //
    },
    io,
    os::unix::fs::FileExt,
    path::PathBuf, //
};

use sha2::{
    Digest,
    Sha384, //
};

use crate::{
    snp,
    Drivers,
    Platform, //
};

/// Size of a register in bytes.
pub const SIZE: usize = 48;

/// The value of a register.
pub type Value = [u8; SIZE];

/// Registers that are fixed when the guest is made, and whether they have a hash.
pub const FIXED: [(&str, bool); 4] = [
    ("mrtd", true),
    ("mrconfigid", false),
    ("mrowner", false),
    ("mrownerconfig", false),
];

/// Registers that can be extended.
pub const RTMRS: [&str; 4] = ["rtmr0", "rtmr1", "rtmr2", "rtmr3"];

/// Returns the names of all registers.
pub fn all() -> impl Iterator<Item = &'static str> {
    FIXED.into_iter().map(|(name, _)| name).chain(RTMRS)
}

/// Returns the file of register `name`.
pub fn path(name: &str) -> PathBuf {
    let hashed = !FIXED.contains(&(name, false));

    match (Drivers::get().registers_in_tsm_tree(), hashed) {
        (true, true) => format!("/sys/kernel/tsm/tdx/{name}/sha384/digest"),
        (true, false) => format!("/sys/kernel/tsm/tdx/{name}"),
        (false, true) => {
            format!("/sys/devices/virtual/misc/tdx_guest/measurements/{name}:sha384")
        }
        (false, false) => format!("/sys/devices/virtual/misc/tdx_guest/measurements/{name}"),
    }
    .into()
}

/// Returns the files of all registers, whatever the platform is.
pub fn paths() -> Vec<PathBuf> {
    match Platform::get() {
        Platform::Tdx => all().map(path).collect(),
        Platform::Snp if Drivers::get().snp_has_registers() => {
            snp::FIELDS.iter().map(snp::Field::path).collect()
        }
        Platform::Snp => Vec::new(),
    }
}

/// Returns the value of register `name`.
///
/// # Panics
///
/// If it can't be read or has another size.
pub fn value(name: &str) -> Value {
    let bytes = fs::read(path(name)).expect("the register can be read");

    bytes.try_into().expect("a register has 48 bytes")
}

/// Opens register `name` for writing.
pub fn open_for_write(name: &str) -> io::Result<File> {
    OpenOptions::new().write(true).open(path(name))
}

/// Writes `data` to register `name` at `offset`, in one call, and returns how much it took.
pub fn write_at(name: &str, data: &[u8], offset: u64) -> io::Result<usize> {
    open_for_write(name)?.write_at(data, offset)
}

/// Returns what a register with the value `old` becomes when it is extended with `data`.
pub fn extended(old: &Value, data: &Value) -> Value {
    Sha384::new()
        .chain_update(old)
        .chain_update(data)
        .finalize()
        .into()
}
