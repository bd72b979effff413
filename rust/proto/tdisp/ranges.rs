// SPDX-License-Identifier: GPL-2.0

//! Where the ranges of a report are in the BARs of a function. Table 11-15 counts in pages of 4 KiB; some devices report
//! addresses in bytes instead, which are refused here or, where a BAR has one range, taken for another place in it.
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
pub(crate) const PAGE: u64 = 4096;

/// Which range of a report it is, counted from 0. Not the number that the report gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeIndex(u16);

impl RangeIndex {
    /// Takes the position.
    pub const fn new(raw: u16) -> Self {
        Self(raw)
    }

    /// Returns the position.
    pub const fn raw(self) -> u16 {
        self.0
    }
}

/// The sizes of the BARs of a function in bytes; 0 where there is none, or one of I/O. One of 64 bits has the lower
/// number, and 0 is at the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bars(pub [u64; Self::COUNT]);

impl Bars {
    /// How many BARs a function can have.
    pub const COUNT: usize = 6;

    /// Returns where a range is, and the address that its BAR has then; or [`None`] if its number is that of no BAR.
    fn place(&self, index: u16, range: &RawRange) -> Result<Option<(Range, u64)>> {
        let Some(size) = self.0.get(usize::from(range.id)) else {
            return Ok(None);
        };
        // Of a BAR that does not have whole pages, or is not there, no range is.
        if range.pages == 0 || !size.is_power_of_two() || *size < PAGE {
            return Err(Error::Range);
        }
        let address = range.first_page.checked_mul(PAGE).ok_or(Error::Range)?;
        // OVERFLOW: Below 2^44. The size is not 0.
        let length = u64::from(range.pages) * PAGE;
        let offset = address & (size - 1);
        let end = offset.checked_add(length).ok_or(Error::Range)?;

        if end > *size {
            return Err(Error::Range);
        }
        let place = Range {
            index: RangeIndex(index),
            bar: range.id,
            offset,
            length,
            attributes: range.attributes,
        };
        Ok(Some((place, address ^ offset)))
    }

    /// Returns each range of a report that is in a BAR.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] when a range is empty, runs past the end of its BAR, or the function has no such BAR; when BARs,
    /// or the ranges in one, are not in ascending order, so that they may overlap; and when the ranges in a BAR do not
    /// agree on its address.
    pub fn ranges<'a>(&self, report: &Report<'a>) -> Result<impl Iterator<Item = Range> + 'a> {
        let bars = *self;
        let mut last: Option<(Range, u64)> = None;

        for (index, range) in indexed(report) {
            let Some(place) = bars.place(index, &range)? else {
                continue;
            };
            if last.is_some_and(|last| !is_behind(&last, &place)) {
                return Err(Error::Range);
            }
            last = Some(place);
        }
        Ok(indexed(report).filter_map(move |(index, range)| {
            let place = bars.place(index, &range).ok().flatten();

            place.map(|(range, _)| range)
        }))
    }

    /// Returns the BARs that are memory of the TEE from their start to their end, of the ranges that [`Self::ranges`] has
    /// returned. There is no MSI-X table in them, and no pending bits.
    pub fn within_tee(&self, ranges: &[Range]) -> BarSet {
        let mut set = BarSet::default();

        for (bar, size) in (0..).zip(self.0) {
            let covered = ranges
                .iter()
                .filter(|range| range.bar == bar && range.is_tee_memory())
                .fold(0, |sum: u64, range| sum.saturating_add(range.length));

            // No two ranges overlap.
            if size > 0 && covered == size {
                set.add(bar);
            }
        }
        set
    }
}

/// Returns each range and its position. A report is too short for more positions.
fn indexed<'a>(report: &Report<'a>) -> impl Iterator<Item = (u16, RawRange)> + 'a {
    (0..=u16::MAX).zip(report.ranges())
}

/// Tells whether the second range is in a later BAR than the first, or behind it in the same one.
const fn is_behind((before, base): &(Range, u64), (range, same_base): &(Range, u64)) -> bool {
    if before.bar != range.bar {
        return before.bar < range.bar;
    }
    // OVERFLOW: It ends within its BAR.
    *base == *same_base && before.offset + before.length <= range.offset
}

/// A range in a BAR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Its position in the report.
    pub index: RangeIndex,
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
    /// Tells whether it is memory of the TEE, and nothing that the kernel uses for interrupts.
    fn is_tee_memory(&self) -> bool {
        let others = [
            Attributes::NON_TEE,
            Attributes::MSIX_TABLE,
            Attributes::MSIX_PBA,
        ];

        !others.iter().any(|other| self.attributes.has(*other))
    }
}

/// Some of the BARs of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BarSet(u8);

impl BarSet {
    fn add(&mut self, bar: u16) {
        self.0 |= 1 << bar;
    }

    /// Tells whether it has none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the number of each BAR that it has, 0 to 5.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..Bars::COUNT).filter(move |bar| (self.0 >> bar) & 1 != 0)
    }
}
