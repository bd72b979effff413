// SPDX-License-Identifier: GPL-2.0

//! Authentication of PCI devices, and their interfaces: SPDM over DOE, IDE_KM and TDISP.
//!
//! `devices.rs` finds the devices; `device.rs` is one of them, whose `manager.rs` does on a thread of its own what is
//! asked for, by a `backend.rs`: `native.rs` speaks SPDM itself. `evidence.rs` is what that results in, `interface.rs`
//! what is known of one function, and `files.rs` shows both in sysfs. `link_tsm.rs` is where the kernel's PCI core comes
//! in, if it has TSMs.
//!
//! Locks, outermost first: those of the PCI core (`rust/ext/pci/tsm.rs`) and of the notifier chain of a sleep
//! (`rust/ext/pm.rs`), the devices that are kept (`rust/ext/pci/notifier.rs`), the permit of a device's worker, the
//! data of the worker, the functions of a device (`functions.rs`), what an interface holds, the presence of the device
//! (`rust/ext/pci.rs`), function 0, the current evidence and report. A device of the driver core is locked on the worker,
//! but never waited for: a task that has it may wait for the worker.

#![deny(unsafe_code)]

use kernel::{
    prelude::*,
    sync::{
        atomic::Atomic,
        Arc, //
    },
    time::Delta, //
};
#[cfg(CONFIG_PCI_TSM)]
use tsm_ext::pci::tsm;
#[cfg(CONFIG_PM_SLEEP)]
use tsm_ext::pm;
use tsm_ext::{
    module_param::value,
    pci::notifier, //
};

mod backend;
mod cancel;
mod device;
mod devices;
mod evidence;
mod failure;
mod files;
mod functions;
mod interface;
#[cfg(CONFIG_PCI_TSM)]
mod link_tsm;
mod manager;
mod native;
mod suite;
#[expect(unsafe_code, reason = "C functions")]
mod trace;

module! {
    type: TsmTdisp,
    name: "tsm_tdisp",
    authors: ["The tsm-rs authors"],
    description: "Authentication of PCIe devices (SPDM) and their interfaces for confidential guests (TDISP, IDE)",
    license: "GPL",
    params: {
        pci_tsm: u8 {
            default: 1,
            description: "Be a TSM of the PCI core, for tsm/connect of a device, if the kernel has CONFIG_PCI_TSM: 0 or 1 (default: 1)",
        },
        ide_unpaired: u8 {
            default: 0,
            description: "Send keys of a link to a device although nothing here programs the other end, for a host that does it: 0 or 1 (default: 0)",
        },
        private_dma: u8 {
            default: 0,
            description: "Have the DMA of interfaces that run go to private memory, which the kernel does not know of: 0 or 1 (default: 0)",
        },
        private_mmio: u8 {
            default: 0,
            description: "Have drivers map the BARs of interfaces that run as private memory, which the kernel does not know of: 0 or 1 (default: 0)",
        },
        request_timeout_ms: u32 {
            default: 120_000,
            description: "Milliseconds that a connect, new measurements or a slot may take, looked at between exchanges, 1 at least (default: 120000)",
        },
    },
}

/// The module.
struct TsmTdisp {
    // First. What the PCI core has connected is disconnected while the devices are there.
    #[cfg(CONFIG_PCI_TSM)]
    _tsm: Option<tsm::Registration<devices::Devices>>,
    #[cfg(CONFIG_PM_SLEEP)]
    _sleep_notifier: pm::Registration<devices::SleepNotifier>,
    _devices: Arc<notifier::Registration<devices::Devices>>,
}

/// Parses a parameter that is 0 or 1.
fn flag(parameter: u8) -> Result<bool> {
    match parameter {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(EINVAL),
    }
}

impl kernel::Module for TsmTdisp {
    // Inlined into `init_module`, whose section is freed after it has run.
    #[inline(always)]
    fn init(module: &'static ThisModule) -> Result<Self> {
        let timeout = match value(module_parameters::request_timeout_ms.value()) {
            0u32 => return Err(EINVAL),
            timeout => Delta::from_millis(timeout.into()),
        };
        #[cfg_attr(
            not(CONFIG_PCI_TSM),
            expect(unused_variables, reason = "only its text is checked")
        )]
        let is_tsm = flag(value(module_parameters::pci_tsm.value()))?;
        let private = interface::PrivateConfig::new(
            flag(value(module_parameters::private_dma.value()))?,
            flag(value(module_parameters::private_mmio.value()))?,
            module,
        )?;
        let ide_unpaired = flag(value(module_parameters::ide_unpaired.value()))?;
        let asleep = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        let devices = devices::Devices {
            timeout,
            asleep: asleep.clone(),
            ide_unpaired,
            watched: functions::WatchedDevices::new(private)?,
        };
        let devices = Arc::new(notifier::Registration::new(devices)?, GFP_KERNEL)?;

        Ok(Self {
            #[cfg(CONFIG_PCI_TSM)]
            _tsm: match is_tsm {
                true => Some(tsm::Registration::new(devices.clone())?),
                false => None,
            },
            #[cfg(CONFIG_PM_SLEEP)]
            _sleep_notifier: pm::Registration::new(devices::SleepNotifier {
                devices: devices.clone(),
                asleep,
            })?,
            _devices: devices,
        })
    }
}
