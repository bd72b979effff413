// SPDX-License-Identifier: GPL-2.0

//! TEE device interfaces: functions that are locked, looked at and started.

use std::{
    env,
    fs::File,
    os::fd::AsFd as _,
    thread, //
};

use nix::{
    errno::Errno,
    poll::{
        poll,
        PollFd,
        PollFlags,
        PollTimeout, //
    },
};
use tsm_guest_tests::{
    dma::{
        clear,
        Page, //
    },
    files::modes,
    function::Function as _,
    modules::{
        load,
        unload, //
    },
    spdm::{
        devices,
        Device,
        EXCHANGES,
        MODULE, //
    },
    tdi::{
        interfaces,
        Interface,
        LOCK_MSIX, //
    },
};

/// Returns the first device, connected anew, and its two functions.
fn connected() -> (Device, [Interface; 2]) {
    let device = Device::with_sessions();

    let _ = device.disconnect();
    device.connect(0).unwrap();
    (device, functions())
}

/// Returns the functions of the first device.
fn functions() -> [Interface; 2] {
    let mut all = interfaces().into_iter();

    [all.next().unwrap(), all.next().unwrap()]
}

/// Checks that nothing is bound.
fn shows_nothing(interface: &Interface) {
    for file in ["report", "ranges"] {
        assert_eq!(interface.refusal(file), Some(Errno::ENODATA), "{file}");
    }
    assert!(!interface.text("trust").contains("locked"));
}

#[test]
fn each_function_has_all_files() {
    for device in devices() {
        let _ = device.disconnect();
    }
    // Of three devices, two have two functions.
    assert_eq!(interfaces().len(), 5);
    for interface in interfaces() {
        let expected = [
            ("bind", 0o200),
            ("unbind", 0o200),
            ("validate", 0o200),
            ("state", 0o444),
            ("generation", 0o444),
            ("report", 0o444),
            ("ranges", 0o444),
            ("trust", 0o444),
        ];
        assert_eq!(interface.files(), modes(expected));
        assert_eq!(interface.state(), "unknown");
        assert_eq!(interface.text("trust"), "none");
        shows_nothing(&interface);
    }
}

#[test]
fn nothing_is_possible_without_a_session() {
    let [interface, _] = functions();
    let _ = Device::with_sessions().disconnect();
    let without = Device::without_sessions();
    let _ = without.disconnect();
    without.connect(0).unwrap();
    // That of the device that is only authenticated.
    let other = &interfaces()[2];

    for interface in [&interface, other] {
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
fn other_text_is_refused_and_changes_nothing() {
    let (device, [interface, _]) = connected();
    let before = (interface.generation(), device.register(EXCHANGES));

    for text in ["x", "-1", "+0", " 0", "0 ", "0x0", "\n", "0\n\n", "65536"] {
        assert_eq!(interface.write("bind", text), Err(Errno::EINVAL), "{text}");
        assert_eq!(
            interface.write("unbind", text),
            Err(Errno::EINVAL),
            "{text}"
        );
    }
    // Flags that there are not, or that need more than a flag.
    for flags in [2, 8, 32, 1 << 15] {
        assert_eq!(interface.bind(flags), Err(Errno::EINVAL), "{flags}");
    }
    for text in ["x", "-1", "+1", "0x1", "18446744073709551616"] {
        assert_eq!(
            interface.write("validate", text),
            Err(Errno::EINVAL),
            "{text}"
        );
    }
    assert_eq!(interface.write("unbind", "0"), Err(Errno::EINVAL));
    assert_eq!(interface.write("unbind", "2"), Err(Errno::EINVAL));
    assert_eq!((interface.generation(), device.register(EXCHANGES)), before);
}

#[test]
fn an_interface_is_bound_validated_and_unbound() {
    let (device, interfaces) = connected();

    for (number, interface) in interfaces.iter().enumerate() {
        assert_eq!(interface.state(), "unlocked");
        shows_nothing(interface);
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
        // The one does not touch the other.
        assert_eq!(interface.state(), "run");
        let generation = interface.generation();
        interface.unbind().unwrap();
        assert_eq!(interface.state(), "unlocked");
        assert!(interface.generation() > generation);
        shows_nothing(interface);
        let generation = interface.generation();
        assert_eq!(interface.validate(generation), Err(Errno::ENOTCONN));
        // It can be done at any time.
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
    let (_device, [interface, _]) = connected();

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
    let (device, [interface, other]) = connected();
    interface.bind(0).unwrap();
    let judged = interface.generation();

    // The binding of another function is none of it.
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
fn the_end_of_a_session_stops_its_interfaces() {
    let (device, interfaces) = connected();
    interfaces[0].bind(0).unwrap();
    interfaces[1].bind(0).unwrap();
    interfaces[1].validate(interfaces[1].generation()).unwrap();
    let judged = [0, 1].map(|place: usize| interfaces[place].generation());

    device.disconnect().unwrap();
    for interface in &interfaces {
        assert_eq!(interface.state(), "unknown");
        assert_eq!(interface.text("trust"), "none");
        shows_nothing(interface);
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
    let (device, [_, interface]) = connected();

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
        shows_nothing(&interface);
        interface.unbind().unwrap();
    }
    assert_eq!(device.state(), "session");
    device.disconnect().unwrap();
}

#[test]
fn an_interface_with_an_error_is_unbound_and_bound_again() {
    let (device, [interface, other]) = connected();
    other.bind(0).unwrap();

    for started in [false, true] {
        interface.bind(0).unwrap();
        if started {
            interface.validate(interface.generation()).unwrap();
        }
        interface.set_bus_master(false);
        assert_eq!(interface.state(), "error");
        shows_nothing(&interface);
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
fn a_change_is_notified() {
    let (device, [interface, _]) = connected();
    // poll(2) tells of what was not read yet.
    let waits = |file: &str, change: &dyn Fn()| {
        let file = File::open(interface.path(file)).unwrap();
        std::io::read_to_string(&file).unwrap();
        let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLPRI)];
        assert_eq!(poll(&mut fds, PollTimeout::ZERO), Ok(0));
        change();
        assert_eq!(poll(&mut fds, PollTimeout::from(10_000u16)), Ok(1));
    };

    waits("state", &|| interface.bind(0).unwrap());
    waits("generation", &|| device.measure(&[8; 32]).unwrap());
    waits("generation", &|| interface.unbind().unwrap());
    waits("state", &|| device.disconnect().unwrap());
}

#[test]
fn an_open_report_fails_after_it_has_changed() {
    let (device, [interface, _]) = connected();
    interface.bind(0).unwrap();
    let file = File::open(interface.path("report")).unwrap();
    let mut start = [0; 8];

    std::os::unix::fs::FileExt::read_exact_at(&file, &mut start, 0).unwrap();
    interface.unbind().unwrap();
    let rest = std::os::unix::fs::FileExt::read_at(&file, &mut start, 8);
    assert_eq!(
        rest.unwrap_err().raw_os_error(),
        Some(Errno::ENODATA as i32)
    );
    interface.bind(LOCK_MSIX).unwrap();
    let rest = std::os::unix::fs::FileExt::read_at(&file, &mut start, 8);
    assert_eq!(rest.unwrap_err().raw_os_error(), Some(Errno::ESTALE as i32));
    device.disconnect().unwrap();
}

#[test]
fn a_function_is_removed_while_it_is_bound() {
    let (device, [first, interface]) = connected();
    interface.bind(0).unwrap();
    first.bind(0).unwrap();
    interface.remove_and_find_again().unwrap();
    assert_eq!(interface.state(), "unlocked");
    shows_nothing(&interface);
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
    shows_nothing(&interface);
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
    // The device was told to stop.
    for interface in &interfaces {
        assert_eq!(interface.state(), "unlocked");
    }
    device.disconnect().unwrap();
}

#[test]
fn private_memory_is_reached_by_an_interface_that_runs() {
    if !Page::has_address() {
        return;
    }
    let is_confidential = env::var("TSM_PLATFORM").as_deref() != Ok("plain");
    let (device, [_, interface]) = connected();
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

#[test]
fn one_request_at_a_time_changes_something() {
    let (device, [interface, other]) = connected();

    for round in 0..20 {
        let ends = thread::scope(|scope| {
            let first = scope.spawn(|| interface.bind(0));
            let second = scope.spawn(|| other.bind(0));
            [first.join().unwrap(), second.join().unwrap()]
        });
        for (end, interface) in ends.iter().zip([&interface, &other]) {
            match end {
                Ok(()) => interface.unbind().unwrap(),
                Err(err) => assert_eq!(*err, Errno::EBUSY, "{round}"),
            }
            assert_eq!(interface.state(), "unlocked");
        }
        assert!(ends.iter().any(Result::is_ok));
    }
    device.disconnect().unwrap();
}
