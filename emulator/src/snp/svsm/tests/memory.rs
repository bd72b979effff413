// SPDX-License-Identifier: GPL-2.0

//! Memory that the guest gives to the SVSM, and takes back.

use super::*;

/// Where lists are.
const LIST: u64 = 0x4000;

/// Gives the pages of a list to the SVSM, from `next` on. Returns the result code and which entry is
/// next then.
fn deposit(machine: &Machine, next: u16, entries: &[u64]) -> (Status, u16) {
    let count = (entries.len() as u16).to_le_bytes();
    let header = [count, next.to_le_bytes(), [0; 2], [0; 2]].concat();
    let entries = entries.iter().flat_map(|entry| entry.to_le_bytes());
    let bytes: Vec<u8> = header.into_iter().chain(entries).collect();
    machine.memory.write(LIST, &bytes).unwrap();
    let (status, _) = machine.call(4, LIST).unwrap();
    let next = machine.memory.bytes(LIST + 2, 2);
    (status, u16::from_le_bytes([next[0], next[1]]))
}

/// Takes pages back, whose addresses go to a list. Returns them.
fn withdraw(machine: &Machine, list: u64) -> Vec<u64> {
    assert_eq!(machine.call(5, list).unwrap().0, Status::SUCCESS);
    let count = machine.memory.bytes(list, 2);
    let count = usize::from(u16::from_le_bytes([count[0], count[1]]));
    machine
        .memory
        .bytes(list + 8, 8 * count)
        .chunks(8)
        .map(|entry| u64::from_le_bytes(*entry.first_chunk().unwrap()))
        .collect()
}

/// Tells whether the calling area of the first vCPU says that there is memory.
fn is_available(machine: &Machine) -> bool {
    machine.memory.bytes(CALLING_AREA + 1, 1) == [1]
}

#[test]
fn gives_back_what_it_was_given() {
    let machine = Machine::new();
    assert_eq!(withdraw(&machine, LIST), [0; 0]);
    let given = deposit(&machine, 0, &[0x6000, 0x5000]);
    assert_eq!(given, (Status::SUCCESS, 2));
    assert!(is_available(&machine));
    // It is not the guest's any more, for any call.
    let refused = Ok((Status::INVALID_ADDRESS, 0x5000));
    assert_eq!(machine.call(0, 0x5000), refused);
    let again = deposit(&machine, 0, &[0x7000, 0x6000]);
    assert_eq!(again, (Status::INVALID_ADDRESS, 1));
    // As many as the list has room for.
    assert_eq!(withdraw(&machine, LIST + 0xfe8), [0x5000, 0x6000]);
    assert!(is_available(&machine));
    assert_eq!(withdraw(&machine, LIST), [0x7000]);
    assert!(!is_available(&machine));
    assert_eq!(machine.call(0, 0x5000), Ok((Status::SUCCESS, 0x5000)));
}

#[test]
fn takes_large_pages_and_gives_back_small_ones() {
    let machine = Machine::new();
    assert_eq!(deposit(&machine, 0, &[0x20_0001]), (Status::SUCCESS, 1));
    let first = withdraw(&machine, LIST);
    assert_eq!(
        (first.len(), first[0], first[510]),
        (511, 0x20_0000, 0x3f_e000)
    );
    assert_eq!(withdraw(&machine, LIST), [0x3f_f000]);
}

#[test]
fn refuses_what_it_can_not_take() {
    let machine = Machine::new();
    machine.rmp.share(6, Size::Small);
    for (entry, status) in [
        (0x6000, Status::INVALID_ADDRESS),
        (0x8000, Status::INVALID_ADDRESS),
        (CALLING_AREA, Status::INVALID_ADDRESS),
        (0x5001, Status::INVALID_PARAMETER),
        (0x5002, Status::INVALID_PARAMETER),
    ] {
        assert_eq!(deposit(&machine, 0, &[entry]), (status, 0));
    }
    assert_eq!(deposit(&machine, 1, &[0x5000]).0, Status::INVALID_PARAMETER);
    assert_eq!(deposit(&machine, 0, &[]).0, Status::INVALID_PARAMETER);
    assert!(!is_available(&machine));
}

#[test]
fn refuses_lists_without_room() {
    let machine = Machine::new();
    for list in [LIST + 4, LIST + 0xff8] {
        let refused = Ok((Status::INVALID_PARAMETER, list));
        assert_eq!(machine.call(5, list), refused);
    }
    let refused = Ok((Status::INVALID_ADDRESS, 0x8000));
    assert_eq!(machine.call(5, 0x8000), refused);
}
