// SPDX-License-Identifier: GPL-2.0

//! How often each answer was given, for a test outside the guest to read.

use std::{
    collections::BTreeMap,
    fmt,
    io, //
};

use nix::errno::Errno;

/// A line for each answer, with its number.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    /// Counts an answer.
    pub fn add(&mut self, answer: impl Into<String>) {
        *self.0.entry(answer.into()).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|(answer, count)| writeln!(f, "{answer} {count}"))
    }
}

/// Returns the name of the errno, without spaces.
pub fn name(err: &io::Error) -> String {
    match err.raw_os_error() {
        Some(code) => format!("{:?}", Errno::from_raw(code)),
        None => err.to_string(),
    }
}
