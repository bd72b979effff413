// SPDX-License-Identifier: GPL-2.0

//! `/dev/sev-guest`: every refusal that costs no key.

use nix::{
    errno::Errno,
    libc, //
};
use tsm_guest_tests::snp::device::{
    self,
    Answer,
    GuestRequest,
    ReportAnswer,
    GET_DERIVED_KEY,
    GET_EXT_REPORT,
    GET_REPORT,
    NOT_SENT,
    NOWHERE,
    UNTOUCHED, //
};

/// Returns what all requests have in common that are wrong: a command, with a call that would be right.
#[expect(unsafe_code, reason = "ioctls that fail")]
fn each_refuses(spoil: impl Fn(&mut GuestRequest), error: Errno, exitinfo2: u64) {
    let file = device::open();

    for command in [GET_REPORT, GET_DERIVED_KEY, GET_EXT_REPORT] {
        let (mut request, mut answer) = (device::any_request(), ReportAnswer::untouched());
        let mut call = GuestRequest::new(&mut request, &mut answer);
        spoil(&mut call);

        // SAFETY: There is as much room as any of these has for an answer.
        let result = unsafe { device::call(&file, command, &mut call) };
        assert_eq!(result, Err(error), "{command:x}");
        assert_eq!(call.exitinfo2, exitinfo2, "{command:x}");
        assert!(answer.is_untouched(), "{command:x}");
    }
    device::report(&file, 1);
}

#[test]
fn refuses_version_zero() {
    each_refuses(|call| call.msg_version = 0, Errno::EINVAL, UNTOUCHED);
}

#[test]
fn refuses_null_addresses() {
    each_refuses(|call| call.req_data = 0, Errno::EINVAL, NOT_SENT);
    each_refuses(|call| call.resp_data = 0, Errno::EINVAL, NOT_SENT);
}

#[test]
fn refuses_a_request_that_is_nowhere() {
    each_refuses(|call| call.req_data = NOWHERE, Errno::EFAULT, NOT_SENT);
    // Of the kernel.
    each_refuses(|call| call.req_data = 1 << 63, Errno::EFAULT, NOT_SENT);
}

#[test]
#[expect(unsafe_code, reason = "ioctls that fail")]
fn an_answer_that_goes_nowhere_harms_nothing() {
    let file = device::open();
    let mut request = device::any_request();

    for command in [GET_REPORT, GET_DERIVED_KEY] {
        for nowhere in [NOWHERE, 1 << 63] {
            let mut call = GuestRequest::new(&mut request, &mut Answer::<64>::untouched());
            call.resp_data = nowhere;
            // SAFETY: The kernel is to find out that there is nothing at this address.
            let result = unsafe { device::call(&file, command, &mut call) };
            assert_eq!(
                (result, call.exitinfo2),
                (Err(Errno::EFAULT), device::success())
            );
        }
    }
    device::report(&file, 2);
}

#[test]
#[expect(unsafe_code, reason = "ioctls that fail")]
fn refuses_what_is_nowhere() {
    let file = device::open();

    for command in [GET_REPORT, GET_DERIVED_KEY, GET_EXT_REPORT] {
        for nowhere in [0, NOWHERE as usize, 1 << 63] {
            let call = std::ptr::without_provenance_mut(nowhere);
            // SAFETY: The kernel is to find out that there is nothing at this address.
            let result = unsafe { device::call(&file, command, call) };
            assert_eq!(result, Err(Errno::EFAULT));
        }
    }
}

#[test]
#[expect(unsafe_code, reason = "ioctls that fail")]
fn refuses_other_commands() {
    let file = device::open();
    let (mut request, mut answer) = (device::any_request(), ReportAnswer::untouched());
    let of = |kind, number, size| nix::request_code_readwrite!(kind, number, size);

    for command in [
        of(b'S', 3, 32),
        of(b'S', 0, 40),
        of(b'T', 0, 32),
        libc::TCGETS,
        0,
    ] {
        let mut call = GuestRequest::new(&mut request, &mut answer);
        // SAFETY: There is room, should there be such an ioctl.
        let result = unsafe { device::call(&file, command, &mut call) };
        assert_eq!(result, Err(Errno::ENOTTY), "{command:x}");
        assert_eq!(call.exitinfo2, NOT_SENT, "{command:x}");
    }
    assert!(answer.is_untouched());
}
