// SPDX-License-Identifier: GPL-2.0

//! The functions of the kernel and of the modules that are loaded.

use std::{
    fs,
    io,
    ops::Range, //
};

/// A function.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// The module that it is of, if it is not the kernel's.
    pub(crate) module: Option<String>,
    /// Its addresses, up to what comes next.
    pub(crate) range: Range<u64>,
}

/// Returns all functions, in the order of their addresses.
pub(crate) fn functions() -> io::Result<Vec<Function>> {
    let text = fs::read_to_string("/proc/kallsyms")?;
    let mut symbols = text.lines().filter_map(parse).collect::<Vec<_>>();
    symbols.sort_unstable();

    Ok(symbols
        .windows(2)
        .filter_map(|pair| match *pair {
            [(start, "t" | "T" | "w" | "W", name, module), (end, ..)] if end > start => {
                Some(Function {
                    name: name.to_owned(),
                    module: module.map(str::to_owned),
                    range: start..end,
                })
            }
            _ => None,
        })
        .collect())
}

/// Parses a line: an address, a letter, a name, and the module in brackets if there is one.
fn parse(line: &str) -> Option<(u64, &str, &str, Option<&str>)> {
    let mut words = line.split_whitespace();
    let address = u64::from_str_radix(words.next()?, 16).ok()?;
    let (kind, name) = (words.next()?, words.next()?);
    let module = words.next().map(|word| word.trim_matches(['[', ']']));

    Some((address, kind, name, module))
}
