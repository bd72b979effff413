// SPDX-License-Identifier: GPL-2.0

//! Counts of executed instructions, to which translated code adds without a callback.

use std::{
    ops::Range,
    ptr::NonNull, //
};

use super::{
    api::{
        qemu_plugin_scoreboard_new,
        Entry, //
    },
    exit::stop, //
};
use crate::machine::gpa::PAGE_SIZE;

/// Addresses whose pages have counts of their own: x86-64 Linux has its code and its modules there.
///
/// Translated code is shared by all addresses that it is mapped at, and counted for that at which it was
/// translated. Code of a module can be executed at one.
const COUNTED: Range<u64> = 0xffff_ffff_8000_0000..0xffff_ffff_ff00_0000;

/// Size of a number.
const SIZE: usize = size_of::<u64>();

/// Numbers for each vCPU: of all instructions, and of those in each page of [`COUNTED`].
///
/// # Invariants
///
/// `score` is a scoreboard of as many numbers, which is never freed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counter {
    score: NonNull<super::api::Scoreboard>,
}

// SAFETY: QEMU's functions for scoreboards may be called on any thread, and by the type's invariant
// the scoreboard stays.
unsafe impl Send for Counter {}
// SAFETY: As above.
unsafe impl Sync for Counter {}

/// Returns which of the numbers of pages is that of an address, if it has one.
fn index(address: u64) -> Option<usize> {
    let offset = COUNTED
        .contains(&address)
        .then_some(address - COUNTED.start)?;

    usize::try_from(offset / PAGE_SIZE).ok()
}

impl Counter {
    /// Makes the numbers, all zero.
    pub(crate) fn new() -> Self {
        // The first number is that of all instructions.
        let numbers = 2 + index(COUNTED.end - 1).unwrap_or(0);
        // SAFETY: `qemu_plugin_scoreboard_new()` has no conditions while the plugin is loaded.
        let score = unsafe { qemu_plugin_scoreboard_new(SIZE * numbers) };

        // INVARIANT: It was made just now, and nothing frees it.
        Self {
            score: NonNull::new(score).unwrap_or_else(|| stop("out of memory")),
        }
    }

    /// Returns the entry of all instructions.
    pub(super) fn all(self) -> Entry {
        self.entry(0)
    }

    /// Returns the entry of the page at an address, if it has one.
    pub(super) fn page(self, address: u64) -> Option<Entry> {
        index(address).map(|index| self.entry(1 + index))
    }

    fn entry(self, number: usize) -> Entry {
        Entry {
            score: self.score,
            offset: SIZE * number,
        }
    }
}

/// Returns an address in each page of a range, of those that have counts.
pub(super) fn pages(range: Range<u64>) -> impl Iterator<Item = u64> {
    let start = range.start.clamp(COUNTED.start, COUNTED.end) / PAGE_SIZE;
    let end = range
        .end
        .clamp(COUNTED.start, COUNTED.end)
        .div_ceil(PAGE_SIZE);

    (start..end).map(|page| page * PAGE_SIZE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_pages_of_kernel_and_modules() {
        assert_eq!(index(COUNTED.start), Some(0));
        assert_eq!(index(COUNTED.start + 0x1fff), Some(1));
        assert_eq!(index(COUNTED.end - 1), Some(0x7_efff));
        for other in [0, 0x40_0000, COUNTED.start - 1, COUNTED.end, u64::MAX] {
            assert_eq!(index(other), None);
        }
    }

    #[test]
    fn lists_each_page_of_a_range_once() {
        let start = 0xffff_ffff_c000_0000;
        let list = |range| pages(range).collect::<Vec<_>>();

        assert_eq!(list(start..start + 1), [start]);
        assert_eq!(list(start + 0xfff..start + 0x1001), [start, start + 0x1000]);
        assert_eq!(list(start..start), []);
        assert_eq!(list(start + 1..start), []);
        assert_eq!(list(0..COUNTED.start), []);
        assert_eq!(pages(0..u64::MAX).count(), 0x7_f000);
    }
}
