// SPDX-License-Identifier: GPL-2.0

//! The options that the documentation lists for machines of clouds.

const DOCUMENTATION: &str = include_str!("../../../Documentation/emulator.md");

/// Returns key and value of each option in the row of the table that is about a machine.
pub(crate) fn options(machine: &str) -> Vec<(&'static str, &'static str)> {
    let start = format!("| {machine} |");
    let mut rows = DOCUMENTATION.lines().filter(|row| row.starts_with(&start));
    let row = rows.next().expect("row");

    // What is between two backquotes.
    row.split('`')
        .skip(1)
        .step_by(2)
        .map(|option| option.split_once('=').expect("option"))
        .collect()
}
