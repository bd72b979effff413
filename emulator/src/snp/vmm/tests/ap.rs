// SPDX-License-Identifier: GPL-2.0

//! SNP AP Creation.

use super::*;
use crate::snp::vmsa::{
    self,
    Entry, //
};

/// Makes a VMSA in a page, which starts at offset 0x123 of page 0x99.
fn make_vmsa(guest: &Guest, page: u64, vmpl: u8) {
    vmsa::tests::write(&guest.memory, page * 4096, vmpl);
    guest.rmp.adjust(page, Size::Small, Some(true)).unwrap();
}

/// Asks for something of a vCPU.
fn ask(guest: &Guest, info: u64, vmsa: u64, features: u64) -> (u64, u64) {
    guest.event(&[
        (Field::ExitCode, 0x8000_0013),
        (Field::ExitInfo1, info),
        (Field::ExitInfo2, vmsa),
        (Field::Rax, features),
    ])
}

#[test]
fn starts_and_stops_other_vcpus() {
    let guest = Guest::new();
    make_vmsa(&guest, 5, 0);
    assert_eq!(ask(&guest, (1 << 32) | 1, 0x5000, 1), (0, 0));
    assert_eq!(ask(&guest, (1 << 32) | 2, 0, 0), (0, 0));
    let context = Context {
        vcpu: 0,
        vcpus: 2,
        vmpl: 0,
        memory: &guest.memory,
        rmp: &guest.rmp,
        leaves: &[],
        requests: &guest.requests,
    };
    let start = Startup::Start {
        apic_id: 1,
        entry: Entry {
            page: 0x99,
            offset: 0x123,
        },
    };
    let created = Startup::new(context, (1 << 32) | 1, 0x5000, Some(1));
    assert_eq!(created, Ok(start));
    // There is no local APIC here.
    assert!(matches!(start.send(&guest.memory), Effect::Stop(_)));
}

#[test]
fn refuses_to_start_what_it_can_not() {
    let guest = Guest::new();
    // No VMSA yet.
    assert_eq!(ask(&guest, (1 << 32) | 1, 0x5000, 1), (2, 5));
    make_vmsa(&guest, 0, 0);
    make_vmsa(&guest, 5, 0);
    for (info, vmsa, features) in [
        // One that there is not, no such request, another VMPL, also to be stopped.
        ((2 << 32) | 1, 0x5000, 1),
        ((1 << 32) | 3, 0x5000, 1),
        ((1 << 32) | (1 << 16) | 1, 0x5000, 1),
        ((1 << 32) | (1 << 16) | 2, 0, 0),
        // Not a page, not that page, other features.
        ((1 << 32) | 1, 0x5008, 1),
        ((1 << 32) | 1, 0x6000, 1),
        ((1 << 32) | 1, 0x5000, 3),
        // In the first page of 2 MiB.
        ((1 << 32) | 1, 0, 1),
    ] {
        assert_eq!(ask(&guest, info, vmsa, features), (2, 5));
    }
    // EFER without SVME.
    guest.memory.write(0x50d0, &[0; 8]).unwrap();
    assert_eq!(ask(&guest, (1 << 32) | 1, 0x5000, 1), (2, 5));
}

#[test]
fn starts_a_vcpu_only_at_the_vmpl_of_the_guest() {
    let guest = Guest::new();
    make_vmsa(&guest, 5, 1);
    assert_eq!(ask(&guest, (1 << 32) | (1 << 16) | 1, 0x5000, 1), (2, 5));
}

#[test]
fn stops_at_what_no_vcpu_of_qemu_does() {
    let guest = Guest::new();
    make_vmsa(&guest, 5, 0);
    let stops = |info, reason: &str| {
        let ghcb = Ghcb::read(&guest.memory, 0x1000).unwrap();
        let fields = [
            (Field::ExitCode, 0x8000_0013),
            (Field::ExitInfo1, info),
            (Field::ExitInfo2, 0x5000),
            (Field::Rax, 1),
        ];
        ghcb.answer(&guest.memory, &fields).unwrap();
        match guest.msr(0x1000).0 {
            Next::Guest(Effect::Stop(why)) => assert!(why.contains(reason), "{why}"),
            next => panic!("{next:?}"),
        }
    };
    stops(1, "vCPU 0");
    stops(2, "vCPU 0");
    stops(1 << 32, "vCPU 1 is to start after an INIT");
    // Protected mode.
    guest.memory.write(0x5158, &[0x11]).unwrap();
    stops((1 << 32) | 1, "vCPU 1 is to start, but CR0");
}
