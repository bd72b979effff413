// SPDX-License-Identifier: GPL-2.0

//! fw_cfg: the interface by which QEMU passes data to firmware.
//!
//! QEMU, docs/specs/fw_cfg.rst: the number of an item is written to one port, and its bytes are read from the next one. Item
//! 0x19 is the directory of files, whose numbers are big-endian.

use crate::machine::board::{
    Board,
    PortSize, //
};

/// The ports.
const SELECT: u16 = 0x510;
const DATA: u16 = 0x511;

/// The directory.
const DIRECTORY: u16 = 0x19;

/// How long the name of a file can be.
const NAME: usize = 56;

/// No board has more files than this.
const MOST: u32 = 1024;

/// An item that is read from its beginning.
pub(crate) struct Item<'a>(&'a dyn Board);

impl<'a> Item<'a> {
    /// Selects an item.
    pub(crate) fn new(board: &'a dyn Board, selector: u16) -> Self {
        board.port_out(SELECT, PortSize::Word, selector.into());
        Self(board)
    }

    /// Selects a file, if there is one with this name. Returns its size too.
    pub(crate) fn file(board: &'a dyn Board, name: &str) -> Option<(Self, u32)> {
        let directory = Self::new(board, DIRECTORY);
        let count = u32::from_be_bytes(directory.next()).min(MOST);

        (0..count).find_map(|_| {
            let size = u32::from_be_bytes(directory.next());
            let selector = u16::from_be_bytes(directory.next());
            let _reserved: [u8; 2] = directory.next();
            let other: [u8; NAME] = directory.next();
            let rest = other.strip_prefix(name.as_bytes())?;
            (rest.first() == Some(&0)).then(|| (Self::new(board, selector), size))
        })
    }

    /// Reads the next byte; behind the end there are zeros.
    fn byte(&self) -> u8 {
        // CAST: The port has 8 bits.
        self.0.port_in(DATA, PortSize::Byte) as u8
    }

    /// Reads the next bytes.
    pub(crate) fn next<const N: usize>(&self) -> [u8; N] {
        [(); N].map(|()| self.byte())
    }

    /// Reads `size` bytes, in blocks.
    pub(crate) fn blocks(self, size: u32) -> impl Iterator<Item = Vec<u8>> + 'a {
        const BLOCK: u32 = 4096;

        (0..size.div_ceil(BLOCK)).map(move |number| {
            let len = (size - number * BLOCK).min(BLOCK);
            (0..len).map(|_| self.byte()).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::board::FakeBoard;

    #[test]
    fn finds_a_file_by_its_whole_name() {
        let board = FakeBoard::with_e820(&[(0..0x1000, 1)]);
        let (map, size) = Item::file(&board, "etc/e820").unwrap();
        assert_eq!((map.next(), size), ([0u8; 9], 20));
        assert!(Item::file(&board, "etc/e82").is_none());
        assert!(Item::file(&board, "etc/e820s").is_none());
    }

    #[test]
    fn reads_an_item_in_blocks() {
        let mut board = FakeBoard::default();
        let bytes: Vec<u8> = (0..9000u32).map(|number| number as u8).collect();
        board.items.insert(0x12, bytes.clone());
        let blocks: Vec<_> = Item::new(&board, 0x12).blocks(9000).collect();
        assert_eq!(blocks.len(), 3);
        assert_eq!(blocks.concat(), bytes);
        assert_eq!(Item::new(&board, 0x12).blocks(0).count(), 0);
    }
}
