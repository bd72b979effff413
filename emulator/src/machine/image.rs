// SPDX-License-Identifier: GPL-2.0

//! The image of a firmware, which ends at 4 GiB, and whose metadata are found from its end.

use crate::machine::memory::{
    GuestMemory,
    NoMemory, //
};

/// Where an image ends in memory.
pub(crate) const TOP: u64 = 1 << 32;

/// No image of QEMU's is larger.
const LARGEST: u64 = 16 << 20;

/// The bytes at the end of an image in which the table of GUIDs is looked for.
const TAIL: usize = 4096;

/// Reads `len` bytes of the image, from `below` bytes before its end on. The error is for the user.
pub(crate) fn read(memory: &dyn GuestMemory, below: u64, len: usize) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; len];
    // CAST: Widens.
    let fits = len as u64 <= below && below <= LARGEST;
    let start = TOP.checked_sub(below).filter(|_| fits);
    let read = start
        .ok_or(NoMemory)
        .and_then(|start| memory.read(start, &mut bytes));

    read.map(|()| bytes)
        .map_err(|NoMemory| "its metadata are not in it".into())
}

/// Reads the end of the image, which has its table of GUIDs. The error is for the user.
pub(crate) fn tail(memory: &dyn GuestMemory) -> Result<Vec<u8>, String> {
    // CAST: 4096.
    read(memory, TAIL as u64, TAIL)
}
