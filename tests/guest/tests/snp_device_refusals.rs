// SPDX-License-Identifier: GPL-2.0

//! `/dev/sev-guest`: every refusal that costs no key.

use std::{
    os::fd::AsRawFd as _,
    ptr, //
};

use nix::{
    errno::Errno,
    libc, //
};
use tsm_guest_tests::{
    snp::{
        device::{
            self,
            Answer,
            ExtendedRequest,
            GuestRequest,
            KeyRequest,
            ReportAnswer,
            ReportRequest,
            GET_DERIVED_KEY,
            GET_EXT_REPORT,
            GET_REPORT,
            INVALID_LEN,
            NOT_SENT,
            NOWHERE,
            UNTOUCHED, //
        },
        PAGE, //
    },
    Drivers, //
};

/// Puts a value into a page that is read-only from then on.
#[expect(unsafe_code, reason = "a page of its own")]
fn read_only<T>(value: T) -> *mut T {
    let writable = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: A new page takes no other mapping's place.
    let page = unsafe { libc::mmap(ptr::null_mut(), PAGE, writable, flags, -1, 0) };
    assert!(page != libc::MAP_FAILED && size_of::<T>() <= PAGE);

    // SAFETY: The page is new, large enough, and aligned to more than any type is.
    unsafe { page.cast::<T>().write(value) };
    // SAFETY: There is no reference to the page, and this process does not write to it any more.
    let status = unsafe { libc::mprotect(page, PAGE, libc::PROT_READ) };
    assert_eq!(status, 0);
    page.cast()
}

/// Checks that each ioctl refuses a call that `inject` has made wrong, and writes no answer.
#[expect(unsafe_code, reason = "ioctls that fail")]
fn each_refuses(inject: impl Fn(&mut GuestRequest), error: Errno, exitinfo2: u64) {
    let file = device::open();

    for command in [GET_REPORT, GET_DERIVED_KEY, GET_EXT_REPORT] {
        let (mut request, mut answer) = (device::any_request(), ReportAnswer::untouched());
        let mut call = GuestRequest::new(&mut request, &mut answer);
        inject(&mut call);

        // SAFETY: `answer` is as large as the largest answer of these ioctls, and no certificates
        // are asked for.
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
    let mut room = vec![0; 4 * PAGE];
    let mut request = ExtendedRequest {
        data: ReportRequest::new(1),
        certs_address: device::address(&mut room[0]),
        certs_len: 4 * PAGE as u32,
    };
    let mut any_request = device::any_request();
    let requests = [
        (GET_REPORT, device::address(&mut any_request)),
        (GET_DERIVED_KEY, device::address(&mut any_request)),
        (GET_EXT_REPORT, device::address(&mut request)),
    ];

    for (command, request) in requests {
        for nowhere in [NOWHERE, 1 << 63] {
            let mut call = GuestRequest::new(&mut (), &mut Answer::<64>::untouched());
            call.req_data = request;
            call.resp_data = nowhere;
            // SAFETY: Nothing is at this address, as the kernel is to find out, and `room` has
            // space for the certificates.
            let result = unsafe { device::call(&file, command, &mut call) };
            assert_eq!(
                (result, call.exitinfo2),
                (Err(Errno::EFAULT), device::success()),
                "{command:x}"
            );
        }
    }
    device::report(&file, 2);
}

#[test]
#[expect(unsafe_code, reason = "ioctls that fail")]
fn a_call_that_can_not_be_written_to_harms_nothing() {
    let file = device::open();

    for command in [GET_REPORT, GET_DERIVED_KEY, GET_EXT_REPORT] {
        let (mut request, mut answer) = (device::any_request(), ReportAnswer::untouched());
        let call = read_only(GuestRequest::new(&mut request, &mut answer));
        // There is no room for certificates, which is no success.
        let is_written = Drivers::get().snp_always_says_how_it_ended() || command == GET_EXT_REPORT;

        // SAFETY: `answer` is as large as the largest answer of these ioctls, and no certificates
        // are asked for.
        let result = unsafe { device::call(&file, command, call) };
        let expected = if is_written {
            Err(Errno::EFAULT)
        } else {
            Ok(())
        };
        assert_eq!(result, expected, "{command:x}");
        // The answer is written before that. Without room for certificates there is none.
        let is_answered = command != GET_EXT_REPORT;
        assert_eq!(answer.is_untouched(), !is_answered, "{command:x}");
    }
    device::report(&file, 3);
}

#[test]
#[expect(unsafe_code, reason = "an ioctl that fails")]
fn a_length_that_can_not_be_written_harms_nothing() {
    let file = device::open();
    let request = read_only(ExtendedRequest {
        data: ReportRequest::new(1),
        certs_address: 0,
        certs_len: 0,
    });
    let mut answer = ReportAnswer::untouched();
    let mut call = GuestRequest::new(&mut (), &mut answer);

    call.req_data = request.expose_provenance() as u64;
    // SAFETY: `answer` has room for the answer of this ioctl, and no certificates are asked for.
    let result = unsafe { device::call(&file, GET_EXT_REPORT, &mut call) };
    assert_eq!((result, call.exitinfo2), (Err(Errno::EFAULT), INVALID_LEN));
    assert!(answer.is_untouched());
    device::report(&file, 4);
}

/// `INVALID_PARAM` of the firmware.
const INVALID_PARAM: u32 = 0x16;
/// `INVALID_KEY` of the firmware, here because no VLEK was loaded.
const INVALID_KEY: u32 = 0x27;

#[test]
fn hands_out_what_the_firmware_says_of_a_request_for_a_report() {
    let file = device::open();

    // The first four bytes say which key is to sign.
    for (at, value, status) in [
        (0, 2, INVALID_KEY),
        (0, 3, INVALID_KEY),
        (0, 4, INVALID_PARAM),
        (4, 1, INVALID_PARAM),
        (27, 1, INVALID_PARAM),
    ] {
        let mut request = ReportRequest::new(1);
        request.rsvd[at] = value;

        let (answer, exitinfo2) = device::get_report(&file, 1, request);
        let answer = answer.unwrap();
        assert_eq!((answer.status(), exitinfo2), (status, device::success()));
        assert_eq!(answer.0[32..], [0; 4000 - 32]);

        let mut room = vec![0xaa; 4 * PAGE];
        let (answer, exitinfo2, len) = device::get_ext_report(&file, request, &mut room);
        let answer = answer.unwrap();
        assert_eq!((answer.status(), exitinfo2), (status, device::success()));
        assert_eq!(answer.0[32..], [0; 4000 - 32]);
        assert_eq!(len, room.len());
    }
    device::report(&file, 5);
}

#[test]
fn hands_out_what_the_firmware_says_of_a_request_for_a_key() {
    let file = device::open();
    let right = KeyRequest::own();

    for (root_key_select, rsvd, guest_field_select, status) in [
        (4, 0, 0, INVALID_KEY),
        (6, 0, 0, INVALID_KEY),
        (8, 0, 0, INVALID_PARAM),
        (0, 1, 0, INVALID_PARAM),
        (0, 0, 1 << 6, INVALID_PARAM),
        (0, 0, 1 << 63, INVALID_PARAM),
    ] {
        let request = KeyRequest {
            root_key_select,
            rsvd,
            guest_field_select,
            ..right
        };

        let (answer, exitinfo2) = device::get_derived_key(&file, request);
        let answer = answer.unwrap();
        assert_eq!((answer.status(), exitinfo2), (status, device::success()));
        assert_eq!(answer.0[4..], [0; 60]);
    }
    device::get_derived_key(&file, right).0.unwrap().key();
}

#[test]
#[expect(unsafe_code, reason = "ioctls that fail")]
fn refuses_what_is_nowhere() {
    let file = device::open();

    for command in [GET_REPORT, GET_DERIVED_KEY, GET_EXT_REPORT] {
        for nowhere in [0, NOWHERE as usize, 1 << 63] {
            let call = std::ptr::without_provenance_mut(nowhere);
            // SAFETY: Nothing is at this address, as the kernel is to find out.
            let result = unsafe { device::call(&file, command, call) };
            assert_eq!(result, Err(Errno::EFAULT));
        }
    }
}

/// Commands that the device does not have: next to its own, and those of a terminal.
fn other_commands() -> [libc::c_ulong; 7] {
    let of = |kind, number, size| nix::request_code_readwrite!(kind, number, size);

    [
        of(b'S', 3, 32),
        of(b'S', 0, 40),
        of(b'T', 0, 32),
        libc::TCGETS,
        libc::TIOCGWINSZ,
        libc::FIONREAD,
        0,
    ]
}

#[test]
#[expect(unsafe_code, reason = "ioctls that fail")]
fn refuses_other_commands_without_a_look_at_the_argument() {
    let file = device::open();
    let (mut request, mut answer) = (device::any_request(), ReportAnswer::untouched());
    let stays = Drivers::get().snp_leaves_other_commands_alone();

    for command in other_commands() {
        let mut call = GuestRequest::new(&mut request, &mut answer);
        // SAFETY: `answer` is as large as the largest answer of any ioctl of the device, should
        // there be one of this number.
        let result = unsafe { device::call(&file, command, &mut call) };
        assert_eq!(result, Err(Errno::ENOTTY), "{command:x}");
        let exitinfo2 = if stays { UNTOUCHED } else { NOT_SENT };
        assert_eq!(call.exitinfo2, exitinfo2, "{command:x}");

        for nowhere in [0, NOWHERE as usize, 1 << 63] {
            let call = ptr::without_provenance_mut(nowhere);
            // SAFETY: Nothing is at this address, so the kernel writes nothing there, whatever it
            // takes the command for.
            let result = unsafe { device::call(&file, command, call) };
            let error = if stays { Errno::ENOTTY } else { Errno::EFAULT };
            assert_eq!(result, Err(error), "{command:x}");
        }
    }
    assert!(answer.is_untouched());
    device::report(&file, 6);
}

#[test]
#[expect(unsafe_code, reason = "an ioctl that fails")]
fn a_question_for_a_terminal_gets_no_more_than_it_has_room_for() {
    // What a C library passes to find out whether a file is a terminal, and what is behind it.
    #[repr(C)]
    struct Guarded(libc::winsize, [u8; 64]);

    let file = device::open();
    let mut room = Guarded(
        libc::winsize {
            ws_row: 1,
            ws_col: 0,
            ws_xpixel: 0,
            ws_ypixel: 0,
        },
        [0xaa; 64],
    );

    // SAFETY: For this command there is room for a `winsize`, and there is more.
    let status = unsafe { libc::ioctl(file.as_raw_fd(), libc::TIOCGWINSZ, &raw mut room) };
    assert_eq!(Errno::result(status), Err(Errno::ENOTTY));
    let is_whole = room.1 == [0xaa; 64];
    assert_eq!(is_whole, Drivers::get().snp_leaves_other_commands_alone());
}

#[test]
fn refuses_versions_of_a_message_that_the_structures_are_not_of() {
    // Theirs sends them, and the firmware's answer costs the key: see tests/vmm/test_snp.py.
    if !Drivers::get().snp_refuses_versions_unsent() {
        return;
    }
    for version in [2, 3, 255] {
        each_refuses(|call| call.msg_version = version, Errno::EINVAL, NOT_SENT);
    }
}
