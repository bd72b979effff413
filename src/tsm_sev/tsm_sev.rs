// SPDX-License-Identifier: GPL-2.0

//! Provider for AMD SEV-SNP guests: reports, derived keys and measurement registers.

#![deny(unsafe_code)]

use kernel::{
    prelude::*,
    sync::Arc,
    time::Delta, //
};
use tsm_ext::{
    close_on_drop::CloseOnDrop,
    miscdevice::MiscDevice,
    module::version,
    module_param::value,
    platform::Claim,
    sev, //
};
use tsm_proto::snp::Vmpck;
use tsm_provider::ReportRegistration;

mod device;
mod firmware;
mod registers;
mod reports;
mod services;

module! {
    type: TsmSev,
    name: "tsm_sev",
    authors: ["The tsm-rs authors"],
    description: "Measurement registers and attestation reports of AMD SEV-SNP guests",
    license: "GPL",
    alias: ["platform:sev-guest"],
    params: {
        vmpck_id: i32 {
            default: -1,
            description: "Number of the key for messages to the firmware (default: -1, that of the VMPL)",
        },
        svsm_interval_ms: u32 {
            default: 0,
            description: "Time from one request to the next call of an SVSM in ms (default: 0)",
        },
    },
}

/// Longest time between two requests, as long as the kernel goes on asking a VMM that is busy.
const MAX_INTERVAL_MS: u32 = 60_000;

/// The module. The device comes last, since a task that has it open can't be made to give it up if
/// something fails after it; the way to the firmware is closed when nothing uses it any more.
struct TsmSev {
    _device: MiscDevice<device::Device>,
    _firmware: CloseOnDrop<firmware::Firmware>,
    _reports: ReportRegistration<reports::Reports>,
}

impl kernel::Module for TsmSev {
    // Inlined into `init_module`, whose section is freed after it has run.
    #[inline(always)]
    fn init(module: &'static ThisModule) -> Result<Self> {
        let guest = sev::Guest::new()?;
        let vmpl = guest.vmpl()?;
        // Only a key that was chosen has to work: the VMM can have the kernel wipe the usual one, and must
        // not keep the interface away by that.
        let chosen = match value(module_parameters::vmpck_id.value()) {
            -1 => None,
            number => Some(Vmpck::try_from(u32::try_from(number)?)?),
        };
        let key = match chosen {
            Some(key) => key,
            None => vmpl.key(),
        };
        let interval = match value(module_parameters::svsm_interval_ms.value()) {
            interval @ 0..=MAX_INTERVAL_MS => Delta::from_millis(interval.into()),
            _ => return Err(EINVAL),
        };

        // This is what fails where the kernel's own driver is loaded.
        let claim = Claim::new(module, c"sev-guest")?;
        let channel = sev::Channel::new(guest, claim, key)?;
        if channel.is_wiped() && chosen.is_some() {
            return Err(EINVAL);
        }
        let firmware = Arc::pin_init(firmware::Firmware::new(channel)?, GFP_KERNEL)?;

        let reports = reports::Reports::new(firmware.clone(), interval);
        let reports = ReportRegistration::new(reports)?;
        // After them, so that it goes before them if the device can't be made, as on unloading.
        let closing = CloseOnDrop::new(firmware.clone());
        // The last that may fail.
        let device = MiscDevice::new(device::Device::new(firmware.clone()))?;

        if let Err(failure) = firmware.publish_registers() {
            pr_err!("no measurement registers until there is a report: {failure}\n");
        }
        let version = version(module).unwrap_or("unknown");
        pr_info!(
            "version {version}, AMD SEV-SNP guest at VMPL {}\n",
            vmpl.number()
        );
        Ok(Self {
            _device: device,
            _firmware: closing,
            _reports: reports,
        })
    }
}
