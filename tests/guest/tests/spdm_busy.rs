// SPDX-License-Identifier: GPL-2.0

//! What else happens while a device is being connected.
//!
//! The slow device would need more than two minutes, which no connect may take. A test decides when its
//! connect ends.

use std::{
    os::unix::process::ExitStatusExt as _,
    process::Command,
    sync::atomic::{
        AtomicU32,
        Ordering, //
    },
    thread,
    time::Duration, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    function::Function as _,
    modules::{
        load,
        unload, //
    },
    spdm::{
        has_pci_tsm,
        Device,
        EVIDENCE,
        EXCHANGES,
        FAULT,
        MODULE,
        TSM, //
    }, //
};

/// Exchanges after which a device is in the middle of its chain: before it there are four.
const MIDDLE: u32 = 6;

/// What [`FAULT`] says of a device that has no fault.
const NONE: u32 = 0;

/// Has the slow device be connected, runs `act` in the middle of that, and returns how the connect ended.
fn in_the_middle(act: impl FnOnce(&Device)) -> Result<(), Errno> {
    in_the_middle_of(|device| device.connect(0), act)
}

/// The same, with a device that `connect` connects.
fn in_the_middle_of<T: Send>(
    connect: impl FnOnce(&Device) -> T + Send,
    act: impl FnOnce(&Device),
) -> T {
    let device = &Device::slow();
    assert_eq!(device.state(), "disconnected");
    let before = device.register(EXCHANGES);

    thread::scope(|scope| {
        let writer = scope.spawn(|| connect(device));
        while device.register(EXCHANGES) < before + MIDDLE {
            assert!(!writer.is_finished());
            thread::sleep(Duration::from_millis(1));
        }
        act(device);
        writer.join().unwrap()
    })
}

/// Connects the slow device while it has no fault.
fn connects_without_its_fault() {
    let device = Device::slow();
    let fault = device.register(FAULT);
    assert_eq!(device.state(), "disconnected");

    device.set_register(FAULT, NONE);
    device.connect(0).unwrap();
    assert_eq!(device.state(), "session");
    device.disconnect().unwrap();
    device.set_register(FAULT, fault);
}

#[test]
fn devices_do_not_wait_for_each_other() {
    let others = [Device::with_sessions(), Device::without_sessions()];
    for other in &others {
        let _ = other.disconnect();
    }

    let ended = in_the_middle(|slow| {
        // Both other devices are connected at the same time.
        thread::scope(|scope| {
            for other in &others {
                scope.spawn(|| {
                    other.connect(0).unwrap();
                    other.measure(&[7; 32]).unwrap();
                });
            }
        });
        assert_eq!(others[0].state(), "session");
        assert_eq!(others[1].state(), "authenticated");
        for other in &others {
            other.disconnect().unwrap();
        }
        // The slow device is still being connected.
        assert_eq!(slow.connect(0), Err(Errno::EBUSY));
        assert_eq!(slow.measure(&[7; 32]), Err(Errno::EBUSY));
        slow.disconnect().unwrap();
    });
    assert_eq!(ended, Err(Errno::ECANCELED));
    connects_without_its_fault();
}

#[test]
fn readers_do_not_wait_for_a_device() {
    let ended = in_the_middle(|slow| {
        let generation = slow.generation();
        assert_eq!(slow.state(), "disconnected");
        for file in EVIDENCE {
            assert_eq!(slow.refusal(file), Some(Errno::ENODATA), "{file}");
        }
        assert_eq!(slow.generation(), generation);
        assert_eq!(slow.connect(0), Err(Errno::EBUSY));
        slow.disconnect().unwrap();
    });
    assert_eq!(ended, Err(Errno::ECANCELED));
}

#[test]
fn a_reset_while_it_connects_fails_the_connect() {
    for _ in 0..2 {
        let ended = in_the_middle(|slow| slow.reset().unwrap());
        // The mailbox has lost a request or a response, or the device does not expect the next request.
        assert!(
            matches!(ended, Err(Errno::EIO | Errno::EREMOTEIO)),
            "{ended:?}"
        );
        connects_without_its_fault();
    }
}

#[test]
fn a_removal_while_it_connects_fails_the_connect() {
    for _ in 0..2 {
        let ended = in_the_middle(|slow| slow.remove_and_find_again().unwrap());
        assert_eq!(ended, Err(Errno::ENXIO));
        connects_without_its_fault();
    }
}

#[test]
fn rmmod_while_it_connects_fails_the_connect() {
    let ended = in_the_middle(|_| unload(MODULE).unwrap());
    assert_eq!(ended, Err(Errno::ENXIO));
    load(MODULE).unwrap();
    connects_without_its_fault();
}

#[test]
fn a_disconnect_ends_a_connect_of_the_pci_core() {
    if !has_pci_tsm() {
        return;
    }
    let ended = in_the_middle_of(Device::tsm_connect, |slow| {
        assert_eq!(slow.connect(0), Err(Errno::EBUSY));
        slow.disconnect().unwrap();
    });
    assert_eq!(ended, Err(Errno::ECANCELED));
    assert_eq!(Device::slow().tsm(), None);
    connects_without_its_fault();
}

#[test]
fn a_connect_of_the_pci_core_goes_on_without_its_writer() {
    if !has_pci_tsm() {
        return;
    }
    let shell = |script: String| {
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]);
        shell
    };
    let pid = &AtomicU32::new(0);

    let signal = in_the_middle_of(
        |slow| {
            let script = format!("echo {TSM} >{}", slow.tsm_path("connect").display());
            let mut writer = shell(script).spawn().unwrap();
            pid.store(writer.id(), Ordering::Relaxed);
            writer.wait().unwrap().signal()
        },
        |slow| {
            let script = format!("kill -9 {}", pid.load(Ordering::Relaxed));
            assert!(shell(script).status().unwrap().success());
            // This waits until the core has dropped its context. The request goes on, as one of `spdm/`.
            assert_eq!(slow.tsm(), None);
            assert_eq!(slow.connect(0), Err(Errno::EBUSY));
            slow.disconnect().unwrap();
        },
    );
    assert_eq!(signal, Some(9));
    connects_without_its_fault();
}

#[test]
fn rmmod_ends_a_connect_of_the_pci_core() {
    if !has_pci_tsm() {
        return;
    }
    let ended = in_the_middle_of(Device::tsm_connect, |_| unload(MODULE).unwrap());
    assert_eq!(ended, Err(Errno::ENXIO));
    load(MODULE).unwrap();
    connects_without_its_fault();
}
