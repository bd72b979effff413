// SPDX-License-Identifier: GPL-2.0

//! Where RAM is: the E820 map that QEMU has for firmware in fw_cfg.
//!
//! QEMU, docs/specs/fw_cfg.rst: a selector goes to one port, and the bytes of the item come from the next one. Item 0x19 is
//! the directory of files, whose numbers are big-endian.

use std::ops::Range;

use crate::machine::{
    board::{
        Board,
        PortSize, //
    },
    gpa::PAGE_SIZE, //
};

/// The ports.
const SELECT: u16 = 0x510;
const DATA: u16 = 0x511;

/// The directory.
const DIRECTORY: u16 = 0x19;

/// The map, and how long its name can be.
const E820: &[u8] = b"etc/e820";
const NAME: usize = 56;

/// The type of RAM in the map.
const RAM: u32 = 1;

/// More files or ranges than this no board has.
const MOST: u32 = 1024;

/// An item of fw_cfg that is read from its beginning.
struct Item<'a>(&'a dyn Board);

impl<'a> Item<'a> {
    fn new(board: &'a dyn Board, selector: u16) -> Self {
        board.port_out(SELECT, PortSize::Word, selector.into());
        Self(board)
    }

    /// Reads the next bytes; behind the end there are zeros.
    fn next<const N: usize>(&self) -> [u8; N] {
        // CAST: The port has 8 bits.
        [(); N].map(|()| self.0.port_in(DATA, PortSize::Byte) as u8)
    }
}

/// Finds the map: its selector and how many ranges it has.
fn find(board: &dyn Board) -> Option<(u16, u32)> {
    let directory = Item::new(board, DIRECTORY);
    let count = u32::from_be_bytes(directory.next()).min(MOST);

    (0..count).find_map(|_| {
        let size = u32::from_be_bytes(directory.next());
        let selector = u16::from_be_bytes(directory.next());
        let _reserved: [u8; 2] = directory.next();
        let name: [u8; NAME] = directory.next();
        let rest = name.strip_prefix(E820)?;
        // CAST: A range has 20 bytes.
        (rest.first() == Some(&0)).then_some((selector, size / 20))
    })
}

/// Returns where RAM is, in ascending order. The error is for the user.
pub(crate) fn ram(board: &dyn Board) -> Result<Vec<Range<u64>>, String> {
    let (selector, count) = find(board).ok_or("QEMU has no E820 map in fw_cfg")?;
    let map = Item::new(board, selector);
    let mut ram = Vec::new();

    for _ in 0..count.min(MOST) {
        let start = u64::from_le_bytes(map.next());
        let len = u64::from_le_bytes(map.next());
        let kind = u32::from_le_bytes(map.next());
        let end = start.checked_add(len).filter(|end| *end > start);

        match end {
            _ if kind != RAM => {}
            Some(end) if start % PAGE_SIZE == 0 && end % PAGE_SIZE == 0 => ram.push(start..end),
            _ => {
                return Err(format!(
                    "QEMU's E820 map has {len:#x} bytes of RAM at {start:#x}"
                ))
            }
        }
    }
    ram.sort_by_key(|range| range.start);
    match ram.is_sorted_by(|one, next| one.end <= next.start) {
        true if !ram.is_empty() => Ok(ram),
        _ => Err("QEMU's E820 map has no RAM, or some twice".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::board::FakeBoard;

    #[test]
    fn has_ram_in_ascending_order() {
        let board = FakeBoard::with_e820(&[
            (0x1_0000_0000..0x1_8000_0000, 1),
            (0xb000_0000..0xc000_0000, 2),
            (0..0x8000_0000, 1),
        ]);
        assert_eq!(
            ram(&board).unwrap(),
            [0..0x8000_0000, 0x1_0000_0000..0x1_8000_0000]
        );
    }

    #[test]
    fn refuses_a_board_without_a_map() {
        let no = ram(&FakeBoard::default()).unwrap_err();
        assert_eq!(no, "QEMU has no E820 map in fw_cfg");
    }

    #[test]
    fn refuses_ram_that_is_not_of_whole_pages_or_empty() {
        for (range, why) in [
            (0x800..0x2000, "0x1800 bytes of RAM at 0x800"),
            (0x1000..0x1800, "0x800 bytes of RAM at 0x1000"),
            (0x1000..0x1000, "0x0 bytes of RAM at 0x1000"),
        ] {
            let no = ram(&FakeBoard::with_e820(&[(range, 1)])).unwrap_err();
            assert_eq!(no, format!("QEMU's E820 map has {why}"));
        }
    }

    #[test]
    fn refuses_a_map_without_ram_or_with_some_twice() {
        let no = "QEMU's E820 map has no RAM, or some twice";
        assert_eq!(ram(&FakeBoard::with_e820(&[])).unwrap_err(), no);
        let twice = [(0..0x2000, 1), (0x1000..0x3000, 1)];
        assert_eq!(ram(&FakeBoard::with_e820(&twice)).unwrap_err(), no);
    }
}
