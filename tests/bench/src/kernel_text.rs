// SPDX-License-Identifier: GPL-2.0

//! What the kernel's drivers have outside of their modules.

use std::io;

use crate::{
    drivers::Drivers,
    meter::Unit,
    results::Results,
    symbols, //
};

/// Measures the code of the kernel's measurement registers, which is built in: of functions that
/// have this in their names.
const NAMES: [&str; 2] = ["tsm_mr_", "tm_digest_"];

/// Adds up the sizes of the functions.
pub(crate) fn measure(results: &mut Results) -> io::Result<()> {
    let size = symbols::functions()?
        .into_iter()
        .filter(|function| function.module.is_none())
        .filter(|function| NAMES.iter().any(|part| function.name.contains(part)))
        .map(|function| function.range.end - function.range.start)
        .sum();

    results.add(
        "text in the kernel image",
        Drivers::Theirs,
        Unit::Bytes,
        [size],
    );
    Ok(())
}
