// SPDX-License-Identifier: GPL-2.0

//! A function or the module goes, function 0 is reset, or the session ends, at each step by which a link is encrypted.

use nix::errno::Errno;
use tsm_guest_tests::{
    function::Function as _,
    modules::{
        load,
        load_with,
        unload, //
    },
    slow::{
        Ends,
        SlowDevice, //
    },
    spdm::{
        EXCHANGES,
        MODULE, //
    },
};

/// Messages that encrypt a link: QUERY, and KEY_PROG and K_SET_GO of each key.
const LINK: u32 = 1 + 2 * KEYS;
/// A key of each of three sub-streams in each direction.
const KEYS: u32 = 6;
/// Messages that end the link and the session: K_SET_STOP of each key, and END_SESSION.
const END: u32 = KEYS + 1;
/// The ID of the stream.
const STREAM: u8 = 3;

/// The module, which may send keys as long as this exists.
struct Unpaired;

impl Unpaired {
    fn new() -> Self {
        unload(MODULE).unwrap();
        Self::load();
        Self
    }

    fn load() {
        load_with(MODULE, "ide_unpaired=1").unwrap();
    }
}

impl Drop for Unpaired {
    fn drop(&mut self) {
        let _ = unload(MODULE);
        load(MODULE).unwrap();
    }
}

/// Encrypts the link of a device once for each step of that. Runs `act` at the step, and `mend` when the request has
/// ended. From the first step on, the device gets at least so many messages during `act`. Then it has to be possible to
/// encrypt the link and to bind an interface.
fn at_each_step(messages: u32, act: impl Fn(&SlowDevice), mend: impl Fn(&SlowDevice)) -> Ends {
    let _unpaired = Unpaired::new();
    let slow = SlowDevice::with_link();
    let [interface, ..] = &slow.interfaces;
    let disturbed = |step| {
        slow.connect();
        let request = || slow.device.encrypt(STREAM);
        let (ended, sent) = slow.after(step, request, || {
            let before = slow.device.register(EXCHANGES);
            act(&slow);
            slow.device.register(EXCHANGES) - before
        });
        assert!(step == 0 || sent >= messages, "step {step}: {sent}");

        mend(&slow);
        slow.connect();
        assert_eq!(slow.device.text("ide"), "off");
        slow.device.encrypt(STREAM).unwrap();
        assert_eq!(slow.device.text("ide"), format!("{STREAM} secure"));
        interface.bind(0).unwrap();
        interface.unbind().unwrap();
        (step, ended)
    };

    Ends((0..=LINK).map(disturbed).collect())
}

#[test]
#[ignore = "takes long"]
fn a_disconnect_ends_the_request() {
    let ends = at_each_step(END, |slow| slow.device.disconnect().unwrap(), |_| {});

    ends.are_among(&[Errno::ECANCELED, Errno::ENOTCONN]);
    ends.are_not_all_good();
}

#[test]
#[ignore = "takes long"]
fn a_removal_of_another_function_ends_the_request() {
    let ends = at_each_step(
        0,
        |slow| slow.interfaces[2].remove_and_find_again().unwrap(),
        |slow| {
            assert_eq!(slow.device.state(), "session");
            // Nothing is bound.
            slow.device.write("ide", "off\n").unwrap();
            assert_eq!(slow.device.text("ide"), "off");
        },
    );

    ends.are_among(&[Errno::ECANCELED]);
    ends.are_not_all_good();
}

#[test]
#[ignore = "takes long"]
fn a_removal_of_function_0_fails_the_request() {
    let ends = at_each_step(
        END,
        |slow| slow.device.remove_and_find_again().unwrap(),
        |slow| assert_eq!(slow.device.state(), "disconnected"),
    );

    // The file may be gone before the task opens it or writes to it, or be there again.
    ends.are_among(&[Errno::ENXIO, Errno::ENOENT, Errno::ENODEV, Errno::ENOTCONN]);
    ends.are_not_all_good();
}

#[test]
#[ignore = "takes long"]
fn rmmod_fails_the_request() {
    let ends = at_each_step(
        END,
        |_| unload(MODULE).unwrap(),
        |slow| {
            assert!(!slow.device.path("").exists());
            Unpaired::load();
        },
    );

    ends.are_among(&[Errno::ENXIO, Errno::ENOENT, Errno::ENODEV]);
    ends.are_not_all_good();
}

#[test]
#[ignore = "takes long"]
fn a_reset_of_function_0_fails_the_request() {
    let ends = at_each_step(0, |slow| slow.device.reset().unwrap(), |_| {});

    // The mailbox has lost a request or a response, or the device has lost the session.
    ends.are_among(&[Errno::EIO, Errno::EREMOTEIO]);
    ends.are_not_all_good();
}
