// SPDX-License-Identifier: GPL-2.0

//! The TD HOB: the list of hand-off blocks by which the VMM tells the firmware where RAM is.
//!
//! "UEFI Platform Initialization Specification" 1.8, volume 3, chapter 5: a block with the place of the list's end, one for
//! each range of RAM, and the end. The firmware measures them into RTMR0.

use std::ops::Range;

/// Types of blocks.
const HANDOFF: u16 = 1;
const RESOURCE: u16 = 3;
const END: u16 = 0xffff;

/// Types of resources: RAM that the TD has, and RAM that it has to accept.
const SYSTEM_MEMORY: u32 = 0;
const UNACCEPTED: u32 = 7;

/// Attributes of both: present, initialised and tested.
const ATTRIBUTES: u32 = 7;

/// Sizes of blocks.
const HANDOFF_SIZE: u16 = 56;
const RESOURCE_SIZE: u16 = 48;
const END_SIZE: u16 = 8;

/// Makes the header of a block.
fn header(kind: u16, size: u16) -> [u8; 8] {
    let mut header = [0; 8];

    header[..2].copy_from_slice(&kind.to_le_bytes());
    header[2..4].copy_from_slice(&size.to_le_bytes());
    header
}

/// Describes a range of RAM.
fn resource(kind: u32, range: &Range<u64>) -> Vec<u8> {
    let mut block = header(RESOURCE, RESOURCE_SIZE).to_vec();

    // The GUID of the owner, which is none.
    block.extend([0; 16]);
    block.extend(kind.to_le_bytes());
    block.extend(ATTRIBUTES.to_le_bytes());
    block.extend(range.start.to_le_bytes());
    block.extend((range.end - range.start).to_le_bytes());
    block
}

/// Makes the list that is put at an address, for a TD with this RAM of which it has what was `added` at its start.
pub(crate) fn hand_off(at: u64, ram: &[Range<u64>], added: &[Range<u64>]) -> Vec<u8> {
    let mut added = added.to_vec();
    let mut resources = Vec::new();

    added.sort_by_key(|range| range.start);
    for ram in ram {
        let mut from = ram.start;
        for part in &added {
            if part.start < ram.start || part.end > ram.end {
                continue;
            }
            if from < part.start {
                resources.extend(resource(UNACCEPTED, &(from..part.start)));
            }
            resources.extend(resource(SYSTEM_MEMORY, part));
            from = part.end;
        }
        if from < ram.end {
            resources.extend(resource(UNACCEPTED, &(from..ram.end)));
        }
    }
    let mut list = header(HANDOFF, HANDOFF_SIZE).to_vec();
    // CAST: Some blocks.
    let end = at + u64::from(HANDOFF_SIZE) + resources.len() as u64;

    list.extend(9u32.to_le_bytes());
    // A boot with a full configuration, and no memory that is the list's.
    list.extend([0; 36]);
    list.extend(end.to_le_bytes());
    list.extend(resources);
    list.extend(header(END, END_SIZE));
    list
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;

    /// Returns the resources of a list.
    fn resources(list: &[u8]) -> Vec<(u32, Range<u64>)> {
        let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
        list[56..list.len() - 8]
            .chunks_exact(48)
            .map(|block| {
                assert_eq!(&block[..8], &[3, 0, 48, 0, 0, 0, 0, 0]);
                assert_eq!(&block[28..32], &[7, 0, 0, 0]);
                let (start, len) = (word(&block[32..40]), word(&block[40..48]));
                (u32::from(block[24]), start..start + len)
            })
            .collect()
    }

    #[test]
    fn begins_with_the_place_of_its_end() {
        let list = hand_off(0x80_9000, slice::from_ref(&(0..0x1000_0000)), &[]);
        assert_eq!(list.len(), 56 + 48 + 8);
        assert_eq!(
            &list[..16],
            &[1, 0, 56, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]
        );
        assert_eq!(&list[16..48], &[0; 32]);
        assert_eq!(&list[48..56], &0x80_9068u64.to_le_bytes());
        assert_eq!(&list[104..], &[0xff, 0xff, 8, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn tells_added_memory_from_what_is_to_be_accepted() {
        let ram = [0..0x100, 0x1000..0x2000];
        let list = hand_off(0, &ram, &[0x40..0x50, 0x10..0x20, 0x20..0x30]);
        assert_eq!(
            resources(&list),
            [
                (7, 0..0x10),
                (0, 0x10..0x20),
                (0, 0x20..0x30),
                (7, 0x30..0x40),
                (0, 0x40..0x50),
                (7, 0x50..0x100),
                (7, 0x1000..0x2000)
            ]
        );
    }

    #[test]
    fn has_no_empty_ranges() {
        let list = hand_off(0, slice::from_ref(&(0..0x100)), &[0..0x10, 0x80..0x100]);
        assert_eq!(
            resources(&list),
            [(0, 0..0x10), (7, 0x10..0x80), (0, 0x80..0x100)]
        );
    }
}
