// SPDX-License-Identifier: GPL-2.0

//! A device: its sockets, and the arguments with which QEMU has it.

use std::{
    path::{
        Path,
        PathBuf, //
    },
    sync::Arc,
};

use super::{
    super::{
        doe::Mailbox,
        settings::Settings,
        socket::Relay,
        tdi::Tdis, //
    },
    function::Function,
    layout,
    mailbox::MailboxRegisters,
    options::Options,
    server, //
};
use crate::machine::private_pages::PrivatePages;

/// The first slot of the root complex for devices and root ports.
const FIRST_SLOT: u8 = 0x10;

/// A device of a machine.
#[derive(Debug)]
pub(crate) struct Device<'a> {
    options: &'a Options,
    /// Its place among the devices.
    number: usize,
    /// The folder of the sockets.
    sockets: &'a Path,
}

impl<'a> Device<'a> {
    /// Makes a device. Nothing is started yet.
    pub(crate) fn new(options: &'a Options, number: usize, sockets: &'a Path) -> Self {
        Self {
            options,
            number,
            sockets,
        }
    }

    /// Starts its functions: QEMU can connect to them. They reach private pages in RUN only. The error is for the user.
    pub(crate) fn start(&self, pages: Option<Arc<dyn PrivatePages>>) -> Result<(), String> {
        let options = self.options;
        let settings = Settings {
            device_number: self.slot(),
            ..options.settings()
        };
        let relay = options.responder.map(Relay::start).transpose();
        let mut relay = relay.map_err(|error| format!("responder: {error}"))?;

        let tdis = Tdis::new(&settings);
        for number in 0..settings.functions {
            let space = layout::space(&settings, number);
            let mailbox = (number < settings.mailboxes).then(|| {
                let objects = match number {
                    0 => Mailbox::with_interfaces(settings.clone(), tdis.clone()),
                    _ => Mailbox::new(settings.clone()),
                };
                MailboxRegisters::new(objects, options.timing, settings.wrong, options.after)
                    .with_relay(relay.take())
            });
            server::start(
                &self.socket(number),
                Function::new(space, tdis.interface(number), mailbox).with_pages(pages.clone()),
            )?;
        }
        Ok(())
    }

    /// Returns QEMU's arguments for it, one a line.
    pub(crate) fn arguments(&self) -> String {
        let Settings {
            persona, functions, ..
        } = self.options.settings();
        let slot = self.slot();
        let port = format!("port{}", self.number);
        let (mut lines, bus, place) = match persona.has_link() {
            true => {
                let chassis = self.number + 1;
                (
                    format!(
                        "-device\npcie-root-port,id={port},bus=pcie.0,addr={slot:#x},chassis={chassis}\n"
                    ),
                    port.as_str(),
                    0,
                )
            }
            false => (String::new(), "pcie.0", slot),
        };

        for number in 0..functions {
            let path = json(&self.socket(number).to_string_lossy());
            lines.push_str(&format!(
                "-device\n{{\"driver\":\"vfio-user-pci\",\
                 \"socket\":{{\"type\":\"unix\",\"path\":{path}}},\
                 \"bus\":\"{bus}\",\"addr\":\"{place:x}.{number}\",\"multifunction\":{}}}\n",
                functions > 1
            ));
        }
        lines
    }

    /// Returns the slot of the root complex that it is in, or the port that it is below.
    fn slot(&self) -> u8 {
        // CAST: There are 32 slots, and QEMU refuses others.
        FIRST_SLOT + self.number as u8
    }

    /// Returns the socket of a function.
    fn socket(&self, function: u8) -> PathBuf {
        self.sockets
            .join(format!("device{}.{function}", self.number))
    }
}

/// Returns a string of JSON.
fn json(text: &str) -> String {
    let mut quoted = String::from('"');

    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            _ if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the arguments of a device.
    fn arguments(options: &str, number: usize, sockets: &str) -> String {
        let options = Options::parse(options).unwrap();

        Device::new(&options, number, Path::new(sockets)).arguments()
    }

    #[test]
    fn puts_an_integrated_device_on_the_root_complex() {
        assert_eq!(
            arguments("tdi", 1, "/run"),
            "-device\n{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\
             \"path\":\"/run/device1.0\"},\"bus\":\"pcie.0\",\"addr\":\"11.0\",\
             \"multifunction\":true}\n\
             -device\n{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\
             \"path\":\"/run/device1.1\"},\"bus\":\"pcie.0\",\"addr\":\"11.1\",\
             \"multifunction\":true}\n"
        );
    }

    #[test]
    fn puts_other_devices_below_a_port() {
        for persona in ["cma", "endpoint"] {
            let options = format!("tdi,persona={persona},functions=1");
            let text = arguments(&options, 0, "/a \"b\\\n");
            assert_eq!(
                text,
                "-device\npcie-root-port,id=port0,bus=pcie.0,addr=0x10,chassis=1\n\
                 -device\n{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\
                 \"path\":\"/a \\\"b\\\\\\u000a/device0.0\"},\"bus\":\"port0\",\"addr\":\"0.0\",\
                 \"multifunction\":false}\n"
            );
        }
    }
}
