// SPDX-License-Identifier: GPL-2.0

//! Pages of a range that are being accepted.
//!
//! By OpenVMM, which cites the specification, an interrupt makes the TDX module put what is left into `RCX` and `R9`,
//! so that the instruction goes on when it is executed again; a TD need not see that. What it sees must nevertheless
//! not decide how often it asks, or have it take a page for accepted that is not.

use super::{
    Error,
    Level,
    MmioAccept,
    Page,
    Result,
    Subrange, //
};
use crate::{
    tdisp::{
        ranges::{
            Range,
            RangeIndex,
            PAGE, //
        },
        FunctionId, //
    },
    tdx::{
        call::Results,
        Status, //
    },
    Gpa, //
};

/// Pages that are left to be accepted, each of 4 KiB.
///
/// Each [`Acceptance::advance`] that does not fail leaves fewer pages, or fewer interruptions that may follow.
///
/// # Invariants
///
/// The pages end at 2^52 or below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acceptance {
    function: FunctionId,
    range: RangeIndex,
    page: Page,
    subrange: Subrange,
    /// How many more times the module may be interrupted before the next page is accepted.
    interruptions: u8,
}

/// How far it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// All pages are accepted.
    Done,
    /// These are left.
    Left(Acceptance),
}

impl Acceptance {
    /// How many times in a row the module may be interrupted before a page is accepted.
    pub const INTERRUPTIONS: u8 = 100;

    /// Starts with `subrange` of a range of a report; `bar` is where the TD has the BAR that the range is in.
    ///
    /// # Errors
    ///
    /// [`Error::Pages`] when the pages run past the end of the range or of the address space, [`Error::Page`] when they
    /// don't begin at the start of one.
    pub fn new(function: FunctionId, range: &Range, bar: Gpa, subrange: Subrange) -> Result<Self> {
        // OVERFLOW: Both products are below 2^44.
        let (offset, size) = (
            u64::from(subrange.offset()) * PAGE,
            u64::from(subrange.pages()) * PAGE,
        );
        let gpa = bar
            .raw()
            .checked_add(range.offset)
            .and_then(|start| start.checked_add(offset))
            .ok_or(Error::Pages)?;
        let is_within = gpa.checked_add(size).is_some_and(|end| end <= Page::END);

        if u64::from(subrange.end()) > range.length / PAGE || !is_within {
            return Err(Error::Pages);
        }
        // INVARIANT: `is_within` says that the pages end at 2^52 or below.
        Ok(Self {
            function,
            range: range.index,
            page: Page::new(Gpa::new(gpa), Level::Page4K)?,
            subrange,
            interruptions: Self::INTERRUPTIONS,
        })
    }

    /// Starts with all pages of a range.
    ///
    /// # Errors
    ///
    /// Those of [`Acceptance::new`].
    pub fn whole(function: FunctionId, range: &Range, bar: Gpa) -> Result<Self> {
        let pages = u32::try_from(range.length / PAGE).map_err(|_| Error::Pages)?;

        Self::new(function, range, bar, Subrange::new(0, pages)?)
    }

    /// Returns how many pages are left.
    pub const fn pages(&self) -> u32 {
        self.subrange.pages()
    }

    /// Returns the call to be made.
    pub const fn call(&self) -> MmioAccept {
        MmioAccept {
            page: self.page,
            range: self.range,
            function: self.function,
            subrange: self.subrange,
        }
    }

    /// Takes what the call returned.
    ///
    /// A page that is mapped already is refused: it may be anything that the TD has accepted at this address.
    ///
    /// # Errors
    ///
    /// [`Error::Status`] when it is no success and no interruption, [`Error::Resumption`] when other pages are left
    /// than can be, [`Error::Stalled`] when there were too many interruptions.
    pub fn advance(self, status: Status, results: &Results) -> Result<Progress> {
        let is_as_before = results.r9 == self.subrange.raw();

        match status.class() {
            // CAST: The low half is how many are left.
            Status::SUCCESS if is_as_before || results.r9 as u32 == 0 => Ok(Progress::Done),
            Status::INTERRUPTED_RESTARTABLE => self.again(),
            Status::INTERRUPTED_RESUMABLE if is_as_before => self.again(),
            Status::SUCCESS | Status::INTERRUPTED_RESUMABLE => {
                self.skip(results).map(Progress::Left)
            }
            _ => Err(Error::Status(status)),
        }
    }

    /// Goes on where it was.
    fn again(self) -> Result<Progress> {
        match self.interruptions.checked_sub(1) {
            Some(interruptions) => Ok(Progress::Left(Self {
                interruptions,
                ..self
            })),
            None => Err(Error::Stalled),
        }
    }

    /// Goes on where the module says, which has to be further on, with the end where it was.
    fn skip(self, results: &Results) -> Result<Self> {
        // CAST: The halves.
        let (offset, pages) = ((results.r9 >> 32) as u32, results.r9 as u32);
        let subrange = Subrange::new(offset, pages).map_err(|_| Error::Resumption)?;
        let done = offset
            .checked_sub(self.subrange.offset())
            .filter(|done| *done > 0 && subrange.end() == self.subrange.end())
            .ok_or(Error::Resumption)?;
        // OVERFLOW: By the type invariant, as fewer pages are done than were left.
        let gpa = self.page.gpa().raw() + u64::from(done) * PAGE;
        let page = Page::new(Gpa::new(gpa), self.page.level())?;

        if results.rcx != page.raw() {
            return Err(Error::Resumption);
        }
        // INVARIANT: The pages end where those of `self` do, since `end()` of both subranges is the
        // same.
        Ok(Self {
            page,
            subrange,
            interruptions: Self::INTERRUPTIONS,
            ..self
        })
    }
}
