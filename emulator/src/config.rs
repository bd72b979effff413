// SPDX-License-Identifier: GPL-2.0

//! What the user asks of the emulated machine, and which platform makes it: `-plugin libtsm_emulator.so,KEY=VALUE,…`.
//!
//! `platform=tdx`, the default, `platform=snp` or `platform=plain` says what the guest runs on. It may
//! stand anywhere. Each platform has options of its own, besides [`OPTIONS`]. `help=on` has the plugin
//! print them all, `help=device` those of devices.
//!
//! A device is served at sockets, to which QEMU connects. `arguments=on` has the plugin print the
//! arguments with which QEMU does so, one a line. It starts no machine then.
//!
//! A program in the guest reads the count of its vCPU by `0f 1f 80 74 73 6d 21`, a `NOP` that puts it
//! in `RAX`. It is exact, and the same for the same work: each instruction adds one when it begins.
//! `0f 1f 80 74 73 6d 40` puts the count of the pages from the address in `RAX` up to that in `RDX`
//! there, of the kernel and its modules; with `count=blocks` it is that of blocks of 16 bytes.

use std::{
    path::{
        Path,
        PathBuf, //
    },
    sync::Arc,
};

use crate::{
    device::pci,
    machine::{
        board::Board,
        counts::Granularity,
        platform::Platform,
        private_pages::PrivatePages, //
    },
    option::{
        self,
        choice::{
            choose,
            name,
            Choice, //
        },
        put,
        Opt,
        Values, //
    },
    plain::PlainMachine,
    snp::{
        Bios,
        SnpConfig,
        SnpMachine, //
    },
    tdx::{
        Firmware,
        Td,
        TdxConfig, //
    }, //
};

/// The options of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// In which parts of the code instructions are counted, if they are.
    pub(crate) count: Option<Granularity>,
    /// The PCI devices.
    devices: Vec<pci::Options>,
    /// The folder for their sockets.
    sockets: Option<PathBuf>,
    /// Whether QEMU's arguments for them are wanted, and no machine.
    arguments: bool,
    /// What the guest runs on, with the options of that.
    platform: Guest,
}

/// What a guest runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Guest {
    /// TDX of Intel.
    Tdx(Box<TdxConfig>),
    /// SEV-SNP of AMD.
    Snp(Box<SnpConfig>),
    /// Nothing.
    Plain,
}

/// Finds the board. The error is for the user.
pub(crate) type FindBoard<'a> = &'a dyn Fn() -> Result<Arc<dyn Board>, String>;

/// Makes a platform that has all defaults.
type NewGuest = fn() -> Guest;

/// Values of `platform`.
const PLATFORMS: [Choice<NewGuest>; 3] = [
    Choice::new("tdx", || Guest::Tdx(Box::default()), "TDX of Intel"),
    Choice::new("snp", || Guest::Snp(Box::default()), "SEV-SNP of AMD"),
    Choice::new("plain", || Guest::Plain, "none"),
];

/// Values of `count`.
const COUNT: [Choice<Option<Granularity>>; 3] = [
    Choice::new("on", Some(Granularity::Page), "which is slow"),
    Choice::new(
        "blocks",
        Some(Granularity::Block),
        "for each 16 bytes of code",
    ),
    Choice::new("off", None, ""),
];

/// Values of `arguments`.
const ARGUMENTS: [Choice<bool>; 2] = [
    Choice::new("on", true, "and starts no machine"),
    Choice::new("off", false, ""),
];

/// Options of any platform.
const OPTIONS: &[Opt<Config>] = &[
    Opt {
        key: "count",
        meaning: "whether instructions are counted, for the guest to read",
        values: Values::Line(&COUNT),
        default: |c| name(&COUNT, &c.count),
        set: |c, v| put(&mut c.count, choose(&COUNT, v)),
    },
    Opt {
        key: "device",
        meaning: "a PCI device, any number of times; help=device lists its options",
        values: Values::Said,
        default: |_| "none".into(),
        set: |c, v| pci::Options::parse(v).map(|device| c.devices.push(device)),
    },
    Opt {
        key: "sockets",
        meaning: "folder for the sockets of devices",
        values: Values::Said,
        default: |_| "none".into(),
        set: |c, v| {
            c.sockets = Some(v.into());
            Ok(())
        },
    },
    Opt {
        key: "arguments",
        meaning: "whether it prints QEMU's arguments for the devices, one a line",
        values: Values::Line(&ARGUMENTS),
        default: |c| name(&ARGUMENTS, &c.arguments),
        set: |c, v| put(&mut c.arguments, choose(&ARGUMENTS, v)),
    },
];

impl Guest {
    /// Sets one option. The error is what was expected.
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match self {
            Self::Tdx(config) => config.set(key, value),
            Self::Snp(config) => config.set(key, value),
            Self::Plain => Err(option::another(option::keys(OPTIONS))),
        }
    }

    /// Returns the help on its options.
    fn help(&self) -> String {
        match self {
            Self::Tdx(_) => TdxConfig::help(),
            Self::Snp(_) => SnpConfig::help(),
            Self::Plain => String::new(),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            count: None,
            devices: vec![],
            sockets: None,
            arguments: false,
            platform: Guest::Tdx(Box::default()),
        }
    }
}

impl Config {
    /// Parses `KEY=VALUE` arguments. The error is for the user.
    pub(crate) fn parse<'a>(args: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut config = Self::default();
        let mut others = Vec::new();

        for arg in args {
            let (key, value) = arg
                .split_once('=')
                .ok_or_else(|| format!("`{arg}` is not KEY=VALUE"))?;
            let set = match key {
                "platform" => choose(&PLATFORMS, value).map(|new| {
                    config.platform = new();
                    true
                }),
                _ => option::set(OPTIONS, &mut config, key, value),
            };
            if !set.map_err(|expected| refusal(key, value, &expected))? {
                others.push((key, value));
            }
        }
        for (key, value) in others {
            let set = config.platform.set(key, value);
            set.map_err(|expected| refusal(key, value, &expected))?;
        }
        if !config.devices.is_empty() && config.sockets.is_none() {
            return Err("`device` needs `sockets`".into());
        }
        Ok(config)
    }

    /// Makes the machine with a number of vCPUs. The error is for the user.
    ///
    /// `board` finds the board, which not every machine needs.
    pub(crate) fn machine(
        &self,
        vcpus: usize,
        board: FindBoard<'_>,
    ) -> Result<Box<dyn Platform>, String> {
        Ok(match &self.platform {
            Guest::Tdx(config) if config.firmware == Firmware::Tdvf => {
                Box::new(Td::with_firmware(config, vcpus, board()?)?)
            }
            Guest::Tdx(config) => Box::new(Td::new(config, vcpus)?),
            Guest::Snp(config) if config.bios == Bios::AmdSev => {
                Box::new(SnpMachine::with_firmware(config, vcpus, board()?)?)
            }
            Guest::Snp(config) => Box::new(SnpMachine::new(config, vcpus)?),
            Guest::Plain => Box::new(PlainMachine),
        })
    }

    /// Starts the devices: QEMU can connect to them. They reach no private pages unless they run. The error is for
    /// the user.
    pub(crate) fn start_devices(
        &self,
        pages: Option<&Arc<dyn PrivatePages>>,
    ) -> Result<(), String> {
        self.devices()
            .try_for_each(|device| device.start(pages.cloned()))
    }

    /// Returns QEMU's arguments for the devices, if they are asked for.
    pub(crate) fn arguments(&self) -> Option<String> {
        self.arguments
            .then(|| self.devices().map(|device| device.arguments()).collect())
    }

    /// Returns the devices.
    fn devices(&self) -> impl Iterator<Item = pci::Device<'_>> {
        let sockets = self.sockets.as_deref().unwrap_or(Path::new(""));

        self.devices
            .iter()
            .enumerate()
            .map(move |(number, options)| pci::Device::new(options, number, sockets))
    }
}

/// Returns the help on the options of a platform, if the arguments ask for it. The error is for the user.
pub(crate) fn help(args: &[&str]) -> Result<Option<String>, String> {
    if args.contains(&"help=device") {
        return Ok(Some(pci::Options::help()));
    }
    let (asks, others) = args
        .iter()
        .partition::<Vec<&str>, _>(|arg| **arg == "help=on");

    if asks.is_empty() {
        return Ok(None);
    }
    let options = Config::parse(others)?.platform.help();
    let title = "KEY=VALUE [default]";
    Ok(Some(format!("{title}\n{}{options}", option::help(OPTIONS))))
}

/// Says what was expected.
fn refusal(key: &str, value: &str, expected: &str) -> String {
    format!("{key}=`{value}`: expected {expected}")
}

#[cfg(test)]
mod tests;
