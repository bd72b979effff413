// SPDX-License-Identifier: GPL-2.0

//! Page State Change: pages become private, or shared with the VMM.
//!
//! GHCB, section 4.1.6.

use std::ops::Range;

use crate::{
    machine::memory::NoMemory,
    snp::rmp::Size, //
};

use super::context::{
    Context,
    Malformed, //
};

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
    if u64::from(last) >= room {
        return Ok(INVALID_HEADER);
    }
    for index in first..=last {
        let at = scratch + HEADER + ENTRY * u64::from(index);
        let mut entry = [0; 8];
        context.memory.read(at, &mut entry).map_err(bad)?;
        let Some(done) = Entry(u64::from_le_bytes(entry)).execute(context) else {
            return Ok(INVALID_ENTRY);
        };
        let write = |at, bytes: &[u8]| context.memory.write(at, bytes).map_err(bad);
        write(at, &done.0.to_le_bytes())?;
        write(scratch, &(index + 1).to_le_bytes())?;
    }
    Ok(0)
}

/// An entry of a list: in bits 11:0 how many pages of 4 KiB are done, then the page, the operation, and
/// its size.
#[derive(Clone, Copy)]
struct Entry(u64);

impl Entry {
    /// Where the page is.
    const PAGE: u32 = 12;
    /// That many pages are done.
    const DONE: u64 = (1 << Self::PAGE) - 1;
    /// `PSMASH` and `UNSMASH`: the VMM may split an entry of the RMP and join it again, and has no need to.
    const HINTS: Range<u64> = 3..5;

    /// Does what is left of it, if it makes sense. Returns the entry when it is done.
    fn execute(self, context: Context<'_>) -> Option<Self> {
        let Self(raw) = self;
        let (operation, size) = ((raw >> 52) & 0xf, Size::new(raw >> 56));
        let pages = size.pages((raw >> Self::PAGE) & ((1 << 40) - 1))?;
        let (done, count) = (raw & Self::DONE, pages.end - pages.start);

        match done {
            _ if done > count => return None,
            _ if Self::HINTS.contains(&operation) => {}
            0 => change(context, pages.start, operation, size)?,
            // What is left of a large page is no large page.
            _ => (pages.start + done..pages.end)
                .try_for_each(|page| change(context, page, operation, Size::Small))?,
        }
        Some(Self(raw & !Self::DONE | count))
    }
}

/// Makes a page private (1) or shared (2), if that can be.
///
/// What the guest wrote with its key is not what it reads without it, and the other way round.
pub(super) fn change(context: Context<'_>, page: u64, operation: u64, size: Size) -> Option<()> {
    match operation {
        1 => {
            for run in context.rmp.assign(page, size)? {
                scramble(context, run);
            }
            Some(())
        }
        2 => {
            for run in context.rmp.share(page, size)? {
                scramble(context, run);
            }
            Some(())
        }
        _ => None,
    }
}

/// Makes what is in pages meaningless.
fn scramble(context: Context<'_>, pages: Range<u64>) {
    let (address, len) = (pages.start * 4096, (pages.end - pages.start) * 4096);

    // There is memory, by the RMP.
    let _: Result<(), NoMemory> = context.memory.scramble(address, len);
}
