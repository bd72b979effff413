// SPDX-License-Identifier: GPL-2.0

//! What only the drivers of SEV-SNP do: the requests of the device. None of the kernel's has registers.

use std::{
    fs::File,
    io,
    sync::Barrier,
    thread,
    time::Duration, //
};

use tsm_guest_tests::snp::device::{
    self,
    KeyRequest,
    ReportRequest, //
};

use super::TIMES;
use crate::{
    meter::Meter,
    Bench, //
};

/// Room for certificates, as much as the kernel's driver takes.
const ROOM: usize = 16 << 10;

/// The callers that ask for reports at the same time, how many each asks for, and how often all do.
const CROWDS: [(&str, usize, usize, usize); 2] = [
    ("report ioctl, 8 callers", 8, 8, 10),
    ("report ioctl, 32 callers", 32, 4, 10),
];

/// How long it takes at most until all callers wait to begin.
const PAUSE: Duration = Duration::from_millis(100);

/// Measures them.
pub(super) fn measure(bench: &mut Bench<'_>) -> io::Result<()> {
    let file = device::open();
    let report = ReportRequest::new(0x5a);
    // The measurement, the policy.
    let key = KeyRequest {
        guest_field_select: 0b1001,
        ..KeyRequest::own()
    };
    let mut room = vec![0xff; ROOM];

    // As with reports in configfs, the first is not counted.
    device::get_report(&file, 1, report).0?;
    bench.repeat("report ioctl", TIMES, |meter| {
        meter.measure(|| Ok(device::get_report(&file, 1, report).0.map(drop)?))
    })?;
    device::get_ext_report(&file, report, &mut room).0?;
    bench.repeat("extended report ioctl", TIMES, |meter| {
        meter.measure(|| {
            let (answer, ..) = device::get_ext_report(&file, report, &mut room);
            Ok(answer.map(drop)?)
        })
    })?;
    device::get_derived_key(&file, key).0?;
    bench.repeat("derived key ioctl", TIMES, |meter| {
        meter.measure(|| Ok(device::get_derived_key(&file, key).0.map(drop)?))
    })?;
    for (name, callers, each, times) in CROWDS {
        bench.repeat(name, times, |meter| crowd(meter, &file, callers, each))?;
    }
    Ok(())
}

/// Has `callers` tasks ask for `each` reports at the same time, and returns what a report cost.
fn crowd(meter: &Meter, file: &File, callers: usize, each: usize) -> io::Result<u64> {
    let (begin, end) = (Barrier::new(callers + 1), Barrier::new(callers + 1));
    let (begin, end) = (&begin, &end);

    thread::scope(|scope| {
        let tasks = (0..callers).map(|_| {
            scope.spawn(move || {
                begin.wait();
                let result: io::Result<()> = (0..each).try_for_each(|_| {
                    let answer = device::get_report(file, 1, ReportRequest::new(0x5a)).0;
                    Ok(answer.map(drop)?)
                });
                end.wait();
                result
            })
        });
        let tasks = tasks.collect::<Vec<_>>();
        thread::sleep(PAUSE);
        let cost = meter.measure(|| {
            begin.wait();
            end.wait();
            Ok(())
        })?;

        for task in tasks {
            let failed = || Err(io::Error::other("a caller panicked"));

            task.join().unwrap_or_else(|_| failed())?;
        }
        Ok(cost / u64::try_from(callers * each).map_err(io::Error::other)?)
    })
}
