// SPDX-License-Identifier: GPL-2.0

//! What only the drivers of SEV-SNP do: the requests of the device. None of the kernel's has registers.

use std::io;

use tsm_guest_tests::snp::device::{
    self,
    KeyRequest,
    ReportRequest, //
};

use super::TIMES;
use crate::Bench;

/// Room for certificates, as much as the kernel's driver takes.
const ROOM: usize = 16 << 10;

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
    })
}
