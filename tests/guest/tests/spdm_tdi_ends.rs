// SPDX-License-Identifier: GPL-2.0

//! How a TEE device interface ends that is bound: with its session, its function or the module, or by the device.

use nix::errno::Errno;
use tsm_guest_tests::{
    function::Function as _,
    modules::{
        load,
        unload, //
    },
    spdm::MODULE,
    tdi::{
        connected,
        Interface, //
    }, //
};

#[test]
fn the_end_of_a_session_stops_its_interfaces() {
    let (device, interfaces) = connected();
    for interface in &interfaces {
        interface.bind(0).unwrap();
    }
    interfaces[1].validate(interfaces[1].generation()).unwrap();
    let judged = interfaces.each_ref().map(Interface::generation);

    device.disconnect().unwrap();
    for interface in &interfaces {
        assert_eq!(interface.state(), "unknown");
        assert_eq!(interface.text("trust"), "none");
        interface.shows_nothing();
    }
    device.connect(0).unwrap();
    for (interface, judged) in interfaces.iter().zip(judged) {
        assert_eq!(interface.state(), "unlocked");
        assert!(interface.generation() > judged);
    }
    device.disconnect().unwrap();
}

#[test]
fn an_interface_that_the_device_has_unlocked_is_not_started() {
    let (device, [.., interface]) = connected();

    // Known by a look at the state, or only at the start.
    for looks in [true, false] {
        interface.bind(0).unwrap();
        let judged = interface.generation();
        interface.reset().unwrap();
        if looks {
            assert_eq!(interface.state(), "unlocked");
            assert!(interface.generation() > judged);
        }
        assert_eq!(interface.validate(judged), Err(Errno::ESTALE));
        interface.shows_nothing();
        interface.unbind().unwrap();
    }
    assert_eq!(device.state(), "session");
    device.disconnect().unwrap();
}

#[test]
fn an_interface_with_an_error_is_unbound_and_bound_again() {
    let (device, [interface, other, _]) = connected();
    other.bind(0).unwrap();

    for started in [false, true] {
        interface.bind(0).unwrap();
        if started {
            interface.validate(interface.generation()).unwrap();
        }
        interface.set_bus_master(false);
        assert_eq!(interface.state(), "error");
        interface.shows_nothing();
        assert_eq!(
            interface.validate(interface.generation()),
            Err(Errno::EBUSY)
        );
        assert_eq!(interface.bind(0), Err(Errno::EBUSY));
        interface.unbind().unwrap();
        assert_eq!(interface.state(), "unlocked");
    }
    // It is an error of that interface alone.
    assert_eq!(
        (device.state(), other.state()),
        ("session".into(), "locked".into())
    );
    interface.bind(0).unwrap();
    device.disconnect().unwrap();
}

#[test]
fn an_interface_with_an_error_that_nothing_has_read_is_not_started() {
    let (device, [.., interface]) = connected();
    interface.bind(0).unwrap();
    let judged = interface.generation();

    interface.set_bus_master(false);
    assert_eq!(interface.validate(judged), Err(Errno::ESTALE));
    // It was stopped.
    interface.shows_nothing();
    assert_eq!(interface.state(), "unlocked");
    assert_eq!(
        interface.validate(interface.generation()),
        Err(Errno::ENOTCONN)
    );
    assert_eq!(device.state(), "session");
    interface.bind(0).unwrap();
    interface.validate(interface.generation()).unwrap();
    assert_eq!(interface.state(), "run");
    device.disconnect().unwrap();
}

#[test]
fn a_function_is_removed_while_it_is_bound() {
    let (device, [first, _, interface]) = connected();
    interface.bind(0).unwrap();
    first.bind(0).unwrap();
    interface.remove_and_find_again().unwrap();
    assert_eq!(interface.state(), "unlocked");
    interface.shows_nothing();
    // The other one and the session are as they were.
    assert_eq!(
        (first.state(), device.state()),
        ("locked".into(), "session".into())
    );
    interface.bind(0).unwrap();

    // With function 0 the session goes, and its interfaces with it.
    let judged = interface.generation();
    device.remove_and_find_again().unwrap();
    assert_eq!(interface.state(), "unknown");
    interface.shows_nothing();
    assert!(interface.generation() > judged);
    device.connect(0).unwrap();
    assert_eq!(interface.state(), "unlocked");
    interface.bind(0).unwrap();
    assert!(interface.generation() > judged);
    device.disconnect().unwrap();
}

#[test]
fn the_module_is_unloaded_while_interfaces_are_bound() {
    let (device, interfaces) = connected();
    for interface in &interfaces {
        interface.bind(0).unwrap();
    }
    unload(MODULE).unwrap();
    assert!(!interfaces[0].path("").exists());
    load(MODULE).unwrap();
    device.connect(0).unwrap();
    // The module has stopped them.
    for interface in &interfaces {
        assert_eq!(interface.state(), "unlocked");
    }
    device.disconnect().unwrap();
}
