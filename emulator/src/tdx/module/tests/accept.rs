// SPDX-License-Identifier: GPL-2.0

//! Accepting pages.

use super::*;

#[test]
fn accepts_and_clears_a_pending_page() {
    let bench = Bench::new();
    bench.poke(0x1000, &[0xff; 8192]);
    bench.pages.share(1..2);
    bench.pages.unshare(1..2);
    assert_eq!(bench.leaf(leaf::PAGE_ACCEPT, &[0x1000]).0, 0);
    assert_eq!(bench.pages.state(1), PageState::Accepted);
    assert_eq!(bench.memory.bytes(0x1000, 4096), [0; 4096]);
    assert_eq!(bench.memory.bytes(0x2000, 4096), [0xff; 4096]);
}

#[test]
fn keeps_what_is_in_devices_and_roms() {
    let bench = Bench::new();
    bench.pages.launch(vec![0x2000..0x3000, 0x8_0000..0xa_0000]);
    bench.poke(0x1000, &[0xff; 8192]);
    bench.pages.share(1..2);
    bench.pages.unshare(1..2);
    for address in [0x1000, 0x2000] {
        assert_eq!(bench.leaf(leaf::PAGE_ACCEPT, &[address]).0, 0);
    }
    assert_eq!(bench.memory.bytes(0x1000, 4096), [0xff; 4096]);
    assert_eq!(bench.memory.bytes(0x2000, 4096), [0; 4096]);
}

#[test]
fn accepts_two_mebibytes_at_once() {
    let bench = Bench::new();
    bench.pages.share(512..1024);
    bench.pages.unshare(512..1024);
    assert_eq!(bench.leaf(leaf::PAGE_ACCEPT, &[(2 << 20) | 1]).0, 0);
    assert_eq!(bench.pages.uniform(0..2048), Some(PageState::Accepted));
}

#[test]
fn remarks_that_a_page_was_accepted_before() {
    let bench = Bench::new();
    let (status, _) = bench.leaf(leaf::PAGE_ACCEPT, &[0x1000]);
    assert_eq!(status, 0x0000_0B0A_0000_0000);
    let (status, _) = bench.leaf(leaf::PAGE_ACCEPT, &[(2 << 20) | 1]);
    assert_eq!(status, 0x0000_0B0A_0000_0001);
}

#[test]
fn refuses_a_large_page_that_is_in_pieces() {
    let bench = Bench::new();
    bench.pages.share(513..514);
    bench.pages.unshare(513..514);
    let (status, _) = bench.leaf(leaf::PAGE_ACCEPT, &[(2 << 20) | 1]);
    assert_eq!(status, 0xC000_0B0B_0000_0001);
    assert_eq!(bench.pages.state(513), PageState::Pending);
}

#[test]
fn refuses_to_accept_other_sizes() {
    let bench = Bench::new();
    for level in 2..8 {
        assert_eq!(bench.leaf(leaf::PAGE_ACCEPT, &[level]).0, BAD_RCX);
    }
}

#[test]
fn refuses_to_accept_what_is_no_page() {
    let bench = Bench::new();
    for rcx in [0x1008, 0x1800, 0x1001, SHARED | 0x1000, 1 << 53] {
        assert_eq!(bench.leaf(leaf::PAGE_ACCEPT, &[rcx]).0, BAD_RCX);
    }
}

#[test]
fn does_not_survive_accepting_a_shared_page() {
    let bench = Bench::new();
    bench.pages.share(1..2);
    assert!(bench.fatal(leaf::PAGE_ACCEPT, &[0x1000]).contains("shared"));
}

#[test]
fn does_not_survive_accepting_what_is_not_there() {
    let bench = Bench::new();
    bench.pages.share(4096..4097);
    bench.pages.unshare(4096..4097);
    let why = bench.fatal(leaf::PAGE_ACCEPT, &[16 << 20]);
    assert!(why.contains("no memory"));
}
