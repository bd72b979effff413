// SPDX-License-Identifier: GPL-2.0

//! Where RAM is: the E820 map that QEMU has for firmware in fw_cfg.

use std::ops::Range;

use crate::machine::{
    board::Board,
    fw_cfg::Item,
    gpa::PAGE_SIZE, //
};

/// The map, and the size of a range in it.
const E820: &str = "etc/e820";
const RANGE: u32 = 20;

/// The type of RAM in the map.
const RAM: u32 = 1;

/// No board has more ranges than this.
const MOST: u32 = 1024;

/// Returns where RAM is, in ascending order. The error is for the user.
pub(crate) fn ram(board: &dyn Board) -> Result<Vec<Range<u64>>, String> {
    let (map, size) = Item::file(board, E820).ok_or("QEMU has no E820 map in fw_cfg")?;
    let mut ram = Vec::new();

    for _ in 0..(size / RANGE).min(MOST) {
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
