// SPDX-License-Identifier: GPL-2.0

//! A row of a table of options.

use super::choice::Choices;

/// An option of the configuration `C`.
pub(crate) struct Opt<C> {
    /// What the user writes before the `=`.
    pub(crate) key: &'static str,
    /// What it means, and how a value looks.
    pub(crate) meaning: &'static str,
    /// The values, if they have names.
    pub(crate) values: Values,
    /// Shows the default, given the configuration that has all defaults.
    pub(crate) default: fn(&C) -> String,
    /// Parses a value and sets it. The error is what was expected.
    pub(crate) set: fn(&mut C, &str) -> Result<(), String>,
}

/// Which values an option has.
#[derive(Clone, Copy)]
pub(crate) enum Values {
    /// Those that the meaning says.
    Said,
    /// Those of a table, which the help lists behind the meaning.
    Line(&'static dyn Choices),
    /// Those of a table, which the help prints below the options.
    Table(&'static dyn Choices),
}

/// Stores a parsed value.
pub(crate) fn put<T, E: Into<String>>(place: &mut T, parsed: Result<T, E>) -> Result<(), String> {
    *place = parsed.map_err(Into::into)?;
    Ok(())
}
