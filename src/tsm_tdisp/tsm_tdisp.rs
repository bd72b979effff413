// SPDX-License-Identifier: GPL-2.0

//! Authentication of PCI devices: SPDM over DOE.
//!
//! `devices.rs` finds the devices; `device.rs` is one of them, whose `native.rs` speaks SPDM on a thread of
//! its own; `evidence.rs` is what that results in, and `files.rs` shows it in sysfs.
//!
//! Locks, outermost first: the devices that are kept (`rust/ext/pci/notifier.rs`), the turn of a device's
//! worker, the data of the worker, the presence of the device (`rust/ext/pci.rs`), the current evidence.

#![deny(unsafe_code)]

use kernel::{
    prelude::*,
    time::Delta, //
};
use tsm_ext::{
    module_param::value,
    pci::notifier::Registration, //
};

mod device;
mod devices;
mod evidence;
mod failure;
mod files;
mod native;
mod suite;
#[expect(unsafe_code, reason = "C functions")]
mod trace;

module! {
    type: TsmTdisp,
    name: "tsm_tdisp",
    authors: ["The tsm-rs authors"],
    description: "Authentication of PCI devices by SPDM",
    license: "GPL",
    params: {
        request_timeout_ms: u32 {
            default: 120_000,
            description: "How long a device may take for a connect, for new measurements or for a slot (default: 120000)",
        },
    },
}

/// The module.
struct TsmTdisp {
    _devices: Registration<devices::Devices>,
}

impl kernel::Module for TsmTdisp {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let timeout = value::<u32>(module_parameters::request_timeout_ms.value());

        Ok(Self {
            _devices: Registration::new(devices::Devices {
                timeout: Delta::from_millis(timeout.into()),
            })?,
        })
    }
}
