// SPDX-License-Identifier: GPL-2.0

//! Provider for Intel TDX guests: measurement registers and quotes.

#![deny(unsafe_code)]

use kernel::{
    prelude::*,
    static_lock_class,
    sync::Arc,
    time::Delta, //
};
use tsm_ext::{
    close_on_drop::CloseOnDrop,
    miscdevice::MiscDevice,
    module::version,
    module_param::value,
    mutex::KillableMutex,
    tdx, //
};
use tsm_provider::{
    DeviceRegisters,
    ReportRegistration, //
};

mod buffers;
mod device;
mod quotes;
mod registers;

module! {
    type: TsmTdx,
    name: "tsm_tdx",
    authors: ["The tsm-rs authors"],
    description: "Measurement registers and attestation reports of Intel TDX guests",
    license: "GPL",
    params: {
        rtmr_writable: u8 {
            default: 0xf,
            description: "Bit mask of the RTMRs that user space may extend (default: all)",
        },
        quote_timeout_ms: u32 {
            default: 30_000,
            description: "How long the VMM may take for a quote (default: 30000)",
        },
    },
}

/// The module. What waits for a slot gives up first, then the reports go, which user space may be waiting
/// for; the device goes when the registers have gone that are shown in its directory.
struct TsmTdx {
    _buffers: CloseOnDrop<buffers::Buffers>,
    _reports: ReportRegistration<quotes::Quotes>,
    _registers: DeviceRegisters<registers::Registers, device::Device>,
}

impl kernel::Module for TsmTdx {
    // Inlined into `init_module`, whose section is freed after it has run.
    #[inline(always)]
    fn init(module: &'static ThisModule) -> Result<Self> {
        let guest = tdx::Guest::new()?;
        let attributes = guest.info()?.attributes;

        // The TDX module refuses a second user of the registers, so they share one lock.
        let measurements = Arc::pin_init(
            KillableMutex::new(
                tdx::Measurements::new(guest)?,
                c"tsm_tdx::measurements",
                static_lock_class!(),
            ),
            GFP_KERNEL,
        )?;
        let registers = registers::Publisher::new(
            measurements.clone(),
            registers::RtmrMask::new(value(module_parameters::rtmr_writable.value()))?,
        )?;
        let device = device::Device::new(measurements.clone(), registers.clone());
        let timeout =
            Delta::from_millis(value::<u32>(module_parameters::quote_timeout_ms.value()).into());
        let buffers = Arc::new(buffers::Buffers::new(guest, timeout)?, GFP_KERNEL)?;
        let quotes = quotes::Quotes::new(
            guest,
            measurements,
            registers.clone(),
            timeout,
            buffers.clone(),
        );

        // First, because where the kernel's own driver is loaded this is what fails; a second
        // device of that name would make the kernel complain.
        let reports = ReportRegistration::new(quotes)?;
        // After them, so that it goes before them if anything below fails, as on unloading.
        let buffers = CloseOnDrop::new(buffers);
        // Without them there are reports nevertheless.
        if let Err(failure) = registers.publish() {
            pr_err!("no measurement registers until there is a report: {failure}\n");
        }
        // Every client reads the registers where the kernel's own driver has them. The device is the
        // last that may fail.
        let registers = registers.show_in(MiscDevice::new(device)?);

        let version = version(module).unwrap_or("unknown");
        pr_info!("version {version}, Intel TDX guest with attributes {attributes:#x}\n");
        Ok(Self {
            _buffers: buffers,
            _reports: reports,
            _registers: registers,
        })
    }
}
