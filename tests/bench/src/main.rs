// SPDX-License-Identifier: GPL-2.0

//! Measures our drivers and the kernel's own in the same guest, one after the other.
//!
//! `bench operations` measures what they do with a host that answers at once; `bench quotes` only
//! reports, for a host that takes its time; `bench readers` those who read reports while a quote is
//! in flight, of which the last two are for TDX. `bench device SECTION=SIZE...` measures what is asked of
//! PCI devices, from a connect to the unbinding of an interface, by our drivers alone, whose code is in
//! these sections. Each prints a line of JSON for each operation and drivers, of which `../run` makes a table.

mod device;
mod drivers;
mod kernel_text;
mod meter;
mod operations;
mod quote;
mod readers;
mod results;
mod trace;

use std::{
    env,
    io,
    process::ExitCode, //
};

use drivers::Drivers;
use meter::Meter;
use results::Results;

/// How often the drivers take turns, so that a host that is busier for a while is so for both.
const ROUNDS: usize = 5;

/// The same for quotes, for which the kernel's drivers take a second each.
const SLOW_ROUNDS: usize = 3;

/// The measurement of one of the drivers, which are loaded.
struct Bench<'a> {
    drivers: Drivers,
    meter: Meter,
    results: &'a mut Results,
}

impl Bench<'_> {
    /// Has an operation done and measured several times.
    fn repeat(
        &mut self,
        operation: &'static str,
        times: usize,
        mut measure: impl FnMut(&Meter) -> io::Result<u64>,
    ) -> io::Result<()> {
        let costs = (0..times)
            .map(|_| measure(&self.meter))
            .collect::<io::Result<Vec<_>>>()?;

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
    measure: fn(&mut Bench<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let meter = Meter::new();

    for _ in 0..rounds {
        for drivers in Drivers::BOTH {
            let mut bench = Bench {
                drivers,
                meter,
                results: &mut *results,
            };

            bench.repeat("module load", 1, |meter| drivers.load(meter))?;
            measure(&mut bench)?;
            drivers.unload()?;
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    let mut results = Results::default();
    let measured = match env::args().nth(1).as_deref() {
        Some("operations") => kernel_text::measure(&mut results)
            .and_then(|()| take_turns(ROUNDS, &mut results, operations::measure)),
        Some("quotes") => take_turns(SLOW_ROUNDS, &mut results, quote::measure),
        Some("readers") => take_turns(1, &mut results, readers::measure),
        Some("device") => device::measure(&mut results, env::args().skip(2)),
        _ => Err(io::Error::other(
            "usage: bench operations|quotes|readers|device",
        )),
    };

    // At the end, because a serial port goes on interrupting for long.
    print!("{results}");
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("bench: {err}");
            ExitCode::FAILURE
        }
    }
}
