// SPDX-License-Identifier: GPL-2.0

//! The registers of the emulator itself: what was counted, and what is wrong.
//!
//! They are in BAR 0 and, for tests without a driver, behind the header of the vendor's extended
//! capability, 8 bytes from its start. All have 32 bits.
//!
//! | offset | access | what |
//! |---|---|---|
//! | `0x00` | read | exchanges of the mailbox |
//! | `0x04` | read | DWORDs of requests |
//! | `0x08` | read | DWORDs of responses |
//! | `0x0c` | read | reads of configuration space, this one included if it is one |
//! | `0x10` | read | writes of configuration space |
//! | `0x14` | both | what is wrong: its place among the names, from 1 on, or 0 for nothing |
//! | `0x18` | read | keys of the link that were programmed: none came twice |
//!
//! From `0x20` on there are those of [`super::dma`]. A choice of what is wrong resets the device, which
//! has no session then.

use super::{
    super::misbehaviour::Wrong,
    mailbox::Traffic, //
};

/// What a function counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    /// Reads of configuration space.
    pub(super) config_reads: u32,
    /// Writes of configuration space.
    pub(super) config_writes: u32,
    /// What went through the mailbox.
    pub(super) traffic: Traffic,
    /// Keys of the link that were programmed.
    pub(super) keys: u32,
}

/// The register that says what is wrong.
pub(super) const WRONG: u64 = 0x14;

/// Returns a register.
pub(super) fn read(offset: u64, counts: &Counts, wrong: Option<Wrong>) -> u32 {
    match offset {
        0x00 => counts.traffic.exchanges,
        0x04 => counts.traffic.written,
        0x08 => counts.traffic.read,
        0x0c => counts.config_reads,
        0x10 => counts.config_writes,
        WRONG => number(wrong),
        0x18 => counts.keys,
        _ => 0,
    }
}

/// Returns the number of what is wrong.
fn number(wrong: Option<Wrong>) -> u32 {
    let place = Wrong::ALL.iter().position(|(it, _)| Some(*it) == wrong);

    // CAST: There are few names.
    place.map_or(0, |place| place as u32 + 1)
}

/// Returns what has this number, if anything has. 0 is for nothing wrong.
pub(super) fn wrong(number: u32) -> Option<Option<Wrong>> {
    let Some(place) = number.checked_sub(1) else {
        return Some(None);
    };
    let found = usize::try_from(place)
        .ok()
        .and_then(|place| Wrong::ALL.get(place));

    found.map(|(wrong, _)| Some(*wrong))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_all_that_can_be_wrong() {
        assert_eq!(number(None), 0);
        assert_eq!(wrong(0), Some(None));
        for ((it, _), expected) in Wrong::ALL.iter().zip(1..) {
            assert_eq!(number(Some(*it)), expected);
            assert_eq!(wrong(expected), Some(Some(*it)));
        }
        for unknown in [u32::try_from(Wrong::ALL.len()).unwrap() + 1, u32::MAX] {
            assert_eq!(wrong(unknown), None);
        }
    }

    #[test]
    fn has_a_register_for_each_count() {
        let counts = Counts {
            config_reads: 4,
            config_writes: 5,
            traffic: Traffic {
                exchanges: 1,
                written: 2,
                read: 3,
            },
            keys: 6,
        };
        let registers = (0..8).map(|index| read(4 * index, &counts, Some(Wrong::ALL[8].0)));

        assert!(registers.eq([1, 2, 3, 4, 5, 9, 6, 0]));
    }
}
