// SPDX-License-Identifier: GPL-2.0

//! Makes logs, and finds the vectors.

#![allow(dead_code, reason = "no test uses all of it")]

use std::{
    fs,
    path::PathBuf, //
};

use sha2::{
    Digest as _,
    Sha384, //
};

/// Numbers of algorithms, and the sizes of their digests.
pub(crate) const SHA1: (u16, u16) = (0x4, 20);
pub(crate) const SHA256: (u16, u16) = (0xb, 32);
pub(crate) const SHA384: (u16, u16) = (0xc, 48);
pub(crate) const SM3: (u16, u16) = (0x12, 32);

/// `EV_NO_ACTION`.
pub(crate) const NO_ACTION: u32 = 3;

/// Returns the path of a vector.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../vectors")
        .join(name)
}

/// Reads a vector of the boot.
pub(crate) fn vector(name: &str) -> Vec<u8> {
    fs::read(path("measured-boot").join(name)).unwrap()
}

/// Returns the SHA-384 of some bytes.
pub(crate) fn sha384(data: &[u8]) -> [u8; 48] {
    Sha384::digest(data).into()
}

/// Makes a first event that lists these algorithms, with some bytes of the vendor's.
pub(crate) fn first_of(signature: &[u8; 16], algorithms: &[(u16, u16)], vendor: &[u8]) -> Vec<u8> {
    let mut data = signature.to_vec();
    data.extend([0, 0, 0, 0, 0, 2, 0, 2]);
    data.extend((algorithms.len() as u32).to_le_bytes());
    for (number, size) in algorithms {
        data.extend(number.to_le_bytes());
        data.extend(size.to_le_bytes());
    }
    data.push(vendor.len() as u8);
    data.extend(vendor);

    let mut event = Vec::new();
    event.extend(1u32.to_le_bytes());
    event.extend(NO_ACTION.to_le_bytes());
    event.extend([0; 20]);
    event.extend((data.len() as u32).to_le_bytes());
    event.extend(data);
    event
}

/// The usual one, of these algorithms.
pub(crate) fn first(algorithms: &[(u16, u16)]) -> Vec<u8> {
    first_of(b"Spec ID Event03\0", algorithms, b"")
}

/// Makes an event with these digests.
pub(crate) fn event_of(index: u32, kind: u32, digests: &[(u16, &[u8])], data: &[u8]) -> Vec<u8> {
    let mut event = Vec::new();
    event.extend(index.to_le_bytes());
    event.extend(kind.to_le_bytes());
    event.extend((digests.len() as u32).to_le_bytes());
    for (number, digest) in digests {
        event.extend(number.to_le_bytes());
        event.extend(*digest);
    }
    event.extend((data.len() as u32).to_le_bytes());
    event.extend(data);
    event
}

/// Makes an event with a SHA-384.
pub(crate) fn event(index: u32, kind: u32, digest: [u8; 48], data: &[u8]) -> Vec<u8> {
    event_of(index, kind, &[(SHA384.0, &digest)], data)
}
