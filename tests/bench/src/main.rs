// SPDX-License-Identifier: GPL-2.0

//! Measures our drivers and the kernel's own in the same guest, one after the other.
//!
//! - `bench operations`: what they do with a VMM that answers at once.
//! - `bench quotes`: reports, with a VMM that takes its time. For TDX only, as the next two are.
//! - `bench concurrent`: reports that several tasks ask for at the same time.
//! - `bench readers`: readers of reports while a quote is in flight.
//! - `bench memory`: the memory that they keep for what is open.
//! - `bench device SECTION=SIZE...`: requests to PCI devices, from a connect to the unbinding of an interface, by our
//!   drivers alone, whose code is in these sections.
//! - `bench profile OPERATION`: the functions of the kernel that execute the instructions of an operation.
//!
//! Each prints a line of JSON for each operation and drivers, or for each function, of which `../run` makes a table.

mod concurrent;
mod device;
mod drivers;
mod kernel_text;
mod memory;
mod meter;
mod operations;
mod profile;
mod quote;
mod readers;
mod results;
mod symbols;
mod trace;
mod unsigned;

use std::{
    env,
    io,
    process::ExitCode, //
};

use drivers::Drivers;
use meter::Meter;
use profile::{
    Before,
    Profile, //
};
use quote::Blob;
use results::Results;

/// How often the drivers take turns, so that a machine that is busier for a while is so for both.
const ROUNDS: usize = 5;

/// The same for quotes, for which the kernel's drivers take a second each.
const SLOW_ROUNDS: usize = 3;

/// How much more often an operation is done for its profile, so that what is not of it counts for less.
const MORE: usize = 20;

/// The measurement of one of the drivers, which are loaded.
struct Bench<'a> {
    drivers: Drivers,
    meter: Meter,
    results: &'a mut Results,
    profile: Option<&'a mut Profile>,
}

impl Bench<'_> {
    /// Has an operation done and measured several times.
    fn repeat(
        &mut self,
        operation: &'static str,
        times: usize,
        mut measure: impl FnMut(&Meter) -> io::Result<u64>,
    ) -> io::Result<()> {
        let mut costs = |times| {
            (0..times)
                .map(|_| measure(&self.meter))
                .collect::<io::Result<Vec<_>>>()
        };

        let costs = match self
            .profile
            .as_mut()
            .filter(|profile| profile.is_of(operation))
        {
            Some(profile) => {
                // What is done once can't be repeated.
                let times = if times > 1 { times * MORE } else { times };
                let before = Before::now()?;
                let costs = costs(times)?;
                profile.add(self.drivers, times, before)?;
                costs
            }
            None => costs(times)?,
        };
        self.add(operation, costs);
        Ok(())
    }

    /// Adds what an operation cost.
    fn add(&mut self, operation: &'static str, costs: Vec<u64>) {
        let unit = self.meter.unit();

        self.results.add(operation, self.drivers, unit, costs);
    }
}

/// Loads each of the drivers, measures, and unloads them, several times.
fn take_turns(
    rounds: usize,
    results: &mut Results,
    mut profile: Option<&mut Profile>,
    measure: fn(&mut Bench<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let meter = Meter::new();

    for _ in 0..rounds {
        for drivers in Drivers::BOTH {
            let mut bench = Bench {
                drivers,
                meter,
                results: &mut *results,
                profile: profile.as_deref_mut(),
            };

            bench.repeat("module load", 1, |meter| drivers.load(meter))?;
            measure(&mut bench)?;
            drivers.unload()?;
            bench.repeat("module load and first report", 1, |meter| {
                first_report(drivers, meter)
            })?;
        }
    }
    Ok(())
}

/// Loads drivers, has a report made, and unloads them; returns what the first two cost.
fn first_report(drivers: Drivers, meter: &Meter) -> io::Result<u64> {
    let room = Blob::room();
    let load = drivers.load(meter)?;
    let report = meter.measure(|| {
        let mut blob = Blob::with("first", room)?;

        blob.ask()?;
        blob.read()
    })?;

    drivers.unload()?;
    Ok(load + report)
}

fn main() -> ExitCode {
    let mut results = Results::default();
    let measured = match env::args().nth(1).as_deref() {
        Some("operations") => kernel_text::measure(&mut results)
            .and_then(|()| take_turns(ROUNDS, &mut results, None, operations::measure)),
        Some("memory") => take_turns(1, &mut results, None, memory::measure),
        Some("profile") => return profile_of(env::args().skip(2)),
        Some("quotes") => take_turns(SLOW_ROUNDS, &mut results, None, quote::measure),
        Some("concurrent") => take_turns(1, &mut results, None, concurrent::measure),
        Some("readers") => take_turns(1, &mut results, None, readers::measure),
        Some("device") => device::measure(&mut results, env::args().skip(2)),
        _ => Err(io::Error::other(
            "usage: bench operations|memory|profile|quotes|concurrent|readers|device",
        )),
    };

    // At the end, because a serial port goes on interrupting for long.
    print!("{results}");
    end(measured)
}

/// Measures the operations, and prints the profile of one of them.
fn profile_of(mut arguments: impl Iterator<Item = String>) -> ExitCode {
    let Some(operation) = arguments.next() else {
        return end(Err(io::Error::other("usage: bench profile OPERATION")));
    };
    let (mut results, mut profile) = (Results::default(), Profile::new(operation));
    let measured = take_turns(1, &mut results, Some(&mut profile), operations::measure);

    print!("{profile}");
    end(measured.and_then(|()| match profile.is_empty() {
        true => Err(io::Error::other("there is no such operation")),
        false => Ok(()),
    }))
}

/// Says what went wrong.
fn end(measured: io::Result<()>) -> ExitCode {
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("bench: {err}");
            ExitCode::FAILURE
        }
    }
}
