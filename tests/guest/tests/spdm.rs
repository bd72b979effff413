// SPDX-License-Identifier: GPL-2.0

//! Authentication of PCI devices.

use std::{
    fs::{
        self,
        File, //
    },
    io::Read as _,
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
    errno,
    files::modes,
    function::Function as _,
    modules::{
        load,
        unload, //
    },
    spdm::{
        devices,
        Device,
        EVIDENCE,
        EXCHANGES,
        MODULE,
        UNLOADED, //
    },
    user::User, //
};

/// The measurements that the device has.
const INDICES: [&str; 6] = ["001", "002", "003", "004", "016", "253"];

/// Ends the connection, whatever the test before has left.
fn disconnected(device: &Device) {
    let _ = device.disconnect();
    assert_eq!(device.state(), "disconnected");
}

/// Checks that a device shows nothing of itself.
fn shows_nothing(device: &Device) {
    for file in EVIDENCE {
        assert_eq!(device.refusal(file), Some(Errno::ENODATA), "{file}");
    }
    assert!(device.measurements().is_empty());
}

#[test]
fn each_device_has_all_files() {
    assert_eq!(devices().len(), 3);
    for device in devices() {
        disconnected(&device);
        let expected = [
            ("connect", 0o200),
            ("disconnect", 0o200),
            ("state", 0o444),
            ("generation", 0o444),
            ("version", 0o444),
            ("algorithms", 0o444),
            ("slots", 0o444),
            ("certificates", 0o755),
            ("measurements", 0o755),
            ("transcript", 0o755),
        ];
        assert_eq!(device.in_folder(""), modes(expected));
        let expected = [("nonce", 0o600), ("record", 0o444)];
        assert_eq!(device.in_folder("measurements"), modes(expected));
        let slots = (0..8).map(|slot| (format!("slot{slot}"), 0o444));
        assert_eq!(device.in_folder("certificates"), modes(slots));
        let transcripts = ["session", "challenge", "measurements"]
            .into_iter()
            .flat_map(|name| ["", ".sig", ".context"].map(|end| (format!("{name}{end}"), 0o444)));
        assert_eq!(device.in_folder("transcript"), modes(transcripts));
        shows_nothing(&device);
    }
}

#[test]
fn nothing_is_sent_before_it_is_asked_for() {
    let device = Device::with_sessions();
    disconnected(&device);
    unload(MODULE).unwrap();
    let before = device.register(EXCHANGES);

    load(MODULE).unwrap();
    assert_eq!(device.state(), "disconnected");
    shows_nothing(&device);
    assert_eq!(device.register(EXCHANGES), before);
    // The fewest that the protocol allows: version, capabilities, algorithms, digests, one portion of a
    // chain, key exchange, finish, measurements.
    device.connect(0).unwrap();
    assert_eq!(device.register(EXCHANGES), before + 8);
    device.measurements();
    device.read("certificates/slot0").unwrap();
    assert_eq!(device.register(EXCHANGES), before + 8);
    disconnected(&device);
}

#[test]
fn other_text_is_refused_and_changes_nothing() {
    let device = Device::with_sessions();
    disconnected(&device);
    let generation = device.generation();

    for text in [
        "8", "9\n", "00", "0x0", " 0", "0 ", "0\n\n", "-1", "\n", "x",
    ] {
        assert_eq!(device.write("connect", text), Err(Errno::EINVAL), "{text}");
    }
    for text in ["0", "2", "11", "", "x"]
        .into_iter()
        .filter(|text| !text.is_empty())
    {
        assert_eq!(
            device.write("disconnect", text),
            Err(Errno::EINVAL),
            "{text}"
        );
    }
    for size in [1, 31, 33, 64] {
        assert_eq!(device.measure(&vec![0; size]), Err(Errno::EINVAL), "{size}");
    }
    assert_eq!(device.measure(&[0; 32]), Err(Errno::ENOTCONN));
    assert_eq!(device.disconnect(), Err(Errno::ENOTCONN));
    assert_eq!(
        (device.state(), device.generation()),
        ("disconnected".into(), generation)
    );
}

#[test]
fn a_connection_has_evidence_until_it_ends() {
    let device = Device::with_sessions();
    disconnected(&device);
    let generation = device.generation();

    device.connect(0).unwrap();
    assert_eq!(device.state(), "session");
    assert_eq!(device.generation(), generation + 1);
    assert_eq!(device.text("version"), "1.2");
    assert_eq!(
        device.text("algorithms"),
        "hash sha384\nsignature ecdsa-p384\nexchange secp384r1\naead aes-256-gcm\nmeasurements signed\n\
         measurement-hash sha384\nmeasurement-fresh yes"
    );
    assert_eq!(device.text("slots"), "0 2");
    assert_eq!(device.measurements(), INDICES);
    let record = device.read("measurements/record").unwrap();
    let transcript = device.read("transcript/measurements").unwrap();
    assert!(transcript.windows(record.len()).any(|part| part == record));
    for index in INDICES {
        let value = device.read(&format!("measurements/{index}")).unwrap();
        assert!(record.windows(value.len()).any(|part| part == value));
    }
    let nonce = device.read("measurements/nonce").unwrap();
    assert_eq!(nonce.len(), 32);
    assert!(transcript.windows(32).any(|part| part == nonce));
    assert_eq!(
        device.read("transcript/session.context").unwrap().len(),
        100
    );
    assert_eq!(device.read("transcript/session.sig").unwrap().len(), 96);
    assert_eq!(device.refusal("transcript/challenge"), Some(Errno::ENODATA));

    // A device has one connection at a time.
    assert_eq!(device.connect(0), Err(Errno::EBUSY));
    assert_eq!(device.generation(), generation + 1);

    device.measure(&[7; 32]).unwrap();
    assert_eq!(device.generation(), generation + 2);
    assert_eq!(device.read("measurements/nonce").unwrap(), [7; 32]);
    assert!(device
        .read("transcript/measurements")
        .unwrap()
        .windows(32)
        .any(|part| part == [7; 32]));

    device.disconnect().unwrap();
    assert_eq!(
        (device.state(), device.generation()),
        ("disconnected".into(), generation + 3)
    );
    shows_nothing(&device);
    assert_eq!(device.disconnect(), Err(Errno::ENOTCONN));
}

#[test]
fn other_slots_are_read_at_need() {
    let device = Device::with_sessions();
    disconnected(&device);

    device.connect(0).unwrap();
    let generation = device.generation();
    let first = device.read("certificates/slot0").unwrap();
    let other = device.read("certificates/slot2").unwrap();
    assert!(other != first && other.starts_with(&[0x30, 0x82]));
    assert_eq!(device.read("certificates/slot2").unwrap(), other);
    assert_eq!(device.refusal("certificates/slot1"), Some(Errno::ENODATA));
    // Reading slot 2 makes no new evidence.
    assert_eq!(device.generation(), generation);
    // Measurements that were taken before stay, and new ones can be had.
    assert_eq!(device.measurements(), INDICES);
    device.measure(&[1; 32]).unwrap();
    device.disconnect().unwrap();

    device.connect(2).unwrap();
    assert_eq!(device.read("certificates/slot2").unwrap(), other);
    device.disconnect().unwrap();
    assert_eq!(device.connect(1), Err(Errno::ENODATA));
    assert_eq!(device.state(), "disconnected");
}

#[test]
fn another_slot_is_read_from_the_device_for_the_administrator_only() {
    let user = User::new(1000, 1000);
    if !user.is_known() {
        return;
    }
    let device = Device::with_sessions();
    disconnected(&device);
    let cat = |file| user.command("cat").arg(device.path(file)).output().unwrap();
    let refused = |file| {
        let output = cat(file);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(
            text.trim_end().ends_with("Operation not permitted"),
            "{text}"
        );
    };

    device.connect(0).unwrap();
    refused("certificates/slot2");
    let first = device.read("certificates/slot0").unwrap();
    assert_eq!(cat("certificates/slot0").stdout, first);
    // What was read is evidence as any other.
    let other = device.read("certificates/slot2").unwrap();
    assert_eq!(cat("certificates/slot2").stdout, other);
    device.disconnect().unwrap();
    device.connect(2).unwrap();
    refused("certificates/slot0");
    device.disconnect().unwrap();
}

#[test]
fn a_reader_of_text_goes_on_when_another_slot_is_read() {
    let device = Device::with_sessions();
    disconnected(&device);
    device.connect(0).unwrap();
    let whole = device.read("algorithms").unwrap();
    let mut open = File::open(device.path("algorithms")).unwrap();
    let mut first = [0; 4];
    open.read_exact(&mut first).unwrap();

    device.read("certificates/slot2").unwrap();
    let mut rest = Vec::new();
    open.read_to_end(&mut rest).unwrap();
    assert_eq!([&first, rest.as_slice()].concat(), whole);
    device.disconnect().unwrap();
}

#[test]
fn a_device_without_sessions_signs_a_challenge() {
    let device = Device::without_sessions();
    disconnected(&device);

    device.connect(0).unwrap();
    assert_eq!(device.state(), "authenticated");
    assert_eq!(device.read("transcript/challenge.sig").unwrap().len(), 96);
    assert_eq!(
        device.read("transcript/challenge.context").unwrap().len(),
        100
    );
    assert_eq!(device.refusal("transcript/session"), Some(Errno::ENODATA));
    assert!(!device.text("algorithms").contains("aead"));
    device.measure(&[3; 32]).unwrap();
    assert_eq!(device.read("measurements/nonce").unwrap(), [3; 32]);
    device.disconnect().unwrap();
    shows_nothing(&device);
}

#[test]
fn a_reader_gets_no_mixture() {
    let device = Device::with_sessions();
    disconnected(&device);
    device.connect(0).unwrap();
    let mut start = [0; 100];

    for file in [
        "certificates/slot0",
        "transcript/session",
        "measurements/record",
    ] {
        let mut reader = File::open(device.path(file)).unwrap();
        reader.read_exact(&mut start).unwrap();
        device.disconnect().unwrap();
        assert_eq!(
            errno(reader.read(&mut start)),
            Some(Errno::ENODATA),
            "{file}"
        );
        device.connect(0).unwrap();
        assert_eq!(
            errno(reader.read(&mut start)),
            Some(Errno::ESTALE),
            "{file}"
        );
    }
    device.disconnect().unwrap();
}

#[test]
fn changes_can_be_waited_for() {
    let device = Device::with_sessions();
    disconnected(&device);
    let events = || {
        fs::read_to_string("/sys/kernel/uevent_seqnum")
            .unwrap()
            .trim()
            .parse::<u64>()
            .unwrap()
    };
    let mut files = ["state", "generation"].map(|name| File::open(device.path(name)).unwrap());
    let mut contents = String::new();

    for file in &mut files {
        file.read_to_string(&mut contents).unwrap();
    }
    let woken = |timeout: PollTimeout| {
        files.each_ref().map(|file| {
            let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLPRI)];
            poll(&mut fds, timeout).unwrap() == 1
        })
    };
    assert_eq!(woken(PollTimeout::ZERO), [false, false]);
    let before = events();
    device.connect(0).unwrap();
    assert_eq!(woken(PollTimeout::NONE), [true, true]);
    assert!(events() > before);
    device.disconnect().unwrap();
}

#[test]
fn a_reset_loses_the_connection() {
    let device = Device::with_sessions();
    disconnected(&device);
    device.connect(0).unwrap();
    let generation = device.generation();

    device.reset().unwrap();
    // The device sends no message about a reset.
    assert_eq!(device.state(), "session");
    assert!(device.measure(&[0; 32]).is_err());
    assert_eq!(
        (device.state(), device.generation()),
        ("lost".into(), generation + 1)
    );
    shows_nothing(&device);
    assert_eq!(device.measure(&[0; 32]), Err(Errno::ENOTCONN));
    device.disconnect().unwrap();
    assert_eq!(device.state(), "disconnected");

    device.connect(0).unwrap();
    device.reset().unwrap();
    assert!(device.measure(&[0; 32]).is_err());
    // A lost connection need not be acknowledged.
    device.connect(0).unwrap();
    device.disconnect().unwrap();
}

#[test]
fn a_device_is_removed_while_connected() {
    let device = Device::with_sessions();
    disconnected(&device);

    for _ in 0..3 {
        device.connect(0).unwrap();
        let mut open = ["state", "certificates/slot0", "measurements/001"]
            .map(|file| File::open(device.path(file)).unwrap());
        device.remove_and_find_again().unwrap();
        for file in &mut open {
            assert_eq!(errno(file.read(&mut [0; 1])), Some(Errno::ENODEV));
        }
        assert_eq!(
            (device.state(), device.generation()),
            ("disconnected".into(), 0)
        );
    }
    device.connect(0).unwrap();
    device.disconnect().unwrap();
}

#[test]
fn the_module_is_unloaded_while_connected() {
    for _ in 0..3 {
        let device = Device::with_sessions();
        disconnected(&device);
        device.connect(0).unwrap();
        let mut open = File::open(device.path("certificates/slot0")).unwrap();

        unload(MODULE).unwrap();
        assert!(devices().is_empty());
        assert_eq!(errno(open.read(&mut [0; 1])), Some(Errno::ENODEV));
        load(MODULE).unwrap();
        assert_eq!(Device::with_sessions().generation(), 0);
    }
}

#[test]
fn a_reader_of_the_state_gets_the_rest_of_what_it_began_with() {
    let device = Device::with_sessions();
    disconnected(&device);
    let mut files = ["state", "generation"].map(|name| File::open(device.path(name)).unwrap());
    let before = ["state", "generation"].map(|name| device.read(name).unwrap());
    let mut start = [[0; 1]; 2];
    for (file, start) in files.iter_mut().zip(&mut start) {
        file.read_exact(start).unwrap();
    }

    device.connect(0).unwrap();
    for ((file, start), before) in files.iter_mut().zip(start).zip(before) {
        let mut rest = Vec::new();
        file.read_to_end(&mut rest).unwrap();
        assert_eq!([&start, rest.as_slice()].concat(), before);
    }
    device.disconnect().unwrap();
}

#[test]
fn the_module_is_unloaded_while_it_connects() {
    for _ in 0..3 {
        let device = Device::with_sessions();
        disconnected(&device);
        thread::scope(|scope| {
            let writer = scope.spawn(|| device.connect(0));
            // The writer is at any place, or not there yet.
            unload(MODULE).unwrap();
            let outcome = writer.join().unwrap();
            assert!(UNLOADED.contains(&outcome), "{outcome:?}");
        });
        load(MODULE).unwrap();
        let device = Device::with_sessions();
        device.connect(0).unwrap();
        device.disconnect().unwrap();
    }
}
