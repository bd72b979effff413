// SPDX-License-Identifier: GPL-2.0

//! Quotes and the registers that they tell of.

use tsm_guest_tests::{
    registers,
    reports::{
        self,
        Report, //
    }, //
};

#[test]
fn tells_of_the_registers() {
    let report = Report::new("tells").unwrap();

    report.set_inblob(&[1; 64]).unwrap();
    let blob = report.outblob().unwrap();
    for (number, name) in registers::RTMRS.into_iter().enumerate() {
        assert_eq!(
            reports::rtmr(&blob, number),
            registers::value(name),
            "{name}"
        );
    }
}

#[test]
fn is_kept_until_the_next_write_of_the_report() {
    let report = Report::new("keeps").unwrap();

    report.set_inblob(&[1; 64]).unwrap();
    let blob = report.outblob().unwrap();
    registers::write_at("rtmr2", &[9; registers::SIZE], 0).unwrap();
    assert_eq!(report.outblob().unwrap(), blob);

    report.set_inblob(&[1; 64]).unwrap();
    assert_ne!(report.outblob().unwrap(), blob);
}
