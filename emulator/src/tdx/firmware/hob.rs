// SPDX-License-Identifier: GPL-2.0

//! The TD HOB: the list of hand-off blocks by which the VMM tells the firmware where RAM is.
//!
//! "UEFI Platform Initialization Specification" 1.8, volume 3, chapter 5: a block with the place of the list's end, one for
//! each range of RAM, and the end. The firmware measures them into RTMR0.

use std::ops::Range;

use crate::{
    machine::{
        gpa::PAGE_SIZE,
        image::TOP, //
    },
    tdx::config::HandOffService, //
};

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

/// Returns the ranges of RAM by their types, for a TD that has what was `added` at its start.
fn resources(ram: &[Range<u64>], added: &[Range<u64>]) -> Vec<(u32, Range<u64>)> {
    let mut added = added.to_vec();
    let mut resources = Vec::new();

    added.sort_by_key(|range| range.start);
    for ram in ram {
        let mut from = ram.start;
        for part in &added {
            if part.start < ram.start || part.end > ram.end {
                continue;
            }
            resources.push((UNACCEPTED, from..part.start));
            resources.push((SYSTEM_MEMORY, part.clone()));
            from = part.end;
        }
        resources.push((UNACCEPTED, from..ram.end));
    }
    resources.retain(|(_, range)| !range.is_empty());
    resources
}

/// Returns what the VMM says of RAM, which may be wrong.
fn told(
    service: HandOffService,
    ram: &[Range<u64>],
    added: &[Range<u64>],
) -> Vec<(u32, Range<u64>)> {
    let right = resources(ram, added);

    match service {
        HandOffService::Right => right,
        HandOffService::Less => {
            let half = |ram: &Range<u64>| match ram.start < TOP {
                true => ram.start..ram.start + (ram.end - ram.start) / 2 / PAGE_SIZE * PAGE_SIZE,
                false => ram.clone(),
            };
            resources(&ram.iter().map(half).collect::<Vec<_>>(), added)
        }
        HandOffService::Twice => {
            let all = ram.iter().map(|ram| (UNACCEPTED, ram.clone()));
            right
                .into_iter()
                .filter(|(kind, _)| *kind == SYSTEM_MEMORY)
                .chain(all)
                .collect()
        }
        HandOffService::Accepted => right
            .into_iter()
            .map(|(kind, range)| match range.start < TOP {
                true => (kind, range),
                false => (SYSTEM_MEMORY, range),
            })
            .collect(),
    }
}

/// Makes the list that is put at an address, for a TD with this RAM of which it has what was `added` at its start.
pub(crate) fn hand_off(
    service: HandOffService,
    at: u64,
    ram: &[Range<u64>],
    added: &[Range<u64>],
) -> Vec<u8> {
    let resources: Vec<_> = told(service, ram, added)
        .iter()
        .flat_map(|(kind, range)| resource(*kind, range))
        .collect();
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
    fn listed(list: &[u8]) -> Vec<(u32, Range<u64>)> {
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
        let list = hand_off(
            HandOffService::Right,
            0x80_9000,
            slice::from_ref(&(0..0x1000_0000)),
            &[],
        );
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
        let list = hand_off(
            HandOffService::Right,
            0,
            &ram,
            &[0x40..0x50, 0x10..0x20, 0x20..0x30],
        );
        assert_eq!(
            listed(&list),
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
        let list = hand_off(
            HandOffService::Right,
            0,
            slice::from_ref(&(0..0x100)),
            &[0..0x10, 0x80..0x100],
        );
        assert_eq!(
            listed(&list),
            [(0, 0..0x10), (7, 0x10..0x80), (0, 0x80..0x100)]
        );
    }

    /// Returns what the VMM says wrongly of RAM at 0 and above 4 GiB.
    fn wrong(service: HandOffService) -> Vec<(u32, Range<u64>)> {
        let ram = [0..0x1_6000, TOP..TOP + 0x4000];
        listed(&hand_off(
            service,
            0,
            &ram,
            &[0x4000..0x5000, 0x1000..0x2000],
        ))
    }

    #[test]
    fn can_have_half_of_the_ram_below_4_gib() {
        assert_eq!(
            wrong(HandOffService::Less),
            [
                (7, 0..0x1000),
                (0, 0x1000..0x2000),
                (7, 0x2000..0x4000),
                (0, 0x4000..0x5000),
                (7, 0x5000..0xb000),
                (7, TOP..TOP + 0x4000)
            ]
        );
    }

    #[test]
    fn can_have_ram_twice() {
        assert_eq!(
            wrong(HandOffService::Twice),
            [
                (0, 0x1000..0x2000),
                (0, 0x4000..0x5000),
                (7, 0..0x1_6000),
                (7, TOP..TOP + 0x4000)
            ]
        );
    }

    #[test]
    fn can_have_nothing_to_accept_above_4_gib() {
        let mut right = wrong(HandOffService::Right);
        assert_eq!(right.last(), Some(&(7, TOP..TOP + 0x4000)));
        right.pop();
        right.push((0, TOP..TOP + 0x4000));
        assert_eq!(wrong(HandOffService::Accepted), right);
    }
}
