// SPDX-License-Identifier: GPL-2.0

//! Reports that the VMM has to make a quote for.

use std::{
    fs::File,
    io::{
        self,
        Read as _, //
    },
};

use tsm_guest_tests::reports::Report;

use crate::{
    drivers::Drivers,
    meter::{
        sleeps,
        Unit, //
    },
    Bench, //
};

/// How often a report is made in a round, where that may take the kernel's drivers a second each.
const SLOW: usize = 8;

/// The same with our drivers, which measure how long the VMM takes.
const OURS: usize = 32;

/// How many reports are made before any is measured: the drivers were loaded just now, and the
/// emulator takes milliseconds to translate code that it has not seen before.
const WARM_UP: usize = 4;

/// A report, and room for what is read of it.
pub(crate) struct Blob {
    report: Report,
    buffer: Vec<u8>,
}

impl Blob {
    /// Makes the report `name`, without a request.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        Self::with(name, Self::room())
    }

    /// Makes the report `name`, with room for what is read of it.
    pub(crate) fn with(name: &str, buffer: Vec<u8>) -> io::Result<Self> {
        Ok(Self {
            report: Report::bare(name)?,
            buffer,
        })
    }

    /// Returns room for any report. It was touched, so that there is no page fault in a measurement.
    pub(crate) fn room() -> Vec<u8> {
        vec![0xff; 1 << 20]
    }

    /// Asks for a report.
    pub(crate) fn ask(&self) -> io::Result<()> {
        self.report.set_inblob(&[0x5a; 64])
    }

    /// Opens and reads the report, which has it made if that has not been done.
    pub(crate) fn read(&mut self) -> io::Result<()> {
        self.open().map(drop)
    }

    /// The same, and leaves it open.
    pub(crate) fn open(&mut self) -> io::Result<File> {
        let mut file = File::open(self.report.path("outblob"))?;
        let mut len = 0;

        loop {
            match file.read(&mut self.buffer[len..])? {
                0 if len == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                0 => return Ok(file),
                more => len += more,
            }
        }
    }
}

/// Measures how a report is made: asked for, and read.
pub(crate) fn measure_reports(bench: &mut Bench<'_>, times: usize) -> io::Result<()> {
    let mut blob = Blob::new("bench")?;

    for _ in 0..WARM_UP {
        blob.ask()?;
        blob.read()?;
    }
    bench.repeat("report", times, |meter| {
        meter.measure(|| {
            blob.ask()?;
            blob.read()
        })
    })
}

/// Measures nothing else, and how often a report is waited for.
pub(crate) fn measure(bench: &mut Bench<'_>) -> io::Result<()> {
    let times = match bench.drivers {
        Drivers::Ours => OURS,
        Drivers::Theirs => SLOW,
    };
    let before = sleeps()?;

    measure_reports(bench, times)?;
    let reports = u64::try_from(WARM_UP + times).map_err(io::Error::other)?;
    let wake_ups = (sleeps()? - before).div_ceil(reports);
    bench
        .results
        .add("report", bench.drivers, Unit::WakeUps, [wake_ups]);
    Ok(())
}
