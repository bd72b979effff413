// SPDX-License-Identifier: GPL-2.0

//! Readers of reports that are there, while another one is waited for.

use std::{
    io,
    sync::atomic::{
        AtomicBool,
        Ordering, //
    },
    thread,
    time::Duration, //
};

use crate::{
    meter::Meter,
    quote::Blob,
    Bench, //
};

/// How many read.
const READERS: usize = 8;

/// How long they pause, so that they wait for nothing but the drivers.
const PAUSE: Duration = Duration::from_millis(10);

/// How long they read while nothing else happens.
const QUIET: Duration = Duration::from_secs(3);

/// Measures each read of a report, first with nothing else going on and then with a quote in flight.
pub(crate) fn measure(bench: &mut Bench<'_>) -> io::Result<()> {
    let meter = bench.meter;
    let mut blobs = (0..READERS)
        .map(|number| Blob::new(&format!("reader-{number}")))
        .collect::<io::Result<Vec<_>>>()?;

    // Each has a report of its own, made at the same time if the drivers can.
    thread::scope(|scope| {
        let makers = blobs.iter_mut().map(|blob| {
            scope.spawn(|| {
                blob.ask()?;
                blob.read()
            })
        });
        let makers = makers.collect::<Vec<_>>();

        makers
            .into_iter()
            .try_for_each(|maker| maker.join().unwrap_or_else(|_| failed()))
    })?;

    let quiet = read_during(&meter, &mut blobs, || {
        thread::sleep(QUIET);
        Ok(())
    })?;
    bench.add("cached report read, 8 readers", quiet);

    let mut waited_for = Blob::new("waited-for")?;
    waited_for.ask()?;
    let busy = read_during(&meter, &mut blobs, || waited_for.read())?;
    bench.add("cached report read, 8 readers, quote in flight", busy);
    Ok(())
}

/// Has all read as long as `work` takes, and returns what each read cost that began in that time.
fn read_during(
    meter: &Meter,
    blobs: &mut [Blob],
    work: impl FnOnce() -> io::Result<()>,
) -> io::Result<Vec<u64>> {
    let done = AtomicBool::new(false);
    let done = &done;

    thread::scope(|scope| {
        let readers = blobs.iter_mut().map(|blob| {
            scope.spawn(move || {
                let mut costs = Vec::new();

                // The work begins before they do.
                thread::sleep(PAUSE);
                while !done.load(Ordering::Acquire) {
                    costs.push(meter.measure(|| blob.read())?);
                    thread::sleep(PAUSE);
                }
                Ok(costs)
            })
        });
        let readers = readers.collect::<Vec<_>>();
        let result = work();
        done.store(true, Ordering::Release);

        let mut all = Vec::new();
        for reader in readers {
            all.extend(reader.join().unwrap_or_else(|_| failed())?);
        }
        result.map(|()| all)
    })
}

fn failed<T>() -> io::Result<T> {
    Err(io::Error::other("a reader panicked"))
}
