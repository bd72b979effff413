// SPDX-License-Identifier: GPL-2.0

//! `/dev/sev-guest`: each ioctl, byte for byte, and every refusal that costs no key.

use std::{
    fs::{
        self,
        File, //
    },
    os::unix::fs::{
        FileTypeExt,
        MetadataExt, //
    },
    thread, //
};

use nix::{
    errno::Errno,
    libc, //
};
use tsm_guest_tests::{
    modules,
    snp::{
        self,
        device::{
            self,
            Answer,
            ExtendedRequest,
            GuestRequest,
            KeyAnswer,
            KeyRequest,
            ReportAnswer,
            ReportRequest,
            DEVICE,
            GET_DERIVED_KEY,
            GET_EXT_REPORT,
            GET_REPORT,
            INVALID_LEN,
            NOT_SENT,
            UNTOUCHED, //
        }, //
    },
    Drivers, //
};

const PAGE: usize = 4096;

/// An address at which there is nothing.
const NOWHERE: u64 = PAGE as u64 + 8;

/// What `exitinfo2` is after a success.
fn success() -> u64 {
    match Drivers::get().snp_always_says_how_it_ended() {
        true => 0,
        false => UNTOUCHED,
    }
}

/// Asks for a report that has to be made.
fn report(file: &File, byte: u8) -> Vec<u8> {
    let (answer, exitinfo2) = device::get_report(file, 1, ReportRequest::new(byte));
    let answer = answer.unwrap();
    let report = answer.report();

    assert_eq!(exitinfo2, success());
    assert_eq!(report.len(), snp::REPORT_SIZE);
    assert_eq!(report[snp::REPORT_DATA], [byte; 64]);
    report.to_owned()
}

/// Returns what all requests have in common that are wrong: a command, with a call that would be right.
#[expect(unsafe_code, reason = "ioctls that fail")]
fn each_refuses(spoil: impl Fn(&mut GuestRequest), error: Errno, exitinfo2: u64) {
    let file = device::open();

    for command in [GET_REPORT, GET_DERIVED_KEY, GET_EXT_REPORT] {
        // As large as the largest of them, and zeros are a right request.
        let (mut request, mut answer) = ([0u8; 112], ReportAnswer::untouched());
        let mut call = GuestRequest::new(&mut request, &mut answer);
        spoil(&mut call);

        // SAFETY: There is as much room as any of these has for an answer.
        let result = unsafe { device::call(&file, command, &mut call) };
        assert_eq!(result, Err(error), "{command:x}");
        assert_eq!(call.exitinfo2, exitinfo2, "{command:x}");
        assert!(answer.is_untouched(), "{command:x}");
    }
    report(&file, 1);
}

#[test]
fn is_for_its_owner_only() {
    let meta = fs::metadata(DEVICE).unwrap();

    assert!(meta.file_type().is_char_device());
    assert_eq!((meta.mode() & 0o777, meta.uid()), (0o600, 0));
}

#[test]
fn can_be_opened_in_any_way_and_several_times() {
    let reader = File::open(DEVICE).unwrap();
    let writer = File::options().write(true).open(DEVICE).unwrap();
    let both = File::options().read(true).write(true).open(DEVICE).unwrap();

    for (file, byte) in [(&reader, 1), (&writer, 2), (&both, 3)] {
        report(file, byte);
    }
}

#[test]
fn commands_have_the_numbers_of_the_kernels_header() {
    let of = |number| nix::request_code_readwrite!(b'S', number, size_of::<GuestRequest>());

    assert_eq!(
        [GET_REPORT, GET_DERIVED_KEY, GET_EXT_REPORT],
        [of(0), of(1), of(2)]
    );
    assert_eq!(size_of::<ReportRequest>(), 96);
    assert_eq!(size_of::<KeyRequest>(), 32);
    assert_eq!(size_of::<ExtendedRequest>(), 112);
}

#[test]
fn makes_a_report_that_binds_the_data_and_the_level() {
    let file = device::open();

    for vmpl in 0..=3u32 {
        let request = ReportRequest::new(0x30 + vmpl as u8).at(vmpl);
        let (answer, exitinfo2) = device::get_report(&file, 1, request);
        let answer = answer.unwrap();

        assert_eq!(exitinfo2, success());
        assert_eq!(answer.report().len(), snp::REPORT_SIZE);
        assert_eq!(answer.report()[snp::REPORT_DATA], request.user_data);
        assert_eq!(answer.report()[snp::VMPL], vmpl.to_le_bytes());
    }
}

#[test]
fn hands_out_what_the_firmware_says_of_a_request() {
    // INVALID_PARAM: there are four levels.
    let file = device::open();
    let (answer, exitinfo2) = device::get_report(&file, 1, ReportRequest::new(1).at(4));
    let answer = answer.unwrap();

    assert_eq!((answer.status(), exitinfo2), (0x16, success()));
    assert_eq!(answer.0[32..], [0; 4000 - 32]);

    let (answer, exitinfo2) = device::get_derived_key(
        &file,
        KeyRequest {
            vmpl: 4,
            ..KeyRequest::default()
        },
    );
    let answer = answer.unwrap();
    assert_eq!((answer.status(), exitinfo2), (0x16, success()));
    assert_eq!(answer.0[4..], [0; 60]);
    report(&file, 2);
}

#[test]
fn derives_the_same_key_from_the_same_and_another_from_anything_else() {
    let file = device::open();
    let derive = |request| {
        let (answer, exitinfo2) = device::get_derived_key(&file, request);

        assert_eq!(exitinfo2, success());
        answer.unwrap().key()
    };
    let none = KeyRequest::default();
    let mut keys = vec![
        derive(none),
        derive(KeyRequest {
            root_key_select: 1,
            ..none
        }),
        derive(KeyRequest { vmpl: 1, ..none }),
    ];
    keys.extend((0..6).map(|bit| {
        derive(KeyRequest {
            guest_field_select: 1 << bit,
            ..none
        })
    }));

    assert_eq!(derive(none), keys[0]);
    for (number, key) in keys.iter().enumerate() {
        assert!(!keys[..number].contains(key), "key {number}");
        assert_ne!(*key, [0; 32]);
    }
}

#[test]
fn gives_the_certificates_and_zeros_behind_them() {
    let file = device::open();

    for pages in [2, 3, 4] {
        let mut room = vec![0xaa; pages * PAGE + 1];
        let (wanted, behind) = room.split_at_mut(pages * PAGE);
        let (answer, exitinfo2, len) = device::get_ext_report(&file, ReportRequest::new(7), wanted);
        let answer = answer.unwrap();

        assert_eq!((exitinfo2, len), (success(), pages * PAGE));
        assert_eq!(answer.report()[snp::REPORT_DATA], [7; 64]);
        let end = snp::certificates(wanted).map(|(_, range)| range.end).max();
        assert!(wanted[end.unwrap()..].iter().all(|byte| *byte == 0));
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
    report(&file, 2);
}

#[test]
#[expect(unsafe_code, reason = "ioctls that fail")]
fn certificates_that_go_nowhere_harm_nothing() {
    let file = device::open();
    let mut answer = ReportAnswer::untouched();
    let mut request = ExtendedRequest {
        data: ReportRequest::new(1),
        certs_address: NOWHERE,
        certs_len: 4 * PAGE as u32,
    };
    let mut call = GuestRequest::new(&mut request, &mut answer);

    // SAFETY: The kernel is to find out that there is nothing at the one address.
    let result = unsafe { device::call(&file, GET_EXT_REPORT, &mut call) };
    assert_eq!((result, call.exitinfo2), (Err(Errno::EFAULT), success()));
    assert!(answer.is_untouched());

    // Without a length, or without an address, nobody wants any.
    for (address, len) in [(NOWHERE, 0), (0, 4 * PAGE as u32)] {
        request.certs_address = address;
        request.certs_len = len;
        let mut call = GuestRequest::new(&mut request, &mut answer);
        // SAFETY: As above.
        let result = unsafe { device::call(&file, GET_EXT_REPORT, &mut call) };
        assert_eq!((result, call.exitinfo2), (Err(Errno::EIO), INVALID_LEN));
    }
    report(&file, 2);
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
    let mut request = [0u8; 112];

    for command in [GET_REPORT, GET_DERIVED_KEY] {
        for nowhere in [NOWHERE, 1 << 63] {
            let mut call = GuestRequest::new(&mut request, &mut Answer::<64>::untouched());
            call.resp_data = nowhere;
            // SAFETY: The kernel is to find out that there is nothing at this address.
            let result = unsafe { device::call(&file, command, &mut call) };
            assert_eq!((result, call.exitinfo2), (Err(Errno::EFAULT), success()));
        }
    }
    report(&file, 2);
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
    let (mut request, mut answer) = ([0u8; 112], ReportAnswer::untouched());
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

#[test]
fn callers_get_their_own_answers() {
    let file = device::open();

    thread::scope(|scope| {
        for byte in 1..=4 {
            let file = &file;

            scope.spawn(move || {
                for round in 0..25 {
                    report(file, byte * 25 + round);
                }
            });
        }
        for vmpl in 0..=3 {
            let file = &file;

            scope.spawn(move || {
                let request = KeyRequest {
                    vmpl,
                    ..KeyRequest::default()
                };
                let derive = || device::get_derived_key(file, request).0.unwrap().key();
                let key = derive();

                for _ in 0..25 {
                    assert_eq!(derive(), key);
                }
            });
        }
    });
}

#[test]
fn an_open_device_keeps_its_module() {
    modules::with(|_, provider| {
        let file = device::open();

        assert_eq!(modules::unload(provider), Err(Errno::EWOULDBLOCK));
        report(&file, 1);
        drop(file);
        modules::unload(provider).unwrap();
        assert!(!fs::exists(DEVICE).unwrap());
        modules::load(provider).unwrap();
        // The numbers of messages go on.
        report(&device::open(), 2);
    });
}

#[test]
fn an_answer_of_a_key_has_its_size() {
    // Nothing is written behind it.
    #[repr(C)]
    struct Guarded(KeyAnswer, [u8; 16]);

    let file = device::open();
    let mut request = KeyRequest::default();
    let mut answer = Guarded(KeyAnswer::untouched(), [0xaa; 16]);
    let mut call = GuestRequest::new(&mut request, &mut answer);

    #[expect(unsafe_code, reason = "an ioctl")]
    // SAFETY: There is room for an answer, and more.
    let result = unsafe { device::call(&file, GET_DERIVED_KEY, &mut call) };
    result.unwrap();
    answer.0.key();
    assert_eq!(answer.1, [0xaa; 16]);
}
