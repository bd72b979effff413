// SPDX-License-Identifier: GPL-2.0

//! Lists of pages that the guest passes.
//!
//! SVSM, tables "PVALIDATE Operation" and "Deposit Memory Operation": two bytes say how many entries
//! there are, two which is next, four are reserved; then the entries, all in one page.

use std::ops::Range;

use tsm_proto::snp::svsm::Status;

use super::{
    context::Failure,
    guest::Guest, //
};
use crate::{
    machine::gpa::PAGE_SIZE,
    snp::rmp::Size, //
};

/// Size of what is before the entries, and of an entry.
pub(super) const HEADER: u64 = 8;
pub(super) const ENTRY: u64 = 8;

/// An entry: the size of a page in bits 1:0, its number from bit 12 on, and what is to be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry(u64);

impl Entry {
    /// Tells whether a bit is set.
    pub(super) fn has(self, bit: u32) -> bool {
        (self.0 >> bit) & 1 != 0
    }

    /// Returns the size, and the pages of 4 KiB.
    pub(super) fn pages(self) -> Result<(Size, Range<u64>), Status> {
        let size = Size::new(self.0);
        let pages = match self.has(1) {
            true => None,
            false => size.pages(self.0 >> 12),
        };

        Ok((size, pages.ok_or(Status::INVALID_PARAMETER)?))
    }
}

/// Does something with each entry of the list at an address, and says in the list how far it got.
pub(super) fn each(
    guest: &Guest<'_>,
    list: u64,
    act: impl Fn(Entry) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut header = [0; 4];

    if list % ENTRY != 0 {
        return Err(Status::INVALID_PARAMETER.into());
    }
    guest.read(list, &mut header)?;
    let [count, count_high, next, next_high] = header;
    let count = u16::from_le_bytes([count, count_high]);
    let next = u16::from_le_bytes([next, next_high]);
    if next >= count || u64::from(count) > room(list) {
        return Err(Status::INVALID_PARAMETER.into());
    }
    for index in next..count {
        let mut entry = [0; 8];
        guest.read(list + HEADER + ENTRY * u64::from(index), &mut entry)?;
        act(Entry(u64::from_le_bytes(entry)))?;
        guest.write(list + 2, &(index + 1).to_le_bytes())?;
    }
    Ok(())
}

/// Returns how many entries a list at an address has room for.
pub(super) fn room(list: u64) -> u64 {
    (PAGE_SIZE - list % PAGE_SIZE).saturating_sub(HEADER) / ENTRY
}
