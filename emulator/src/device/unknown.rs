// SPDX-License-Identifier: GPL-2.0

//! The error of names.

use core::fmt;

/// A name that none of the values of a setting has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unknown;

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no such value")
    }
}

impl core::error::Error for Unknown {}
