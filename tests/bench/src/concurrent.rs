// SPDX-License-Identifier: GPL-2.0

//! Reports that several tasks ask for at the same time.

use std::{
    io,
    sync::Barrier,
    thread, //
};

use crate::{
    drivers::Drivers,
    meter::{
        sleeps,
        Unit, //
    },
    quote::Blob,
    Bench, //
};

/// How many tasks there are.
const TASKS: [usize; 4] = [1, 4, 8, 16];

/// How often that is measured.
const TIMES: usize = 5;

/// What the tasks do.
#[derive(Clone, Copy)]
struct Work {
    /// How often all of it is done.
    times: usize,
    /// How many reports each task asks for, one after the other.
    each: usize,
}

impl Work {
    /// Returns it for one of the drivers. The kernel's own take a second for each report.
    fn of(drivers: Drivers) -> Self {
        match drivers {
            Drivers::Ours => Self {
                times: TIMES,
                each: 8,
            },
            Drivers::Theirs => Self { times: 1, each: 1 },
        }
    }
}

/// Measures what a report costs when as many tasks ask for one, and how often a task is woken up for it.
pub(crate) fn measure(bench: &mut Bench<'_>) -> io::Result<()> {
    for tasks in TASKS {
        let (name, work) = (format!("report, {tasks} at once"), Work::of(bench.drivers));
        let mut blobs = (0..tasks)
            .map(|number| Blob::new(&format!("task-{number}")))
            .collect::<io::Result<Vec<_>>>()?;

        // Before it is measured, the drivers measure how long the VMM takes.
        if bench.drivers == Drivers::Ours {
            ask_at_once(bench, &mut blobs, work.each)?;
        }
        for _ in 0..work.times {
            let (cost, wake_ups) = ask_at_once(bench, &mut blobs, work.each)?;
            let reports = u64::try_from(tasks * work.each).map_err(io::Error::other)?;
            let unit = bench.meter.unit();

            bench
                .results
                .add(&name, bench.drivers, unit, [cost / reports]);
            bench.results.add(
                &name,
                bench.drivers,
                Unit::WakeUps,
                [wake_ups.div_ceil(reports)],
            );
        }
    }
    Ok(())
}

/// Has a task for each of `blobs` ask for a report `each` times. Returns what that cost, and how often the
/// tasks have slept.
fn ask_at_once(bench: &Bench<'_>, blobs: &mut [Blob], each: usize) -> io::Result<(u64, u64)> {
    let all = blobs.len() + 1;
    let (begin, end) = (&Barrier::new(all), &Barrier::new(all));

    thread::scope(|scope| {
        let tasks = blobs.iter_mut().map(|blob| {
            scope.spawn(move || {
                // Once when all tasks have started, which is not measured, and once when it is.
                begin.wait();
                begin.wait();
                let sleeps = ask(blob, each);
                end.wait();
                sleeps
            })
        });
        let tasks = tasks.collect::<Vec<_>>();

        begin.wait();
        let cost = bench.meter.measure(|| {
            begin.wait();
            end.wait();
            Ok(())
        })?;
        let mut sleeps = 0;

        for task in tasks {
            let failed = || Err(io::Error::other("a task panicked"));

            sleeps += task.join().unwrap_or_else(|_| failed())?;
        }
        Ok((cost, sleeps))
    })
}

/// Asks for a report `times` times. Returns how often this task has slept for that.
fn ask(blob: &mut Blob, times: usize) -> io::Result<u64> {
    let before = sleeps()?;

    for _ in 0..times {
        blob.ask()?;
        blob.read()?;
    }
    Ok(sleeps()? - before)
}
