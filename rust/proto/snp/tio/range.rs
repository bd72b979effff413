// SPDX-License-Identifier: GPL-2.0

//! Ranges of memory-mapped registers, and pages of them.

use super::{
    Error,
    Result, //
};
use crate::Gpa;

/// Which range it is, as the report of the interface has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeId(u16);

impl RangeId {
    /// Takes the number.
    pub const fn new(raw: u16) -> Self {
        Self(raw)
    }

    /// Returns the number.
    pub const fn raw(self) -> u16 {
        self.0
    }
}

/// Pages of a range, at the addresses where the guest has them.
///
/// # Invariants
///
/// `base` is the start of a page, `pages` is not 0, and the last page is in the address space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subrange {
    base: Gpa,
    pages: u32,
    offset: u32,
    range: RangeId,
}

impl Subrange {
    /// Bytes of a page.
    const PAGE: u64 = 4096;

    /// Names `pages` pages of 4 KiB from `base` on, which are at `offset` in the range.
    ///
    /// `offset` is as it is in the message. Its unit is not known: AMD's drivers, and OpenVMM's, pass 0.
    ///
    /// # Errors
    ///
    /// [`Error::Pages`] when there are none, when `base` is not the start of a page, and when they run past the end of
    /// the address space.
    pub fn new(base: Gpa, pages: u32, offset: u32, range: RangeId) -> Result<Self> {
        // OVERFLOW: Below 2^44.
        let size = u64::from(pages) * Self::PAGE;
        let end = base.raw().checked_add(size);

        if pages == 0 || base.raw() % Self::PAGE != 0 || end.is_none() {
            return Err(Error::Pages);
        }
        // INVARIANT: The check above refuses no pages, a `base` within a page, and an end behind
        // the address space.
        Ok(Self {
            base,
            pages,
            offset,
            range,
        })
    }

    /// Returns where the first page is.
    pub const fn base(&self) -> Gpa {
        self.base
    }

    /// Returns how many pages there are.
    pub const fn pages(&self) -> u32 {
        self.pages
    }

    /// Returns where the pages are in the range.
    pub const fn offset(&self) -> u32 {
        self.offset
    }

    /// Returns which range has them.
    pub const fn range(&self) -> RangeId {
        self.range
    }
}
