// SPDX-License-Identifier: GPL-2.0

//! The devices of the machine that have a mailbox for SPDM.

use kernel::{
    prelude::*,
    sync::Arc,
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
}

impl Watch for Devices {
    type Data = Shown;

    fn added(&self, device: &pci::Device) -> Option<Shown> {
        let mailbox = Mailbox::find(device, ObjectType::CMA_SPDM)?;

        Shown::new(mailbox, self.timeout)
            .inspect_err(|err| pr_err!("a device is not shown: {err:?}\n"))
            .ok()
    }

    fn close(&self, shown: &Shown) {
        shown.device.close();
    }
}

/// Sessions do not outlive a sleep of the machine: their keys would be in the image of a hibernation, and the
/// device may lose its half of them. Nor would a request let the tasks that wait for it be frozen.
#[cfg(CONFIG_PM_SLEEP)]
pub(crate) struct Sleeper(pub(crate) Arc<notifier::Registration<Devices>>);

#[cfg(CONFIG_PM_SLEEP)]
impl pm::Sleep for Sleeper {
    fn sleeps(&self) {
        self.0.for_each(|shown| shown.device.lose());
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

    fn new(mailbox: Mailbox, timeout: Delta) -> Result<Self> {
        let directory = mailbox.device().new_directory(c"spdm")?;
        let measurements = directory.new_child(c"measurements")?;
        let device = Device::new(mailbox, timeout, directory.clone(), measurements.clone())?;

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
