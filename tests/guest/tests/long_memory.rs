// SPDX-License-Identifier: GPL-2.0

//! What reports cost that are made and not used.

use tsm_guest_tests::{
    fake::Fake,
    reports::Report,
    slabs::{
        in_use,
        kibibytes, //
    },
    Drivers, //
};

const REPORTS: usize = 10_000;

/// What configfs itself allocates with `kmalloc()` for an item: its fragment.
const FRAGMENT: usize = 64;

/// The most that an idle report may cost.
const LIMIT: usize = 512;

#[test]
fn an_idle_report_costs_less_than_512_bytes_and_gives_all_back() {
    let _fake = Fake::new("tsm_fake", "");
    // What is allocated only once is allocated before the measurement.
    drop(Report::new("first").unwrap());

    for written in [false, true] {
        let (before, slabs_before) = (in_use(), kibibytes());
        let reports: Vec<Report> = (0..REPORTS)
            .map(|number| {
                let report = Report::new(&format!("idle{number}")).unwrap();
                if written {
                    report.set_inblob(&[1; 64]).unwrap();
                }
                report
            })
            .collect();
        let (full, slabs_full) = (in_use(), kibibytes());
        drop(reports);
        let (after, slabs_after) = (in_use(), kibibytes());

        println!(
            "written: {written}; all slabs, configfs and directory cache included: {} bytes a report, {} KiB left",
            (slabs_full - slabs_before) * 1024 / REPORTS,
            slabs_after.saturating_sub(slabs_before),
        );
        let cost = full.saturating_sub(before) / REPORTS;
        let left = after.saturating_sub(before) / REPORTS;
        println!("kmalloc caches: {cost} bytes a report, {left} left; {FRAGMENT} are configfs's");
        assert!(cost > FRAGMENT, "not measured: {cost} bytes");
        // Other things allocate too, but a report that stays costs more than that.
        assert!(left < 64, "{left} bytes a report are left");
        if Drivers::get().reports_have_their_own_lock() {
            assert!(cost - FRAGMENT < LIMIT, "{cost} bytes a report");
        }
    }
}
