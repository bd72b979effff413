// SPDX-License-Identifier: GPL-2.0

//! Provider for Intel TDX guests: measurement registers and quotes.

use kernel::{
    prelude::*,
    static_lock_class,
    sync::Arc, //
};
use tsm_ext::{
    mutex::KillableMutex,
    tdx,
    tsm::{
        MeasurementRegistration,
        ReportRegistration, //
    }, //
};

mod quotes;
mod registers;

module! {
    type: TsmTdx,
    name: "tsm_tdx",
    authors: ["The tsm-rs authors"],
    description: "Measurement registers and attestation reports of Intel TDX guests",
    license: "GPL",
}

/// The module.
struct TsmTdx {
    _reports: ReportRegistration<quotes::Quotes>,
    _registers: MeasurementRegistration<registers::Registers>,
}

impl kernel::Module for TsmTdx {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let guest = tdx::Guest::new()?;

        // The TDX module refuses a second user of the registers, so they share one lock.
        let measurements = Arc::pin_init(
            KillableMutex::new(
                tdx::Measurements::new(guest)?,
                c"tsm_tdx::measurements",
                static_lock_class!(),
            ),
            GFP_KERNEL,
        )?;
        let registers = registers::Registers::new(measurements.clone());
        let quotes = quotes::Quotes::new(guest, measurements)?;

        Ok(Self {
            _registers: MeasurementRegistration::new(registers)?,
            _reports: ReportRegistration::new(quotes)?,
        })
    }
}
