// SPDX-License-Identifier: GPL-2.0

//! Registers of a provider that does what a test tells it to.

use std::{
    fs::{
        self,
        File,
        Permissions, //
    },
    os::unix::fs::{
        FileExt,
        MetadataExt,
        PermissionsExt, //
    },
    thread, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    errno,
    fake::{
        registers::{
            extended,
            path,
            read,
            with_registers,
            write, //
        },
        spawn_blocked,
        wait_until, //
    },
    files, //
};

#[test]
fn files_have_the_modes_of_their_flags() {
    with_registers("all", |_| {
        let files = [
            ("flat", 0o444),
            ("flat_rtmr", 0o644),
            ("read_only/sha384/digest", 0o444),
            ("live/sha384/digest", 0o444),
            ("rtmr/sha384/digest", 0o644),
            ("not_live/sha256/digest", 0o644),
            ("replace/sha1/digest", 0o644),
            ("flat_replace", 0o644),
            ("write_only", 0o200),
            ("write_only_replace", 0o200),
            ("live_replace", 0o644),
            ("hidden", 0),
            ("one", 0o644),
            ("wide", 0o644),
            ("wide_hashed/sha512/digest", 0o644),
            ("page", 0o444),
            ("private", 0o400),
            ("private_rtmr/sha256/digest", 0o600),
        ];
        let mut expected: Vec<&str> = files
            .iter()
            .filter_map(|(name, _)| name.split('/').next())
            .collect();

        expected.sort();
        assert_eq!(files::names_in_folder(path("")), expected);
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
        // That calls no callback of the provider.
        assert_eq!(fake.get("extends"), extends);

        // A register that is not live keeps its first value, unless the provider sets another one.
        let name = "not_live/sha256/digest";
        write(name, &[1; 32]).unwrap();
        assert_eq!(fake.get("extends"), extends + 1);
        assert_eq!(read(name).unwrap(), [32; 32]);
        fake.set("sets_value", "1");
        write(name, &[2; 32]).unwrap();
        assert_eq!(read(name).unwrap(), [extended(extended(32, 1), 2); 32]);
    });
}

#[test]
fn a_live_register_that_was_replaced_has_that_value_until_one_is_extended() {
    with_registers("all", |fake| {
        assert_eq!(read("live_replace").unwrap(), [16; 16]);
        write("live_replace", &[5; 16]).unwrap();
        assert_eq!(read("live_replace").unwrap(), [5; 16]);
        assert_eq!(fake.get("refreshes"), 1);

        // An extend of any register has the provider's value read again.
        write("one", &[1]).unwrap();
        assert_eq!(read("live_replace").unwrap(), [16; 16]);
        assert_eq!(fake.get("refreshes"), 2);
    });
}

#[test]
fn no_reader_gets_the_value_from_before_an_extend_that_is_done() {
    with_registers("all", |fake| {
        let name = "rtmr/sha384/digest";

        // After this read the register is read without a lock.
        read(name).unwrap();
        fake.set("hold_done", 1);
        thread::scope(|scope| {
            let writer = scope.spawn(|| write(name, &[1; 48]));
            wait_until("the extend", || fake.get("extends") == 1);
            let reader = spawn_blocked(scope, || read(name));

            fake.set("hold_done", 0);
            assert_eq!(reader.join().unwrap().unwrap(), [extended(48, 1); 48]);
            assert_eq!(writer.join().unwrap().unwrap(), 48);
        });
    });
}

#[test]
fn a_mode_gives_no_more_than_the_flags() {
    with_registers("all", |_| {
        for name in ["flat", "hidden", "write_only"] {
            let mode = Permissions::from_mode(0o666);
            fs::set_permissions(path(name), mode).unwrap();
        }
        for name in ["flat", "hidden"] {
            let file = File::options().write(true).open(path(name));
            assert_eq!(errno(file), Some(Errno::EACCES), "{name}");
        }
        for name in ["hidden", "write_only"] {
            assert_eq!(errno(File::open(path(name))), Some(Errno::EACCES), "{name}");
        }
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
        // Registration has refreshed once.
        assert_eq!(fake.get("refreshes"), 1);
        for name in ["rtmr/sha384/digest", "live/sha384/digest", "flat", "wide"] {
            for _ in 0..10 {
                read(name).unwrap();
            }
        }
        assert_eq!(fake.get("refreshes"), 1);

        write("rtmr/sha384/digest", &[1; 48]).unwrap();
        write("rtmr/sha384/digest", &[2; 48]).unwrap();
        // Registers that are constant, or whose value the core sets, are not refreshed.
        read("flat").unwrap();
        read("read_only/sha384/digest").unwrap();
        write("flat_replace", &[1; 7]).unwrap();
        read("flat_replace").unwrap();
        assert_eq!(fake.get("refreshes"), 1);
        // One refresh is enough for all registers.
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
        // These registers are not live, so they can be read.
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
