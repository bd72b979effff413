// SPDX-License-Identifier: GPL-2.0

//! Guest memory, as the device accesses it by DMA: QEMU shares the files that it is in.
//!
//! The guest and QEMU write to it at any time. So it is no slice of bytes, but is copied out of and
//! into, which `vm-memory` does.

use std::fs::File;

use vm_memory::{
    Bytes as _,
    FileOffset,
    MmapRegion,
    VolatileMemory as _, //
};

use crate::machine::{
    gpa::PAGE_SIZE,
    private_pages::PrivatePages, //
};

/// The address space of a DMA transfer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AddressSpace<'a> {
    /// The memory, if the function is a bus master.
    pub(super) memory: Option<&'a Memory>,
    /// The states of the pages, if the transfer may not access private ones.
    pub(super) private: Option<&'a dyn PrivatePages>,
}

impl AddressSpace<'_> {
    /// Tells whether any of these bytes are private, and the transfer may not access them.
    pub(super) fn is_private(&self, address: u64, size: u32) -> bool {
        let last = address.saturating_add(size.saturating_sub(1).into());
        let mut pages = address / PAGE_SIZE..=last / PAGE_SIZE;

        self.private
            .is_some_and(|private| pages.any(|page| private.is_private(page)))
    }
}

/// A range of guest memory.
#[derive(Debug)]
struct Range {
    address: u64,
    size: u64,
    mapping: MmapRegion,
}

/// The guest memory that a device can access.
#[derive(Debug, Default)]
pub(super) struct Memory(Vec<Range>);

impl Memory {
    /// Adds a range: `size` bytes of a file from `offset` on. Returns whether that worked.
    pub(super) fn map(&mut self, address: u64, size: u64, file: File, offset: u64) -> bool {
        // What is not in the file cannot be accessed, though it can be mapped.
        let there = file.metadata().map_or(0, |file| file.len());
        let is_there = offset.checked_add(size).is_some_and(|end| end <= there);
        let Ok(length) = usize::try_from(size) else {
            return false;
        };
        let file = FileOffset::new(file, offset);

        match MmapRegion::from_file(file, length) {
            Ok(mapping) if is_there && address.checked_add(size).is_some() => {
                self.unmap(address, size);
                self.0.push(Range {
                    address,
                    size,
                    mapping,
                });
                true
            }
            _ => false,
        }
    }

    /// Removes the ranges that begin in one.
    pub(super) fn unmap(&mut self, address: u64, size: u64) {
        self.0
            .retain(|range| !(address..address.saturating_add(size)).contains(&range.address));
    }

    /// Removes all ranges.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Copies bytes out of guest memory. Returns whether all of them are in one range.
    pub(super) fn read(&self, address: u64, data: &mut [u8]) -> bool {
        let Some((range, offset)) = self.find(address, data.len()) else {
            return false;
        };

        let slice = range.mapping.as_volatile_slice();
        slice.read_slice(data, offset).is_ok()
    }

    /// Copies bytes into guest memory. Returns whether all of them are in one range.
    pub(super) fn write(&self, address: u64, data: &[u8]) -> bool {
        let Some((range, offset)) = self.find(address, data.len()) else {
            return false;
        };

        let slice = range.mapping.as_volatile_slice();
        slice.write_slice(data, offset).is_ok()
    }

    /// Finds the range that bytes are in, and where.
    fn find(&self, address: u64, size: usize) -> Option<(&Range, usize)> {
        let size = u64::try_from(size).ok()?;

        self.0.iter().find_map(|range| {
            let offset = address.checked_sub(range.address)?;
            let fits = offset.checked_add(size)? <= range.size;

            fits.then_some((range, usize::try_from(offset).ok()?))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// Makes a file with these bytes, that has no name any more.
    fn file(name: &str, bytes: &[u8]) -> File {
        let path = std::env::temp_dir().join(format!("tsm-{name}-{}", std::process::id()));
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .unwrap();

        std::fs::remove_file(&path).unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    /// Maps two pages, the second of which is at an offset in its file.
    fn memory(name: &str) -> Memory {
        let mut memory = Memory::default();
        let pages = [vec![1; 4096], vec![2; 4096]].concat();

        assert!(memory.map(0x1000, 4096, file(name, &[7; 4096]), 0));
        assert!(memory.map(0x8000, 4096, file(name, &pages), 4096));
        memory
    }

    #[test]
    fn copies_in_and_out() {
        let memory = memory("copies");
        let mut data = [0; 3];

        assert!(memory.read(0x1000, &mut data));
        assert_eq!(data, [7; 3]);
        assert!(memory.read(0x8ffd, &mut data));
        assert_eq!(data, [2; 3]);
        assert!(memory.write(0x8ffe, &[5, 6]));
        assert!(memory.read(0x8ffd, &mut data));
        assert_eq!(data, [2, 5, 6]);
    }

    #[test]
    fn refuses_what_is_not_all_in_a_range() {
        let memory = memory("refuses");
        let mut data = [9; 2];

        for address in [0, 0xfff, 0x1fff, 0x2000, 0x7fff, 0x8fff, u64::MAX] {
            assert!(!memory.read(address, &mut data));
            assert!(!memory.write(address, &data));
        }
        assert_eq!(data, [9; 2]);
    }

    #[test]
    fn forgets_what_is_unmapped() {
        let mut memory = memory("unmapped");
        let mut data = [0; 1];

        memory.unmap(0x8000, 4096);
        assert!(!memory.read(0x8000, &mut data));
        assert!(memory.read(0x1000, &mut data));
        memory.clear();
        assert!(!memory.read(0x1000, &mut data));
    }

    #[test]
    fn replaces_a_range_and_refuses_one_that_wraps() {
        let mut memory = memory("replaces");
        let mut data = [0; 1];

        assert!(memory.map(0x1000, 4096, file("replaces", &[8; 4096]), 0));
        assert!(memory.read(0x1000, &mut data));
        assert_eq!(data, [8]);
        let end = u64::MAX - 0xfff;
        assert!(!memory.map(end, 8192, file("replaces", &[8; 8192]), 0));
        assert!(!memory.map(0x3000, 8192, file("replaces", &[8; 4096]), 0));
    }
}
