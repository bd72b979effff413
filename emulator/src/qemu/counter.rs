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
use crate::machine::counts::{
    Full,
    Granularity,
    Numbers, //
};

/// Size of a number.
const SIZE: usize = size_of::<u64>();

/// Counts for each vCPU: of all instructions, and of those in each part of the code.
///
/// # Invariants
///
/// `score` is a scoreboard of one number, and as many more as `parts` can have. It is never freed.
#[derive(Debug)]
pub(crate) struct Counter {
    score: NonNull<super::api::Scoreboard>,
    parts: Numbers,
}

// SAFETY: QEMU's functions for scoreboards may be called on any thread, and by the type's invariant
// the scoreboard stays.
unsafe impl Send for Counter {}
// SAFETY: QEMU's functions for scoreboards may be called on any thread, and by the type's invariant
// the scoreboard stays.
unsafe impl Sync for Counter {}

impl Counter {
    /// Makes the counts, all zero.
    pub(crate) fn new(granularity: Granularity) -> Self {
        let parts = Numbers::new(granularity);
        // The first number is that of all instructions.
        // SAFETY: `qemu_plugin_scoreboard_new()` has no conditions while the plugin is loaded.
        let score = unsafe { qemu_plugin_scoreboard_new(SIZE * (1 + parts.len())) };

        // INVARIANT: The scoreboard was made just now, with that many numbers, and nothing frees
        // it.
        Self {
            score: NonNull::new(score).unwrap_or_else(|| stop("out of memory")),
            parts,
        }
    }

    /// Returns the entry of all instructions.
    pub(super) fn all(&self) -> Entry {
        self.entry(0)
    }

    /// Returns the entry of the part that an address is in, if it has one.
    pub(super) fn part(&self, address: u64) -> Option<Entry> {
        match self.parts.of(address) {
            Ok(number) => number.map(|number| self.entry(1 + number)),
            Err(Full) => stop("the guest executes too much code to count it"),
        }
    }

    /// Returns the entry of each part that a range is in.
    pub(super) fn parts(&self, range: Range<u64>) -> impl Iterator<Item = Entry> + '_ {
        let numbers = self.parts.within(range).into_iter();

        numbers.map(|number| self.entry(1 + number))
    }

    fn entry(&self, number: usize) -> Entry {
        Entry {
            score: self.score,
            offset: SIZE * number,
        }
    }
}
