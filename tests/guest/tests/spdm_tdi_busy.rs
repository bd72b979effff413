// SPDX-License-Identifier: GPL-2.0

//! What else happens while a TEE device interface is being bound or started.

use std::{
    os::unix::process::ExitStatusExt as _,
    process::Command,
    thread,
    time::Duration, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    function::Function as _,
    slow::SlowDevice,
    spdm::EXCHANGES,
    tdi::Interface, //
};

/// Messages of a connect.
const CONNECT: u32 = 8;
/// Messages of a bind that is the first one in its session: version, capabilities, state, lock, report, state.
const BIND: u32 = 6;
/// Messages of a start: state, start, state.
const START: u32 = 3;

/// How a request ended.
type End = Result<(), Errno>;

/// Makes other requests that change something while `running` runs, which has so many messages, and returns how they
/// ended. None if it may have ended before them.
fn beside(slow: &SlowDevice, messages: u32, running: impl Fn() -> End + Send) -> Option<[End; 5]> {
    let device = &slow.device;
    let [interface, other, _] = &slow.interfaces;
    let before = device.register(EXCHANGES);

    let (ended, (others, is_running)) = slow.after(1, running, || {
        let others = [
            device.measure(&[7; 32]),
            interface.bind(0),
            interface.validate(interface.generation()),
            other.bind(0),
            other.validate(other.generation()),
        ];
        // It has not begun its last message.
        (others, device.register(EXCHANGES) - before < messages)
    });
    is_running.then(|| {
        // Nothing was sent for the others.
        let sent = device.register(EXCHANGES) - before;
        assert_eq!((ended, sent), (Ok(()), messages));
        others
    })
}

#[test]
fn one_request_at_a_time_changes_something() {
    let slow = SlowDevice::without_fault();
    let [interface, other, _] = &slow.interfaces;

    // On a machine that is busy itself, the others may come too late.
    let ends = (0..10).find_map(|_| {
        let _ = slow.device.disconnect();
        let beside_connect = beside(&slow, CONNECT, || slow.device.connect(0))?;
        let beside_bind = beside(&slow, BIND, || interface.bind(0))?;
        let judged = interface.generation();
        let beside_start = beside(&slow, START, || interface.validate(judged))?;
        Some([beside_connect, beside_bind, beside_start])
    });
    assert_eq!(ends, Some([[Err(Errno::EBUSY); 5]; 3]));
    assert_eq!(interface.state(), "run");
    assert_eq!(other.state(), "unlocked");
    // Nothing is refused any more.
    other.bind(0).unwrap();
    interface.unbind().unwrap();
    slow.device.measure(&[7; 32]).unwrap();
}

#[test]
fn what_changes_nothing_waits() {
    let slow = SlowDevice::without_fault();
    let [interface, other, _] = &slow.interfaces;
    slow.connect();
    interface.bind(0).unwrap();

    let (ended, (unbound, state)) = slow.after(
        1,
        || other.bind(0),
        || (interface.unbind(), interface.state()),
    );
    assert_eq!((ended, unbound), (Ok(()), Ok(())));
    assert_eq!(state, "unlocked");
    assert_eq!(other.state(), "locked");
}

/// Has a task write to a file, which is killed when the device has got the first message of that. Tells whether the task
/// was still there.
fn is_killed(slow: &SlowDevice, interface: &Interface, file: &str, text: &str) -> bool {
    let script = format!("echo {text} >{}", interface.path(file).display());
    let before = slow.device.register(EXCHANGES);
    let mut writer = Command::new("sh").args(["-c", &script]).spawn().unwrap();

    while slow.device.register(EXCHANGES) == before {
        assert_eq!(writer.try_wait().unwrap(), None);
        thread::sleep(Duration::from_millis(1));
    }
    writer.kill().unwrap();
    let status = writer.wait().unwrap();
    status.signal() == Some(9) || {
        assert!(status.success());
        false
    }
}

#[test]
fn a_request_goes_on_without_its_writer() {
    let slow = SlowDevice::without_fault();
    let [.., interface] = &slow.interfaces;

    // On a machine that is busy itself, the kill may come too late.
    let are_killed = (0..10).any(|_| {
        slow.connect();
        let binds = is_killed(&slow, interface, "bind", "0");
        // This waits for the request.
        assert_eq!(interface.state(), "locked");
        let judged = interface.generation();
        let starts = is_killed(&slow, interface, "validate", &judged.to_string());
        assert_eq!(interface.state(), "run");
        assert_eq!(interface.generation(), judged);
        interface.unbind().unwrap();
        binds && starts
    });
    assert!(are_killed);
    // Nothing is refused any more.
    interface.bind(0).unwrap();
}
