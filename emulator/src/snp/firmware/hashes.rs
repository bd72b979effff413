// SPDX-License-Identifier: GPL-2.0

//! The hashes of kernel, initrd and command line. The launch digest covers them, and so these three.
//!
//! QEMU makes the table if its option `kernel-hashes` is on, target/i386/sev.c, and OvmfPkg/AmdSev starts no kernel whose hash
//! is not in it. There are no hashes without a kernel.

use sha2::{
    Digest as _,
    Sha256, //
};

use crate::{
    machine::{
        board::Board,
        fw_cfg::Item, //
    },
    snp::config::KernelHashes, //
};

/// GUIDs, as they are in memory: of the table, 9438d606-4f22-4cc9-b479-a793d411fd21, and its entries in their order, that of
/// the command line, 97d02dd8-bd20-4c94-aa78-e7714d36ab2a, of the initrd, 44baf731-3a2f-4bd7-9af1-41e29169781d, and of the
/// kernel, 4de79437-abd2-427f-b835-d5b172d2045b.
const TABLE: [u8; 16] = [
    0x06, 0xd6, 0x38, 0x94, 0x22, 0x4f, 0xc9, 0x4c, 0xb4, 0x79, 0xa7, 0x93, 0xd4, 0x11, 0xfd, 0x21,
];
const ENTRIES: [[u8; 16]; 3] = [
    [
        0xd8, 0x2d, 0xd0, 0x97, 0x20, 0xbd, 0x94, 0x4c, 0xaa, 0x78, 0xe7, 0x71, 0x4d, 0x36, 0xab,
        0x2a,
    ],
    [
        0x31, 0xf7, 0xba, 0x44, 0x2f, 0x3a, 0xd7, 0x4b, 0x9a, 0xf1, 0x41, 0xe2, 0x91, 0x69, 0x78,
        0x1d,
    ],
    [
        0x37, 0x94, 0xe7, 0x4d, 0xd2, 0xab, 0x7f, 0x42, 0xb8, 0x35, 0xd5, 0xb1, 0x72, 0xd2, 0x04,
        0x5b,
    ],
];

/// Lengths: of the header of the table and of each entry, which has a GUID and a length, and of a hash.
const HEADER: usize = 18;
const HASH: usize = 32;
const ENTRY: usize = HEADER + HASH;
const LENGTH: usize = HEADER + 3 * ENTRY;

/// The room that QEMU takes for the table: its length, rounded up to a multiple of 16.
pub(super) const SIZE: u64 = (LENGTH as u64).next_multiple_of(16);

/// Items of fw_cfg.
mod item {
    pub(super) const INITRD_SIZE: u16 = 0x0b;
    pub(super) const INITRD: u16 = 0x12;
    pub(super) const COMMAND_LINE_SIZE: u16 = 0x14;
    pub(super) const COMMAND_LINE: u16 = 0x15;
}

/// The file with the kernel as it is. The older items of fw_cfg have it as QEMU has changed it, for firmware that knows nothing
/// of hashes.
const KERNEL: &str = "etc/boot/kernel";

/// Hashes the first `size` bytes of an item.
fn hash(item: Item<'_>, size: u32) -> [u8; HASH] {
    item.blocks(size)
        .fold(Sha256::new(), |hash, block| hash.chain_update(block))
        .finalize()
        .into()
}

/// Hashes an item whose size another item has.
fn hash_item(board: &dyn Board, size: u16, selector: u16) -> [u8; HASH] {
    let size = u32::from_le_bytes(Item::new(board, size).next());
    hash(Item::new(board, selector), size)
}

/// Makes a page that has the table at an offset, if the VMM has a kernel and makes hashes.
pub(super) fn page(board: &dyn Board, at: usize, wanted: KernelHashes) -> Option<Box<[u8; 4096]>> {
    if wanted == KernelHashes::None {
        return None;
    }
    let (kernel, size) = Item::file(board, KERNEL)?;
    let kernel = hash(kernel, size);
    let initrd = hash_item(board, item::INITRD_SIZE, item::INITRD);
    let command_line = hash_item(board, item::COMMAND_LINE_SIZE, item::COMMAND_LINE);
    let wrong = match wanted {
        KernelHashes::Right | KernelHashes::None => None,
        KernelHashes::WrongCommandLine => Some(0),
        KernelHashes::WrongInitrd => Some(1),
        KernelHashes::WrongKernel => Some(2),
    };
    let mut table = header(&TABLE, LENGTH);

    for (number, (guid, hash)) in ENTRIES
        .iter()
        .zip([command_line, initrd, kernel])
        .enumerate()
    {
        table.extend(header(guid, ENTRY));
        table.extend(hash.map(|byte| match wrong == Some(number) {
            true => !byte,
            false => byte,
        }));
    }
    let mut page = Box::new([0; 4096]);

    page.get_mut(at..)?
        .get_mut(..LENGTH)?
        .copy_from_slice(&table);
    Some(page)
}

/// Makes the header of a table or of an entry.
fn header(guid: &[u8; 16], length: usize) -> Vec<u8> {
    // CAST: Small.
    [guid.as_slice(), &(length as u16).to_le_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::board::FakeBoard;

    /// A board with a kernel, an initrd and a command line.
    fn board() -> FakeBoard {
        let mut board = FakeBoard::with_e820_and(&[], Some(b"kernel"));
        for (selector, bytes) in [
            (item::INITRD_SIZE, &6u32.to_le_bytes()[..]),
            (item::INITRD, b"initrd and more"),
            (item::COMMAND_LINE_SIZE, &5u32.to_le_bytes()),
            (item::COMMAND_LINE, b"line\0"),
        ] {
            board.items.insert(selector, bytes.to_vec());
        }
        board
    }

    /// Returns the hashes in a page, whose table is at offset 0xc00.
    fn hashes(page: &[u8; 4096]) -> Vec<&[u8]> {
        assert!(page[..0xc00].iter().all(|byte| *byte == 0));
        assert_eq!(page[0xc00..][..16], TABLE);
        assert_eq!(page[0xc10..][..2], [168, 0]);
        let entries = page[0xc12..].chunks_exact(ENTRY).take(3);
        let entries = entries.zip(ENTRIES).map(|(entry, guid)| {
            assert_eq!((&entry[..16], &entry[16..18]), (&guid[..], &[50, 0][..]));
            &entry[18..]
        });
        entries.collect()
    }

    #[test]
    fn has_a_hash_of_each() {
        let page = page(&board(), 0xc00, KernelHashes::Right).unwrap();
        let right = ["line\0", "initrd", "kernel"].map(Sha256::digest);
        assert_eq!(hashes(&page), right.each_ref().map(|hash| hash.as_slice()));
        assert!(page[0xc00 + LENGTH..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn has_one_wrong_hash_if_that_is_wanted() {
        let right = page(&board(), 0xc00, KernelHashes::Right).unwrap();
        for (wanted, wrong) in [
            (KernelHashes::WrongCommandLine, 0),
            (KernelHashes::WrongInitrd, 1),
            (KernelHashes::WrongKernel, 2),
        ] {
            let other = page(&board(), 0xc00, wanted).unwrap();
            let same = hashes(&right)
                .iter()
                .zip(hashes(&other))
                .map(|(one, other)| *one == other)
                .collect::<Vec<_>>();
            let expected = [0, 1, 2].map(|number| number != wrong);
            assert_eq!(same, expected);
        }
    }

    #[test]
    fn has_no_table_without_a_kernel_or_hashes() {
        assert_eq!(
            page(&FakeBoard::with_e820(&[]), 0, KernelHashes::Right),
            None
        );
        assert_eq!(page(&board(), 0, KernelHashes::None), None);
    }
}
