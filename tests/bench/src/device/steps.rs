// SPDX-License-Identifier: GPL-2.0

//! What is asked of devices, in an order that can be repeated.

use std::io;

use tsm_guest_tests::{
    function::Function as _,
    spdm::{
        devices,
        Device, //
    },
    tdi::Interface, //
};

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A device is connected.
    Connect,
    /// An interface is bound, for the first time in a session.
    FirstBind,
    /// The state of an interface is read.
    State,
    /// An interface is started.
    Validate,
    /// An interface is unbound.
    Unbind,
    /// An interface is bound again in the same session.
    SecondBind,
    /// The link of a device is encrypted.
    Encrypt,
}

impl Step {
    /// Returns what it is called in the results.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::FirstBind => "first bind",
            Self::State => "state",
            Self::Validate => "validate",
            Self::Unbind => "unbind",
            Self::SecondBind => "second bind",
            Self::Encrypt => "encrypt",
        }
    }
}

/// Makes the request of a step.
pub(super) type Work<'a> = &'a dyn Fn() -> io::Result<()>;

/// The devices of the machine.
pub(super) struct Machine {
    /// One without IDE.
    device: Device,
    /// Its function 0.
    interface: Interface,
    /// One with IDE.
    endpoint: Device,
}

impl Machine {
    /// Finds them.
    pub(super) fn new() -> io::Result<Self> {
        let is_endpoint = |device: &Device| device.path("ide").exists();
        let (endpoints, others): (Vec<_>, Vec<_>) = devices().into_iter().partition(is_endpoint);
        let mut pairs = others.into_iter().zip(endpoints);
        let Some((device, endpoint)) = pairs.next() else {
            return Err(io::Error::other("there is no device, or none with IDE"));
        };

        Ok(Self {
            interface: Interface::at(device.in_sysfs().to_owned()),
            device,
            endpoint,
        })
    }

    /// Returns the device that is connected.
    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// Has `measure` take each step once. It is given the device that counts what goes through its mailbox.
    pub(super) fn each(
        &self,
        mut measure: impl FnMut(Step, &Device, Work<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let (device, interface, endpoint) = (&self.device, &self.interface, &self.endpoint);
        let bind = || Ok(interface.bind(0)?);

        measure(Step::Connect, device, &|| Ok(device.connect(0)?))?;
        measure(Step::FirstBind, device, &bind)?;
        measure(Step::State, device, &|| interface.read("state").map(drop))?;
        let generation = interface.generation();
        measure(Step::Validate, device, &|| {
            Ok(interface.validate(generation)?)
        })?;
        measure(Step::Unbind, device, &|| Ok(interface.unbind()?))?;
        measure(Step::SecondBind, device, &bind)?;
        // This unbinds it as well.
        device.disconnect()?;

        endpoint.connect(0)?;
        measure(Step::Encrypt, endpoint, &|| {
            Ok(endpoint.write("ide", "1\n")?)
        })?;
        Ok(endpoint.disconnect()?)
    }
}
