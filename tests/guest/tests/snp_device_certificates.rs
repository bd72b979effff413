// SPDX-License-Identifier: GPL-2.0

//! `/dev/sev-guest`: certificates that come with a report, and the room for them.

use nix::errno::Errno;
use tsm_guest_tests::{
    snp::{
        self,
        device::{
            self,
            ExtendedRequest,
            GuestRequest,
            ReportAnswer,
            ReportRequest,
            GET_EXT_REPORT,
            INVALID_LEN,
            NOT_SENT,
            NOWHERE, //
        },
        PAGE, //
    },
    Drivers, //
};

#[test]
fn gives_the_certificates_and_nothing_behind_them() {
    let file = device::open();

    for pages in [2, 3, 4] {
        let mut room = vec![0xaa; pages * PAGE + 1];
        let (wanted, behind) = room.split_at_mut(pages * PAGE);
        let (answer, exitinfo2, len) = device::get_ext_report(&file, ReportRequest::new(7), wanted);
        let answer = answer.unwrap();

        assert_eq!((exitinfo2, len), (device::success(), pages * PAGE));
        assert_eq!(answer.report()[snp::REPORT_DATA], [7; 64]);
        let end = snp::certificates(wanted).map(|(_, range)| range.end).max();
        if Drivers::get().snp_has_zeros_behind_certificates() {
            assert!(wanted[end.unwrap()..].iter().all(|byte| *byte == 0));
        }
        assert_eq!(behind, [0xaa]);
    }
}

#[test]
fn says_how_much_room_certificates_need() {
    let file = device::open();
    let mut none = [];
    let (answer, exitinfo2, needed) =
        device::get_ext_report(&file, ReportRequest::new(1), &mut none);

    assert_eq!((answer.err(), exitinfo2), (Some(Errno::EIO), INVALID_LEN));
    assert!(needed > PAGE && needed % PAGE == 0, "{needed}");

    let mut few = vec![0xaa; needed - PAGE];
    let (answer, exitinfo2, again) = device::get_ext_report(&file, ReportRequest::new(2), &mut few);
    assert_eq!((answer.err(), exitinfo2), (Some(Errno::EIO), INVALID_LEN));
    assert_eq!(again, needed);
    assert!(few.iter().all(|byte| *byte == 0xaa));

    let mut enough = vec![0xaa; needed];
    let (answer, ..) = device::get_ext_report(&file, ReportRequest::new(3), &mut enough);
    assert_eq!(answer.unwrap().report()[snp::REPORT_DATA], [3; 64]);
    assert_eq!(snp::certificates(&enough).count(), 3);
}

#[test]
fn takes_as_much_room_as_there_may_be_and_no_more() {
    let file = device::open();
    let most = Drivers::get().snp_most_certificates();
    let mut room = vec![0xaa; most + PAGE];

    let (answer, ..) = device::get_ext_report(&file, ReportRequest::new(1), &mut room[..most]);
    answer.unwrap();
    for len in [most + PAGE, most + 1, 1, PAGE - 1, PAGE + 1, 2 * PAGE + 24] {
        let (answer, exitinfo2, same) =
            device::get_ext_report(&file, ReportRequest::new(1), &mut room[..len]);

        assert_eq!(
            (answer.err(), exitinfo2),
            (Some(Errno::EINVAL), NOT_SENT),
            "{len}"
        );
        assert_eq!(same, len);
    }
    device::report(&file, 2);
}

#[test]
#[expect(unsafe_code, reason = "ioctls that fail")]
fn certificates_that_go_nowhere_harm_nothing() {
    let file = device::open();
    let mut answer = ReportAnswer::untouched();
    let mut request = ExtendedRequest {
        data: ReportRequest::new(1),
        certs_address: 0,
        certs_len: 4 * PAGE as u32,
    };

    // What can't be an address of user space is refused before anything is sent.
    for (address, exitinfo2) in [(NOWHERE, device::success()), (1 << 63, NOT_SENT)] {
        request.certs_address = address;
        let mut call = GuestRequest::new(&mut request, &mut answer);
        // SAFETY: `answer` has room for the answer of this ioctl, and nothing is at the one
        // address, as the kernel is to find out.
        let result = unsafe { device::call(&file, GET_EXT_REPORT, &mut call) };
        assert_eq!((result, call.exitinfo2), (Err(Errno::EFAULT), exitinfo2));
        assert!(answer.is_untouched());
    }

    // Without a length, or without an address, none are wanted.
    for (address, len) in [(NOWHERE, 0), (0, 4 * PAGE as u32)] {
        request.certs_address = address;
        request.certs_len = len;
        let mut call = GuestRequest::new(&mut request, &mut answer);
        // SAFETY: `answer` has room for the answer of this ioctl. Without a length, or an address,
        // no certificates are written.
        let result = unsafe { device::call(&file, GET_EXT_REPORT, &mut call) };
        assert_eq!((result, call.exitinfo2), (Err(Errno::EIO), INVALID_LEN));
    }
    device::report(&file, 2);
}
