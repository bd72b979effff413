// SPDX-License-Identifier: GPL-2.0

//! Which writes of configuration space a locked interface does not survive: PCIe r6, table 11-2.
//!
//! | register | change |
//! |---|---|
//! | Command | Memory Space Enable or Bus Master Enable is cleared |
//! | BARs | any |
//! | power state | to another one than D0 |
//! | MSI-X Message Control | any, if the lock is about MSI-X too |
//! | IDE: control and ranges of the stream | any, for all functions |
//!
//! A write of the value that is there changes nothing. The MSI-X table is QEMU's: what reaches a function
//! of its writes are the vectors.

use super::layout::{
    BAR0,
    BAR2,
    BAR4,
    BUS_MASTER,
    COMMAND,
    IDE_SIZE,
    IDE_START,
    MEMORY_SPACE,
    MSIX,
    POWER_CONTROL,
    POWER_STATE,
    STREAM, //
};

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// What a lock is always about.
    Function,
    /// MSI-X.
    Msix,
    /// The stream that all functions use.
    Stream,
}

/// Returns what a change of a DWORD is about, if a lock is about that.
pub(super) fn change(offset: u64, before: u32, after: u32) -> Option<Change> {
    let cleared = before & !after;

    match offset {
        _ if before == after => None,
        COMMAND if cleared & (MEMORY_SPACE | BUS_MASTER) != 0 => Some(Change::Function),
        BAR0 | BAR0_HIGH | BAR2 | BAR4 => Some(Change::Function),
        POWER_CONTROL if after & POWER_STATE != 0 => Some(Change::Function),
        MSIX => Some(Change::Msix),
        STREAM..IDE_END => Some(Change::Stream),
        _ => None,
    }
}

/// The upper half of BAR 0.
const BAR0_HIGH: u64 = BAR0 + 4;
/// The end of the registers of IDE.
const IDE_END: u64 = IDE_START + IDE_SIZE;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_about_each_register_of_the_table() {
        use Change::{Function, Msix, Stream};

        for (offset, before, after, expected) in [
            (COMMAND, 0x0010_0006, 0x0010_0002, Some(Function)),
            (COMMAND, 0x0010_0006, 0x0010_0004, Some(Function)),
            (COMMAND, 0x0010_0006, 0x0010_0406, None),
            (COMMAND, 0x0010_0406, 0x0010_0006, None),
            (COMMAND, 0x0010_0000, 0x0010_0006, None),
            (BAR0, 4, 0x1000_0004, Some(Function)),
            (BAR0 + 4, 0, 1, Some(Function)),
            (BAR2, 0x1000_0000, 0x2000_0000, Some(Function)),
            (BAR4, 0x1000_0000, 0xffff_0000, Some(Function)),
            (BAR4, 0x1000_0000, 0x1000_0000, None),
            (POWER_CONTROL, 0x8, 0xb, Some(Function)),
            (POWER_CONTROL, 0xb, 0x8, None),
            (MSIX, 0x0001_0011, 0x8001_0011, Some(Msix)),
            (MSIX + 4, 2, 3, None),
            (0x3c, 0, 5, None),
            (STREAM - 4, 0, 1, None),
            (STREAM + 4, 1, 0, Some(Stream)),
            (STREAM + 0x1c, 0, 1, Some(Stream)),
            (STREAM + 0x20, 0, 1, None),
        ] {
            assert_eq!((offset, change(offset, before, after)), (offset, expected));
        }
    }
}
