// SPDX-License-Identifier: GPL-2.0

//! Loading, unloading, and what is open meanwhile.

use std::{
    fs::{
        self,
        File, //
    },
    io::Read as _,
    os::unix::fs::FileExt,
    sync::atomic::{
        AtomicBool,
        Ordering, //
    },
    thread, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    errno,
    modules::{
        self,
        load,
        unload, //
    },
    registers,
    reports::{
        self,
        Report, //
    },
    Drivers, //
};

/// Runs a test and has all modules loaded again after it.
fn with_modules(test: impl FnOnce(&str, &str)) {
    struct Restore;

    impl Drop for Restore {
        fn drop(&mut self) {
            modules::restore();
        }
    }

    let (core, provider) = Drivers::get().modules();
    let _restore = Restore;
    test(core, provider);
}

#[test]
fn unloads_and_reloads_cleanly() {
    with_modules(|core, provider| {
        for _ in 0..10 {
            unload(provider).unwrap();
            unload(core).unwrap();
            assert!(!fs::exists(registers::path("mrtd")).unwrap());
            assert!(!fs::exists("/sys/kernel/tsm").unwrap());
            assert!(!fs::exists("/sys/kernel/config/tsm").unwrap());
            load(core).unwrap();
            load(provider).unwrap();
            registers::value("mrtd");
        }
    });
}

#[test]
fn registers_keep_their_values_over_a_reload() {
    with_modules(|_, provider| {
        registers::write_at("rtmr1", &[5; registers::SIZE], 0).unwrap();
        let before = registers::value("rtmr1");

        unload(provider).unwrap();
        load(provider).unwrap();
        assert_eq!(registers::value("rtmr1"), before);
    });
}

#[test]
fn the_core_stays_under_its_provider() {
    with_modules(|core, _| {
        assert_eq!(unload(core), Err(Errno::EWOULDBLOCK));
        registers::value("mrtd");
    });
}

#[test]
fn the_core_stays_as_long_as_a_report_does() {
    with_modules(|core, provider| {
        let report = Report::new("pins").unwrap();

        unload(provider).unwrap();
        assert_eq!(unload(core), Err(Errno::EWOULDBLOCK));
        report.remove().unwrap();
        unload(core).unwrap();
    });
}

#[test]
fn a_provider_is_loaded_once() {
    with_modules(|_, provider| {
        assert_eq!(load(provider), Err(Errno::EEXIST));
        // The other one does not find its core, or its place is taken. (The kernel's own finds that
        // out too late, after sysfs has complained of its device.)
        if provider != "tsm_tdx" {
            assert!(matches!(load("tsm_tdx"), Err(Errno::ENOENT | Errno::EBUSY)));
        }
    });
}

#[test]
fn the_kernels_other_provider_finds_what_it_needs() {
    with_modules(|_, _| {
        // It registers with the core when it has found its platform, which is not this one.
        assert_eq!(load("sev_guest"), Err(Errno::ENODEV));
    });
}

#[test]
fn the_other_core_is_refused_and_harms_nothing() {
    with_modules(|core, _| {
        let other = match core {
            "tsm" => "tsm_report",
            _ => "tsm",
        };

        // They export the same functions.
        assert_eq!(load(other), Err(Errno::ENOEXEC));
        let report = Report::new("other").unwrap();
        report.set_inblob(&[1; 64]).unwrap();
        report.outblob().unwrap();
    });
}

#[test]
fn an_open_register_ends_when_its_provider_is_unloaded() {
    with_modules(|_, provider| {
        let fixed = File::open(registers::path("mrtd")).unwrap();
        let rtmr = File::options()
            .read(true)
            .write(true)
            .open(registers::path("rtmr0"))
            .unwrap();
        fixed.read_at(&mut [0; registers::SIZE], 0).unwrap();

        unload(provider).unwrap();
        for file in [&fixed, &rtmr] {
            let read = file.read_at(&mut [0; registers::SIZE], 0);
            assert_eq!(errno(read), Some(Errno::ENODEV));
        }
        let write = rtmr.write_at(&[1; registers::SIZE], 0);
        assert_eq!(errno(write), Some(Errno::ENODEV));

        load(provider).unwrap();
        // A new file is another one.
        assert_eq!(
            errno(fixed.read_at(&mut [0; registers::SIZE], 0)),
            Some(Errno::ENODEV)
        );
        registers::value("mrtd");
    });
}

#[test]
fn a_report_without_a_provider_says_so() {
    with_modules(|_, provider| {
        let report = Report::new("orphan").unwrap();
        report.set_inblob(&[1; 64]).unwrap();
        report.outblob().unwrap();
        let mut open = File::open(report.path("outblob")).unwrap();

        unload(provider).unwrap();
        assert_eq!(errno(report.read("provider")), Some(Errno::ENXIO));
        assert_eq!(errno(Report::new("late").map(drop)), Some(Errno::ENXIO));
        // What the report counts is its own.
        assert_eq!(report.generation(), 1);
        if Drivers::get().blob_goes_with_its_provider() {
            assert_eq!(errno(report.outblob()), Some(Errno::ENXIO));
            assert_eq!(errno(open.read(&mut [0; 8])), Some(Errno::ENXIO));
        } else {
            report.outblob().unwrap();
        }
    });
}

#[test]
fn a_report_goes_on_with_the_next_provider() {
    with_modules(|_, provider| {
        let report = Report::new("next").unwrap();
        report.set_inblob(&[1; 64]).unwrap();
        let before = report.outblob().unwrap();

        unload(provider).unwrap();
        if !Drivers::get().registers_with_reports_present() {
            assert_eq!(load(provider), Err(Errno::EBUSY));
            report.remove().unwrap();
            return;
        }
        load(provider).unwrap();
        assert_eq!(report.generation(), 1);
        assert_eq!(
            reports::report_data(&report.outblob().unwrap()),
            reports::report_data(&before)
        );
    });
}

#[test]
fn a_provider_unloads_under_load() {
    /// Ends the readers, also when the test panics.
    struct Done<'a>(&'a AtomicBool);

    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn use_it(report: &Report, done: &AtomicBool) {
        for round in (1..=250).cycle() {
            if done.load(Ordering::Relaxed) {
                return;
            }
            report.set_inblob(&[round; 64]).unwrap();
            match report.outblob() {
                Ok(blob) => assert_eq!(reports::report_data(&blob), [round; 64]),
                Err(err) => assert_eq!(err.raw_os_error(), Some(Errno::ENXIO as i32)),
            }
            let _ = fs::read(registers::path("rtmr3"));
        }
    }

    with_modules(|_, provider| {
        let reports: Vec<Report> = (0..4)
            .map(|number| Report::new(&format!("load{number}")).unwrap())
            .collect();
        let done = AtomicBool::new(false);

        thread::scope(|scope| {
            let end = Done(&done);
            for report in &reports {
                scope.spawn(|| use_it(report, &done));
            }
            for _ in 0..10 {
                unload(provider).unwrap();
                if !Drivers::get().registers_with_reports_present() {
                    break;
                }
                load(provider).unwrap();
            }
            drop(end);
        });
    });
}
