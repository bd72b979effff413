// SPDX-License-Identifier: GPL-2.0

//! Logs that are replayed, and logs that are refused.

mod common;

use common::*;
use tsm_proto::Digest384;
use tsm_replay::{
    content::{
        content,
        describe,
        Content, //
    },
    event_log::{
        Error,
        EventLog,
        LogError, //
    },
    event_type::EventType,
    later,
    registers, //
};

/// Returns the RTMRs that a log stands for.
fn replay(log: &[u8]) -> Result<[[u8; 48]; 4], LogError> {
    let log = EventLog::parse(log)?;
    Ok(registers::replay(&log, |_, _| {}).map(|value| *value.bytes()))
}

/// Returns the value of a register that was extended with these digests, from zero on.
fn extended(digests: &[[u8; 48]]) -> [u8; 48] {
    digests
        .iter()
        .fold([0; 48], |value, digest| sha384(&[value, *digest].concat()))
}

#[test]
fn events_go_to_their_registers() {
    let log = [
        first(&[SHA384]),
        event(1, 1, [1; 48], b""),
        event(4, 0x8000_0003, [2; 48], b"data"),
        event(0, 1, [3; 48], b""),
        event(2, NO_ACTION, [4; 48], b""),
        event(1, 0x1234_5678, [5; 48], b""),
        event(3, 0, [6; 48], b""),
        event(2, 0xffff_ffff, [7; 48], b""),
    ]
    .concat();
    let wanted = [
        extended(&[[1; 48], [5; 48]]),
        extended(&[[7; 48]]),
        extended(&[[6; 48]]),
        extended(&[[2; 48]]),
    ];

    // The log ends where the padding begins.
    for rest in [
        vec![],
        vec![0xff; 100],
        vec![0; 100],
        vec![0xff; 3],
        vec![0],
    ] {
        assert_eq!(replay(&[log.clone(), rest].concat()), Ok(wanted));
    }
}

#[test]
fn a_log_without_events_stands_for_zeros() {
    assert_eq!(replay(&first(&[SHA384])), Ok([[0; 48]; 4]));
}

#[test]
fn digests_of_other_algorithms_are_skipped() {
    let digests: [(u16, &[u8]); 4] = [
        (SM3.0, &[9; 32]),
        (SHA384.0, &[1; 48]),
        (SHA1.0, &[8; 20]),
        (SHA256.0, &[7; 32]),
    ];
    let mut log = first(&[SHA1, SHA256, SHA384, SM3]);
    log.extend(event_of(1, 1, &digests, b"data"));
    // An event need not have a digest of each algorithm.
    log.extend(event_of(2, 1, &digests[1..2], b""));
    let [rtmr0, rtmr1, ..] = replay(&log).unwrap();
    assert_eq!([rtmr0, rtmr1], [extended(&[[1; 48]]); 2]);
}

#[test]
fn what_is_no_measurement_has_any_index_and_need_not_have_a_digest() {
    let log = [
        first_of(b"Spec ID Event03\0", &[SHA384], b"vendor"),
        event_of(0xffff_ffff, NO_ACTION, &[], b"SP800-155 Event3"),
        event(0, NO_ACTION, [0; 48], b"StartupLocality\0\x03"),
    ]
    .concat();
    assert_eq!(replay(&log), Ok([[0; 48]; 4]));
    assert_eq!(EventLog::parse(&log).unwrap().events.len(), 3);
}

/// Checks that a log is refused at this event.
#[track_caller]
fn refused(log: &[u8], number: usize, at: usize, error: Error) {
    assert_eq!(replay(log), Err(LogError { number, at, error }));
}

#[test]
fn refuses_a_first_event_that_does_not_say_what_the_others_are() {
    let whole = first(&[SHA384]);
    refused(b"", 0, 0, Error::Empty);
    refused(&[0xff; 4096], 0, 0, Error::Empty);
    refused(
        &[b"CCEL".to_vec(), vec![56; 52]].concat(),
        0,
        0,
        Error::AcpiTable,
    );
    refused(&event(1, 4, [0; 48], &[0; 4]), 0, 0, Error::NoHeader);
    for len in 1..whole.len() {
        refused(&whole[..len], 0, 0, Error::CutOff);
    }
    refused(
        &first_of(b"Spec ID Event02\0", &[SHA384], b""),
        0,
        0,
        Error::OldFormat,
    );
    refused(
        &first_of(b"Some other data\0", &[SHA384], b""),
        0,
        0,
        Error::NoHeader,
    );
    refused(&first(&[]), 0, 0, Error::NotListed);
    refused(&first(&[SHA256]), 0, 0, Error::NotListed);
    refused(&first(&[(0xc, 32)]), 0, 0, Error::Size(32));
    refused(&first(&[SHA384, SHA1, SHA1]), 0, 0, Error::Twice(4));

    // More algorithms than there are, and more bytes of the vendor's.
    for (from_end, byte) in [(9, 2), (3, 0xff), (1, 1)] {
        let mut log = whole.clone();
        let place = log.len() - from_end;
        log[place] = byte;
        assert!(replay(&log).is_err(), "{from_end}");
    }
}

#[test]
fn refuses_an_event_that_is_wrong() {
    let first = first(&[SHA384, SHA256]);
    let good = event(1, 1, [1; 48], b"data");
    let start = first.len() + good.len();
    let after = |bad: &[u8]| [&first, &good, bad].concat();

    for len in 1..good.len() {
        // Zeros alone are padding.
        if good[..len].iter().any(|byte| *byte != 0) {
            refused(&after(&good[..len]), 2, start, Error::CutOff);
        }
    }
    refused(
        &after(&event(5, 1, [0; 48], b"")),
        2,
        start,
        Error::Index(5),
    );
    refused(&after(&event_of(1, 1, &[], b"")), 2, start, Error::NoSha384);
    let sha256 = event_of(1, 1, &[(SHA256.0, &[0; 32])], b"");
    refused(&after(&sha256), 2, start, Error::NoSha384);
    let sha1 = event_of(1, 1, &[(SHA1.0, &[0; 20])], b"");
    refused(&after(&sha1), 2, start, Error::UnknownAlgorithm(4));
    let two = event_of(1, 1, &[(SHA384.0, &[0; 48]), (SHA384.0, &[0; 48])], b"");
    refused(&after(&two), 2, start, Error::Twice(0xc));
    // An event that is longer than any log, and one with more digests.
    for place in [good.len() - 5, 11] {
        let mut long = good.clone();
        long[place] = 0xff;
        assert!(replay(&after(&long)).is_err(), "{place}");
    }
    // Something behind the padding.
    for fill in [0, 0xff] {
        let log = [after(&[]), vec![fill; 64], good.clone()].concat();
        assert!(replay(&log).is_err(), "{fill}");
    }
}

#[test]
fn says_where_a_log_is_wrong() {
    let log = [first(&[SHA384]), event(5, 1, [0; 48], b"")].concat();
    let error = EventLog::parse(&log).unwrap_err().to_string();
    assert_eq!(
        error,
        "event 1, at 0x41: the event has index 0x5, and registers are 0 to 4"
    );
}

#[test]
fn names_the_types() {
    assert_eq!(EventType(4).to_string(), "EV_SEPARATOR");
    assert_eq!(
        EventType(0x8000_00e4).to_string(),
        "EV_EFI_SPDM_DEVICE_AUTHORITY"
    );
    assert_eq!(EventType(0x1234).to_string(), "0x00001234");
}

/// Makes the data of an event that has a variable.
fn variable(name: &str, value: &[u8]) -> Vec<u8> {
    let name: Vec<_> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut data = vec![0xaa; 16];
    data.extend((name.len() as u64 / 2).to_le_bytes());
    data.extend((value.len() as u64).to_le_bytes());
    data.extend(name);
    data.extend(value);
    data
}

/// Returns what the digest of an event is found to be the hash of, and what the event says.
fn judged(kind: u32, hashed: &[u8], data: &[u8]) -> (Option<Content>, String) {
    let log = [first(&[SHA384]), event(1, kind, sha384(hashed), data)].concat();
    let log = EventLog::parse(&log).unwrap();
    (content(&log.events[1]), describe(&log.events[1]))
}

#[test]
fn data_are_what_was_hashed_where_the_type_says_so() {
    let boot = variable("BootOrder", &[0, 1]);
    let config = 0x8000_0001;
    let said = |content, text: &str| (Some(content), text.to_owned());

    assert_eq!(
        judged(config, &boot, &boot),
        said(Content::Data, "BootOrder")
    );
    assert_eq!(
        judged(0x8000_0002, &[0, 1], &boot),
        said(Content::Value, "BootOrder")
    );
    assert_eq!(
        judged(config, &[0, 2], &boot),
        said(Content::Wrong, "BootOrder")
    );
    assert_eq!(judged(config, &[0, 2], &boot[..20]).0, Some(Content::Wrong));
    assert_eq!(
        judged(0x8000_00e0, &[0, 2], &boot).0,
        Some(Content::Elsewhere)
    );

    assert_eq!(judged(4, &[0; 4], &[0; 4]).0, Some(Content::Data));
    assert_eq!(
        judged(4, &[1, 0, 0, 0], b"an error").0,
        Some(Content::Failure)
    );
    assert_eq!(judged(4, &[2, 0, 0, 0], &[0; 4]).0, Some(Content::Wrong));

    let text = b"Calling EFI Application from Boot Option";
    for kind in [5, 0x8000_0007] {
        assert_eq!(judged(kind, text, text).0, Some(Content::Data));
        assert_eq!(judged(kind, b"", text).0, Some(Content::Wrong));
    }
    assert_eq!(
        judged(0x8000_0006, b"", b"partitions").0,
        Some(Content::Wrong)
    );
    // A description of what was measured.
    assert_eq!(
        judged(6, b"", b"\x01\0\0\0\x0d\0\0\0Linux initrd\0"),
        said(Content::Elsewhere, "Linux initrd")
    );
    assert_eq!(judged(3, b"", b"").0, None);
}

#[test]
fn what_an_event_says_can_be_shown() {
    let said = |data: &[u8]| judged(1, b"", data).1;
    assert_eq!(said(b"\x1b[31mred\x07 alert\0end"), "[31mred alert");
    let path: Vec<_> = "\\EFI\\BOOT"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(said(&path), "\\EFI\\BOOT");
    assert_eq!(said(&[vec![4], path].concat()), "\\EFI\\BOOT");
    assert_eq!(said(b"\x01\x02ab\x03"), "");
    // A description with its length before it, which can look like a character.
    let counted = [&b")"[..], &[b'v'; 41]].concat();
    assert_eq!(judged(0x8000_000a, b"", &counted).1, "v".repeat(41));
    assert_eq!(said(&[b'a'; 1000]), format!("{}...", "a".repeat(45)));
    // The name of a variable that is there only in part.
    assert_eq!(judged(0x8000_0001, b"", &variable("db", b"")[..34]).1, "");
}

#[test]
fn later_digests_are_lines_of_sha384sum() {
    let digits = "0f".repeat(48);
    let lines = format!("{digits}  /proc/cmdline\n\n{}\n", digits.to_uppercase());
    let extends = later::parse(&lines).unwrap();
    assert_eq!(extends.len(), 2);
    assert_eq!(extends[0].digest, Digest384::new([0xf; 48]));
    assert_eq!(extends[0].name, "/proc/cmdline");
    assert_eq!(extends[1].digest, extends[0].digest);
    for line in [
        "",
        "x",
        &digits[1..],
        &format!("+{}", &digits[1..]),
        &format!("{digits}0  x"),
    ] {
        let text = format!("{digits}  x\n{line} x\n");
        let refused = later::parse(&text).unwrap_err();
        assert_eq!(refused.to_string(), "line 2 does not begin with a SHA-384");
    }
}
