// SPDX-License-Identifier: GPL-2.0

//! Registers of a provider that does what a test tells it to, and every refusal of one.

use std::{
    fs::{
        self,
        File, //
    },
    io,
    os::unix::fs::{
        FileExt,
        MetadataExt, //
    },
    sync::atomic::{
        AtomicUsize,
        Ordering, //
    },
    thread, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    errno,
    fake::{
        wait_until,
        Fake, //
    },
    registers,
    Drivers, //
};

const TREE: &str = "/sys/kernel/tsm";

/// Runs `test` with the registers of `case`. The kernel's core has no registers.
fn with_registers(case: &str, test: impl FnOnce(&Fake)) {
    if Drivers::get().publishes_registers() {
        test(&Fake::new("tsm_fake_mr", &format!("case={case}")));
    }
}

fn path(register: &str) -> String {
    format!("{TREE}/fake/{register}")
}

fn read(register: &str) -> io::Result<Vec<u8>> {
    fs::read(path(register))
}

fn write(register: &str, data: &[u8]) -> io::Result<usize> {
    File::options()
        .write(true)
        .open(path(register))?
        .write_at(data, 0)
}

/// What extending does.
fn extended(old: u8, data: u8) -> u8 {
    old.rotate_left(1) ^ data
}

#[test]
fn files_have_the_modes_of_their_flags() {
    with_registers("all", |_| {
        let files = [
            ("flat", 0o444),
            ("flat_rtmr", 0o664),
            ("read_only/sha384/digest", 0o444),
            ("live/sha384/digest", 0o444),
            ("rtmr/sha384/digest", 0o664),
            ("not_live/sha256/digest", 0o664),
            ("replace/sha1/digest", 0o664),
            ("flat_replace", 0o664),
            ("write_only", 0o220),
            ("write_only_replace", 0o220),
            ("hidden", 0),
            ("one", 0o664),
            ("wide", 0o664),
            ("wide_hashed/sha512/digest", 0o664),
            ("page", 0o444),
        ];
        let mut found: Vec<String> = fs::read_dir(path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut expected: Vec<&str> = files
            .iter()
            .filter_map(|(name, _)| name.split('/').next())
            .collect();

        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        for (name, mode) in files {
            let meta = fs::metadata(path(name)).unwrap();
            assert_eq!(meta.mode() & 0o7777, mode, "{name}");
        }
    });
}

#[test]
fn registers_have_their_sizes_and_first_values() {
    with_registers("all", |_| {
        for (name, size) in [
            ("flat", 32),
            ("read_only/sha384/digest", 48),
            ("not_live/sha256/digest", 32),
            ("replace/sha1/digest", 20),
            ("flat_replace", 7),
            ("one", 1),
            ("wide", 4095),
            ("wide_hashed/sha512/digest", 4095),
            ("page", 4096),
        ] {
            assert_eq!(read(name).unwrap(), vec![size as u8; size], "{name}");
        }
    });
}

#[test]
fn extends_and_replaces() {
    with_registers("all", |fake| {
        for (name, size) in [("rtmr/sha384/digest", 48), ("one", 1), ("wide", 4095)] {
            let mut expected = size as u8;

            for data in [1, 0x80, 7] {
                assert_eq!(write(name, &vec![data; size]).unwrap(), size);
                expected = extended(expected, data);
                assert_eq!(read(name).unwrap(), vec![expected; size], "{name}");
            }
        }
        let extends = fake.get("extends");
        assert_eq!(extends, 9);

        for (name, size) in [("replace/sha1/digest", 20), ("flat_replace", 7)] {
            for data in [5, 9] {
                assert_eq!(write(name, &vec![data; size]).unwrap(), size);
                assert_eq!(read(name).unwrap(), vec![data; size], "{name}");
            }
        }
        // The provider is not asked for that.
        assert_eq!(fake.get("extends"), extends);

        // What is not live shows its first value.
        write("not_live/sha256/digest", &[1; 32]).unwrap();
        assert_eq!(fake.get("extends"), extends + 1);
        assert_eq!(read("not_live/sha256/digest").unwrap(), [32; 32]);
    });
}

#[test]
fn what_cannot_be_read_can_be_written() {
    with_registers("all", |fake| {
        for name in ["write_only", "write_only_replace", "hidden"] {
            assert_eq!(errno(read(name)), Some(Errno::EACCES), "{name}");
        }
        write("write_only", &[1; 32]).unwrap();
        assert_eq!(fake.get("extends"), 1);
        write("write_only_replace", &[1; 32]).unwrap();
        assert_eq!(errno(write("hidden", &[1; 32])), Some(Errno::EACCES));
        assert_eq!(errno(write("flat", &[1; 32])), Some(Errno::EACCES));
    });
}

#[test]
fn refuses_writes_of_another_size_or_place() {
    with_registers("all", |fake| {
        for (name, size) in [
            ("rtmr/sha384/digest", 48),
            ("replace/sha1/digest", 20),
            ("one", 1),
            ("wide", 4095),
            ("write_only", 32),
        ] {
            let file = File::options().write(true).open(path(name)).unwrap();

            for len in [1, size - 1, size + 1, 2 * size, 5000] {
                if len == 0 || len == size {
                    continue;
                }
                let result = file.write_at(&vec![3; len], 0);
                assert_eq!(errno(result), Some(Errno::EINVAL), "{name}: {len}");
            }
            assert_eq!(
                errno(file.write_at(&vec![3; size], 1)),
                Some(Errno::EINVAL),
                "{name}"
            );
        }
        assert_eq!(read("replace/sha1/digest").unwrap(), [20; 20]);
        assert_eq!(fake.get("extends"), 0);
    });
}

#[test]
fn asks_the_provider_only_when_something_was_extended() {
    with_registers("all", |fake| {
        // The one when it was registered.
        assert_eq!(fake.get("refreshes"), 1);
        for name in ["rtmr/sha384/digest", "live/sha384/digest", "flat", "wide"] {
            for _ in 0..10 {
                read(name).unwrap();
            }
        }
        assert_eq!(fake.get("refreshes"), 1);

        write("rtmr/sha384/digest", &[1; 48]).unwrap();
        write("rtmr/sha384/digest", &[2; 48]).unwrap();
        // Not for what does not change, or is not changed by the provider.
        read("flat").unwrap();
        read("read_only/sha384/digest").unwrap();
        write("flat_replace", &[1; 7]).unwrap();
        read("flat_replace").unwrap();
        assert_eq!(fake.get("refreshes"), 1);
        // Once for all.
        for name in ["live/sha384/digest", "rtmr/sha384/digest", "wide"] {
            read(name).unwrap();
            assert_eq!(fake.get("refreshes"), 2, "{name}");
        }
    });
}

#[test]
fn a_refresh_that_failed_reaches_the_reader_and_is_tried_again() {
    with_registers("all", |fake| {
        write("rtmr/sha384/digest", &[1; 48]).unwrap();
        fake.set("refresh_error", Errno::EIO as i32);
        for attempt in 1..=3 {
            assert_eq!(errno(read("rtmr/sha384/digest")), Some(Errno::EIO));
            assert_eq!(errno(read("live/sha384/digest")), Some(Errno::EIO));
            assert_eq!(fake.get("refreshes"), 1 + 2 * attempt);
        }
        // Those do not depend on it.
        assert_eq!(read("flat").unwrap(), [32; 32]);
        assert_eq!(read("replace/sha1/digest").unwrap(), [20; 20]);

        fake.set("refresh_error", 0);
        assert_eq!(read("rtmr/sha384/digest").unwrap(), [extended(48, 1); 48]);
    });
}

#[test]
fn an_extend_that_failed_reaches_the_writer_and_changes_nothing() {
    with_registers("all", |fake| {
        for error in [Errno::EIO, Errno::EBUSY, Errno::EINVAL] {
            fake.set("extend_error", error as i32);
            assert_eq!(errno(write("rtmr/sha384/digest", &[1; 48])), Some(error));
            assert_eq!(read("rtmr/sha384/digest").unwrap(), [48; 48]);
        }
        fake.set("extend_error", 0);
        write("rtmr/sha384/digest", &[1; 48]).unwrap();
        assert_eq!(read("rtmr/sha384/digest").unwrap(), [extended(48, 1); 48]);
    });
}

#[test]
fn hashes_have_the_names_of_the_kernel() {
    const NAMES: [&str; 23] = [
        "md4",
        "md5",
        "sha1",
        "rmd160",
        "sha256",
        "sha384",
        "sha512",
        "sha224",
        "rmd128",
        "rmd256",
        "rmd320",
        "wp256",
        "wp384",
        "wp512",
        "tgr128",
        "tgr160",
        "tgr192",
        "sm3",
        "streebog256",
        "streebog512",
        "sha3-256",
        "sha3-384",
        "sha3-512",
    ];

    with_registers("hashes", |_| {
        assert_eq!(fs::read_dir(path("")).unwrap().count(), NAMES.len());
        for (number, name) in NAMES.into_iter().enumerate() {
            let folder = path(&format!("h{number}"));
            let found: Vec<_> = fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            assert_eq!(found, [name]);
            assert_eq!(
                fs::read(format!("{folder}/{name}/digest")).unwrap(),
                [16; 16]
            );
        }
    });
}

#[test]
fn refuses_what_is_not_as_it_should_be() {
    if !Drivers::get().publishes_registers() {
        return;
    }
    let fake = Fake::prepare("tsm_fake_mr");
    let before = fs::read_dir(TREE).unwrap().count();

    for (case, error) in [
        ("null", Errno::EINVAL),
        ("no_name", Errno::EINVAL),
        ("empty_name", Errno::EINVAL),
        ("slash", Errno::EINVAL),
        ("dot", Errno::EINVAL),
        ("dot_dot", Errno::EINVAL),
        ("no_list", Errno::EINVAL),
        ("no_refresh", Errno::EINVAL),
        ("no_extend", Errno::EINVAL),
        ("empty_register", Errno::EINVAL),
        ("slash_register", Errno::EINVAL),
        ("dot_register", Errno::EINVAL),
        ("dot_dot_register", Errno::EINVAL),
        ("no_value", Errno::EINVAL),
        ("size_0", Errno::EINVAL),
        ("size_4097", Errno::EINVAL),
        ("writable_4096", Errno::EINVAL),
        ("unknown_flag", Errno::EINVAL),
        ("unknown_hash", Errno::EINVAL),
        ("unknown_hash_far", Errno::EINVAL),
        ("same_hash", Errno::ENOTUNIQ),
        ("flat_and_hashed", Errno::ENOTUNIQ),
        ("two_flats", Errno::ENOTUNIQ),
        ("too_many_banks", Errno::ENOSPC),
        ("twice", Errno::ENOTUNIQ),
        ("namesake", Errno::ENOTUNIQ),
        ("unregister_null", Errno::EINVAL),
        ("unregister_unknown", Errno::ENOENT),
        ("unregister_namesake", Errno::EINVAL),
        ("good refresh_error=5", Errno::EIO),
        ("good refresh_error=19", Errno::ENODEV),
    ] {
        assert_eq!(fake.load(&format!("case={case}")), Err(error), "{case}");
        assert_eq!(fs::read_dir(TREE).unwrap().count(), before, "{case}");
    }
    // None of them is in the way of these.
    for case in ["good", "banks", "no_registers"] {
        assert_eq!(fake.load(&format!("case={case}")), Ok(()), "{case}");
        assert!(fs::exists(path("")).unwrap());
        fake.unload().unwrap();
        assert!(!fs::exists(path("")).unwrap());
    }
}

#[test]
fn unregistering_waits_for_a_callback() {
    with_registers("all", |fake| {
        for extend in [true, false] {
            let rtmr = File::options()
                .read(true)
                .write(true)
                .open(path("rtmr/sha384/digest"))
                .unwrap();

            rtmr.write_at(&[1; 48], 0).unwrap();
            fake.set("hold", 1);
            thread::scope(|scope| {
                let user = scope.spawn(|| match extend {
                    true => rtmr.write_at(&[2; 48], 0),
                    false => rtmr.read_at(&mut [0; 48], 0),
                });
                wait_until("the callback", || fake.get("running") == 1);
                let unloading = scope.spawn(|| fake.unload());
                wait_until("the unloading", || fake.is_going());
                assert!(!unloading.is_finished());
                fake.set("hold", 0);
                assert_eq!(user.join().unwrap().unwrap(), 48);
                unloading.join().unwrap().unwrap();
            });
            assert_eq!(errno(rtmr.read_at(&mut [0; 48], 0)), Some(Errno::ENODEV));
            fake.load("case=all").unwrap();
        }
    });
}

/// Reads `register` on three processors, `reads` times in all, while `write` runs on another one
/// again and again, and has `check` look at each value.
fn under_a_writer(
    register: &str,
    reads: usize,
    size: usize,
    mut write: impl FnMut(),
    check: impl Fn(&[u8]) + Sync,
) {
    /// Ends the writer, also when a reader panics.
    struct Done<'a>(&'a AtomicUsize);

    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }

    let file = File::open(register).unwrap();
    let readers = AtomicUsize::new(3);

    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let _done = Done(&readers);
                let mut value = vec![0; size];

                for _ in 0..reads / 3 + 1 {
                    assert_eq!(file.read_at(&mut value, 0).unwrap(), size);
                    check(&value);
                }
            });
        }
        while readers.load(Ordering::Relaxed) > 0 {
            write();
        }
    });
}

#[test]
fn no_reader_sees_a_wide_register_half_written() {
    with_registers("all", |fake| {
        // A register of a page takes an emulator long to check.
        for name in ["wide", "wide_hashed/sha512/digest"] {
            let file = File::options().write(true).open(path(name)).unwrap();
            let mut round = 0u8;

            under_a_writer(
                &path(name),
                10_000,
                4095,
                || {
                    round = round.wrapping_add(1);
                    file.write_at(&[round; 4095], 0).unwrap();
                },
                |value| assert!(value.iter().all(|byte| *byte == value[0]), "{name} is torn"),
            );
        }
        assert!(fake.get("extends") > 2);
    });
}

#[test]
fn no_reader_sees_a_replaced_register_half_written() {
    with_registers("all", |_| {
        let file = File::options()
            .write(true)
            .open(path("replace/sha1/digest"))
            .unwrap();
        let mut round = 0u8;

        under_a_writer(
            &path("replace/sha1/digest"),
            100_000,
            20,
            || {
                round = round.wrapping_add(1);
                file.write_at(&[round; 20], 0).unwrap();
            },
            |value| assert!(value.iter().all(|byte| *byte == value[0]), "torn"),
        );
    });
}

#[test]
fn readers_of_a_tdx_register_see_values_of_its_chain_only() {
    let data = [0x5a; registers::SIZE];
    let mut legal = vec![registers::value("rtmr3")];

    for _ in 0..20_000 {
        legal.push(registers::extended(legal.last().unwrap(), &data));
    }
    legal.sort();
    let register = registers::path("rtmr3");
    let file = registers::open_for_write("rtmr3").unwrap();
    let mut left = 20_000;

    under_a_writer(
        register.to_str().unwrap(),
        100_000,
        registers::SIZE,
        || {
            if left > 0 {
                left -= 1;
                file.write_at(&data, 0).unwrap();
            }
        },
        |value| {
            let value = registers::Value::try_from(value).unwrap();
            assert!(legal.binary_search(&value).is_ok(), "not a legal value");
        },
    );
    assert!(left < 20_000 - 2);
}
