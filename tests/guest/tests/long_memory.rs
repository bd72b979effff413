// SPDX-License-Identifier: GPL-2.0

//! What reports cost that are made and not used.
//!
//! Only a kernel without KASAN tells: it keeps what was freed, for as long as it likes. With KASAN
//! there is kmemleak to look for what stays.

use std::{
    collections::BTreeMap,
    fs, //
};

use tsm_guest_tests::{
    fake::Fake,
    reports::Report,
    Drivers, //
};

const REPORTS: usize = 10_000;

/// What configfs itself allocates with `kmalloc()` for an item: its fragment.
const FRAGMENT: usize = 64;

/// The most that an idle report may cost.
const LIMIT: usize = 512;

/// Returns the bytes in use of each of the `kmalloc()` caches.
fn in_use() -> BTreeMap<String, usize> {
    let slabs = fs::read_to_string("/proc/slabinfo").unwrap();

    slabs
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            let name = fields.next().filter(|name| name.starts_with("kmalloc"))?;
            let objects: usize = fields.next()?.parse().ok()?;
            let size: usize = fields.nth(1)?.parse().ok()?;
            Some((name.to_owned(), objects * size))
        })
        .collect()
}

/// Returns the KiB of all slabs.
fn slabs() -> usize {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap();
    let line = meminfo
        .lines()
        .find(|line| line.starts_with("Slab:"))
        .unwrap();

    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn sum(caches: &BTreeMap<String, usize>) -> usize {
    caches.values().sum()
}

#[test]
fn an_idle_report_costs_less_than_512_bytes_and_gives_all_back() {
    let _fake = Fake::new("tsm_fake", "");
    // What is allocated once for all is there already then.
    drop(Report::new("first").unwrap());

    for written in [false, true] {
        let (before, slabs_before) = (in_use(), slabs());
        let reports: Vec<Report> = (0..REPORTS)
            .map(|number| {
                let report = Report::new(&format!("idle{number}")).unwrap();
                if written {
                    report.set_inblob(&[1; 64]).unwrap();
                }
                report
            })
            .collect();
        let (full, slabs_full) = (in_use(), slabs());
        drop(reports);
        let (after, slabs_after) = (in_use(), slabs());

        println!(
            "written: {written}; all slabs, configfs and directory cache included: {} bytes a report, {} KiB left",
            (slabs_full - slabs_before) * 1024 / REPORTS,
            slabs_after.saturating_sub(slabs_before),
        );
        let cost = sum(&full).saturating_sub(sum(&before)) / REPORTS;
        let left = sum(&after).saturating_sub(sum(&before)) / REPORTS;
        println!("kmalloc caches: {cost} bytes a report, {left} left; {FRAGMENT} are configfs's");
        assert!(cost > FRAGMENT, "not measured: {cost} bytes");
        // Other things allocate too, but a report that stays costs more than that.
        assert!(left < 64, "{left} bytes a report are left");
        if Drivers::get().reports_have_their_own_lock() {
            assert!(cost - FRAGMENT < LIMIT, "{cost} bytes a report");
        }
    }
}
