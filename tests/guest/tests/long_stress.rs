// SPDX-License-Identifier: GPL-2.0

//! Many users of reports at a time, each in a container of its own, while providers come and go.

use std::{
    env,
    fs,
    path::Path,
    process::{
        Command,
        Stdio, //
    },
    sync::atomic::{
        AtomicBool,
        AtomicUsize,
        Ordering, //
    },
    thread,
    time::{
        Duration,
        Instant, //
    }, //
};

use nix::{
    errno::Errno,
    mount::{
        mount,
        MsFlags, //
    },
    sched::{
        unshare,
        CloneFlags, //
    }, //
};
use tsm_guest_tests::{
    fake::{
        Blob,
        Fake, //
    },
    reports::{
        Report,
        REPORTS, //
    },
    Drivers, //
};

const CONTAINERS: usize = 64;

/// Where a container has its report.
const ITEM: &str = "/tmp/report";

/// Numbers that look random, and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) % limit
    }
}

fn duration() -> Duration {
    let seconds = env::var("TSM_STRESS_SECONDS").map(|text| text.parse().unwrap());

    Duration::from_secs(seconds.unwrap_or(60))
}

#[test]
fn containers_get_legal_blobs_only_while_providers_come_and_go() {
    let fake = Fake::new("tsm_fake", "");
    let reports: Vec<Report> = (0..CONTAINERS)
        .map(|number| Report::new(&format!("container{number}")).unwrap())
        .collect();
    let program = env::current_exe().unwrap();
    let mut containers: Vec<_> = (0..CONTAINERS)
        .map(|number| {
            Command::new(&program)
                .args(["--exact", "container", "--ignored", "--nocapture"])
                .env("TSM_CONTAINER", number.to_string())
                // Its output must not be taken for the result of one more test.
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();

    let end = Instant::now() + duration();
    let mut numbers = Numbers(1);
    let (mut loads, mut calls) = (1, 0);
    while Instant::now() < end {
        thread::sleep(Duration::from_millis(20 + numbers.below(80)));
        match numbers.below(6) {
            0 => fake.set("delay_ms", numbers.below(5)),
            1 => fake.set("outblob_size", 200 + numbers.below(20_000)),
            2 => fake.set(
                "error",
                [0, 0, Errno::EIO as i32][numbers.below(3) as usize],
            ),
            3 => fake.set("leave_blobs", numbers.below(2)),
            _ if Drivers::get().registers_with_reports_present() => {
                calls += fake.get("calls");
                fake.unload().unwrap();
                thread::sleep(Duration::from_millis(numbers.below(20)));
                fake.load(&format!("outblob_size={}", 200 + numbers.below(9000)))
                    .unwrap();
                loads += 1;
            }
            _ => {}
        }
    }

    fake.set("delay_ms", 0);
    for container in &mut containers {
        assert!(container.wait().unwrap().success());
    }
    assert!(calls + fake.get("calls") > 0);
    println!("{loads} providers");
    drop(reports);
    assert_eq!(fs::read_dir(REPORTS).unwrap().count(), 0);
}

/// Tasks that do nothing else meet a change of the provider far more often than containers do.
#[test]
fn the_provider_is_read_while_it_comes_and_goes() {
    let fake = Fake::new("tsm_fake", "");
    let report = &Report::new("read").unwrap();
    if !Drivers::get().registers_with_reports_present() {
        return;
    }
    let (end, last) = (
        Instant::now() + duration() / 6,
        Instant::now() + 6 * duration(),
    );
    let (names, absences, mut loads) = (&AtomicUsize::new(0), &AtomicUsize::new(0), 1);
    let ended = &AtomicBool::new(false);

    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    let count = match report.read("provider") {
                        Ok(name) => {
                            assert_eq!(name, b"fake\n");
                            names
                        }
                        Err(error) => {
                            assert_eq!(error.raw_os_error(), Some(Errno::ENXIO as i32));
                            absences
                        }
                    };
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // On a slow machine that time may not be enough for both outcomes.
        let unseen = || {
            [names, absences]
                .iter()
                .any(|count| count.load(Ordering::Relaxed) == 0)
        };
        while Instant::now() < end || unseen() && Instant::now() < last {
            fake.unload().unwrap();
            fake.load("").unwrap();
            loads += 1;
        }
        ended.store(true, Ordering::Relaxed);
    });
    let (names, absences) = (
        names.load(Ordering::Relaxed),
        absences.load(Ordering::Relaxed),
    );
    println!("{loads} providers, {names} names, {absences} absences");
    assert!(names > 0 && absences > 0);
}

/// What runs in a container, started by the first test.
#[test]
#[ignore = "is a part of another test"]
fn container() {
    let number: u8 = env::var("TSM_CONTAINER").unwrap().parse().unwrap();
    let item = Path::new(REPORTS).join(format!("container{number}"));
    let none: Option<&str> = None;

    // A mount namespace with this report, and no other.
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
    mount(Some("tmpfs"), "/tmp", Some("tmpfs"), MsFlags::empty(), none).unwrap();
    fs::create_dir(ITEM).unwrap();
    mount(Some(&item), ITEM, none, MsFlags::MS_BIND, none).unwrap();
    mount(
        Some("tmpfs"),
        "/sys/kernel/config",
        Some("tmpfs"),
        MsFlags::empty(),
        none,
    )
    .unwrap();
    assert!(!item.exists());

    let end = Instant::now() + duration();
    let mut numbers = Numbers(u64::from(number) + 100);
    let (mut sent, mut blobs, mut refusals) = (0u32, 0u32, 0u32);
    let inblob = |sent: u32| [&[number + 1][..], &sent.to_le_bytes(), &[7; 20]].concat();
    let file = |name: &str| format!("{ITEM}/{name}");
    while Instant::now() < end || blobs == 0 {
        let result = match numbers.below(8) {
            0 | 1 => {
                sent += 1;
                fs::write(file("inblob"), inblob(sent))
            }
            2 => fs::write(file("privlevel"), "2"),
            3 => fs::write(file("service_provider"), "svsm"),
            4 => fs::read(file("generation")).map(drop),
            5 => fs::read(file("provider")).map(|name| assert_eq!(name, b"fake\n")),
            _ => fs::read(file("outblob")).map(|bytes| {
                // Only this process writes here.
                assert_eq!(Blob::out(bytes).inblob(), inblob(sent));
                blobs += 1;
            }),
        };
        let refusal = result.err().map(|err| err.raw_os_error().unwrap());
        match refusal.map(Errno::from_raw) {
            None => {}
            Some(Errno::EINVAL) if sent == 0 => {}
            Some(Errno::ENXIO | Errno::EIO | Errno::EAGAIN) => refusals += 1,
            Some(other) => panic!("container {number}: {other}"),
        }
    }
    assert!(blobs > 0, "{refusals} refusals");
}
