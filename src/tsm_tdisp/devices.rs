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
    ide::Ide,
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
    files::{
        Files,
        IdeFile, //
    },
    functions::{
        Functions,
        Membership,
        WatchedDevices, //
    }, //
};

/// Shows each device in sysfs. Nothing is sent to a device before user space asks for it.
pub(crate) struct Devices {
    /// How long a request may take.
    pub(crate) timeout: Delta,
    /// Not 0 while the machine sleeps.
    pub(crate) asleep: Arc<Atomic<u32>>,
    /// Whether keys of a link may be sent to a device although nothing here programs the other end.
    pub(crate) ide_unpaired: bool,
    /// Which functions belong together.
    pub(crate) watched: Arc<WatchedDevices>,
}

impl Watch for Devices {
    type Data = FunctionState;

    fn added(&self, function: &pci::Device) -> Option<FunctionState> {
        self.show(function)
            .inspect_err(|err| pr_err!("a device is not shown: {err:?}\n"))
            .ok()
            .filter(|state| state.spdm.is_some() || state._membership.is_some())
    }

    fn close(&self, state: &FunctionState) {
        state.close();
    }
}

impl Devices {
    fn show(&self, function: &pci::Device) -> Result<FunctionState> {
        let location = function.location();
        let functions = self.watched.at(location)?;
        let is_first = location.function() == 0;
        let spdm = match Mailbox::find(function, ObjectType::CMA_SPDM) {
            Some(mailbox) => Some(self.spdm(mailbox, &functions)?),
            None => None,
        };

        if let Some(spdm) = spdm.as_ref().filter(|_| is_first && function.has_tee_io()) {
            functions.begin(spdm.device.clone());
        }
        let membership = match function.has_tee_io() {
            true => Some(functions.join(function)?),
            false => None,
        };
        Ok(FunctionState {
            _membership: membership,
            spdm,
        })
    }

    fn spdm(&self, mailbox: Mailbox, functions: &Arc<Functions>) -> Result<Spdm> {
        let ide = Ide::find(mailbox.device());
        let has_ide = ide.is_some();
        // Interfaces are bound over the mailbox of function 0. That of another function is for that function alone.
        let is_first = mailbox.device().location().function() == 0;
        let directory = mailbox.device().new_directory(c"spdm")?;
        let measurements = directory.new_child(c"measurements")?;
        let device = Device::new(
            mailbox,
            self.timeout,
            self.asleep.clone(),
            directory.clone(),
            measurements.clone(),
            is_first.then(|| functions.clone()),
            ide,
        )?;
        let file = has_ide.then(|| IdeFile {
            device: device.clone(),
            is_unpaired: self.ide_unpaired,
        });

        Ok(Spdm {
            _files: Files::of_device(&device, &directory, &measurements, file)?,
            device,
            functions: functions.clone(),
        })
    }
}

/// Ends sessions when the machine sleeps, and requests until it has slept. The image of a hibernation would have
/// the keys of a session, the device may lose its half of the session, and a task that waits for a request can't
/// be frozen.
#[cfg(CONFIG_PM_SLEEP)]
pub(crate) struct SleepNotifier {
    pub(crate) devices: Arc<notifier::Registration<Devices>>,
    pub(crate) asleep: Arc<Atomic<u32>>,
}

#[cfg(CONFIG_PM_SLEEP)]
impl SleepNotifier {
    /// Meanwhile no device comes or goes: for the exchanges that run at the beginning, and for one to end each
    /// session.
    fn lose_all(&self) {
        self.devices
            .for_each(|state| state.device().into_iter().for_each(|device| device.lose()));
    }
}

// The PM core makes one transition at a time, but one may be within another.
#[cfg(CONFIG_PM_SLEEP)]
impl pm::Sleep for SleepNotifier {
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

/// What is kept for a PCI function.
pub(crate) struct FunctionState {
    // First. To stop an interface takes the device.
    _membership: Option<Membership>,
    spdm: Option<Spdm>,
}

impl Drop for FunctionState {
    fn drop(&mut self) {
        // What is asked of the device comes to an end, or its interface would wait for all of it.
        self.close();
    }
}

impl FunctionState {
    fn close(&self) {
        if let Some(device) = self.device() {
            device.close();
        }
    }

    /// Returns the device, if the function has a mailbox.
    pub(crate) fn device(&self) -> Option<&Arc<Device>> {
        self.spdm.as_ref().map(|spdm| &spdm.device)
    }
}

/// A device and its files.
struct Spdm {
    // First. Removing a file waits for the tasks that read or write it.
    _files: Files,
    device: Arc<Device>,
    functions: Arc<Functions>,
}

impl Drop for Spdm {
    fn drop(&mut self) {
        // What is asked of the device comes to an end, or the files would wait for all of it.
        self.device.close();
        self.device.shut_down();
        self.functions.end(&self.device);
    }
}
