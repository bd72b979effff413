// SPDX-License-Identifier: GPL-2.0

//! Which functions of the kernel execute the instructions of one operation.

use std::{
    fmt,
    io, //
};

use crate::{
    drivers::Drivers,
    meter,
    symbols::{
        self,
        Function, //
    },
};

/// The profiles of one operation.
#[derive(Debug)]
pub(crate) struct Profile {
    operation: String,
    lines: Vec<FunctionCount>,
}

/// What a function executes, each time that the operation is done.
#[derive(Debug)]
struct FunctionCount {
    drivers: Drivers,
    name: String,
    module: String,
    instructions: u64,
}

/// The functions that there are, and how many instructions each has executed.
#[derive(Debug)]
pub(crate) struct Before {
    functions: Vec<Function>,
    counts: Vec<u64>,
    all: u64,
}

impl Before {
    /// Looks at all functions.
    pub(crate) fn now() -> io::Result<Self> {
        let functions = symbols::functions()?;
        let (counts, all) = counts(&functions)?;

        Ok(Self {
            functions,
            counts,
            all,
        })
    }
}

impl Profile {
    /// Has none yet of an operation.
    pub(crate) fn new(operation: String) -> Self {
        Self {
            operation,
            lines: vec![],
        }
    }

    /// Tells whether it is the profile of this operation.
    pub(crate) fn is_of(&self, operation: &str) -> bool {
        self.operation == operation
    }

    /// Tells whether the operation was done.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Adds what was executed since then, while the operation was done `times` times.
    pub(crate) fn add(&mut self, drivers: Drivers, times: usize, before: Before) -> io::Result<()> {
        let (counts, all) = counts(&before.functions)?;
        let times = u64::try_from(times).unwrap_or(u64::MAX);
        let mut kernel = 0;
        let mut line = |name: String, module: Option<String>, count: u64| {
            // What an interrupt executed now and then is left out.
            if count >= times {
                self.lines.push(FunctionCount {
                    drivers,
                    name,
                    module: module.unwrap_or_else(|| "kernel".into()),
                    instructions: count / times,
                });
            }
        };

        for ((function, earlier), later) in
            before.functions.into_iter().zip(before.counts).zip(counts)
        {
            kernel += later - earlier;
            line(function.name, function.module, later - earlier);
        }
        // This program, and modules that were not there before.
        line(
            "(elsewhere)".into(),
            None,
            (all - before.all).saturating_sub(kernel),
        );
        Ok(())
    }
}

/// Returns how many instructions were executed in each function, and in all. Looking takes a while, in which there are
/// interrupts, but no page faults: those would be counted for one function and not for another.
fn counts(functions: &[Function]) -> io::Result<(Vec<u64>, u64)> {
    let mut counts = vec![u64::MAX; functions.len()];

    for (count, function) in counts.iter_mut().zip(functions) {
        *count = count_of(function)?;
    }
    Ok((counts, meter::instructions().ok_or_else(not_counted)?))
}

/// Returns how many instructions were executed in a function.
fn count_of(function: &Function) -> io::Result<u64> {
    meter::instructions_in(&function.range).ok_or_else(not_counted)
}

fn not_counted() -> io::Error {
    io::Error::other("the emulator does not count: count=blocks")
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // None of the names has anything in it that JSON would want escaped.
        for line in &self.lines {
            writeln!(
                f,
                r#"{{"drivers": "{}", "function": "{}", "module": "{}", "instructions": {}}}"#,
                line.drivers.name(),
                line.name,
                line.module,
                line.instructions,
            )?;
        }
        Ok(())
    }
}
