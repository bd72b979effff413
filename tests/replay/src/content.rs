// SPDX-License-Identifier: GPL-2.0

//! What the digest of an event is the hash of, and what an event says.
//!
//! Replaying a log proves the digests, and not the data beside them. For some types the specification
//! says that the digest is the hash of the data ("TCG PC Client Platform Firmware Profile", table
//! "Event Types"); if it is not, the data were changed. For others, such as that of a kernel, the data
//! are only a description: the verifier has to know what was measured.

use sha2::{
    Digest as _,
    Sha384, //
};

use crate::{
    event_log::Event,
    event_type::EventType,
    reader::Reader, //
};

/// What a digest is the hash of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The data of the event, which are thereby proved.
    Data,
    /// The value of the variable in the data, and not its name.
    Value,
    /// The number 1 in place of the data, which describe an error.
    Failure,
    /// Something else, which the data describe.
    Elsewhere,
    /// Something else, which the type does not allow.
    Wrong,
}

impl Content {
    /// The name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Value => "value",
            Self::Failure => "failure",
            Self::Elsewhere => "-",
            Self::Wrong => "WRONG",
        }
    }
}

/// Says what the digest of an event is the hash of, if the event has measured anything.
pub fn content(event: &Event<'_>) -> Option<Content> {
    let digest = event.measured?.digest;
    let is_of = |data: &[u8]| digest.bytes()[..] == Sha384::digest(data)[..];

    if is_of(event.data) {
        return Some(Content::Data);
    }
    Some(match event.kind {
        EventType::VARIABLE_DRIVER_CONFIG
        | EventType::VARIABLE_BOOT
        | EventType::VARIABLE_BOOT2
        | EventType::VARIABLE_AUTHORITY => match variable(event.data) {
            Some((_, value)) if is_of(value) => Content::Value,
            // A boot loader that has keys of its own may describe them so.
            _ if event.kind == EventType::VARIABLE_AUTHORITY => Content::Elsewhere,
            _ => Content::Wrong,
        },
        EventType::SEPARATOR if is_of(&[1, 0, 0, 0]) => Content::Failure,
        EventType::SEPARATOR | EventType::ACTION | EventType::EFI_ACTION | EventType::GPT_EVENT => {
            Content::Wrong
        }
        _ => Content::Elsewhere,
    })
}

/// Returns name and value of a `UEFI_VARIABLE_DATA`.
fn variable(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = Reader::new(data);
    let _guid = reader.take(16)?;
    let units = usize::try_from(reader.u64()?).ok()?;
    let size = usize::try_from(reader.u64()?).ok()?;
    let name = reader.take(units.checked_mul(2)?)?;
    Some((name, reader.take(size)?))
}

/// The longest text that is shown of an event.
const SHOWN: usize = 48;
/// The shortest text that is looked for in data that have more than text.
const TEXT: usize = 4;

/// Says what an event is about: the name of its variable, or the texts in its data. They have printable
/// ASCII only, so they can't change the state of a terminal.
pub fn describe(event: &Event<'_>) -> String {
    let mut text = match event.kind {
        EventType::VARIABLE_DRIVER_CONFIG
        | EventType::VARIABLE_BOOT
        | EventType::VARIABLE_BOOT2
        | EventType::VARIABLE_AUTHORITY => {
            variable(event.data).map_or_else(String::new, |(name, _)| texts(wide(name), 1))
        }
        // The length of the description is before it.
        EventType::PLATFORM_FIRMWARE_BLOB2 | EventType::HANDOFF_TABLES2 => {
            texts(narrow(event.data.get(1..).unwrap_or_default()), TEXT)
        }
        _ => [
            texts(narrow(event.data), TEXT),
            texts(wide(event.data), TEXT),
            // A device path has an odd length before its text.
            texts(wide(event.data.get(1..).unwrap_or_default()), TEXT),
        ]
        .into_iter()
        .max_by_key(String::len)
        .unwrap_or_default(),
    };
    if text.len() > SHOWN {
        text.truncate(SHOWN - 3);
        text.push_str("...");
    }
    text
}

/// Returns the characters of ASCII.
fn narrow(data: &[u8]) -> impl Iterator<Item = Option<char>> + '_ {
    data.iter().map(|byte| printable((*byte).into()))
}

/// Returns the characters of UTF-16.
fn wide(data: &[u8]) -> impl Iterator<Item = Option<char>> + '_ {
    data.chunks_exact(2).map(|unit| {
        printable(
            unit.iter()
                .rev()
                .fold(0, |all, byte| (all << 8) | u16::from(*byte)),
        )
    })
}

/// Returns a character of ASCII that can be shown.
fn printable(unit: u16) -> Option<char> {
    let byte = u8::try_from(unit).ok()?;
    (byte == b' ' || byte.is_ascii_graphic()).then(|| char::from(byte))
}

/// Returns the texts of at least so many characters, with a space between them.
fn texts(characters: impl Iterator<Item = Option<char>>, least: usize) -> String {
    let mut found: Vec<String> = Vec::new();
    let mut text = String::new();
    for character in characters.chain([None]) {
        match character {
            Some(character) => text.push(character),
            None if text.trim().len() < least => text.clear(),
            None => {
                found.push(text.trim().to_owned());
                text.clear();
            }
        }
    }
    found.join(" ")
}
