// SPDX-License-Identifier: GPL-2.0

//! What was extended into RTMR3 after the log.
//!
//! The firmware's log ends where the kernel begins. What extends a register later has to say so
//! elsewhere. This reads it as `sha384sum` prints it: a digest on each line, and what it is of.

use std::fmt;

use tsm_proto::Digest384;

/// A digest that RTMR3 was extended with.
#[derive(Debug, PartialEq, Eq)]
pub struct Extend {
    /// The digest.
    pub digest: Digest384,
    /// What it is of.
    pub name: String,
}

/// A line, from 1 on, that does not begin with a SHA-384 and a space.
#[derive(Debug, PartialEq, Eq)]
pub struct LineError(usize);

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} does not begin with a SHA-384", self.0)
    }
}

impl std::error::Error for LineError {}

/// Reads such lines.
///
/// # Errors
///
/// The first line that is none.
pub fn parse(text: &str) -> Result<Vec<Extend>, LineError> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(place, line)| extend(line).ok_or(LineError(place + 1)))
        .collect()
}

/// Reads a line.
fn extend(line: &str) -> Option<Extend> {
    let (digits, name) = line.split_once(' ').unwrap_or((line, ""));
    let name = name
        .trim()
        .chars()
        .filter(|character| !character.is_control());
    Some(Extend {
        digest: digest(digits)?,
        name: name.collect(),
    })
}

/// Reads a digest in hexadecimal digits.
fn digest(digits: &str) -> Option<Digest384> {
    if digits.len() != 2 * Digest384::SIZE || !digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    {
        return None;
    }
    let mut bytes = [0; Digest384::SIZE];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(Digest384::new(bytes))
}
