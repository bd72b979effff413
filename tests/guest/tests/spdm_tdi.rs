// SPDX-License-Identifier: GPL-2.0

//! TEE device interfaces: functions that are locked, looked at and started.

use std::env;

use nix::errno::Errno;
use tsm_guest_tests::{
    dma::{
        clear,
        Page, //
    },
    function::Function as _,
    spdm::{
        Device,
        EXCHANGES, //
    },
    tdi::{
        connected,
        functions,
        Interface,
        LOCK_MSIX, //
    },
};

#[test]
fn nothing_is_possible_without_a_session() {
    let [interface, ..] = functions();
    let _ = Device::with_sessions().disconnect();
    let without = Device::without_sessions();
    let _ = without.disconnect();
    without.connect(0).unwrap();
    // An interface of the device without sessions.
    let [other, _] = Interface::of(&without);

    for interface in [&interface, &other] {
        assert_eq!(interface.bind(0), Err(Errno::ENOTCONN));
        assert_eq!(interface.unbind(), Err(Errno::ENOTCONN));
        assert_eq!(
            interface.validate(interface.generation()),
            Err(Errno::ENOTCONN)
        );
        assert_eq!(interface.state(), "unknown");
    }
    assert_eq!(other.text("trust"), "authenticated measured");
    without.disconnect().unwrap();
}

#[test]
fn an_interface_is_bound_validated_and_unbound() {
    let (device, interfaces) = connected();

    for (number, interface) in interfaces.iter().enumerate() {
        assert_eq!(interface.state(), "unlocked");
        interface.shows_nothing();
        let (exchanges, generation) = (device.register(EXCHANGES), interface.generation());
        interface.bind(0).unwrap();
        // Capabilities, state, lock, report, state. The version is known.
        assert_eq!(device.register(EXCHANGES), exchanges + 5, "{number}");
        assert_eq!(
            interface.text("trust"),
            "authenticated measured session locked"
        );
        let report = interface.read("report").unwrap();
        assert!(report.len() > 20);
        assert!(!interface.text("ranges").is_empty());
        let bound = interface.generation();
        assert!(bound > generation);
        assert_eq!(interface.state(), "locked");
        assert_eq!(interface.bind(0), Err(Errno::EBUSY));

        // Nothing is sent with another generation.
        let exchanges = device.register(EXCHANGES);
        for other in [0, generation, bound - 1, bound + 1, u64::MAX] {
            assert_eq!(interface.validate(other), Err(Errno::ESTALE), "{other}");
        }
        assert_eq!(device.register(EXCHANGES), exchanges);
        interface.validate(bound).unwrap();
        assert_eq!(device.register(EXCHANGES), exchanges + 3);
        assert_eq!(interface.state(), "run");
        assert_eq!(
            interface.text("trust"),
            "authenticated measured session run"
        );
        assert_eq!(interface.validate(bound), Err(Errno::EBUSY));
        assert_eq!(interface.bind(0), Err(Errno::EBUSY));
        assert_eq!(interface.read("report").unwrap(), report);
    }

    for interface in &interfaces {
        // Unbinding one interface leaves the others in RUN.
        assert_eq!(interface.state(), "run");
        let generation = interface.generation();
        interface.unbind().unwrap();
        assert_eq!(interface.state(), "unlocked");
        assert!(interface.generation() > generation);
        interface.shows_nothing();
        let generation = interface.generation();
        assert_eq!(interface.validate(generation), Err(Errno::ENOTCONN));
        // An interface that is not bound can be unbound.
        interface.unbind().unwrap();
        assert_eq!(interface.generation(), generation);
        // The second time in a session, the capabilities are known.
        let exchanges = device.register(EXCHANGES);
        interface.bind(0).unwrap();
        assert_eq!(device.register(EXCHANGES), exchanges + 4);
        interface.unbind().unwrap();
    }
    device.disconnect().unwrap();
}

#[test]
fn the_flags_are_those_of_the_lock() {
    let (_device, [interface, ..]) = connected();

    for flags in [0, 1, LOCK_MSIX, 16, 1 | LOCK_MSIX | 16] {
        interface.bind(flags).unwrap();
        let ranges = interface.text("ranges");
        let has_msix = ranges.contains("msix-table") && ranges.contains("msix-pba");
        assert_eq!(has_msix, flags & LOCK_MSIX != 0, "{flags}: {ranges}");
        let info = interface.read("report").unwrap()[0];
        assert_eq!(info & 1, u8::from(flags & 1 != 0), "{flags}");
        interface.unbind().unwrap();
    }
}

#[test]
fn other_evidence_is_another_generation() {
    let (device, [interface, other, _]) = connected();
    interface.bind(0).unwrap();
    let judged = interface.generation();

    // The binding of another function is no part of the evidence.
    other.bind(0).unwrap();
    assert_eq!(interface.generation(), judged);
    device.measure(&[7; 32]).unwrap();
    assert_eq!(interface.validate(judged), Err(Errno::ESTALE));
    assert_eq!(interface.state(), "locked");
    interface.validate(interface.generation()).unwrap();
    assert_eq!(interface.state(), "run");
    device.disconnect().unwrap();
}

#[test]
fn private_memory_is_reached_by_an_interface_that_runs() {
    if !Page::has_address() {
        return;
    }
    let is_confidential = env::var("TSM_PLATFORM").as_deref() != Ok("plain");
    let (device, [.., interface]) = connected();
    let mut page = Page::new(0xa5);
    let mut reaches = |expected: bool| {
        let done = u32::from(expected || !is_confidential);
        assert_eq!(clear(&interface, &page), [done, 1 - done, 1 - done]);
        assert!(page.has_only(if done == 1 { 0 } else { 0xa5 }));
        page = Page::new(0xa5);
    };

    interface.set_bus_master(true);
    reaches(false);
    interface.bind(0).unwrap();
    reaches(false);
    interface.validate(interface.generation()).unwrap();
    reaches(true);
    interface.unbind().unwrap();
    // Nothing keeps it enabled.
    interface.set_bus_master(true);
    reaches(false);
    interface.bind(0).unwrap();
    interface.validate(interface.generation()).unwrap();
    device.disconnect().unwrap();
    interface.set_bus_master(true);
    reaches(false);
    interface.set_bus_master(false);
}
