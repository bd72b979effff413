// SPDX-License-Identifier: GPL-2.0

//! Measurement registers: reads, extends, and every refusal.

use std::{
    fs::{
        self,
        File,
        Permissions, //
    },
    os::unix::fs::{
        chown,
        FileExt,
        MetadataExt,
        PermissionsExt as _, //
    },
    process::Command, //
};

use nix::errno::Errno;
use tsm_guest_tests::{
    errno,
    files,
    modules::{
        self,
        load,
        unload, //
    },
    registers::{
        self,
        Value,
        FIXED,
        RTMRS,
        SIZE, //
    },
    Drivers,
    User, //
};

/// Checks that `f` changes no register.
fn changes_nothing(f: impl FnOnce()) {
    let before: Vec<Value> = registers::all().map(registers::value).collect();

    f();
    let after: Vec<Value> = registers::all().map(registers::value).collect();
    assert_eq!(before, after);
}

#[test]
fn lists_the_registers_and_nothing_else() {
    let folder = match Drivers::get().registers_in_tsm_tree() {
        true => "/sys/kernel/tsm/tdx",
        false => "/sys/devices/virtual/misc/tdx_guest/measurements",
    };
    let mut expected: Vec<String> = registers::all()
        .map(|name| {
            let path = registers::path(name);
            let path = path.strip_prefix(folder).unwrap();
            path.iter().next().unwrap().to_str().unwrap().to_owned()
        })
        .collect();

    expected.sort();
    assert_eq!(files::names_in_folder(folder), expected);
}

#[test]
fn files_have_the_modes_of_their_registers() {
    for (name, _) in FIXED {
        let meta = fs::metadata(registers::path(name)).unwrap();
        assert_eq!((meta.mode() & 0o7777, meta.uid()), (0o444, 0), "{name}");
        assert_eq!(meta.size(), SIZE as u64, "{name}");
    }
    for name in RTMRS {
        let meta = fs::metadata(registers::path(name)).unwrap();
        assert_eq!((meta.mode() & 0o7777, meta.uid()), (0o644, 0), "{name}");
    }
}

#[test]
fn only_their_owner_can_extend_them_until_a_group_is_given_the_right() {
    const GROUP: u32 = 4711;
    let path = registers::path("rtmr3");
    let extends = |user: User| {
        let old = registers::value("rtmr3");
        let done = user.writes(&path, &[7; SIZE]);
        let new = registers::value("rtmr3");

        match done {
            true => assert_eq!(new, registers::extended(&old, &[7; SIZE])),
            false => assert_eq!(new, old),
        }
        done
    };
    let (root_group, group) = (User::new(1000, 0), User::new(1000, GROUP));
    if !group.is_known() {
        return;
    }

    assert!(!extends(root_group));
    assert!(!extends(group));
    // As a rule of udev or tmpfiles does.
    chown(&path, None, Some(GROUP)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
    assert!(!extends(root_group));
    assert!(extends(group));

    chown(&path, None, Some(0)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    assert!(!extends(group));
}

#[test]
fn measured_registers_are_not_blank() {
    assert_ne!(registers::value("mrtd"), [0; SIZE]);
}

#[test]
fn reads_at_every_offset_and_length() {
    for name in registers::all() {
        let whole = registers::value(name);
        let file = File::open(registers::path(name)).unwrap();

        for offset in 0..=SIZE + 2 {
            for len in 0..=SIZE + 2 {
                let mut buffer = [0xaa; SIZE + 2];
                let expected =
                    &whole[offset.min(SIZE)..(offset + len).min(SIZE).max(offset.min(SIZE))];
                let got = file.read_at(&mut buffer[..len], offset as u64).unwrap();

                assert_eq!(&buffer[..got], expected, "{name}: {len} bytes at {offset}");
                assert!(buffer[got..].iter().all(|&byte| byte == 0xaa));
            }
        }
    }
}

#[test]
fn reads_nothing_far_behind_the_end() {
    for name in registers::all() {
        let file = File::open(registers::path(name)).unwrap();

        for offset in [4096, u64::from(u32::MAX), i64::MAX as u64 - 100] {
            assert_eq!(
                file.read_at(&mut [0; 100], offset).unwrap(),
                0,
                "{name} at {offset}"
            );
        }
    }
}

#[test]
fn extends_one_register_with_sha384_of_old_and_data() {
    for (number, name) in RTMRS.into_iter().enumerate() {
        let others: Vec<Value> = registers::all()
            .filter(|n| *n != name)
            .map(registers::value)
            .collect();
        let old = registers::value(name);
        let data = [number as u8 + 1; SIZE];

        assert_eq!(registers::write_at(name, &data, 0).unwrap(), SIZE);
        let new = registers::value(name);
        assert_eq!(new, registers::extended(&old, &data), "{name}");

        // The same data again is another extend.
        assert_eq!(registers::write_at(name, &data, 0).unwrap(), SIZE);
        assert_eq!(
            registers::value(name),
            registers::extended(&new, &data),
            "{name}"
        );

        let after: Vec<Value> = registers::all()
            .filter(|n| *n != name)
            .map(registers::value)
            .collect();
        assert_eq!(others, after, "{name}");
    }
}

#[test]
fn an_open_reader_sees_the_new_value() {
    let file = File::open(registers::path("rtmr3")).unwrap();
    let mut value = [0; SIZE];

    file.read_exact_at(&mut value, 0).unwrap();
    let expected = registers::extended(&value, &[7; SIZE]);
    registers::write_at("rtmr3", &[7; SIZE], 0).unwrap();
    file.read_exact_at(&mut value, 0).unwrap();
    assert_eq!(value, expected);
}

#[test]
fn refuses_a_short_write() {
    changes_nothing(|| {
        for name in RTMRS {
            for len in [1, 20, 32, SIZE - 1] {
                let result = registers::write_at(name, &[1; SIZE][..len], 0);
                assert_eq!(errno(result), Some(Errno::EINVAL), "{name}: {len} bytes");
            }
        }
    });
}

#[test]
fn refuses_a_long_write() {
    if !Drivers::get().register_refuses_too_long_a_write() {
        let old = registers::value("rtmr3");
        assert_eq!(registers::write_at("rtmr3", &[1; 64], 0).unwrap(), SIZE);
        assert_eq!(
            registers::value("rtmr3"),
            registers::extended(&old, &[1; SIZE])
        );
        return;
    }
    changes_nothing(|| {
        for name in RTMRS {
            for len in [SIZE + 1, 64, 2 * SIZE, 4096, 5000] {
                let result = registers::write_at(name, &vec![1; len], 0);
                assert_eq!(errno(result), Some(Errno::EINVAL), "{name}: {len} bytes");
            }
        }
    });
}

#[test]
fn refuses_a_write_in_the_middle() {
    changes_nothing(|| {
        for name in RTMRS {
            for (offset, len) in [
                (1, SIZE - 1),
                (1, SIZE),
                (SIZE / 2, SIZE / 2),
                (SIZE - 1, 1),
            ] {
                let result = registers::write_at(name, &[1; SIZE][..len], offset as u64);
                assert_eq!(
                    errno(result),
                    Some(Errno::EINVAL),
                    "{name}: {len} bytes at {offset}"
                );
            }
        }
    });
}

#[test]
fn refuses_a_write_behind_the_end() {
    // Where sysfs knows the size, it is sysfs that refuses.
    let refusal = match Drivers::get().register_refuses_too_long_a_write() {
        true => Errno::EINVAL,
        false => Errno::EFBIG,
    };

    changes_nothing(|| {
        for offset in [SIZE as u64, 4096, u64::from(u32::MAX)] {
            let result = registers::write_at("rtmr0", &[1; SIZE], offset);
            assert_eq!(errno(result), Some(refusal), "at {offset}");
        }
    });
}

#[test]
fn an_empty_write_extends_nothing() {
    changes_nothing(|| assert_eq!(registers::write_at("rtmr0", &[], 0).unwrap(), 0));
}

#[test]
fn refuses_to_write_a_fixed_register() {
    changes_nothing(|| {
        for (name, _) in FIXED {
            // sysfs refuses this for root too.
            assert_eq!(
                errno(registers::open_for_write(name)),
                Some(Errno::EACCES),
                "{name}"
            );
        }
    });
}

#[test]
fn takes_the_flags_that_clients_open_with() {
    for name in RTMRS {
        File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(registers::path(name))
            .unwrap();
    }
}

/// Says whether some order of extending `from` with all of `data` gives `to`.
fn some_order_gives(from: Value, data: &mut Vec<Value>, to: &Value) -> bool {
    if data.is_empty() {
        return from == *to;
    }
    (0..data.len()).any(|next| {
        let item = data.swap_remove(next);
        let found = some_order_gives(registers::extended(&from, &item), data, to);

        data.push(item);
        let last = data.len() - 1;
        data.swap(next, last);
        found
    })
}

#[test]
fn eight_processes_extend_one_register_in_some_order() {
    let mut data: Vec<Value> = (1..=8).map(|number| [number; SIZE]).collect();
    let old = registers::value("rtmr3");

    let writers: Vec<_> = data
        .iter()
        .map(|item| {
            let file = format!("/tmp/extend-{}", item[0]);

            fs::write(&file, item).unwrap();
            Command::new("dd")
                .arg(format!("if={file}"))
                .arg(format!("of={}", registers::path("rtmr3").display()))
                .args(["bs=48", "count=1", "conv=notrunc"])
                .spawn()
                .unwrap()
        })
        .collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }

    let new = registers::value("rtmr3");
    assert!(some_order_gives(old, &mut data, &new));
    // The search itself must be able to fail.
    assert!(!some_order_gives(old, &mut data[1..].to_vec(), &new));
}

#[test]
fn registers_keep_their_values_over_a_reload() {
    modules::with(|_, provider| {
        registers::write_at("rtmr1", &[5; registers::SIZE], 0).unwrap();
        let before = registers::value("rtmr1");

        unload(provider).unwrap();
        load(provider).unwrap();
        assert_eq!(registers::value("rtmr1"), before);
    });
}

#[test]
fn an_open_register_ends_when_its_provider_is_unloaded() {
    modules::with(|_, provider| {
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
        // A file that was opened before the unload stays dead.
        assert_eq!(
            errno(fixed.read_at(&mut [0; registers::SIZE], 0)),
            Some(Errno::ENODEV)
        );
        registers::value("mrtd");
    });
}
