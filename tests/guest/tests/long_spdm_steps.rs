// SPDX-License-Identifier: GPL-2.0

//! A function or the module goes, a function is reset, or the session ends, at each step of a bind and of a start.

use nix::errno::Errno;
use tsm_guest_tests::{
    function::Function as _,
    modules::{
        load,
        unload, //
    },
    slow::{
        Ends,
        SlowDevice, //
    },
    spdm::MODULE, //
};

/// Messages of a bind: version, capabilities, state, lock, report, state.
const BIND: u32 = 6;
/// Messages of a start: state, start, state.
const START: u32 = 3;

/// Binds the second function of a device, and starts it, once for each step of these. Runs `act` at the step, and
/// `mend` when the request has ended. Then it has to be possible to bind, start and unbind the interface.
fn at_each_step(act: impl Fn(&SlowDevice), mend: impl Fn(&SlowDevice, u32)) -> Ends {
    let slow = SlowDevice::without_fault();
    let interface = &slow.interfaces[1];
    let binds = (0..=BIND).map(|step| (step, false));
    let starts = (0..=START).map(|step| (step, true));
    let disturbed = |(step, starts)| {
        slow.connect();
        if starts {
            interface.bind(0).unwrap();
        }
        let judged = interface.generation();
        let request = || match starts {
            true => interface.validate(judged),
            false => interface.bind(0),
        };
        let (ended, ()) = slow.after(step, request, || act(&slow));

        mend(&slow, step);
        slow.connect();
        assert_eq!(interface.state(), "unlocked");
        interface.bind(0).unwrap();
        interface.validate(interface.generation()).unwrap();
        assert_eq!(interface.state(), "run");
        interface.unbind().unwrap();
        assert_eq!(interface.state(), "unlocked");
        (step, ended)
    };

    Ends(binds.chain(starts).map(disturbed).collect())
}

#[test]
#[ignore = "takes long"]
fn a_disconnect_ends_the_request() {
    let ends = at_each_step(|slow| slow.device.disconnect().unwrap(), |_, _| {});

    ends.are_among(&[Errno::ECANCELED, Errno::ENOTCONN]);
    ends.are_not_all_good();
}

#[test]
#[ignore = "takes long"]
fn a_removal_of_the_function_waits_for_the_request_or_ends_it() {
    let ends = at_each_step(
        |slow| slow.interfaces[1].remove_and_find_again().unwrap(),
        |slow, step| {
            // The session goes on, and what was locked in it was stopped. A request that had not begun may be one of the
            // function that was found again.
            assert_eq!(slow.device.state(), "session");
            assert!(step == 0 || slow.interfaces[1].state() == "unlocked");
        },
    );

    // The file may be gone before the task opens it or writes to it, and drivers are just being unbound.
    ends.are_among(&[Errno::ECANCELED, Errno::ENOENT, Errno::ENODEV, Errno::EBUSY]);
}

#[test]
#[ignore = "takes long"]
fn a_removal_of_another_function_ends_the_request() {
    let ends = at_each_step(
        |slow| slow.interfaces[2].remove_and_find_again().unwrap(),
        |slow, _| assert_eq!(slow.device.state(), "session"),
    );

    ends.are_among(&[Errno::ECANCELED]);
    ends.are_not_all_good();
}

#[test]
#[ignore = "takes long"]
fn a_removal_of_function_0_fails_the_request() {
    let ends = at_each_step(
        |slow| slow.device.remove_and_find_again().unwrap(),
        |slow, _| {
            assert_eq!(slow.interfaces[1].state(), "unknown");
            slow.interfaces[1].shows_nothing();
        },
    );

    // It may be found again before the task writes.
    ends.are_among(&[Errno::ENXIO, Errno::ENOTCONN]);
    ends.are_not_all_good();
}

#[test]
#[ignore = "takes long"]
fn rmmod_fails_the_request() {
    let ends = at_each_step(
        |_| unload(MODULE).unwrap(),
        |slow, _| {
            assert!(!slow.interfaces[1].path("").exists());
            load(MODULE).unwrap();
        },
    );

    // As for the removal of the function.
    ends.are_among(&[Errno::ENXIO, Errno::ENOENT, Errno::ENODEV]);
    ends.are_not_all_good();
}

#[test]
#[ignore = "takes long"]
fn a_reset_of_function_0_fails_the_request() {
    // Without its session, an interface that was locked is in ERROR, until it is asked to stop in another one.
    let ends = at_each_step(
        |slow| slow.device.reset().unwrap(),
        |slow, _| {
            slow.connect();
            slow.interfaces[1].unbind().unwrap();
        },
    );

    // The mailbox has lost a request or a response, or the device has lost the session.
    ends.are_among(&[Errno::EIO, Errno::EREMOTEIO]);
    ends.are_not_all_good();
}

#[test]
#[ignore = "takes long"]
fn a_reset_of_the_function_waits_for_the_request() {
    let ends = at_each_step(
        |slow| slow.interfaces[1].reset().unwrap(),
        |slow, _| {
            assert_eq!(slow.interfaces[1].state(), "unlocked");
            slow.interfaces[1].shows_nothing();
        },
    );

    for (step, ended) in ends.0 {
        // The reset may begin first.
        assert!(ended.is_ok() || (step, ended) == (0, Err(Errno::EBUSY)));
    }
}
