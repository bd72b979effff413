// SPDX-License-Identifier: GPL-2.0

//! The report of an interface: PCIe r6, table 11-15.

use crate::{
    device::{
        misbehaviour::Wrong,
        tdi::{
            Configuration,
            Flags,
            Lock,
            MEMORY_SIZE,
            REGISTERS_SIZE, //
        }, //
    },
    machine::gpa::PAGE_SIZE, //
};

/// INTERFACE_INFO: the firmware cannot be updated.
const NO_FW_UPDATE: u16 = 1 << 0;
/// INTERFACE_INFO: there are DMA requests without PASID.
const DMA_WITHOUT_PASID: u16 = 1 << 1;

/// INTERFACE_INFO: the bits that have a meaning.
const INFO: u16 = 0x1f;
/// Attributes: the bits that have a meaning.
const ATTRIBUTES: u16 = 0xf;
/// Attribute: the range has the MSI-X table.
const MSIX_TABLE: u16 = 1 << 0;
/// Attribute: it has the pending bits of MSI-X.
const MSIX_PENDING: u16 = 1 << 1;
/// Attribute: it is not only for the guest.
const NON_TEE: u16 = 1 << 2;

/// Information of the vendor.
const VENDOR: &[u8] = b"tsm-rs emulated device";

/// A range of MMIO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first_page: u64,
    pages: u32,
    attributes: u16,
    id: u16,
}

impl Range {
    /// Makes a range of a BAR.
    const fn new(bar: u16, address: u64, pages: u32, attributes: u16) -> Self {
        Self {
            first_page: address / PAGE_SIZE,
            pages,
            attributes,
            id: bar,
        }
    }

    /// Returns the range as it is in a report.
    fn bytes(self) -> Vec<u8> {
        [
            &self.first_page.to_le_bytes()[..],
            &self.pages.to_le_bytes(),
            &self.attributes.to_le_bytes(),
            &self.id.to_le_bytes(),
        ]
        .concat()
    }
}

/// Returns how many pages a BAR has.
const fn pages(size: u32) -> u32 {
    // CAST: Fits.
    size / PAGE_SIZE as u32
}

/// Returns the ranges of a function. Those of MSI-X are in there if they are locked.
fn ranges(lock: &Lock, configuration: &Configuration) -> Vec<Range> {
    let bars = configuration.bars;
    let at = |address: u64| address.wrapping_add(lock.offset);
    let mut ranges = vec![Range::new(
        0,
        at(bars.registers),
        pages(REGISTERS_SIZE),
        NON_TEE,
    )];

    if lock.flags.has(Flags::LOCK_MSIX) {
        ranges.push(Range::new(2, at(bars.msix), 1, MSIX_TABLE));
        ranges.push(Range::new(2, at(bars.msix + PAGE_SIZE), 1, MSIX_PENDING));
    }
    ranges.push(Range::new(4, at(bars.memory), pages(MEMORY_SIZE), 0));
    ranges
}

/// Changes the ranges as they are to be wrong. The last one is memory.
fn misreport(wrong: Option<Wrong>, ranges: &mut Vec<Range>) {
    let Some(last) = ranges.last_mut() else {
        return;
    };
    let listed = |id| Range { id, ..*last };

    match wrong {
        Some(Wrong::ReportPagesOverflow) => last.pages = 1 << 20,
        Some(Wrong::ReportFirstPageMax) => last.first_page = u64::MAX / PAGE_SIZE,
        Some(Wrong::ReportRangeOutside) => last.pages += 1,
        Some(Wrong::ReportRangeOverlap) => {
            let overlap = Range {
                first_page: last.first_page + u64::from(last.pages) - 1,
                pages: 1,
                ..*last
            };
            ranges.push(overlap);
        }
        Some(Wrong::ReportBarOrder) => ranges.reverse(),
        Some(Wrong::ReportBar6) => {
            let others = [6, 7].map(listed);
            ranges.extend(others);
        }
        Some(Wrong::ReportReservedBits) => {
            for range in ranges {
                range.attributes |= !ATTRIBUTES;
            }
        }
        _ => {}
    }
}

/// Changes the size of a report as it is to be wrong.
fn resize(wrong: Option<Wrong>, report: &mut Vec<u8>, vendor: usize) {
    match wrong {
        Some(Wrong::Report15) => report.truncate(15),
        Some(Wrong::Report65535) => {
            let more = usize::from(u16::MAX) - report.len();
            let length = report.len() - vendor - 4;
            if let Some(field) = report.get_mut(length..length + 4) {
                field.copy_from_slice(&count(vendor + more));
            }
            report.resize(usize::from(u16::MAX), b'.');
        }
        Some(Wrong::ReportCountMax) => {
            if let Some(field) = report.get_mut(12..16) {
                field.fill(0xff);
            }
        }
        _ => {}
    }
}

/// Makes a report.
pub(super) fn make(lock: &Lock, configuration: &Configuration, wrong: Option<Wrong>) -> Vec<u8> {
    let mut ranges = ranges(lock, configuration);
    misreport(wrong, &mut ranges);
    let reserved = match wrong {
        Some(Wrong::ReportReservedBits) => [!INFO, u16::MAX],
        _ => [0, 0],
    };
    let info = match lock.flags.has(Flags::NO_FW_UPDATE) {
        true => DMA_WITHOUT_PASID | NO_FW_UPDATE,
        false => DMA_WITHOUT_PASID,
    };
    let mut report = vec![];

    for field in [
        info | reserved[0],
        reserved[1],
        configuration.msix_control,
        0,
    ] {
        report.extend_from_slice(&field.to_le_bytes());
    }
    // There is no TPH.
    report.extend_from_slice(&[0; 4]);
    report.extend_from_slice(&count(ranges.len()));
    for range in &ranges {
        report.extend_from_slice(&range.bytes());
    }
    report.extend_from_slice(&count(VENDOR.len()));
    report.extend_from_slice(VENDOR);
    resize(wrong, &mut report, VENDOR.len());
    report
}

/// Returns a number as it is in a report.
fn count(number: usize) -> [u8; 4] {
    // CAST: There are few ranges and few bytes.
    (number as u32).to_le_bytes()
}
