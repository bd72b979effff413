// SPDX-License-Identifier: GPL-2.0

//! Modules without the signature that a distribution appends to its own.
//!
//! To verify it takes ten times as many instructions as the rest of a load, and ours have none.
//!
//! C header: `include/linux/module_signature.h`.

use std::{
    fs::{
        self,
        File, //
    },
    io::{
        self,
        Read as _, //
    },
};

use tsm_guest_tests::modules;

/// What a module with a signature ends with.
const MARKER: &[u8] = b"~Module signature appended~\n";

/// Size of `struct module_signature`, which is before the marker. Its last four bytes are the size of the
/// signature before it, big-endian.
const DESCRIPTION: usize = 12;

/// Opens a module without its signature.
pub(crate) fn open(name: &str) -> io::Result<File> {
    let mut module = Vec::new();
    modules::open(name)?.read_to_end(&mut module)?;
    let path = format!("/tmp/{name}.ko");

    fs::write(&path, without_signature(&module))?;
    let file = File::open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

/// Returns a module without its signature, or as it is if it has none.
fn without_signature(module: &[u8]) -> &[u8] {
    let strip = || {
        let (rest, description) = module
            .strip_suffix(MARKER)?
            .split_last_chunk::<DESCRIPTION>()?;
        let [.., a, b, c, d] = *description;
        let size = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?;

        rest.get(..rest.len().checked_sub(size)?)
    };

    strip().unwrap_or(module)
}
