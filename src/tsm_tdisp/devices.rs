// SPDX-License-Identifier: GPL-2.0

//! The devices of the machine that have a mailbox for SPDM.

#[cfg(CONFIG_PM_SLEEP)]
use kernel::sync::atomic::Relaxed;
use kernel::{
    prelude::*,
    sync::{
        atomic::Atomic,
        Arc, //
    },
    time::Delta, //
};
use tsm_ext::pci::{
    self,
    doe::Mailbox,
    notifier::Watch, //
};
#[cfg(CONFIG_PM_SLEEP)]
use tsm_ext::{
    pci::notifier,
    pm, //
};
use tsm_proto::doe::ObjectType;

use crate::{
    device::Device,
    files::Files, //
};

/// Shows each device in sysfs. Nothing is sent to a device before user space asks for it.
pub(crate) struct Devices {
    /// How long a request may take.
    pub(crate) timeout: Delta,
    /// Not 0 while the machine sleeps.
    pub(crate) asleep: Arc<Atomic<u32>>,
}

impl Watch for Devices {
    type Data = Shown;

    fn added(&self, device: &pci::Device) -> Option<Shown> {
        let mailbox = Mailbox::find(device, ObjectType::CMA_SPDM)?;

        Shown::new(mailbox, self.timeout, self.asleep.clone())
            .inspect_err(|err| pr_err!("a device is not shown: {err:?}\n"))
            .ok()
    }

    fn close(&self, shown: &Shown) {
        shown.device.close();
    }
}

/// Ends sessions when the machine sleeps, and requests until it has slept. The image of a hibernation would have
/// the keys of a session, the device may lose its half of the session, and a task that waits for a request can't
/// be frozen.
#[cfg(CONFIG_PM_SLEEP)]
pub(crate) struct Sleeper {
    pub(crate) devices: Arc<notifier::Registration<Devices>>,
    pub(crate) asleep: Arc<Atomic<u32>>,
}

#[cfg(CONFIG_PM_SLEEP)]
impl Sleeper {
    /// Meanwhile no device comes or goes: for the exchanges that run at the beginning, and for one to end each
    /// session.
    fn lose_all(&self) {
        self.devices.for_each(|shown| shown.device.lose());
    }
}

// The PM core makes one transition at a time, but one may be within another.
#[cfg(CONFIG_PM_SLEEP)]
impl pm::Sleep for Sleeper {
    fn will_sleep(&self) {
        // First. What runs on any of the devices ends from here on.
        self.asleep.add(1, Relaxed);
        self.lose_all();
    }

    fn has_slept(&self) {
        match self.asleep.load(Relaxed) {
            0 => self.lose_all(),
            _ => drop(self.asleep.fetch_sub(1, Relaxed)),
        }
    }
}

/// A device and its files.
pub(crate) struct Shown {
    // First. Removing a file waits for the tasks that read or write it.
    _files: Files,
    device: Arc<Device>,
}

impl Shown {
    /// Returns the device.
    #[cfg(CONFIG_PCI_TSM)]
    pub(crate) fn device(&self) -> &Arc<Device> {
        &self.device
    }

    fn new(mailbox: Mailbox, timeout: Delta, asleep: Arc<Atomic<u32>>) -> Result<Self> {
        let directory = mailbox.device().new_directory(c"spdm")?;
        let measurements = directory.new_child(c"measurements")?;
        let device = Device::new(
            mailbox,
            timeout,
            asleep,
            directory.clone(),
            measurements.clone(),
        )?;

        Ok(Self {
            _files: Files::new(&device, &directory, &measurements)?,
            device,
        })
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        // What is asked of the device comes to an end, or the files would wait for all of it.
        self.device.close();
    }
}
