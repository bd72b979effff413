// SPDX-License-Identifier: GPL-2.0

//! The memory that is kept for what user space has open: what the kernel's slab allocators gave, of the drivers, configfs and
//! sysfs together.

use std::{
    fs::File,
    io::{
        self,
        Read as _, //
    }, //
};

use tsm_guest_tests::Platform;

use crate::{
    meter::Unit,
    operations::REGISTER,
    quote::Blob,
    trace::Trace,
    Bench, //
};

/// How many reports are open at a time.
const REPORTS: usize = 16;

/// How many readers a register has.
const READERS: usize = 64;

/// Measures both.
pub(crate) fn measure(bench: &mut Bench<'_>) -> io::Result<()> {
    let trace = Trace::new()?;
    // What the first one leaves behind is not of any one.
    let _first = report("first", Blob::room())?;

    let bytes = reports(&trace)?;
    add(bench, "memory of an open report", bytes);
    if Platform::get() == Platform::Tdx {
        let bytes = readers(&trace)?;
        add(bench, "memory of 64 readers of a register", bytes);
    }
    Ok(())
}

fn add(bench: &mut Bench<'_>, operation: &'static str, bytes: u64) {
    bench
        .results
        .add(operation, bench.drivers, Unit::Bytes, [bytes]);
}

/// Has a report made and read, and leaves it open.
fn report(name: &str, room: Vec<u8>) -> io::Result<(Blob, File)> {
    let mut blob = Blob::with(name, room)?;

    blob.ask()?;
    let file = blob.open()?;
    Ok((blob, file))
}

/// Returns the bytes of each of several reports.
fn reports(trace: &Trace) -> io::Result<u64> {
    let wanted = (0..REPORTS).map(|number| (format!("open-{number}"), Blob::room()));
    let wanted = wanted.collect::<Vec<_>>();
    let mut open = Vec::with_capacity(REPORTS);

    let bytes = trace.allocated(|| {
        for (name, room) in wanted {
            open.push(report(&name, room)?);
        }
        Ok(())
    })?;
    Ok(bytes / (REPORTS as u64))
}

/// Returns the bytes of all readers of a register.
fn readers(trace: &Trace) -> io::Result<u64> {
    let mut value = [0; 48];
    let mut open = Vec::with_capacity(READERS);

    trace.allocated(|| {
        for _ in 0..READERS {
            let mut file = File::open(REGISTER)?;

            file.read_exact(&mut value)?;
            open.push(file);
        }
        Ok(())
    })
}
