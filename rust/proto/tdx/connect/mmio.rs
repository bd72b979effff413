// SPDX-License-Identifier: GPL-2.0

//! `TDG.TDI.MMIO.ACCEPT`: takes pages of registers of a TDI into the private memory of the TD.

use super::{
    Error,
    Result, //
};
use crate::{
    tdisp::{
        ranges::{
            RangeIndex,
            PAGE, //
        },
        FunctionId, //
    },
    tdx::call::{
        Arguments,
        Call,
        Leaf,
        Results, //
    },
    Gpa, //
};

/// The size of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// 4 KiB.
    Page4K = 0,
    /// 2 MiB.
    Page2M = 1,
    /// 1 GiB.
    Page1G = 2,
}

impl Level {
    /// Returns how many bytes a page has.
    pub const fn size(self) -> u64 {
        match self {
            Self::Page4K => PAGE,
            Self::Page2M => PAGE << 9,
            Self::Page1G => PAGE << 18,
        }
    }
}

/// Where a page is.
///
/// # Invariants
///
/// `gpa` is a multiple of the size of the level, and below 2^52.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    gpa: Gpa,
    level: Level,
}

impl Page {
    /// Behind the last address that fits: bits 51:12.
    pub(super) const END: u64 = 1 << 52;

    /// Takes the address of a page.
    ///
    /// # Errors
    ///
    /// [`Error::Page`] when it is not the start of such a page, or there is no such address.
    pub const fn new(gpa: Gpa, level: Level) -> Result<Self> {
        if gpa.raw() % level.size() != 0 || gpa.raw() >= Self::END {
            return Err(Error::Page);
        }
        // INVARIANT: The check above refuses an address that is no multiple of the size, or is not
        // below 2^52.
        Ok(Self { gpa, level })
    }

    /// Returns the address.
    pub const fn gpa(self) -> Gpa {
        self.gpa
    }

    /// Returns the size.
    pub const fn level(self) -> Level {
        self.level
    }

    /// Returns the value as it is in a register: the level is in bits 2:0.
    pub const fn raw(self) -> u64 {
        // CAST: Widens.
        self.gpa.raw() | self.level as u64
    }
}

/// Pages of a range of a report.
///
/// # Invariants
///
/// There is a page, and a range can have as many: `offset + pages` has 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subrange {
    offset: u32,
    pages: u32,
}

impl Subrange {
    /// Names `pages` pages from the one on that has `offset` before it in the range.
    ///
    /// # Errors
    ///
    /// [`Error::Pages`] when there are none, or no range has so many.
    pub const fn new(offset: u32, pages: u32) -> Result<Self> {
        if pages == 0 || offset.checked_add(pages).is_none() {
            return Err(Error::Pages);
        }
        // INVARIANT: The check above refuses no pages, and a sum of more than 32 bits.
        Ok(Self { offset, pages })
    }

    /// Returns how many pages of the range are before these.
    pub const fn offset(self) -> u32 {
        self.offset
    }

    /// Returns how many pages there are.
    pub const fn pages(self) -> u32 {
        self.pages
    }

    /// Returns how many pages of the range are before the end of these.
    pub const fn end(self) -> u32 {
        // OVERFLOW: By the type invariant.
        self.offset + self.pages
    }

    /// Returns the value as it is in a register: the offset is in the upper half.
    pub const fn raw(self) -> u64 {
        // CAST: Both widen.
        ((self.offset as u64) << 32) | self.pages as u64
    }
}

/// The call. [`Acceptance`](super::Acceptance) makes it, and knows what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MmioAccept {
    /// Where the TD has the first page.
    pub page: Page,
    /// The range of the report.
    pub range: RangeIndex,
    /// The TDI.
    pub function: FunctionId,
    /// Which pages of the range.
    pub subrange: Subrange,
}

impl Call for MmioAccept {
    const LEAF: Leaf = Leaf::TDI_MMIO_ACCEPT;
    type Reply = ();

    fn arguments(&self) -> Arguments {
        Arguments {
            rcx: self.page.raw(),
            rdx: self.range.raw().into(),
            // Not in RCX, as of the other functions.
            r8: self.function.raw().into(),
            r9: self.subrange.raw(),
            ..Arguments::default()
        }
    }

    fn reply(_results: &Results) {}
}
