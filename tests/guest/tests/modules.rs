// SPDX-License-Identifier: GPL-2.0

//! Loading, unloading, and what is open meanwhile.

use std::{
    fs::{
        self,
        File, //
    },
    io::Read as _,
    process::Command,
    sync::atomic::{
        AtomicBool,
        AtomicUsize,
        Ordering, //
    },
    thread, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    errno,
    fake::wait_until,
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
    Drivers,
    Platform, //
};

/// Ends other threads, also when the test panics.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Checks that the drivers do what they are for.
fn work() {
    let report = Report::new("works").unwrap();

    report.set_inblob(&[7; 64]).unwrap();
    let blob = report.outblob().unwrap();
    assert_eq!(reports::report_data(&blob), [7; 64]);
    for path in registers::paths() {
        assert!(!fs::read(path).unwrap().is_empty());
    }
}

#[test]
fn unloads_and_reloads_cleanly() {
    modules::with(|core, provider| {
        for _ in 0..10 {
            unload(provider).unwrap();
            unload(core).unwrap();
            for path in registers::paths() {
                assert!(!fs::exists(path).unwrap());
            }
            assert!(!fs::exists("/sys/kernel/tsm").unwrap());
            assert!(!fs::exists("/sys/kernel/config/tsm").unwrap());
            load(core).unwrap();
            load(provider).unwrap();
            work();
        }
    });
}

/// Returns what the modules have said in the kernel log since the last `mark`.
fn said_since(mark: &str) -> Vec<String> {
    let log = Command::new("dmesg").output().unwrap();
    let log = String::from_utf8_lossy(&log.stdout);
    let (_, since) = log.rsplit_once(mark).unwrap();

    since
        .lines()
        .filter_map(|line| line.split_once("] "))
        .filter(|(_, text)| text.starts_with("tsm"))
        .map(|(_, text)| text.to_owned())
        .collect()
}

#[test]
fn a_provider_says_once_where_it_is_loaded() {
    const MARK: &str = "a provider is loaded after this";

    if Drivers::get() != Drivers::Rust {
        return;
    }
    modules::with(|core, provider| {
        unload(provider).unwrap();
        unload(core).unwrap();
        // Without the line feed it would not be shown before the next message.
        fs::write("/dev/kmsg", format!("{MARK}\n")).unwrap();
        load(core).unwrap();
        assert_eq!(said_since(MARK), [""; 0]);
        load(provider).unwrap();
        work();

        let version = fs::read_to_string(format!("/sys/module/{provider}/version")).unwrap();
        let guest = match Platform::get() {
            // SEPT_VE_DISABLE, as the emulator has it without an option.
            Platform::Tdx => "Intel TDX guest with attributes 0x10000000".to_owned(),
            Platform::Snp => {
                let vmpl = fs::read_to_string("/sys/devices/system/cpu/sev/vmpl").unwrap();
                format!("AMD SEV-SNP guest at VMPL {}", vmpl.trim())
            }
        };
        let expected = format!("{provider}: version {}, {guest}", version.trim());
        assert_eq!(said_since(MARK), [expected]);
        assert_eq!(version.trim(), env!("CARGO_PKG_VERSION"));
    });
}

#[test]
fn the_core_stays_under_its_provider() {
    modules::with(|core, _| {
        assert_eq!(unload(core), Err(Errno::EWOULDBLOCK));
        work();
    });
}

#[test]
fn the_core_stays_as_long_as_a_report_does() {
    modules::with(|core, provider| {
        let report = Report::new("pins").unwrap();

        unload(provider).unwrap();
        assert_eq!(unload(core), Err(Errno::EWOULDBLOCK));
        report.remove().unwrap();
        unload(core).unwrap();
    });
}

#[test]
fn a_provider_is_loaded_once() {
    modules::with(|_, provider| {
        assert_eq!(load(provider), Err(Errno::EEXIST));
        // The other one does not find its core, or a provider is registered. (The kernel's own for TDX
        // finds that out too late, after sysfs has complained of its device.)
        let ours = Platform::get().our_provider();
        match Drivers::get() {
            Drivers::Rust => {}
            Drivers::C => assert_eq!(load(ours), Err(Errno::ENOENT)),
            Drivers::RustCore => assert_eq!(load(ours), Err(Errno::EBUSY)),
        }
        // The kernel's SEV-SNP driver can't get the device either: with the same key it would reuse
        // message numbers.
        let theirs = Platform::get().kernels_provider();
        if provider != theirs && Platform::get() == Platform::Snp {
            assert_eq!(load(theirs), Err(Errno::EBUSY));
        }
        work();
    });
}

/// Has modprobe load what drives the platform, as udev does.
fn modprobe_for_the_platform() {
    let alias = fs::read_to_string(Platform::get().modalias()).unwrap();
    // The alias of a CPU lists all its features, and is too long for the modprobe of this guest.
    let aliases = match alias.trim().split_once(":feature:,") {
        Some((cpu, features)) => features
            .split(',')
            .map(|feature| format!("{cpu}:feature:,{feature},"))
            .collect(),
        None => vec![alias.trim().to_owned()],
    };

    let found = aliases.iter().filter(|alias| {
        let modprobe = Command::new("modprobe").args(["-q", "-b", alias]).status();
        modprobe.unwrap().success()
    });
    assert!(found.count() > 0, "{alias}");
}

#[test]
fn ours_is_loaded_by_a_search_for_a_driver() {
    /// What `make install` puts into a folder of modprobe's.
    const CONF: &str = include_str!("../../../scripts/modprobe.d/tsm-rs.conf");

    if Drivers::get() != Drivers::Rust {
        return;
    }
    modules::with(|core, provider| {
        fs::create_dir_all("/etc/modprobe.d").unwrap();
        fs::write("/etc/modprobe.d/tsm-rs.conf", CONF).unwrap();
        unload(provider).unwrap();
        unload(core).unwrap();

        modprobe_for_the_platform();
        assert!(modules::is_loaded(core) && modules::is_loaded(provider));
        for theirs in ["tsm_report", Platform::get().kernels_provider()] {
            assert!(!modules::is_loaded(theirs), "{theirs}");
        }
        work();
    });
}

#[test]
fn the_kernels_other_provider_finds_what_it_needs() {
    modules::with(|_, _| {
        // It registers with the core when it has found its platform, which is not this one.
        let other = Platform::get().other().kernels_provider();
        assert_eq!(load(other), Err(Errno::ENODEV));
    });
}

#[test]
fn the_other_core_is_refused_and_harms_nothing() {
    modules::with(|core, _| {
        let other = match core {
            "tsm" => "tsm_report",
            _ => "tsm",
        };

        // Both cores export the same functions, so the second one does not load.
        assert_eq!(load(other), Err(Errno::ENOEXEC));
        let report = Report::new("other").unwrap();
        report.set_inblob(&[1; 64]).unwrap();
        report.outblob().unwrap();
    });
}

#[test]
fn a_report_without_a_provider_says_so() {
    modules::with(|_, provider| {
        let report = Report::new("orphan").unwrap();
        report.set_inblob(&[1; 64]).unwrap();
        report.outblob().unwrap();
        let mut open = File::open(report.path("outblob")).unwrap();

        unload(provider).unwrap();
        assert_eq!(errno(report.read("provider")), Some(Errno::ENXIO));
        assert_eq!(errno(Report::new("late").map(drop)), Some(Errno::ENXIO));
        // The report keeps its generation.
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
    modules::with(|_, provider| {
        let report = Report::new("next").unwrap();
        report.set_inblob(&[1; 64]).unwrap();
        let before = report.outblob().unwrap();

        unload(provider).unwrap();
        if !Drivers::get().registers_with_reports_present() {
            let refusal = Drivers::get().refusal_of_a_provider();
            assert_eq!(load(provider), Err(refusal));
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
    fn use_it(report: &Report, blobs: &AtomicUsize, done: &AtomicBool) {
        for round in (1..=250).cycle() {
            if done.load(Ordering::Relaxed) {
                return;
            }
            report.set_inblob(&[round; 64]).unwrap();
            match report.outblob() {
                Ok(blob) => {
                    assert_eq!(reports::report_data(&blob), [round; 64]);
                    blobs.fetch_add(1, Ordering::Relaxed);
                }
                Err(err) => assert_eq!(err.raw_os_error(), Some(Errno::ENXIO as i32)),
            }
            for path in registers::paths() {
                let refusal = errno(fs::read(path));
                assert!(
                    matches!(refusal, None | Some(Errno::ENOENT | Errno::ENODEV)),
                    "{refusal:?}"
                );
            }
        }
    }

    if !Drivers::get().provider_unloads_under_load() {
        return;
    }
    modules::with(|_, provider| {
        let reports: Vec<Report> = (0..4)
            .map(|number| Report::new(&format!("load{number}")).unwrap())
            .collect();
        let (blobs, done) = (AtomicUsize::new(0), AtomicBool::new(false));

        thread::scope(|scope| {
            let end = StopOnDrop(&done);
            for report in &reports {
                scope.spawn(|| use_it(report, &blobs, &done));
            }
            wait_until("blobs", || blobs.load(Ordering::Relaxed) > reports.len());
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

#[test]
fn the_core_unloads_while_reports_are_asked_for() {
    // The kernel's does not wait for a task in mkdir().
    if !Drivers::get().publishes_registers() {
        return;
    }
    modules::with(|core, provider| {
        let done = AtomicBool::new(false);

        unload(provider).unwrap();
        thread::scope(|scope| {
            let end = StopOnDrop(&done);
            for number in 0..2 {
                let (path, done) = (format!("/sys/kernel/config/tsm/report/{number}"), &done);

                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed) {
                        // There is no provider, and at times no core.
                        assert!(fs::create_dir(&path).is_err());
                    }
                });
            }
            for _ in 0..8 {
                while let Err(err) = unload(core) {
                    assert_eq!(err, Errno::EWOULDBLOCK);
                }
                load(core).unwrap();
            }
            drop(end);
        });
    });
}
