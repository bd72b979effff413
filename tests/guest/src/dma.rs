// SPDX-License-Identifier: GPL-2.0

//! DMA of the emulated device to memory of the test, which is private in a confidential guest.

use std::{
    fs::File,
    hint::black_box,
    os::unix::fs::FileExt as _,
    path::Path, //
};

use crate::{
    function::Function,
    platform::is_debians_kernel, //
};

/// Where the pages of this process are.
const MAP: &str = "/proc/self/pagemap";
/// Bytes of a page.
const PAGE: usize = 4096;

/// The registers of the emulated device: the address, the number of bytes, and the doorbell.
const ADDRESS: u64 = 0x128;
const COUNT: u64 = 0x130;
const DOORBELL: u64 = 0x134;
/// What it counts: transfers that were done, that were refused, and those that were refused for a private page.
const COUNTS: [u64; 3] = [0x138, 0x13c, 0x140];

/// A page of memory.
pub struct Page {
    memory: Vec<u8>,
    start: usize,
}

impl Page {
    /// Tells whether this kernel says where the memory of a process is. Debian's does.
    ///
    /// # Panics
    ///
    /// If Debian's does not.
    pub fn has_address() -> bool {
        let has_address = Path::new(MAP).exists();

        assert!(has_address || !is_debians_kernel());
        has_address
    }

    /// Makes a page that is filled with a byte.
    pub fn new(byte: u8) -> Self {
        let memory = vec![byte; 2 * PAGE];
        let start = memory.as_ptr().addr().wrapping_neg() % PAGE;

        Self { memory, start }
    }

    /// Returns its guest-physical address.
    ///
    /// # Panics
    ///
    /// If the kernel does not tell.
    pub fn address(&self) -> u64 {
        let address = self.memory.as_ptr().addr() + self.start;
        let offset = u64::try_from(address / PAGE * 8).unwrap();
        let mut entry = [0; 8];

        File::open(MAP)
            .unwrap()
            .read_exact_at(&mut entry, offset)
            .unwrap();
        let entry = u64::from_le_bytes(entry);
        // It is there, and the lower 55 bits are the number of its frame.
        assert_eq!(entry >> 63, 1);
        let frame = entry & ((1 << 55) - 1);
        assert_ne!(frame, 0);
        frame << 12
    }

    /// Tells whether all bytes have this value now.
    pub fn has_only(&mut self, byte: u8) -> bool {
        // The device writes what the compiler does not see.
        let memory = black_box(&mut self.memory);
        let page = &memory[self.start..self.start + PAGE];

        page.iter().all(|found| *found == byte)
    }
}

/// Has the device of a function fill a page with zeros. Returns how many transfers were done, were refused, and were
/// refused because the page is private.
///
/// # Panics
///
/// If the registers can't be read or written.
pub fn clear(function: &impl Function, page: &Page) -> [u32; 3] {
    let counts = || COUNTS.map(|offset| function.register(offset));
    let before = counts();
    let [low, high] = [0, 32].map(|shift| page.address() >> shift);

    // CAST: Each is a half of the address.
    function.set_register(ADDRESS, low as u32);
    function.set_register(ADDRESS + 4, high as u32);
    function.set_register(COUNT, u32::try_from(PAGE).unwrap());
    function.set_register(DOORBELL, 1);
    let after = counts();
    [0, 1, 2].map(|place: usize| after[place] - before[place])
}
