// SPDX-License-Identifier: GPL-2.0

//! Which parts of the guest's code have counts of executed instructions, and the number of each.

use std::{
    collections::btree_map::{
        BTreeMap,
        Entry, //
    },
    ops::Range,
    sync::Mutex, //
};

use super::{
    gpa::PAGE_SIZE,
    lock::lock, //
};

/// Addresses whose parts have counts of their own: x86-64 Linux has its code and its modules there.
///
/// Translated code is shared by all addresses that it is mapped at, and counted for that at which it was
/// translated. Code of a module can be executed at one.
const COUNTED: Range<u64> = 0xffff_ffff_8000_0000..0xffff_ffff_ff00_0000;

/// Size of a block in bytes: x86-64 Linux aligns its functions to so many.
const BLOCK: u64 = 16;

/// How many blocks have numbers. The code that a guest executes of a kernel has a tenth of that.
const BLOCKS: usize = 1 << 20;

/// What the parts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Granularity {
    /// Pages.
    Page,
    /// Blocks of 16 bytes. No two functions have one in common.
    Block,
}

/// There are no numbers left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// The numbers of the parts.
#[derive(Debug)]
pub(crate) enum Numbers {
    /// Each page of [`COUNTED`] has one.
    Pages,
    /// Each block has one of which code was translated, in that order.
    Blocks(Mutex<BTreeMap<u64, usize>>),
}

impl Numbers {
    /// Makes the numbers of such parts.
    pub(crate) fn new(granularity: Granularity) -> Self {
        match granularity {
            Granularity::Page => Self::Pages,
            Granularity::Block => Self::Blocks(Mutex::default()),
        }
    }

    /// Returns how many there can be.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Pages => 1 + page(COUNTED.end - 1).unwrap_or(0),
            Self::Blocks(_) => BLOCKS,
        }
    }

    /// Returns the number of the part that an address is in, if it has one.
    pub(crate) fn of(&self, address: u64) -> Result<Option<usize>, Full> {
        match self {
            Self::Pages => Ok(page(address)),
            Self::Blocks(_) if !COUNTED.contains(&address) => Ok(None),
            Self::Blocks(blocks) => block(&mut lock(blocks), address).map(Some),
        }
    }

    /// Returns the number of each part that a range is in.
    pub(crate) fn within(&self, range: Range<u64>) -> Vec<usize> {
        match self {
            Self::Pages => pages(range).filter_map(page).collect(),
            Self::Blocks(blocks) => {
                let start = range.start / BLOCK;
                let end = range.end.div_ceil(BLOCK).max(start);

                lock(blocks)
                    .range(start..end)
                    .map(|(_, number)| *number)
                    .collect()
            }
        }
    }
}

/// Returns the number of the page of an address, if it has one.
fn page(address: u64) -> Option<usize> {
    let offset = COUNTED
        .contains(&address)
        .then(|| address - COUNTED.start)?;

    usize::try_from(offset / PAGE_SIZE).ok()
}

/// Returns an address in each page of a range, of those that have numbers.
fn pages(range: Range<u64>) -> impl Iterator<Item = u64> {
    let start = range.start.clamp(COUNTED.start, COUNTED.end) / PAGE_SIZE;
    let end = range
        .end
        .clamp(COUNTED.start, COUNTED.end)
        .div_ceil(PAGE_SIZE);

    (start..end).map(|page| page * PAGE_SIZE)
}

/// Returns the number of the block of an address. One that has none gets the next.
fn block(blocks: &mut BTreeMap<u64, usize>, address: u64) -> Result<usize, Full> {
    let next = blocks.len();

    match blocks.entry(address / BLOCK) {
        Entry::Occupied(number) => Ok(*number.get()),
        Entry::Vacant(_) if next == BLOCKS => Err(Full),
        Entry::Vacant(place) => Ok(*place.insert(next)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_pages_of_kernel_and_modules() {
        let pages = Numbers::new(Granularity::Page);

        assert_eq!(pages.of(COUNTED.start), Ok(Some(0)));
        assert_eq!(pages.of(COUNTED.start + 0x1fff), Ok(Some(1)));
        assert_eq!(pages.of(COUNTED.end - 1), Ok(Some(0x7_efff)));
        assert_eq!(pages.len(), 0x7_f000);
        for other in [0, 0x40_0000, COUNTED.start - 1, COUNTED.end, u64::MAX] {
            assert_eq!(pages.of(other), Ok(None));
        }
    }

    #[test]
    fn lists_each_page_of_a_range_once() {
        let start = 0xffff_ffff_c000_0000;
        let pages = Numbers::new(Granularity::Page);
        let list = |range| pages.within(range);

        assert_eq!(list(start..start + 1), [0x4_0000]);
        assert_eq!(list(start + 0xfff..start + 0x1001), [0x4_0000, 0x4_0001]);
        assert!(list(start..start).is_empty());
        assert!(list(start + 1..start).is_empty());
        assert!(list(0..COUNTED.start).is_empty());
        assert_eq!(list(0..u64::MAX).len(), pages.len());
    }

    #[test]
    fn numbers_blocks_as_they_come_and_lists_them_by_address() {
        let start = COUNTED.start;
        let blocks = Numbers::new(Granularity::Block);
        let list = |range| blocks.within(range);

        for (offset, expected) in [(0x40, 0), (0x10, 1), (0x1f, 1), (0x4f, 0), (0x20, 2)] {
            assert_eq!(blocks.of(start + offset), Ok(Some(expected)));
        }
        assert_eq!(blocks.of(start - 1), Ok(None));
        assert!(list(start..start + 0x10).is_empty());
        assert_eq!(list(start..start + 0x11), [1]);
        assert_eq!(list(start + 0x1f..start + 0x41), [1, 2, 0]);
        assert!(list(start + 0x50..start).is_empty());
        assert_eq!(list(0..u64::MAX), [1, 2, 0]);
    }

    #[test]
    fn has_so_many_blocks_and_no_more() {
        let blocks = Numbers::new(Granularity::Block);

        for offset in (0..).step_by(16).take(blocks.len()) {
            assert!(blocks.of(COUNTED.start + offset).is_ok());
        }
        assert_eq!(blocks.of(COUNTED.end - 1), Err(Full));
        assert_eq!(blocks.of(COUNTED.start), Ok(Some(0)));
    }
}
