// SPDX-License-Identifier: GPL-2.0

//! What only the drivers of TDX do: registers, and TDREPORT.

use std::{fs::File, io, os::unix::fs::FileExt as _};

use tsm_guest_tests::tdreport::{
    Request,
    DEVICE, //
};

use super::TIMES;
use crate::Bench;

/// A register that can be extended, in the place that both drivers have.
pub(crate) const REGISTER: &str = "/sys/devices/virtual/misc/tdx_guest/measurements/rtmr3:sha384";

/// Size of a register.
const SIZE: usize = 48;

/// Measures them.
pub(super) fn measure(bench: &mut Bench<'_>) -> io::Result<()> {
    registers(bench)?;
    tdreport(bench)
}

/// Reads and extends a register.
fn registers(bench: &mut Bench<'_>) -> io::Result<()> {
    let file = File::options().read(true).write(true).open(REGISTER)?;
    let mut value = [0; SIZE];
    let mut read = || file.read_exact_at(&mut value, 0);
    let extend = || file.write_all_at(&[0xa5; SIZE], 0);

    read()?;
    bench.repeat("cached register read", TIMES, |meter| {
        meter.measure(&mut read)
    })?;
    bench.repeat("refresh read", TIMES, |meter| {
        extend()?;
        meter.measure(&mut read)
    })?;
    bench.repeat("extend", TIMES, |meter| meter.measure(extend))
}

/// Asks the device for reports.
fn tdreport(bench: &mut Bench<'_>) -> io::Result<()> {
    let device = File::options().read(true).write(true).open(DEVICE)?;
    let mut request = Request::new([0x5a; 64]);

    bench.repeat("TDREPORT ioctl", TIMES, |meter| {
        meter.measure(|| Ok(request.send(&device)?))
    })
}
