// SPDX-License-Identifier: GPL-2.0

//! Where the ranges of a report are in the BARs of a function.
//!
//! A device may report the addresses that its host knows, which are not those of the guest. BARs are aligned to their
//! size, so a range's place in its BAR is its address modulo that size, whatever the address of the BAR is; a reporting
//! offset of a multiple of the size does no harm either.

use super::{
    report::{
        Attributes,
        RawRange,
        Report, //
    },
    Error,
    Result, //
};

/// Bytes of a page.
const PAGE: u64 = 4096;

/// The sizes of the BARs of a function in bytes; 0 where there is none. One of 64 bits has the lower number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bars(pub [u64; Self::COUNT]);

impl Bars {
    /// How many BARs a function can have.
    pub const COUNT: usize = 6;

    /// Returns where a range is, or [`None`] if its number is that of no BAR.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] when it is empty, runs past the end of its BAR, or the function has no such BAR.
    pub fn place(&self, range: &RawRange) -> Result<Option<Range>> {
        let Some(size) = self.0.get(usize::from(range.id)) else {
            return Ok(None);
        };
        let address = range.first_page.checked_mul(PAGE).ok_or(Error::Range)?;
        // OVERFLOW: Below 2^44.
        let length = u64::from(range.pages) * PAGE;
        // Of a BAR that does not have whole pages, or is not there, no range is.
        if length == 0 || !size.is_power_of_two() || *size < PAGE {
            return Err(Error::Range);
        }
        // OVERFLOW: Not 0.
        let offset = address % size;
        let end = offset.checked_add(length).ok_or(Error::Range)?;

        match end <= *size {
            true => Ok(Some(Range {
                bar: range.id,
                offset,
                length,
                attributes: range.attributes,
            })),
            false => Err(Error::Range),
        }
    }

    /// Returns each range of a report that is in a BAR.
    ///
    /// # Errors
    ///
    /// That of [`Self::place`], and [`Error::Range`] when the BARs are not in ascending order, or two ranges overlap.
    pub fn ranges<'a>(&self, report: &Report<'a>) -> Result<impl Iterator<Item = Range> + 'a> {
        let bars = *self;
        let mut last = 0;

        for (number, range) in report.ranges().enumerate() {
            let Some(place) = bars.place(&range)? else {
                continue;
            };
            let before = report.ranges().take(number);
            let mut before = before.filter_map(move |range| bars.place(&range).ok().flatten());
            if place.bar < last || before.any(|other| other.overlaps(&place)) {
                return Err(Error::Range);
            }
            last = place.bar;
        }
        Ok(report
            .ranges()
            .filter_map(move |range| bars.place(&range).ok().flatten()))
    }
}

/// A range in a BAR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The number of the BAR, 0 to 5.
    pub bar: u16,
    /// Bytes from the start of the BAR.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// Its attributes.
    pub attributes: Attributes,
}

impl Range {
    /// Tells whether two ranges have a page in common.
    const fn overlaps(&self, other: &Self) -> bool {
        // OVERFLOW: Both end within a BAR.
        self.bar == other.bar
            && self.offset < other.offset + other.length
            && other.offset < self.offset + self.length
    }
}
