// SPDX-License-Identifier: GPL-2.0

//! What the drivers do by themselves, with a VMM that answers at once.

mod snp;
mod tdx;

use std::io;

pub(crate) use tdx::REGISTER;

use tsm_guest_tests::Platform;

use crate::{
    quote::{
        self,
        Blob, //
    },
    Bench, //
};

/// How often each is done in a round.
const TIMES: usize = 50;

/// Measures them all.
pub(crate) fn measure(bench: &mut Bench<'_>) -> io::Result<()> {
    match Platform::get() {
        Platform::Tdx => tdx::measure(bench)?,
        Platform::Snp => snp::measure(bench)?,
    }
    quote::measure_reports(bench, TIMES)?;

    let mut blob = Blob::new("bench")?;
    blob.ask()?;
    blob.read()?;
    bench.repeat("cached report read", TIMES, |meter| {
        meter.measure(|| blob.read())
    })
}
