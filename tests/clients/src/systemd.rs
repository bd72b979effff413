// SPDX-License-Identifier: GPL-2.0

//! systemd-report, which has a report of the machine signed by what is in configfs.

use std::{
    fs,
    path::Path, //
};

use crate::python;

/// A report of the machine, as the provider has signed it.
pub struct Signed {
    /// What systemd-report names as the provider.
    pub provider: String,
    /// What has to be in the blob: the digest of the report of the machine.
    pub data: [u8; 64],
    /// The blob.
    pub blob: Vec<u8>,
}

/// Has a report made and signed. There is none on a kernel without the sockets that its parts talk
/// over.
///
/// # Panics
///
/// If it can't be made.
pub fn report() -> Option<Signed> {
    if !Path::new("/proc/net/unix").exists() {
        println!("systemd-report is not run: this kernel has no UNIX sockets");
        return None;
    }

    let provider = python(include_str!("systemd.py"));
    let digest = fs::read("/tmp/digest").expect("the program has written it");
    let mut data = [0; 64];

    data[..digest.len()].copy_from_slice(&digest);
    Some(Signed {
        provider: provider.trim_end().to_owned(),
        data,
        blob: fs::read("/tmp/blob").expect("the program has written it"),
    })
}
