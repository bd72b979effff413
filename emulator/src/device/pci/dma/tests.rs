// SPDX-License-Identifier: GPL-2.0

//! Transfers, and what is refused.

use std::fs::File;

use super::{
    super::memory::Memory,
    *, //
};
use crate::machine::pages::Pages;

/// Makes guest memory of a page at 4 GiB.
fn memory(name: &str) -> Memory {
    let path = std::env::temp_dir().join(format!("tsm-dma-{name}-{}", std::process::id()));
    let mut memory = Memory::default();

    std::fs::write(&path, vec![3; 4096]).unwrap();
    let file = File::options().read(true).write(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(memory.map(1 << 32, 4096, file, 0));
    memory
}

/// Reaches all of the memory.
fn all(memory: &Memory) -> AddressSpace<'_> {
    AddressSpace {
        memory: Some(memory),
        private: None,
    }
}

/// Asks for a transfer with all of the memory in the address space.
fn ask(dma: &mut Dma, memory: &Memory, request: [u32; 3], doorbell: u32) {
    for (offset, value) in [0, 4, 8].into_iter().zip(request) {
        assert!(!dma.write(offset, value, u32::MAX, all(memory)));
        assert_eq!(dma.read(offset), value);
    }
    assert!(dma.write(DOORBELL, doorbell, u32::MAX, all(memory)));
}

#[test]
fn copies_both_ways() {
    let memory = memory("both");
    let mut dma = Dma::new();

    dma.write_buffer(0, 0x0403_0201, u32::MAX);
    dma.write_buffer(4, 0x0807_0605, 0xffff);
    ask(&mut dma, &memory, [16, 1, 6], 1);
    let mut bytes = [0; 8];
    assert!(memory.read((1 << 32) + 16, &mut bytes));
    assert_eq!(bytes, [1, 2, 3, 4, 5, 6, 3, 3]);
    ask(&mut dma, &memory, [20, 1, 4], 2);
    assert_eq!(dma.read_buffer(0), 0x0303_0605);
    assert_eq!(dma.read_buffer(4), 0x0605);
    assert_eq!([dma.read(0x10), dma.read(0x14)], [2, 0]);
}

#[test]
fn refuses_what_it_cannot_copy() {
    let memory = memory("refuses");

    for request in [
        // No memory there, or not all of it.
        [0, 0, 1],
        [4095, 1, 2],
        [u32::MAX, u32::MAX, 2],
        // More than the buffer has.
        [0, 1, 4097],
        [0, 1, u32::MAX],
    ] {
        for doorbell in [1, 2] {
            let mut dma = Dma::new();
            ask(&mut dma, &memory, request, doorbell);
            assert_eq!([dma.read(0x10), dma.read(0x14)], [0, 1]);
        }
    }
}

#[test]
fn refuses_all_that_is_out_of_reach() {
    let mut dma = Dma::new();

    assert!(dma.write(DOORBELL, 1, u32::MAX, AddressSpace::default()));
    assert_eq!([dma.read(0x10), dma.read(0x14)], [0, 1]);
}

#[test]
fn refuses_and_counts_private_pages() {
    let memory = memory("private");
    let pages = Pages::default();
    let address_space = AddressSpace {
        memory: Some(&memory),
        private: Some(&pages),
    };
    let mut dma = Dma::new();
    let mut ask = |doorbell| {
        for (offset, value) in [(0, 16), (4, 1), (8, 6)] {
            dma.write(offset, value, u32::MAX, address_space);
        }
        assert!(dma.write(DOORBELL, doorbell, u32::MAX, address_space));
        [0x10, 0x14, 0x18].map(|offset| dma.read(offset))
    };

    assert_eq!(ask(1), [0, 1, 1]);
    assert_eq!(ask(2), [0, 2, 2]);
    let mut bytes = [0; 1];
    assert!(memory.read((1 << 32) + 16, &mut bytes));
    assert_eq!(bytes, [3]);
    pages.share(1 << 20..(1 << 20) + 1);
    assert_eq!(ask(1), [1, 2, 2]);
    pages.unshare(1 << 20..(1 << 20) + 1);
    assert_eq!(ask(1), [1, 3, 3]);
}

#[test]
fn looks_at_each_page_of_a_transfer() {
    let pages = Pages::default();
    pages.share(1..2);
    let address_space = AddressSpace {
        memory: None,
        private: Some(&pages),
    };

    for (address, size, expected) in [
        (0x1000, 4096, false),
        (0x1fff, 1, false),
        (0x1fff, 2, true),
        (0x0fff, 2, true),
        (0x1000, 0, false),
        (u64::MAX, u32::MAX, true),
    ] {
        assert_eq!(address_space.is_private(address, size), expected);
    }
    assert!(!AddressSpace::default().is_private(0, 1));
}

#[test]
fn does_nothing_for_another_doorbell() {
    let mut dma = Dma::new();

    for (value, mask) in [(0, u32::MAX), (3, u32::MAX), (1, 0xff00)] {
        assert!(!dma.write(DOORBELL, value, mask, AddressSpace::default()));
    }
    assert_eq!([dma.read(0x10), dma.read(0x14)], [0, 0]);
    assert_eq!(dma.read(DOORBELL), 0);
}

#[test]
fn forgets_all_but_its_counts() {
    let mut dma = Dma::new();

    dma.write(0, 5, u32::MAX, AddressSpace::default());
    dma.write(DOORBELL, 1, u32::MAX, AddressSpace::default());
    dma.write_buffer(8, 5, u32::MAX);
    dma.reset();
    assert_eq!([dma.read(0), dma.read(0x14)], [0, 1]);
    assert_eq!(dma.read_buffer(8), 0);
}

#[test]
fn has_no_register_and_no_buffer_outside() {
    let mut dma = Dma::new();

    for offset in [0x1c, 0x1000, u64::MAX - 3] {
        assert!(!dma.write(offset, 1, u32::MAX, AddressSpace::default()));
        assert_eq!(dma.read(offset), 0);
    }
    for offset in [4096, u64::MAX - 3] {
        dma.write_buffer(offset, 1, u32::MAX);
        assert_eq!(dma.read_buffer(offset), 0);
    }
}
