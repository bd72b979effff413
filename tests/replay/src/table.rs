// SPDX-License-Identifier: GPL-2.0

//! What is printed: each event with the value of its register after it, and whether all registers agree.

use std::fmt::{
    self,
    Write, //
};

use tsm_proto::Digest384;

use crate::{
    content::{
        self,
        Content, //
    },
    event_log::{
        EventLog,
        Index, //
    },
    later::Extend,
    registers::{
        self,
        Registers, //
    },
};

/// How many hexadecimal digits of a digest are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digits {
    /// The first ones.
    Few,
    /// All.
    All,
}

impl Digits {
    fn of(self, digest: Option<&Digest384>) -> String {
        let mut digits = digest.map_or_else(|| "-".to_owned(), Digest384::to_string);
        if self == Self::Few {
            digits.truncate(16);
        }
        digits
    }

    /// The width of a column.
    fn width(self) -> usize {
        match self {
            Self::Few => 16,
            Self::All => 2 * Digest384::SIZE,
        }
    }
}

/// What replaying a log has shown.
#[derive(Debug, PartialEq, Eq)]
pub struct Replayed {
    /// What the RTMRs should be.
    pub rtmrs: [Digest384; 4],
    /// The numbers of events that can't be right: the digest is not the hash of the data, or the register is
    /// MRTD.
    pub false_events: Vec<usize>,
}

/// Writes a row for each event, and for what was extended later.
///
/// # Errors
///
/// Those of `out`.
pub fn events(
    out: &mut impl Write,
    log: &EventLog<'_>,
    later: &[Extend],
    digits: Digits,
) -> Result<Replayed, fmt::Error> {
    let width = digits.width();
    let mut row = |[register, number, at, kind, digest, value, of, says]: [&str; 8]| {
        let line = format!(
            "{register:8} {number:>5} {at:>7} {kind:32} {digest:width$} {value:width$} {of:7} {says}"
        );
        writeln!(out, "{}", line.trim_end())
    };

    row([
        "register",
        "event",
        "at",
        "type",
        "digest",
        "value after it",
        "hash of",
        "what",
    ])?;
    let mut values = Vec::new();
    let mut rtmrs = registers::replay(log, |_, value| values.push(value.copied()));
    let mut false_events = Vec::new();
    for (number, (event, value)) in log.events.iter().zip(values).enumerate() {
        let index = event.measured.map(|measured| measured.index);
        let register = match index {
            None => "-".to_owned(),
            Some(Index::Mrtd) => "MRTD".to_owned(),
            Some(Index::Rtmr(rtmr)) => format!("RTMR{}", rtmr.index()),
        };
        let content = content::content(event);
        if content == Some(Content::Wrong) || index == Some(Index::Mrtd) {
            false_events.push(number);
        }
        row([
            &register,
            &number.to_string(),
            &format!("{:#x}", event.at),
            &event.kind.to_string(),
            &digits.of(event.measured.map(|measured| measured.digest).as_ref()),
            &digits.of(value.as_ref()),
            content.map_or("-", Content::name),
            &content::describe(event),
        ])?;
    }
    for extend in later {
        let [.., rtmr3] = &mut rtmrs;
        registers::extend(rtmr3, &extend.digest);
        row([
            "RTMR3",
            "-",
            "-",
            "later",
            &digits.of(Some(&extend.digest)),
            &digits.of(Some(rtmr3)),
            "-",
            &extend.name,
        ])?;
    }
    writeln!(out, "{} events, {:#x} bytes", log.events.len(), log.end)?;
    Ok(Replayed {
        rtmrs,
        false_events,
    })
}

/// Writes each register as each source has it, and returns how many differ from the expected values. Of MRTD
/// that is `mrtd`, or else the value of the first source.
///
/// # Errors
///
/// Those of `out`.
pub fn comparison(
    out: &mut impl Write,
    mrtd: Option<Digest384>,
    rtmrs: &[Digest384; 4],
    sources: &[(&str, Registers)],
) -> Result<usize, fmt::Error> {
    let mut different = 0;

    for (place, register) in registers::NAMES.iter().enumerate() {
        let (origin, expected) = match place.checked_sub(1) {
            None => ("image", mrtd),
            Some(rtmr) => ("log", rtmrs.get(rtmr).copied()),
        };
        if let Some(value) = expected {
            writeln!(out, "{register:8} {origin:9} {value}")?;
        }
        let mut reference = expected;
        for (source, registers) in sources {
            let Some((_, value)) = registers.named().nth(place) else {
                continue;
            };
            let verdict = match reference {
                None => "",
                Some(reference) if reference == *value => " match",
                Some(_) => " DIFFERS",
            };
            different += usize::from(verdict == " DIFFERS");
            writeln!(out, "{register:8} {source:9} {value}{verdict}")?;
            reference = reference.or(Some(*value));
        }
    }
    Ok(different)
}
