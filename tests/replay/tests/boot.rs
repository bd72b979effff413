// SPDX-License-Identifier: GPL-2.0

//! A boot of the emulator, and the differences that are found if something of it was changed. See
//! `tests/vectors/measured-boot/README.md`.

mod common;

use std::{
    fs,
    path::PathBuf,
    process::{
        Command,
        Output, //
    }, //
};

use common::*;
use tsm_proto::{
    tdx::TdReport,
    Digest384, //
};
use tsm_replay::{
    event_log::EventLog,
    later,
    registers::{
        self,
        Registers, //
    }, //
};

/// 2026-06-01. The platform of the emulator is up to date then, and no longer in 2028.
const NOW: [&str; 4] = ["--root", "test_root.pem", "--time", "1780272000"];
const LATER: [&str; 4] = ["--root", "test_root.pem", "--time", "1830272000"];

/// Returns the RTMRs that the boot had.
fn rtmrs() -> [Digest384; 4] {
    let report = vector("tdreport");
    Registers::from_report(TdReport::parse(&report).unwrap()).rtmrs
}

/// Returns the RTMRs that a log and a list of what came later stand for, if they can be read.
fn replayed(log: &[u8], later: &str) -> Option<[Digest384; 4]> {
    let mut rtmrs = registers::replay(&EventLog::parse(log).ok()?, |_, _| {});
    for extend in later::parse(later).ok()? {
        registers::extend(&mut rtmrs[3], &extend.digest);
    }
    Some(rtmrs)
}

/// Returns the lines of what RTMR3 was extended with.
fn later() -> String {
    String::from_utf8(vector("rtmr3")).unwrap()
}

/// Returns where the events that were measured begin and end.
fn measured(log: &[u8]) -> Vec<(usize, usize)> {
    let log = EventLog::parse(log).unwrap();
    let ends = log.events.iter().skip(1).map(|event| event.at);
    log.events
        .iter()
        .zip(ends.chain([log.end]))
        .filter(|(event, _)| event.measured.is_some())
        .map(|(event, end)| (event.at, end))
        .collect()
}

#[test]
fn the_log_explains_all_registers() {
    assert_eq!(replayed(&vector("CCEL"), &later()), Some(rtmrs()));
    assert!(!rtmrs().contains(&Digest384::ZERO));
    assert!(measured(&vector("CCEL")).len() > 20);
}

#[test]
fn an_event_that_was_removed_is_missed() {
    let log = vector("CCEL");
    for (start, end) in measured(&log) {
        let without = [&log[..start], &log[end..]].concat();
        assert_ne!(replayed(&without, &later()).unwrap(), rtmrs());
    }
    assert_ne!(replayed(&log, "").unwrap(), rtmrs());
}

#[test]
fn two_events_of_a_register_that_changed_places_are_found() {
    let log = vector("CCEL");
    let events = measured(&log);
    for pair in events.windows(2) {
        let [(first, middle), (start, end)] = pair else {
            unreachable!()
        };
        assert_eq!(middle, start);
        let swapped = [
            &log[..*first],
            &log[*start..*end],
            &log[*first..*middle],
            &log[*end..],
        ]
        .concat();
        let same_register = log[*first..first + 4] == log[*start..start + 4];
        let alike = log[*first + 14..first + 62] == log[*start + 14..start + 62];
        assert_eq!(
            replayed(&swapped, &later()).unwrap() != rtmrs(),
            same_register && !alike
        );
    }
}

#[test]
fn an_event_that_was_appended_is_found() {
    let log = vector("CCEL");
    let end = EventLog::parse(&log).unwrap().end;
    for index in 1..=4 {
        let more = event(index, 4, sha384(&[0; 4]), &[0; 4]);
        let log = [&log[..end], &more, &log[end..]].concat();
        assert_ne!(replayed(&log, &later()).unwrap(), rtmrs());
    }
}

#[test]
fn a_bit_that_flipped_is_found_unless_it_is_in_a_description() {
    let log = vector("CCEL");
    let whole = EventLog::parse(&log).unwrap();
    for at in 0..whole.end {
        let mut log = log.clone();
        log[at] ^= 1 << (at % 8);
        let event = whole.events.iter().rfind(|event| event.at <= at).unwrap();
        let in_what_is_replayed =
            event.measured.is_some() && (at < event.at + 4 || (14..62).contains(&(at - event.at)));
        if in_what_is_replayed {
            assert_ne!(replayed(&log, &later()), Some(rtmrs()), "{at:#x}");
        } else {
            // The log may be read or refused, but must not cause a panic.
            let _ = replayed(&log, &later());
        }
    }
}

#[test]
fn a_log_that_ends_early_is_found() {
    let log = vector("CCEL");
    let end = EventLog::parse(&log).unwrap().end;
    for len in 0..end {
        assert_ne!(replayed(&log[..len], &later()), Some(rtmrs()), "{len:#x}");
    }
}

/// The program `replay`, and a folder with copies of the vectors.
struct Program {
    folder: PathBuf,
}

impl Program {
    /// Copies the vectors to a folder of that name.
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for name in ["CCEL", "rtmr3", "tdreport", "quote", "nonce"] {
            fs::write(folder.join(name), vector(name)).unwrap();
        }
        for name in ["collateral.json", "test_root.pem"] {
            fs::copy(path("tdx").join(name), folder.join(name)).unwrap();
        }
        let registers = Registers::from_report(TdReport::parse(&vector("tdreport")).unwrap());
        for (name, value) in registers.named() {
            let folder = folder
                .join("sysfs")
                .join(name.to_lowercase())
                .join("sha384");
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("digest"), value.bytes()).unwrap();
        }
        Self { folder }
    }

    /// Changes a file.
    fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.folder.join(name);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
    }

    /// Runs the program with these options.
    fn run(&self, options: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_replay"))
            .current_dir(&self.folder)
            .args(options)
            .output()
            .unwrap()
    }

    /// Compares everything, and verifies the quote with these options.
    fn compare(&self, trust: &[&str]) -> (Option<i32>, String) {
        let files = "--log CCEL --rtmr3 rtmr3 --sysfs sysfs --tdreport tdreport --quote quote \
            --collateral collateral.json --report-data nonce";
        let options: Vec<_> = files
            .split_whitespace()
            .chain(trust.iter().copied())
            .collect();
        let output = self.run(&options);
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    }

    /// Checks that the comparison ends with this status, and prints this text.
    #[track_caller]
    fn finds(&self, status: i32, text: &str) {
        let (found, said) = self.compare(&NOW);
        assert_eq!(found, Some(status), "{said}");
        assert!(said.contains(text), "{said}");
    }
}

#[test]
fn all_agrees() {
    let (status, said) = Program::new("agrees").compare(&NOW);
    assert_eq!(status, Some(0), "{said}");
    // Two more sources of MRTD than the first one, three of each RTMR.
    assert_eq!(said.matches(" match\n").count(), 2 + 4 * 3 + 2, "{said}");
    assert!(said.contains("quote: verified, and its platform is UpToDate\n"));
}

#[test]
fn a_source_that_differs_is_found() {
    let register = |name: &str| format!("sysfs/{name}/sha384/digest");
    let program = Program::new("sysfs");
    program.change(&register("rtmr2"), |value| value[47] ^= 1);
    program.finds(1, "values that differ: 1");
    let program = Program::new("mrtd");
    program.change(&register("mrtd"), |value| value[0] ^= 1);
    program.finds(1, "values that differ: 2");
    let program = Program::new("report");
    program.change("tdreport", |report| report[512 + 208] ^= 1);
    program.finds(1, "values that differ: 1");
    let program = Program::new("later");
    program.change("rtmr3", |lines| lines.clear());
    program.finds(1, "values that differ: 3");
    let program = Program::new("nonce");
    program.change("nonce", |nonce| nonce[0] ^= 1);
    program.finds(1, "report data quote DIFFERS");
}

#[test]
fn a_quote_that_is_not_to_be_trusted_is_found() {
    let program = Program::new("quote");
    program.change("quote", |quote| quote[48 + 8] ^= 1);
    program.finds(1, "quote: NOT VERIFIED");
    // Later, and by the root of Intel, at that time and now.
    for trust in [&LATER[..], &NOW[2..], &[]] {
        let (status, said) = Program::new("trust").compare(trust);
        assert_eq!(status, Some(1), "{said}");
        assert!(said.contains("quote: NOT VERIFIED"), "{said}");
    }
}

#[test]
fn an_event_that_no_register_proves_is_found() {
    let program = Program::new("false");
    program.change("CCEL", |log| {
        let end = EventLog::parse(log).unwrap().end;
        log.truncate(end);
        log.extend(event(0, 1, [0; 48], b"MRTD"));
    });
    program.finds(1, "says what no register proves");

    // The value of a variable, beside the digest of another one.
    let program = Program::new("data");
    program.change("CCEL", |log| {
        let name = b"S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0";
        let at = log.windows(name.len()).position(|text| text == name);
        log[at.unwrap() + name.len()] ^= 1;
    });
    program.finds(1, "says what no register proves");
}

#[test]
fn what_cannot_be_read_is_refused() {
    let program = Program::new("log");
    program.change("CCEL", |log| log.truncate(100));
    program.finds(2, "replay: CCEL: event ");
    for (name, text) in [
        (
            "rtmr3",
            "replay: rtmr3: line 1 does not begin with a SHA-384",
        ),
        ("tdreport", "replay: tdreport: this is no TDREPORT"),
        ("quote", "replay: quote: this is no quote of a TD"),
        ("collateral.json", "replay: the collateral cannot be read"),
        ("test_root.pem", "replay: the root cannot be read"),
        (
            "sysfs/rtmr1/sha384/digest",
            "replay: sysfs/rtmr1/sha384/digest: this is no SHA-384",
        ),
    ] {
        let program = Program::new("unreadable");
        program.change(name, |bytes| {
            bytes.splice(.., *b"unreadable").for_each(drop)
        });
        program.finds(2, text);
    }
    let program = Program::new("options");
    for options in [
        &["--log", "nothing"][..],
        &["--log", "CCEL", "--quote", "quote"],
        &["--log", "CCEL", "--report-data", "nonce"],
        &["--log", "CCEL", "--image", "quote"],
        &["--what"],
        &["more"],
    ] {
        let output = program.run(options);
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert!(output.stderr.starts_with(b"replay: "));
    }
    assert_eq!(program.run(&["--help"]).status.code(), Some(0));
}
