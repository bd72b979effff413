// SPDX-License-Identifier: GPL-2.0

//! `/dev/sev-guest`: each ioctl, byte for byte.

use std::{
    fs::{
        self,
        File, //
    },
    thread, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    files,
    modules,
    snp::{
        self,
        device::{
            self,
            ExtendedRequest,
            GuestRequest,
            KeyAnswer,
            KeyRequest,
            ReportRequest,
            DEVICE,
            GET_DERIVED_KEY,
            GET_EXT_REPORT,
            GET_REPORT, //
        }, //
    }, //
};

#[test]
fn is_for_its_owner_only() {
    files::check_device(DEVICE);
}

#[test]
fn can_be_opened_in_any_way_and_several_times() {
    let reader = File::open(DEVICE).unwrap();
    let writer = File::options().write(true).open(DEVICE).unwrap();
    let both = File::options().read(true).write(true).open(DEVICE).unwrap();

    for (file, byte) in [(&reader, 1), (&writer, 2), (&both, 3)] {
        device::report(file, byte);
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

    for vmpl in snp::levels() {
        let request = ReportRequest::new(0x30 + vmpl as u8).at(vmpl);
        let (answer, exitinfo2) = device::get_report(&file, 1, request);
        let answer = answer.unwrap();

        assert_eq!(exitinfo2, device::success());
        assert_eq!(answer.report().len(), snp::REPORT_SIZE);
        assert_eq!(answer.report()[snp::REPORT_DATA], request.user_data);
        assert_eq!(answer.report()[snp::VMPL], vmpl.to_le_bytes());
    }
}

#[test]
fn hands_out_what_the_firmware_says_of_a_request() {
    let file = device::open();

    // INVALID_PARAM: there are four levels, and those above the guest's own are not for it.
    for vmpl in (0..snp::vmpl()).chain([4]) {
        let (answer, exitinfo2) = device::get_report(&file, 1, ReportRequest::new(1).at(vmpl));
        let answer = answer.unwrap();
        assert_eq!((answer.status(), exitinfo2), (0x16, device::success()));
        assert_eq!(answer.0[32..], [0; 4000 - 32]);

        let (answer, exitinfo2) = device::get_derived_key(&file, KeyRequest::at(vmpl));
        let answer = answer.unwrap();
        assert_eq!((answer.status(), exitinfo2), (0x16, device::success()));
        assert_eq!(answer.0[4..], [0; 60]);
    }
    device::report(&file, 2);
}

#[test]
fn derives_the_same_key_from_the_same_and_another_from_anything_else() {
    let file = device::open();
    let derive = |request| {
        let (answer, exitinfo2) = device::get_derived_key(&file, request);

        assert_eq!(exitinfo2, device::success());
        answer.unwrap().key()
    };
    let none = KeyRequest::own();
    let mut keys: Vec<_> = snp::levels().map(KeyRequest::at).map(derive).collect();
    keys.push(derive(KeyRequest {
        root_key_select: 1,
        ..none
    }));
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
fn callers_get_their_own_answers() {
    let file = device::open();

    thread::scope(|scope| {
        for byte in 1..=4 {
            let file = &file;

            scope.spawn(move || {
                for round in 0..25 {
                    device::report(file, byte * 25 + round);
                }
            });
        }
        for vmpl in snp::levels() {
            let file = &file;

            scope.spawn(move || {
                let request = KeyRequest::at(vmpl);
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
        device::report(&file, 1);
        drop(file);
        modules::unload(provider).unwrap();
        assert!(!fs::exists(DEVICE).unwrap());
        modules::load(provider).unwrap();
        // The numbers of messages go on.
        device::report(&device::open(), 2);
    });
}

#[test]
fn an_answer_of_a_key_has_its_size() {
    // Nothing is written behind it.
    #[repr(C)]
    struct Guarded(KeyAnswer, [u8; 16]);

    let file = device::open();
    let mut request = KeyRequest::own();
    let mut answer = Guarded(KeyAnswer::untouched(), [0xaa; 16]);
    let mut call = GuestRequest::new(&mut request, &mut answer);

    #[expect(unsafe_code, reason = "an ioctl")]
    // SAFETY: There is room for an answer of this ioctl, and more.
    let result = unsafe { device::call(&file, GET_DERIVED_KEY, &mut call) };
    result.unwrap();
    answer.0.key();
    assert_eq!(answer.1, [0xaa; 16]);
}
