// SPDX-License-Identifier: GPL-2.0

//! Page State Change: pages become private, or shared with the VMM.
//!
//! GHCB, section 4.1.6.

use std::ops::Range;

use crate::memory::NoMemory;

use super::{
    Context,
    Malformed, //
};
use crate::snp::rmp::Size;

/// Size of what is before the first entry of a list, and of an entry.
const HEADER: u64 = 8;
const ENTRY: u64 = 8;

/// Errors, in `SW_EXITINFO2`.
const INVALID_HEADER: u64 = (1 << 32) | 1;
const INVALID_ENTRY: u64 = (1 << 32) | 2;

/// Does what a list says that is at `scratch`, in the buffer of the GHCB, as version 2 wants it. Returns
/// `SW_EXITINFO2`.
pub(super) fn change_all(
    context: Context<'_>,
    buffer: Range<u64>,
    scratch: u64,
) -> Result<u64, Malformed> {
    let bad = |NoMemory| Malformed::ScratchArea;

    if !(buffer.start..=buffer.end - HEADER).contains(&scratch) {
        return Err(Malformed::ScratchArea);
    }
    let room = (buffer.end - scratch - HEADER) / ENTRY;
    let mut header = [0; 4];
    context.memory.read(scratch, &mut header).map_err(bad)?;
    let [low, high, end_low, end_high] = header;
    let (first, last) = (
        u16::from_le_bytes([low, high]),
        u16::from_le_bytes([end_low, end_high]),
    );
    if first > last || u64::from(last) >= room {
        return Ok(INVALID_HEADER);
    }
    for index in first..=last {
        let at = scratch + HEADER + ENTRY * u64::from(index);
        let mut entry = [0; 8];
        context.memory.read(at, &mut entry).map_err(bad)?;
        let entry = u64::from_le_bytes(entry);
        let page = (entry >> 12) & ((1 << 40) - 1);
        let size = Size::new(entry >> 56);
        if change(context, page, (entry >> 52) & 0xf, size).is_none() {
            return Ok(INVALID_ENTRY);
        }
        context
            .memory
            .write(scratch, &(index + 1).to_le_bytes())
            .map_err(bad)?;
    }
    Ok(0)
}

/// Makes a page private (1) or shared (2), if that can be.
///
/// A page has other memory behind it when it is shared, so what was in it is gone.
pub(super) fn change(context: Context<'_>, page: u64, operation: u64, size: Size) -> Option<()> {
    match operation {
        1 => context.rmp.assign(page, size),
        2 => {
            for run in context.rmp.share(page, size)? {
                let (address, len) = (run.start * 4096, (run.end - run.start) * 4096);
                // What is not memory has nothing to clear.
                let _: Result<(), NoMemory> = context.memory.clear(address, len);
            }
            Some(())
        }
        _ => None,
    }
}
