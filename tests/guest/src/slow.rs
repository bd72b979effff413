// SPDX-License-Identifier: GPL-2.0

//! Devices whose responses take 50 ms each, which is enough to do other things meanwhile.

use std::{
    thread,
    time::Duration, //
};

use nix::errno::Errno;

use crate::{
    function::Function as _,
    spdm::{
        Device,
        EXCHANGES,
        FAULT, //
    },
    tdi::Interface,
};

/// What [`FAULT`] says of a device that has no fault.
pub const NONE: u32 = 0;

/// How requests have ended, each with the step at which it was disturbed.
pub struct Ends(pub Vec<(u32, Result<(), Errno>)>);

impl Ends {
    /// Checks that each has ended with success or one of these errors.
    ///
    /// # Panics
    ///
    /// If one has not.
    pub fn are_among(&self, errors: &[Errno]) {
        for (step, ended) in &self.0 {
            if let Err(error) = ended {
                assert!(errors.contains(error), "step {step}: {error}");
            }
        }
    }

    /// Checks that some were in time to be failed.
    ///
    /// # Panics
    ///
    /// If none was.
    pub fn are_not_all_good(&self) {
        assert!(self.0.iter().any(|(_, ended)| ended.is_err()));
    }
}

/// A slow device without its fault, which it gets back when this is dropped.
pub struct SlowDevice {
    /// The device.
    pub device: Device,
    /// Its functions.
    pub interfaces: [Interface; 3],
    fault: u32,
}

impl SlowDevice {
    /// Takes the fault from the slow device.
    ///
    /// # Panics
    ///
    /// If the device is not there.
    pub fn without_fault() -> Self {
        Self::new(Device::slow())
    }

    /// Takes the device with a link.
    ///
    /// # Panics
    ///
    /// If it is not there.
    pub fn with_link() -> Self {
        Self::new(Device::with_link())
    }

    fn new(device: Device) -> Self {
        let interfaces = Interface::of(&device);
        let fault = device.register(FAULT);

        let _ = device.disconnect();
        device.set_register(FAULT, NONE);
        Self {
            device,
            interfaces,
            fault,
        }
    }

    /// Connects the device again.
    ///
    /// # Panics
    ///
    /// If it can't be connected.
    pub fn connect(&self) {
        let _ = self.device.disconnect();
        self.device.connect(0).unwrap();
    }

    /// Makes a request, runs `act` when the device has got so many messages of it, and returns how both ended.
    ///
    /// # Panics
    ///
    /// If there are not so many messages.
    pub fn after<T: Send, U>(
        &self,
        messages: u32,
        request: impl FnOnce() -> T + Send,
        act: impl FnOnce() -> U,
    ) -> (T, U) {
        let before = self.device.register(EXCHANGES);

        thread::scope(|scope| {
            let writer = scope.spawn(request);
            loop {
                let has_ended = writer.is_finished();
                if self.device.register(EXCHANGES) - before >= messages {
                    break;
                }
                assert!(!has_ended);
                thread::sleep(Duration::from_millis(1));
            }
            let acted = act();
            (writer.join().unwrap(), acted)
        })
    }
}

impl Drop for SlowDevice {
    fn drop(&mut self) {
        // A test that has failed may have removed it.
        if self.device.in_sysfs().exists() {
            let _ = self.device.disconnect();
            self.device.set_register(FAULT, self.fault);
        }
    }
}
