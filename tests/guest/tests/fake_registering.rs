// SPDX-License-Identifier: GPL-2.0

//! Registering and unregistering of registers, and every refusal.

use std::{
    fs::{
        self,
        File, //
    },
    os::unix::fs::FileExt,
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
            TREE, //
        },
        wait_until,
        Fake, //
    },
    files,
    Drivers, //
};

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

            assert_eq!(files::names_in_folder(&folder), [name]);
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
        ("show_null", Errno::EINVAL),
        ("show_unknown", Errno::ENOENT),
        ("show_namesake", Errno::EINVAL),
        ("show_twice", Errno::ENOTUNIQ),
        ("good refresh_error=5", Errno::EIO),
        ("good refresh_error=19", Errno::ENODEV),
    ] {
        assert_eq!(fake.load(&format!("case={case}")), Err(error), "{case}");
        assert_eq!(fs::read_dir(TREE).unwrap().count(), before, "{case}");
    }
    // Registers that were refused leave the name free.
    for case in ["good", "banks", "no_registers"] {
        assert_eq!(fake.load(&format!("case={case}")), Ok(()), "{case}");
        assert!(fs::exists(path("")).unwrap());
        fake.unload().unwrap();
        assert!(!fs::exists(path("")).unwrap());
    }
}

#[test]
fn registers_can_be_shown_in_another_place() {
    const FOLDER: &str = "/sys/module/tsm_fake_mr/measurements";

    with_registers("shown", |fake| {
        let modes = files::modes([("good:sha384", 0o644)]);
        assert_eq!(files::in_folder(FOLDER), modes);
        let shown = File::options()
            .read(true)
            .write(true)
            .open(format!("{FOLDER}/good:sha384"))
            .unwrap();
        let mut value = [0; 48];

        shown.write_all_at(&[1; 48], 0).unwrap();
        assert_eq!(read("good/sha384/digest").unwrap(), [extended(48, 1); 48]);
        shown.read_exact_at(&mut value, 0).unwrap();
        assert_eq!(value, [extended(48, 1); 48]);

        fake.unload().unwrap();
        let read = shown.read_at(&mut value, 0);
        assert_eq!(errno(read), Some(Errno::ENODEV));
    });
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
