// SPDX-License-Identifier: GPL-2.0

//! The files of TEE device interfaces: which there are, what may be written to them, and what a reader gets to know.

use std::{
    fs::File,
    os::fd::AsFd as _, //
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
    files::modes,
    function::Function as _,
    spdm::{
        devices,
        EXCHANGES, //
    },
    tdi::{
        connected,
        interfaces,
        LOCK_MSIX, //
    },
    User,
};

#[test]
fn each_function_has_all_files() {
    for device in devices() {
        let _ = device.disconnect();
    }
    // Two of three devices have three functions, and one has two.
    assert_eq!(interfaces().len(), 8);
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
        interface.shows_nothing();
    }
}

#[test]
fn other_text_is_refused_and_changes_nothing() {
    let (device, [interface, ..]) = connected();
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
fn a_change_is_notified() {
    let (device, [interface, ..]) = connected();
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
    let (device, [interface, ..]) = connected();
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
fn an_unprivileged_task_reads_and_changes_nothing() {
    let user = User::new(1000, 1000);
    if !user.is_known() {
        return;
    }
    let (device, [.., interface]) = connected();
    interface.bind(0).unwrap();

    // What root reads. The report tells nothing that is secret.
    for file in ["state", "generation", "report", "ranges", "trust"] {
        let expected = interface.read(file).unwrap();
        assert_eq!(user.reads(&interface.path(file)), Some(expected), "{file}");
    }
    let before = (interface.generation(), device.register(EXCHANGES));
    let generation = format!("{}\n", before.0);
    for (file, text) in [
        ("bind", "0\n"),
        ("unbind", "1\n"),
        ("validate", generation.as_str()),
    ] {
        let written = user.write(&interface.path(file), text.as_bytes());
        assert_eq!(written, Err(Errno::EACCES.desc().to_owned()), "{file}");
    }
    // To ask the device is for root. The user gets what was known.
    interface.reset().unwrap();
    let state = user.reads(&interface.path("state"));
    assert_eq!(state.as_deref(), Some(&b"locked\n"[..]));
    assert_eq!((interface.generation(), device.register(EXCHANGES)), before);
    assert_eq!(interface.state(), "unlocked");
    let state = user.reads(&interface.path("state"));
    assert_eq!(state.as_deref(), Some(&b"unlocked\n"[..]));
    device.disconnect().unwrap();
}
