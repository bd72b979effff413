// SPDX-License-Identifier: GPL-2.0

//! Tracepoints.

use std::fs;

use nix::{
    errno::Errno,
    mount::{
        mount,
        umount,
        MsFlags, //
    }, //
};
use tsm_guest_tests::{
    errno,
    fake::Fake,
    reports::Report,
    Drivers, //
};

const TRACING: &str = "/sys/kernel/tracing";

/// The trace of `tsm.ko`, as long as this is.
struct Trace;

impl Trace {
    fn begin() -> Self {
        let none: Option<&str> = None;

        mount(
            Some("tracefs"),
            TRACING,
            Some("tracefs"),
            MsFlags::empty(),
            none,
        )
        .unwrap();
        fs::write(format!("{TRACING}/trace"), "").unwrap();
        fs::write(format!("{TRACING}/events/tsm/enable"), "1").unwrap();
        Self
    }

    /// Returns the events so far, without what each line has of time and process.
    fn events(&self) -> Vec<String> {
        let trace = fs::read_to_string(format!("{TRACING}/trace")).unwrap();

        trace
            .lines()
            .filter_map(|line| line.find("tsm_re").map(|start| line[start..].to_owned()))
            .collect()
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let _ = fs::write(format!("{TRACING}/events/tsm/enable"), "0");
        let _ = umount(TRACING);
    }
}

#[test]
fn reports_are_traced() {
    if !Drivers::get().traces() {
        return;
    }
    let fake = Fake::new("tsm_fake", "auxblob_size=300 privlevel_floor=1");
    let trace = Trace::begin();
    let report = Report::new("traced").unwrap();

    report.set_inblob(&[1; 20]).unwrap();
    report.outblob().unwrap();
    report.outblob().unwrap();
    fake.set("error", 110);
    report.set_inblob(&[1; 64]).unwrap();
    assert_eq!(errno(report.outblob()), Some(Errno::ETIMEDOUT));
    fake.set("error", 0);
    fake.set("no_blob", 1);
    assert_eq!(errno(report.outblob()), Some(Errno::EIO));
    assert_eq!(
        trace.events(),
        [
            "tsm_report_requested: [fake] generation=1 inblob_len=20 privlevel=1",
            "tsm_report_generated: [fake] generation=1 outblob_len=1000 auxblob_len=300 manifestblob_len=0",
            "tsm_report_requested: [fake] generation=2 inblob_len=64 privlevel=1",
            "tsm_report_failed: [fake] generation=2 status=-110 error=-110 -=0x0",
            "tsm_report_requested: [fake] generation=2 inblob_len=64 privlevel=1",
            "tsm_report_failed: [fake] generation=2 status=0 error=-5 -=0x0",
        ]
    );
}

#[test]
fn registers_are_traced() {
    if !Drivers::get().traces() {
        return;
    }
    let fake = Fake::new("tsm_fake_mr", "case=all");
    let trace = Trace::begin();
    let read = |name: &str| fs::read(format!("/sys/kernel/tsm/fake/{name}"));
    let write = |name: &str, data: &[u8]| fs::write(format!("/sys/kernel/tsm/fake/{name}"), data);

    read("flat_replace").unwrap();
    write("flat_replace", &[0xab; 7]).unwrap();
    write("one", &[3]).unwrap();
    read("one").unwrap();
    fake.set("extend_error", 5);
    write("one", &[4]).unwrap_err();
    fake.set("refresh_error", 16);
    read("one").unwrap_err();
    assert_eq!(
        trace.events(),
        [
            "tsm_register_read: [fake] flat_replace:data 07070707070707 status=0",
            "tsm_register_write: [fake] flat_replace:data ababababababab status=0",
            "tsm_register_write: [fake] one:data 03 status=0",
            "tsm_register_refresh: [fake] one status=0",
            "tsm_register_read: [fake] one:data 01 status=0",
            "tsm_register_write: [fake] one:data 04 status=-5",
            "tsm_register_refresh: [fake] one status=-16",
        ]
    );
}
