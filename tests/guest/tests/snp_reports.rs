// SPDX-License-Identifier: GPL-2.0

//! Reports of the provider `sev_guest`: levels, certificates, and the keys that messages are sent with.

use nix::errno::Errno;
use tsm_guest_tests::{
    errno,
    modules::{
        self,
        load,
        load_with,
        unload, //
    },
    reports::Report,
    snp::{
        self,
        device::{
            self,
            ReportRequest,
            NOT_SENT,
            UNTOUCHED, //
        }, //
    },
    Drivers, //
};

/// Returns the level that a report is for.
fn vmpl(report: &Report) -> u32 {
    let blob = report.outblob().unwrap();

    u32::from_le_bytes(blob[snp::VMPL].try_into().unwrap())
}

fn floor(report: &Report) -> Vec<u8> {
    report.read("privlevel_floor").unwrap()
}

#[test]
fn are_as_long_as_the_firmware_has_them() {
    let report = Report::new("size").unwrap();

    report.set_inblob(&[1; 64]).unwrap();
    let blob = report.outblob().unwrap();
    assert_eq!(blob.len(), snp::REPORT_SIZE);
    assert_eq!(blob[snp::REPORT_DATA], [1; 64]);
}

#[test]
fn are_for_the_level_that_was_asked_for() {
    let report = Report::new("levels").unwrap();

    report.set_inblob(&[1; 64]).unwrap();
    assert_eq!(floor(&report), format!("{}\n", snp::vmpl()).as_bytes());
    assert_eq!(vmpl(&report), snp::vmpl());
    for (level, generation) in snp::levels().rev().chain(snp::levels()).zip(2..) {
        report.store("privlevel", &level.to_string()).unwrap();
        assert_eq!(report.generation(), generation);
        assert_eq!(vmpl(&report), level);
    }
}

#[test]
fn refuse_a_level_that_there_is_not() {
    let report = Report::new("bad-levels").unwrap();

    report.set_inblob(&[1; 64]).unwrap();
    report.store("privlevel", "3").unwrap();
    for level in ["4", "256", "4294967295", "-1", "x", "1 2"] {
        let result = report.store("privlevel", level);
        assert_eq!(errno(result), Some(Errno::EINVAL), "{level}");
    }
    let result = report.store("privlevel", "4294967296");
    assert_eq!(errno(result), Some(Errno::ERANGE));
    assert_eq!((report.generation(), vmpl(&report)), (2, 3));
}

#[test]
fn come_with_the_certificates_of_the_host() {
    let report = Report::new("certificates").unwrap();

    report.set_inblob(&[1; 64]).unwrap();
    let auxblob = report.read("auxblob").unwrap();
    let certificates: Vec<_> = snp::certificates(&auxblob).collect();
    let guids: Vec<&str> = certificates.iter().map(|(guid, _)| guid.as_str()).collect();

    assert_eq!(
        guids,
        [
            "63da758d-e664-4564-adc5-f4b93be8accd",
            "4ab7b379-bbac-4fe4-a02f-05aef327c782",
            "c0b406a4-a803-4952-9743-3fb6014cd0ae",
        ]
    );
    for (guid, range) in &certificates {
        let certificate = &auxblob[range.clone()];
        let len = u16::from_be_bytes([certificate[2], certificate[3]]);

        // A sequence in DER, as long as the entry says.
        assert_eq!(certificate[..2], [0x30, 0x82], "{guid}");
        assert_eq!(usize::from(len) + 4, certificate.len(), "{guid}");
    }
    let end = certificates.iter().map(|(_, range)| range.end).max();
    assert_eq!(Some(auxblob.len()), end);
    // Reading one blob makes both.
    assert_eq!(report.outblob().unwrap()[snp::REPORT_DATA], [1; 64]);

    let mut room = vec![0; 1 << 14];
    let (answer, ..) = device::get_ext_report(&device::open(), ReportRequest::new(1), &mut room);
    answer.unwrap();
    assert_eq!(room[..auxblob.len()], auxblob);
}

#[test]
fn other_keys_work_and_are_the_floor() {
    modules::with(|_, provider| {
        for key in snp::levels().skip(1) {
            unload(provider).unwrap();
            load_with(provider, &format!("vmpck_id={key}")).unwrap();
            let report = Report::bare("other-key").unwrap();

            report.set_inblob(&[1; 64]).unwrap();
            assert_eq!(floor(&report), format!("{key}\n").as_bytes());
            // The firmware makes none for a level below that of the key.
            if Drivers::get().privlevel_defaults_to_the_floor() {
                assert_eq!(vmpl(&report), key);
            } else {
                assert_eq!(errno(report.outblob()), Some(Errno::EINVAL));
            }
            let request = ReportRequest::new(2).at(key - 1);
            let (answer, _) = device::get_report(&device::open(), 1, request);
            assert_eq!(answer.unwrap().status(), 0x16);

            let below = report.store("privlevel", &(key - 1).to_string());
            assert_eq!(errno(below), Some(Errno::EINVAL));
            for level in key..=3 {
                report.store("privlevel", &level.to_string()).unwrap();
                assert_eq!(vmpl(&report), level);
            }
            report.remove().unwrap();
        }
        unload(provider).unwrap();
        load(provider).unwrap();
    });
}

#[test]
fn a_key_that_there_is_not_is_refused() {
    let refusal = Drivers::get().snp_refusal_of_a_key();

    modules::with(|_, provider| {
        unload(provider).unwrap();
        // The keys of more privileged levels belong to the SVSM.
        let above = (0..snp::vmpl()).map(|key| key.to_string());
        let none = ["4", "-2", "100", "2147483647", "-2147483648"].map(str::to_owned);
        for key in above.chain(none) {
            let result = load_with(provider, &format!("vmpck_id={key}"));
            assert_eq!(result, Err(refusal), "{key}");
        }
        for key in ["x", "", "2147483648"] {
            let result = load_with(provider, &format!("vmpck_id={key}"));
            assert!(
                matches!(result, Err(Errno::EINVAL | Errno::ERANGE)),
                "{key}"
            );
        }
        load(provider).unwrap();
    });
}

#[test]
fn what_the_firmware_refuses_is_not_sent_or_costs_the_key_and_no_other() {
    // At VMPL 3 this key is the guest's only one, which other tests need.
    if snp::vmpl() == 3 {
        return;
    }
    // The name puts this test last: with the kernel's driver, no later test can use the key.
    modules::with(|_, provider| {
        unload(provider).unwrap();
        load_with(provider, "vmpck_id=3").unwrap();
        let file = device::open();
        let request = ReportRequest::new(1).at(3);
        device::get_report(&file, 1, request).0.unwrap();

        // INVALID_PARAM: there is no such version.
        let (answer, exitinfo2) = device::get_report(&file, 0x7f, request);
        if Drivers::get().snp_refuses_versions_unsent() {
            assert_eq!((answer.err(), exitinfo2), (Some(Errno::EINVAL), NOT_SENT));
            device::get_report(&file, 1, request).0.unwrap();
            drop(file);
            unload(provider).unwrap();
            load(provider).unwrap();
            return;
        }
        assert_eq!((answer.err(), exitinfo2), (Some(Errno::EIO), 0x16));

        let refusal = Drivers::get().snp_refusal_without_a_key();
        let expected = match Drivers::get().snp_always_says_how_it_ended() {
            true => NOT_SENT,
            false => UNTOUCHED,
        };
        let (answer, exitinfo2) = device::get_report(&file, 1, request);
        assert_eq!((answer.err(), exitinfo2), (Some(refusal), expected));
        let report = Report::bare("wiped").unwrap();
        report.set_inblob(&[1; 64]).unwrap();
        assert_eq!(errno(report.outblob()), Some(refusal));
        report.remove().unwrap();
        drop(file);

        unload(provider).unwrap();
        let refusal = Drivers::get().snp_refusal_of_a_key();
        assert_eq!(load_with(provider, "vmpck_id=3"), Err(refusal));
        load(provider).unwrap();
        let report = Report::new("alive").unwrap();
        report.set_inblob(&[2; 64]).unwrap();
        assert_eq!(report.outblob().unwrap()[snp::REPORT_DATA], [2; 64]);
    });
}
