// SPDX-License-Identifier: GPL-2.0

//! `tsm/connect` of the PCI core, which is a second way to what `spdm/` has. Kernels without PCI/TSM have none.

use std::{
    fs::{
        self,
        File, //
    },
    io::Read as _,
    process::Command,
    sync::atomic::{
        AtomicBool,
        Ordering, //
    },
    thread, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    errno,
    files::names_in_folder,
    function::Function as _,
    modules::{
        load,
        load_with,
        unload, //
    },
    spdm::{
        devices,
        has_pci_tsm,
        Device,
        EVIDENCE,
        MODULE,
        TSM,
        UNLOADED, //
    }, //
};

/// Returns a device that is not connected, whatever the test before has left, if there is PCI/TSM.
fn device() -> Option<Device> {
    has_pci_tsm().then(|| {
        let device = Device::with_sessions();

        let _ = device.tsm_disconnect();
        let _ = device.disconnect();
        assert_eq!(device.state(), "disconnected");
        device
    })
}

#[test]
fn the_files_are_there_where_the_kernel_has_them() {
    let version = fs::read_to_string("/proc/version").unwrap();

    // Debian's kernels for clouds have no PCI/TSM. All others that are tested have it.
    assert_eq!(has_pci_tsm(), !version.contains("cloud"), "{version}");
    for device in devices() {
        assert_eq!(device.tsm_path("connect").exists(), has_pci_tsm());
    }
    if has_pci_tsm() {
        assert_eq!(names_in_folder("/sys/class/tsm"), [TSM]);
    }
}

#[test]
fn the_evidence_of_a_connection_is_in_spdm() {
    let Some(device) = device() else { return };
    let generation = device.generation();

    device.tsm_connect().unwrap();
    assert_eq!(device.tsm().as_deref(), Some(TSM));
    assert_eq!(device.state(), "session");
    assert_eq!(device.generation(), generation + 1);
    assert_eq!(device.text("slots"), "0 2");
    assert_eq!(device.measurements().len(), 6);
    assert!(device
        .read("certificates/slot2")
        .unwrap()
        .starts_with(&[0x30, 0x82]));
    device.measure(&[5; 32]).unwrap();
    assert_eq!(device.read("measurements/nonce").unwrap(), [5; 32]);
    assert_eq!(device.generation(), generation + 2);

    device.tsm_disconnect().unwrap();
    assert_eq!(device.tsm(), None);
    assert_eq!(
        (device.state(), device.generation()),
        ("disconnected".into(), generation + 3)
    );
    for file in EVIDENCE {
        assert_eq!(device.refusal(file), Some(Errno::ENODATA), "{file}");
    }
}

#[test]
fn a_device_without_sessions_is_authenticated() {
    let Some(_) = device() else { return };
    let device = Device::without_sessions();

    device.tsm_connect().unwrap();
    assert_eq!(device.state(), "authenticated");
    assert_eq!(device.disconnect(), Err(Errno::EBUSY));
    device.tsm_disconnect().unwrap();
    assert_eq!(device.state(), "disconnected");
}

#[test]
fn the_side_that_connected_disconnects() {
    let Some(device) = device() else { return };

    device.tsm_connect().unwrap();
    let generation = device.generation();
    assert_eq!(device.connect(0), Err(Errno::EBUSY));
    assert_eq!(device.disconnect(), Err(Errno::EBUSY));
    assert_eq!(device.tsm_connect(), Err(Errno::EBUSY));
    assert_eq!(
        (device.state(), device.generation()),
        ("session".into(), generation)
    );
    device.tsm_disconnect().unwrap();
    assert_eq!(device.disconnect(), Err(Errno::ENOTCONN));

    device.connect(0).unwrap();
    let generation = device.generation();
    assert_eq!(device.tsm_connect(), Err(Errno::EBUSY));
    assert_eq!(device.tsm(), None);
    assert_eq!(device.tsm_disconnect(), Err(Errno::ENXIO));
    assert_eq!(
        (device.state(), device.generation()),
        ("session".into(), generation)
    );
    device.disconnect().unwrap();
    device.tsm_connect().unwrap();
    device.tsm_disconnect().unwrap();
}

#[test]
fn the_side_that_connected_learns_of_a_lost_connection() {
    let Some(device) = device() else { return };
    let lose = || {
        device.reset().unwrap();
        assert!(device.measure(&[0; 32]).is_err());
        assert_eq!(device.state(), "lost");
    };

    device.tsm_connect().unwrap();
    lose();
    assert_eq!(device.connect(0), Err(Errno::EBUSY));
    assert_eq!(device.disconnect(), Err(Errno::EBUSY));
    device.tsm_disconnect().unwrap();
    assert_eq!(device.state(), "disconnected");

    device.connect(0).unwrap();
    lose();
    assert_eq!(device.tsm_connect(), Err(Errno::EBUSY));
    device.disconnect().unwrap();
    assert_eq!(device.state(), "disconnected");
}

#[test]
fn a_device_is_removed_while_connected() {
    let Some(device) = device() else { return };

    for _ in 0..3 {
        device.tsm_connect().unwrap();
        let mut open = File::open(device.path("certificates/slot0")).unwrap();
        device.remove_and_find_again().unwrap();
        assert_eq!(errno(open.read(&mut [0; 1])), Some(Errno::ENODEV));
        assert_eq!(device.tsm(), None);
        assert_eq!(
            (device.state(), device.generation()),
            ("disconnected".into(), 0)
        );
    }
}

#[test]
fn the_module_is_unloaded_while_connected() {
    for _ in 0..3 {
        let Some(device) = device() else { return };
        device.tsm_connect().unwrap();

        unload(MODULE).unwrap();
        assert!(!device.tsm_path("").exists());
        assert!(names_in_folder("/sys/class/tsm").is_empty());
        load(MODULE).unwrap();
        assert_eq!(device.tsm(), None);
        assert_eq!(Device::with_sessions().generation(), 0);
    }
}

#[test]
fn the_module_is_unloaded_while_files_of_the_core_are_used() {
    for _ in 0..3 {
        let Some(device) = device() else { return };
        let (device, done) = (&device, &AtomicBool::new(false));

        thread::scope(|scope| {
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    for file in ["connect", "dsm", "bound"] {
                        let outcome = errno(fs::read(device.tsm_path(file)));
                        assert!(
                            matches!(outcome, None | Some(Errno::ENOENT | Errno::ENODEV)),
                            "{outcome:?}"
                        );
                    }
                }
            });
            let writer = scope.spawn(|| device.tsm_connect());
            // The writer is at any place, or not there yet.
            let unloaded = unload(MODULE);
            done.store(true, Ordering::Relaxed);
            unloaded.unwrap();
            let outcome = writer.join().unwrap();
            assert!(UNLOADED.contains(&outcome), "{outcome:?}");
        });
        load(MODULE).unwrap();
        assert_eq!(device.tsm(), None);
        device.tsm_connect().unwrap();
        device.tsm_disconnect().unwrap();
    }
}

#[test]
fn a_writer_that_is_killed_leaves_a_connection_to_spdm() {
    let Some(device) = device() else { return };

    for _ in 0..5 {
        let script = format!("echo {TSM} >{}", device.tsm_path("connect").display());
        let mut writer = Command::new("sh").args(["-c", &script]).spawn().unwrap();
        // The writer is at any place, or not there yet. It may be done.
        writer.kill().unwrap();
        writer.wait().unwrap();
        // The connect goes on to its end. This read, or the disconnect, waits for it.
        match device.tsm() {
            Some(_) => device.tsm_disconnect().unwrap(),
            None => assert!(matches!(device.disconnect(), Ok(()) | Err(Errno::ENOTCONN))),
        }
        assert_eq!(device.state(), "disconnected");
        device.tsm_connect().unwrap();
        device.tsm_disconnect().unwrap();
    }
}

#[test]
fn the_module_can_do_without() {
    struct Restore;

    impl Drop for Restore {
        fn drop(&mut self) {
            let _ = unload(MODULE);
            load(MODULE).unwrap();
        }
    }

    let _restore = Restore;
    unload(MODULE).unwrap();
    // The parameters are there, and their values checked, on kernels without PCI/TSM too.
    assert_eq!(load_with(MODULE, "pci_tsm=2"), Err(Errno::EINVAL));
    assert_eq!(
        load_with(MODULE, "request_timeout_ms=0"),
        Err(Errno::EINVAL)
    );
    load_with(MODULE, "pci_tsm=0").unwrap();
    let device = Device::with_sessions();
    assert!(!device.tsm_path("").exists());
    if has_pci_tsm() {
        assert!(names_in_folder("/sys/class/tsm").is_empty());
    }
    device.connect(0).unwrap();
    device.disconnect().unwrap();
}
