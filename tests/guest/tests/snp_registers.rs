// SPDX-License-Identifier: GPL-2.0

//! What a report says of the guest, as registers.

use std::{
    fs::{
        self,
        File, //
    },
    os::unix::fs::{
        FileExt,
        MetadataExt, //
    },
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
    reports::Report,
    snp::{
        FIELDS,
        REGISTERS, //
    },
    Drivers,
    User, //
};

/// Says whether there are registers, and checks that there are none if not.
fn there_are_some() -> bool {
    let expected = Drivers::get().snp_has_registers();

    assert_eq!(fs::exists(REGISTERS).unwrap(), expected);
    expected
}

#[test]
fn are_those_of_the_list_and_nothing_else() {
    if !there_are_some() {
        return;
    }
    let mut expected = FIELDS.map(|field| field.name.to_owned());

    expected.sort();
    assert_eq!(files::names_in_folder(REGISTERS), expected);
    for field in FIELDS.iter().filter(|field| field.hashed) {
        let folder = format!("{REGISTERS}/{}", field.name);

        assert_eq!(files::names_in_folder(&folder), ["sha384"]);
        let folder = folder + "/sha384";
        assert_eq!(files::names_in_folder(folder), ["digest"]);
    }
}

#[test]
fn can_not_be_written_and_identifiers_can_be_read_by_root_only() {
    if !there_are_some() {
        return;
    }
    for field in &FIELDS {
        let meta = fs::metadata(field.path()).unwrap();

        let mode = if field.private { 0o400 } else { 0o444 };
        assert_eq!(
            (meta.mode() & 0o7777, meta.uid()),
            (mode, 0),
            "{}",
            field.name
        );
        let user = User::new(1000, 0);
        if user.is_known() {
            let read = user.reads(&field.path());
            assert_eq!(read.is_none(), field.private, "{}", field.name);
        }
        assert_eq!(meta.size(), field.range.len() as u64, "{}", field.name);
        let write = File::options().write(true).open(field.path());
        // sysfs refuses this for root too.
        assert_eq!(errno(write), Some(Errno::EACCES), "{}", field.name);
    }
}

#[test]
fn are_what_a_report_says() {
    if !there_are_some() {
        return;
    }
    let report = Report::new("registers").unwrap();
    report.set_inblob(&[1; 64]).unwrap();
    let report = report.outblob().unwrap();
    let mut values = Vec::new();

    for field in &FIELDS {
        let value = fs::read(field.path()).unwrap();

        assert_eq!(value, report[field.range.clone()], "{}", field.name);
        values.push((field.name, value));
    }
    // The guest was made such that no two are equal, but for those of the platform.
    values.retain(|(name, _)| !name.ends_with("_tcb"));
    for (number, (name, value)) in values.iter().enumerate() {
        assert!(
            values[..number].iter().all(|(_, other)| other != value),
            "{name}"
        );
        assert!(value.iter().any(|byte| *byte != 0), "{name}");
    }
}

#[test]
fn can_be_read_at_every_offset() {
    if !there_are_some() {
        return;
    }
    for field in &FIELDS {
        let whole = fs::read(field.path()).unwrap();
        let file = File::open(field.path()).unwrap();

        for offset in 0..=whole.len() + 2 {
            for len in [0, 1, 7, whole.len(), 4096] {
                let mut buffer = vec![0xaa; len];
                let start = offset.min(whole.len());
                let expected = &whole[start..(offset + len).clamp(start, whole.len())];
                let got = file.read_at(&mut buffer, offset as u64).unwrap();

                assert_eq!(
                    &buffer[..got],
                    expected,
                    "{}: {len} at {offset}",
                    field.name
                );
            }
        }
    }
}

#[test]
fn keep_their_values_over_a_reload_and_end_when_open() {
    if !there_are_some() {
        return;
    }
    modules::with(|_, provider| {
        for field in &FIELDS {
            let file = File::open(field.path()).unwrap();
            let mut value = vec![0; field.range.len()];
            file.read_exact_at(&mut value, 0).unwrap();

            unload(provider).unwrap();
            assert!(!fs::exists(REGISTERS).unwrap());
            let read = file.read_at(&mut [0; 8], 0);
            assert_eq!(errno(read), Some(Errno::ENODEV));

            load(provider).unwrap();
            // A new file is another one.
            let read = file.read_at(&mut [0; 8], 0);
            assert_eq!(errno(read), Some(Errno::ENODEV));
            assert_eq!(fs::read(field.path()).unwrap(), value, "{}", field.name);
        }
    });
}
