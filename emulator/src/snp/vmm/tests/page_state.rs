// SPDX-License-Identifier: GPL-2.0

//! Page State Change.

use super::*;

#[test]
fn changes_the_state_of_pages() {
    let guest = Guest::new();
    let has = |bytes: &[u8; 64]| {
        guest
            .memory
            .bytes(0x5000, 4096)
            .chunks(64)
            .any(|it| it == bytes)
    };
    guest.memory.write(0x5000, &[9; 4096]).unwrap();
    assert_eq!(
        guest.page_states(1, &[(2 << 52) | 0x5000, (2 << 52) | 0x6000]),
        (0, 0)
    );
    assert!(guest.rmp.is_shared(0x5000, 0x2000));
    assert!(!has(&[9; 64]) && !has(&[0; 64]));
    assert_eq!(guest.memory.bytes(0x1800, 4), [2, 0, 1, 0]);
    // The page of each entry is done.
    assert_eq!(guest.memory.bytes(0x1808, 2), [0x01, 0x50]);
    guest.memory.write(0x5000, &[9; 4096]).unwrap();
    assert_eq!(guest.page_states(0, &[(1 << 52) | 0x5000]), (0, 0));
    assert!(!guest.rmp.is_shared(0x5000, 1));
    assert!(!has(&[9; 64]) && !has(&[0; 64]));
    // It is private already, so it stays as it is.
    guest.memory.write(0x5000, &[9; 4096]).unwrap();
    assert_eq!(guest.page_states(0, &[(1 << 52) | 0x5000]), (0, 0));
    assert!(has(&[9; 64]));
}

#[test]
fn refuses_requests_for_pages_that_make_no_sense() {
    let guest = Guest::new();
    assert_eq!(guest.page_states(253, &[]), (0, (1 << 32) | 1));
    assert_eq!(
        guest.page_states(0, &[(5 << 52) | 0x5000]),
        (0, (1 << 32) | 2)
    );
    // More pages are done than there are.
    assert_eq!(
        guest.page_states(0, &[(2 << 52) | 0x5002]),
        (0, (1 << 32) | 2)
    );
    assert_eq!(
        guest.page_states(0, &[(1 << 56) | (2 << 52) | 0x5000]),
        (0, (1 << 32) | 2)
    );
    assert_eq!(guest.msr((3 << 52) | 0x5014).1, (1 << 63) | 0x15);
}

#[test]
fn refuses_a_list_that_is_not_in_the_buffer() {
    let guest = Guest::new();
    assert_eq!(guest.page_states(0, &[(2 << 52) | 0x2000]), (0, 0));
    // In the save area, before the buffer, partly behind it, in another page that is shared, in one that
    // is not.
    for scratch in [0x13a0, 0x17f8, 0x1fec, 0x2000, 0x8000] {
        assert_eq!(guest.page_states_at(scratch, [0, 0], &[]), (2, 3));
    }
}

#[test]
fn refuses_lists_that_the_buffer_has_no_room_for() {
    let guest = Guest::new();
    let entry = (2 << 52) | 0x5000;
    assert_eq!(
        guest.page_states_at(0x1fe0, [0, 1], &[entry]),
        (0, (1 << 32) | 1)
    );
    assert!(!guest.rmp.is_shared(0x5000, 1));
    assert_eq!(guest.page_states_at(0x1fe0, [0, 0], &[entry]), (0, 0));
    assert!(guest.rmp.is_shared(0x5000, 1));
}

#[test]
fn goes_on_with_a_page_that_is_done_in_part() {
    let guest = Guest::new();
    let large = |done: u64| (1 << 56) | (2 << 52) | 0x20_0000 | done;
    assert_eq!(guest.page_states(0, &[large(510)]), (0, 0));
    assert!(!guest.rmp.is_shared(0x3f_d000, 1) && guest.rmp.is_shared(0x3f_e000, 0x2000));
    assert_eq!(guest.memory.bytes(0x1808, 8), large(512).to_le_bytes());
    // All of it is.
    assert_eq!(guest.page_states(0, &[large(512)]), (0, 0));
    assert!(!guest.rmp.is_shared(0x20_0000, 1));
}

#[test]
fn has_nothing_to_do_for_an_empty_list_and_for_hints() {
    let guest = Guest::new();
    assert_eq!(guest.page_states_at(0x1800, [1, 0], &[]), (0, 0));
    for operation in [3, 4] {
        assert_eq!(guest.page_states(0, &[(operation << 52) | 0x5000]), (0, 0));
        assert_eq!(guest.memory.bytes(0x1800, 2), [1, 0]);
    }
    assert!(!guest.rmp.is_shared(0x5000, 1));
}
