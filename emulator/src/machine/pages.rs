// SPDX-License-Identifier: GPL-2.0

//! Which page is private, pending or shared: the secure EPT and the VMM's view of it in one.
//!
//! QEMU's firmware tells the guest of no unaccepted memory, so a machine starts with everything
//! private and accepted; one that starts with a firmware for TDs has all RAM pending. Only what differs is
//! stored, as runs of pages in the same state:
//!
//! ```text
//! Accepted ──MapGPA shared──▶ Shared ──MapGPA private──▶ Pending ──PAGE.ACCEPT──▶ Accepted
//!                               ▲                           │
//!                               └──────MapGPA shared────────┘
//! ```

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Mutex,
        OnceLock, //
    },
};

use crate::machine::{
    gpa::PAGE_SIZE,
    lock::lock, //
};

/// The state of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageState {
    /// Private, and the guest may use it.
    Accepted,
    /// Private, but the guest has not accepted it.
    Pending,
    /// Shared with the VMM.
    Shared,
}

/// Where a run of pages ends, and their state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    end: u64,
    state: PageState,
}

/// The states of all pages, by page number.
///
/// # Invariants
///
/// Runs are not empty, do not overlap, and are not [`PageState::Accepted`].
#[derive(Debug, Default)]
pub(crate) struct Pages {
    runs: Mutex<BTreeMap<u64, Run>>,
    /// Where RAM is, by address, if that is known.
    ram: OnceLock<Vec<Range<u64>>>,
}

/// What is no RAM on a PC, in the middle of it: video memory and ROMs.
const HOLE: Range<u64> = 0xa_0000..0x10_0000;

impl Pages {
    /// Returns the state of a page.
    pub(crate) fn state(&self, page: u64) -> PageState {
        state(&lock(&self.runs), page)
    }

    /// Returns the state of all pages in a range, if it is the same one.
    pub(crate) fn uniform(&self, pages: Range<u64>) -> Option<PageState> {
        uniform(&lock(&self.runs), pages)
    }

    /// Makes pages shared. Returns those that were not.
    pub(crate) fn share(&self, pages: Range<u64>) -> Vec<Range<u64>> {
        let mut runs = lock(&self.runs);
        let changed = pieces(&runs, pages.clone())
            .into_iter()
            .filter(|(_, state)| *state != PageState::Shared)
            .map(|(piece, _)| piece)
            .collect();

        set(&mut runs, pages, PageState::Shared);
        changed
    }

    /// Makes shared pages private; they have to be accepted then. Returns those that were shared.
    pub(crate) fn unshare(&self, pages: Range<u64>) -> Vec<Range<u64>> {
        let mut runs = lock(&self.runs);
        let changed: Vec<_> = pieces(&runs, pages)
            .into_iter()
            .filter(|(_, state)| *state == PageState::Shared)
            .map(|(piece, _)| piece)
            .collect();

        for piece in &changed {
            set(&mut runs, piece.clone(), PageState::Pending);
        }
        changed
    }

    /// Accepts pages that are all pending. Otherwise changes nothing and returns what they are.
    pub(crate) fn accept(&self, pages: Range<u64>) -> Result<(), Option<PageState>> {
        let mut runs = lock(&self.runs);

        match uniform(&runs, pages.clone()) {
            Some(PageState::Pending) => {
                set(&mut runs, pages, PageState::Accepted);
                Ok(())
            }
            other => Err(other),
        }
    }

    /// Makes all RAM pending, in a machine that starts. From then on it is known what is RAM.
    pub(crate) fn launch(&self, ram: Vec<Range<u64>>) {
        for range in self.ram.get_or_init(|| ram) {
            self.rescind(range.start / PAGE_SIZE..range.end / PAGE_SIZE);
        }
    }

    /// Returns the parts of pages whose content goes when their state changes, by address: those that are RAM, or
    /// all where that is not known. Devices and ROMs stay as they are.
    pub(crate) fn contents(&self, pages: Range<u64>) -> Vec<Range<u64>> {
        let all = pages.start * PAGE_SIZE..pages.end * PAGE_SIZE;
        let Some(ram) = self.ram.get() else {
            return vec![all];
        };
        let cut = |one: &Range<u64>, other: Range<u64>| {
            one.start.max(other.start)..one.end.min(other.end)
        };

        ram.iter()
            .map(|ram| cut(ram, all.clone()))
            .flat_map(|part| [cut(&part, 0..HOLE.start), cut(&part, HOLE.end..u64::MAX)])
            .filter(|part| !part.is_empty())
            .collect()
    }

    /// Makes accepted pages pending again.
    pub(crate) fn rescind(&self, pages: Range<u64>) {
        let mut runs = lock(&self.runs);

        for (piece, state) in pieces(&runs, pages) {
            if state == PageState::Accepted {
                set(&mut runs, piece, PageState::Pending);
            }
        }
    }
}

/// Returns the state of a page.
fn state(runs: &BTreeMap<u64, Run>, page: u64) -> PageState {
    match runs.range(..=page).next_back() {
        Some((_, run)) if page < run.end => run.state,
        _ => PageState::Accepted,
    }
}

/// Splits a range where the state changes.
fn pieces(runs: &BTreeMap<u64, Run>, pages: Range<u64>) -> Vec<(Range<u64>, PageState)> {
    let mut pieces = Vec::new();
    let mut at = pages.start;

    while at < pages.end {
        let end = match runs.range(..=at).next_back() {
            Some((_, run)) if at < run.end => run.end,
            _ => runs
                .range(at..)
                .next()
                .map_or(u64::MAX, |(start, _)| *start),
        };
        let end = end.min(pages.end);
        pieces.push((at..end, state(runs, at)));
        at = end;
    }
    pieces
}

/// Returns the state of all pages in a range, if it is the same one.
fn uniform(runs: &BTreeMap<u64, Run>, pages: Range<u64>) -> Option<PageState> {
    let mut states = pieces(runs, pages).into_iter().map(|(_, state)| state);
    let first = states.next()?;

    states.all(|state| state == first).then_some(first)
}

/// Sets the state of all pages in a range.
fn set(runs: &mut BTreeMap<u64, Run>, pages: Range<u64>, state: PageState) {
    if pages.is_empty() {
        return;
    }
    // Runs that begin before the range and reach into it, then those that begin inside.
    if let Some((_, run)) = runs.range_mut(..pages.start).next_back() {
        let old = *run;
        run.end = run.end.min(pages.start);
        if old.end > pages.end {
            runs.insert(pages.end, old);
        }
    }
    let inside: Vec<u64> = runs.range(pages.clone()).map(|(start, _)| *start).collect();
    for start in inside {
        match runs.remove(&start) {
            Some(run) if run.end > pages.end => runs.insert(pages.end, run),
            _ => None,
        };
    }
    // INVARIANT: What was in the range is gone, and what is accepted is not stored.
    if state != PageState::Accepted {
        let run = Run {
            end: pages.end,
            state,
        };
        runs.insert(pages.start, run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PageState::{
        Accepted,
        Pending,
        Shared, //
    };

    #[test]
    fn starts_with_everything_accepted() {
        let pages = Pages::default();
        assert_eq!(pages.uniform(0..1 << 40), Some(Accepted));
    }

    #[test]
    fn goes_round_the_states() {
        let pages = Pages::default();
        assert_eq!(pages.share(10..20).first(), Some(&(10..20)));
        assert_eq!(pages.uniform(10..20), Some(Shared));
        assert_eq!(pages.unshare(9..20).first(), Some(&(10..20)));
        assert_eq!(pages.uniform(10..20), Some(Pending));
        assert_eq!(pages.accept(10..20), Ok(()));
        assert_eq!(pages.uniform(0..30), Some(Accepted));
    }

    #[test]
    fn touches_no_neighbours() {
        let pages = Pages::default();
        pages.share(10..20);
        assert_eq!(pages.state(9), Accepted);
        assert_eq!(pages.state(20), Accepted);
        pages.unshare(13..15);
        assert_eq!(pages.state(12), Shared);
        assert_eq!(pages.state(13), Pending);
        assert_eq!(pages.state(14), Pending);
        assert_eq!(pages.state(15), Shared);
    }

    #[test]
    fn reports_what_it_shared() {
        let pages = Pages::default();
        pages.share(10..20);
        assert_eq!(pages.share(5..25), [5..10, 20..25]);
        assert_eq!(pages.uniform(5..25), Some(Shared));
    }

    #[test]
    fn does_not_make_accepted_pages_pending() {
        let pages = Pages::default();
        pages.share(10..12);
        pages.unshare(8..14);
        assert_eq!(pages.uniform(8..10), Some(Accepted));
        assert_eq!(pages.uniform(10..12), Some(Pending));
        assert_eq!(pages.uniform(12..14), Some(Accepted));
    }

    #[test]
    fn starts_with_all_ram_pending_where_it_is_known() {
        let pages = Pages::default();
        pages.launch(vec![0..0x20_0000, 0x40_0000..0x60_0000]);
        assert_eq!(pages.uniform(0..0x200), Some(Pending));
        assert_eq!(pages.uniform(0x200..0x400), Some(Accepted));
        assert_eq!(pages.uniform(0x400..0x600), Some(Pending));
    }

    #[test]
    fn has_contents_in_ram_only_where_it_is_known() {
        let pages = Pages::default();
        let all = 0x8_0000..0x20_0000;
        assert_eq!(pages.contents(0x80..0x200), std::slice::from_ref(&all));
        pages.launch(vec![0..0x20_0000, 0x40_0000..0x60_0000]);
        assert_eq!(
            pages.contents(0x80..0x500),
            [
                0x8_0000..0xa_0000,
                0x10_0000..0x20_0000,
                0x40_0000..0x50_0000
            ]
        );
        assert!(pages.contents(0xa0..0x100).is_empty());
        assert!(pages.contents(0xf_ee00..0xf_ee01).is_empty());
    }

    #[test]
    fn accepts_all_or_nothing() {
        let pages = Pages::default();
        pages.share(10..12);
        assert_eq!(pages.accept(10..12), Err(Some(Shared)));
        pages.unshare(10..12);
        assert_eq!(pages.accept(9..12), Err(None));
        assert_eq!(pages.uniform(10..12), Some(Pending));
        assert_eq!(pages.accept(9..10), Err(Some(Accepted)));
    }

    #[test]
    fn agrees_with_a_plain_array() {
        let pages = Pages::default();
        let mut model = [Accepted; 64];
        let mut seed = 1u64;

        for _ in 0..2000 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1);
            let (a, b) = ((seed >> 33) % 64, (seed >> 43) % 64);
            let range = a.min(b)..a.max(b) + 1;
            let part = &mut model[range.start as usize..range.end as usize];
            match (seed >> 53) % 3 {
                0 => {
                    pages.share(range);
                    part.fill(Shared);
                }
                1 => {
                    pages.unshare(range);
                    for state in part.iter_mut().filter(|state| **state == Shared) {
                        *state = Pending;
                    }
                }
                _ => {
                    if pages.accept(range).is_ok() {
                        assert!(part.iter().all(|state| *state == Pending));
                        part.fill(Accepted);
                    }
                }
            }
            for (page, state) in model.iter().enumerate() {
                assert_eq!(pages.state(page as u64), *state);
            }
        }
    }
}
