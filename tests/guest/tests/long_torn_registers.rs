// SPDX-License-Identifier: GPL-2.0

//! No reader sees a register half written.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    sync::atomic::{
        AtomicUsize,
        Ordering, //
    },
    thread, //
};

use tsm_guest_tests::{
    fake::registers::{
        path,
        with_registers, //
    },
    registers,
    Platform, //
};

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
    struct StopOnDrop<'a>(&'a AtomicUsize);

    impl Drop for StopOnDrop<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }

    let file = File::open(register).unwrap();
    let readers = AtomicUsize::new(3);

    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let _done = StopOnDrop(&readers);
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
    // The registers of the other platform do not change.
    if Platform::get() != Platform::Tdx {
        return;
    }
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
