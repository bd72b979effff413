// SPDX-License-Identifier: GPL-2.0

//! Metadata of the TD and of the module.

use super::*;

/// Metadata fields, as Linux names them.
const CONFIG_FLAGS: u64 = 0x1110_0003_0000_0016;
const TD_CTLS: u64 = 0x1110_0003_0000_0017;
const NOTIFY_ENABLES: u64 = 0x9100_0000_0000_0010;
const TOPOLOGY: u64 = 0x9100_0000_0000_0019;
const QUOTE_SIZE: u64 = 0x9010_0002_0000_0008;

/// The leaf in its version 1.
const VM_RD_1: u64 = (1 << 16) | leaf::VM_RD;
/// The status that goes with the first field.
const FIRST_FIELD: u64 = 0x0000_0C0B_0000_0000;

#[test]
fn reads_metadata() {
    let bench = Bench::new();
    for (field, value) in [
        (CONFIG_FLAGS, 0),
        (TD_CTLS, 0),
        (NOTIFY_ENABLES, 0),
        (TOPOLOGY, 1),
    ] {
        let (status, regs) = bench.leaf(leaf::VM_RD, &[0, field, 99]);
        assert_eq!((status, regs[Reg::R8]), (0, value));
    }
}

#[test]
fn writes_metadata_and_returns_the_old_value() {
    let bench = Bench::new();
    let (status, regs) = bench.leaf(leaf::VM_WR, &[0, TD_CTLS, 8, 8]);
    assert_eq!((status, regs[Reg::R8]), (0, 0));
    let (status, regs) = bench.leaf(leaf::VM_WR, &[0, TD_CTLS, 2, 2]);
    assert_eq!((status, regs[Reg::R8]), (0, 8));
    let (_, regs) = bench.leaf(leaf::VM_RD, &[0, TD_CTLS]);
    assert_eq!(regs[Reg::R8], 10);
    assert_eq!(bench.leaf(leaf::VM_WR, &[0, NOTIFY_ENABLES, 0, !0]).0, 0);
}

#[test]
fn has_the_size_of_quotes_if_an_option_says_so() {
    let bench = Bench::with(&TdxConfig {
        quote_size_field: Some(8192),
        ..TdxConfig::default()
    });
    let (status, regs) = bench.leaf(leaf::VM_RD, &[0, QUOTE_SIZE]);
    assert_eq!((status, regs[Reg::R8]), (0, 8192));
    let (status, _) = bench.leaf(leaf::VM_WR, &[0, QUOTE_SIZE, 1, 1]);
    assert_eq!(status, 0xC000_0C01_0000_0000);
}

/// Reads all metadata with a leaf, from the first field on: what is known by the class and the
/// code of an identifier, and the value.
fn all_metadata(bench: &Bench, leaf: u64) -> Vec<(u64, u64)> {
    let (status, regs) = bench.leaf(leaf, &[0, !0]);
    assert_eq!((status, regs[Reg::R8]), (FIRST_FIELD, 0));
    let mut fields = Vec::new();
    let mut next = regs[Reg::Rdx];
    while next != !0 {
        let (status, regs) = bench.leaf(leaf, &[0, next]);
        assert_eq!(status, 0);
        fields.push((next, regs[Reg::R8]));
        next = regs[Reg::Rdx];
    }
    fields
}

#[test]
fn goes_through_the_metadata_of_the_td() {
    let absent: Vec<u64> = all_metadata(&Bench::new(), VM_RD_1)
        .into_iter()
        .map(|(field, _)| field & !(7 << 52))
        .collect();
    let fields = [NOTIFY_ENABLES, CONFIG_FLAGS, TD_CTLS, TOPOLOGY].map(|id| id & !(7 << 52));
    assert_eq!(absent, fields);

    let bench = Bench::with(&TdxConfig {
        quote_size_field: Some(8192),
        ..TdxConfig::default()
    });
    assert_eq!(all_metadata(&bench, VM_RD_1)[0], (QUOTE_SIZE, 8192));
}

#[test]
fn goes_through_the_metadata_of_the_module() {
    assert_eq!(
        all_metadata(&Bench::new(), leaf::SYS_RD),
        [
            (0x0800_0002_0000_0000, 0x8086),
            (0x0800_0001_0000_0003, 5),
            (0x0800_0001_0000_0004, 1),
            (0x0800_0001_0000_0005, 0),
            (0x0a00_0003_0000_0008, 0),
        ]
    );
}

#[test]
fn refuses_to_go_on_from_unknown_metadata() {
    let bench = Bench::new();
    for (leaf, field) in [
        (VM_RD_1, TD_CTLS + 1),
        (VM_RD_1, QUOTE_SIZE),
        (VM_RD_1, TD_CTLS | (1 << 38)),
        (leaf::SYS_RD, TD_CTLS),
        (leaf::SYS_RD, 0x0800_0001_0000_0007),
        (leaf::SYS_RD, 0x0800_0001_0000_0004 | (1 << 38)),
    ] {
        let (status, regs) = bench.leaf(leaf, &[0, field, 1]);
        assert_eq!(status, 0xC000_0C00_0000_0000);
        assert_eq!((regs[Reg::Rdx], regs[Reg::R8]), (!0, 0));
    }
    // A TD may only ask about itself, for the first field as well.
    for field in [!0, TD_CTLS] {
        let (status, regs) = bench.leaf(VM_RD_1, &[1, field, 1]);
        assert_eq!(status, BAD_RCX);
        assert_eq!((regs[Reg::Rdx], regs[Reg::R8]), (!0, 0));
    }
}

#[test]
fn refuses_unknown_metadata() {
    let bench = Bench::new();
    // No such code, not there, a list.
    for field in [TD_CTLS + 1, QUOTE_SIZE, TD_CTLS | (1 << 38)] {
        for leaf in [leaf::VM_RD, leaf::VM_WR] {
            let (status, regs) = bench.leaf(leaf, &[0, field, 1, 1]);
            assert_eq!(status, 0xC000_0C00_0000_0000);
            assert_eq!(regs[Reg::R8], 0);
        }
    }
}

#[test]
fn refuses_metadata_of_another_vm() {
    let bench = Bench::new();
    assert_eq!(bench.leaf(leaf::VM_RD, &[1, TD_CTLS]).0, BAD_RCX);
    assert_eq!(bench.leaf(leaf::VM_WR, &[1, TD_CTLS, 8, 8]).0, BAD_RCX);
}

#[test]
fn refuses_to_write_what_the_vmm_decides() {
    let bench = Bench::new();
    for field in [CONFIG_FLAGS, TOPOLOGY] {
        let (status, _) = bench.leaf(leaf::VM_WR, &[0, field, 1, 1]);
        assert_eq!(status, 0xC000_0C01_0000_0000);
    }
    // PENDING_VE_DISABLE is not offered.
    let (status, _) = bench.leaf(leaf::VM_WR, &[0, TD_CTLS, 1, 1]);
    assert_eq!(status, 0xC000_0C01_0000_0000);
}

#[test]
fn refuses_values_that_a_field_can_not_have() {
    let bench = Bench::new();
    let (status, _) = bench.leaf(leaf::VM_WR, &[0, TD_CTLS, 9, 9]);
    assert_eq!(status, 0xC000_0C03_0000_0000);
    let (status, _) = bench.leaf(leaf::VM_WR, &[0, NOTIFY_ENABLES, 2, !0]);
    assert_eq!(status, 0xC000_0C03_0000_0000);
}

#[test]
fn refuses_to_write_a_locked_field() {
    let bench = Bench::new();
    let lock = 1 << 63;
    assert_eq!(bench.leaf(leaf::VM_WR, &[0, TD_CTLS, lock, lock]).0, 0);
    let (status, _) = bench.leaf(leaf::VM_WR, &[0, TD_CTLS, 8, 8]);
    assert_eq!(status, 0xC000_0C01_0000_0000);
}
