// SPDX-License-Identifier: GPL-2.0

//! What the kernel's drivers have outside of their modules.

use std::{
    fs,
    io, //
};

use crate::{
    drivers::Drivers,
    meter::Unit,
    results::Results, //
};

/// Measures the code of the kernel's measurement registers, which is built in: of functions that
/// have this in their names.
const NAMES: [&str; 2] = ["tsm_mr_", "tm_digest_"];

/// Adds up the sizes of the functions. A size is the distance to what comes next.
pub(crate) fn measure(results: &mut Results) -> io::Result<()> {
    let text = fs::read_to_string("/proc/kallsyms")?;
    let mut symbols = text
        .lines()
        // Symbols of modules have a fourth column.
        .filter_map(|line| match *line.split_whitespace().collect::<Vec<_>>() {
            [address, kind, name] => Some((u64::from_str_radix(address, 16).ok()?, kind, name)),
            _ => None,
        })
        .collect::<Vec<_>>();
    symbols.sort_unstable();

    let size = symbols
        .windows(2)
        .filter_map(|pair| match *pair {
            [(start, "t" | "T", name), (end, ..)] => Some((name, end - start)),
            _ => None,
        })
        .filter(|(name, _)| NAMES.iter().any(|part| name.contains(part)))
        .map(|(_, size)| size)
        .sum();
    results.add(
        "text in the kernel image",
        Drivers::Theirs,
        Unit::Bytes,
        [size],
    );
    Ok(())
}
