// SPDX-License-Identifier: GPL-2.0

//! The files of `tsm_tdisp.ko`. The machine has three devices or four, see `tests/guest/run`.

use std::{
    fs,
    path::{
        Path,
        PathBuf, //
    }, //
};

use nix::errno::Errno;

use crate::{
    files::{
        names_in_folder,
        Modes, //
    },
    function::{
        write,
        Function, //
    },
};

/// The module.
pub const MODULE: &str = "tsm_tdisp";
/// All evidence that a device can have and that has a fixed name.
pub const EVIDENCE: [&str; 22] = [
    "version",
    "algorithms",
    "slots",
    "certificates/slot0",
    "certificates/slot1",
    "certificates/slot2",
    "certificates/slot3",
    "certificates/slot4",
    "certificates/slot5",
    "certificates/slot6",
    "certificates/slot7",
    "measurements/record",
    "measurements/nonce",
    "transcript/session",
    "transcript/session.sig",
    "transcript/session.context",
    "transcript/challenge",
    "transcript/challenge.sig",
    "transcript/challenge.context",
    "transcript/measurements",
    "transcript/measurements.sig",
    "transcript/measurements.context",
];

/// The register of the emulated device that counts exchanges of the mailbox.
pub const EXCHANGES: u64 = 0x108;
/// That of the DWORDs of requests.
pub const REQUEST_DWORDS: u64 = 0x10c;
/// That of the DWORDs of responses.
pub const RESPONSE_DWORDS: u64 = 0x110;
/// Those of the reads and of the writes of configuration space, each access of these registers included.
pub const ACCESSES: [u64; 2] = [0x114, 0x118];
/// The register of the emulated device that says what is wrong with it.
pub const FAULT: u64 = 0x11c;

/// How a connect ends while the module is being unloaded, at any place of the writer.
pub const UNLOADED: [Result<(), Errno>; 4] = [
    Ok(()),
    Err(Errno::ENXIO),
    Err(Errno::ENODEV),
    Err(Errno::ENOENT),
];

/// The name that the PCI core gives to the only TSM.
pub const TSM: &str = "tsm0";

/// A device with a mailbox for SPDM.
pub struct Device(PathBuf);

/// Returns the devices of the machine.
///
/// # Panics
///
/// If they can't be listed.
pub fn devices() -> Vec<Device> {
    Device::all()
}

/// Tells whether the PCI core of this kernel has TSMs.
pub fn has_pci_tsm() -> bool {
    Path::new("/sys/class/tsm").exists()
}

impl Device {
    /// Returns the first device: it has chains in slots 0 and 2, and sessions.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn with_sessions() -> Self {
        devices().swap_remove(0)
    }

    /// Returns the second device, which has no sessions.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn without_sessions() -> Self {
        devices().swap_remove(1)
    }

    /// Returns the third device. Each response takes it 50 ms, and its chain is 2,521 of them. That is
    /// its fault, see [`FAULT`].
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn slow() -> Self {
        devices().swap_remove(2)
    }

    /// Returns the fourth device, which is below a root port and has IDE. Each response takes it 50 ms.
    ///
    /// # Panics
    ///
    /// If there is none, as in most guests.
    pub fn with_link() -> Self {
        devices().swap_remove(3)
    }

    /// Encrypts the link by a stream with this ID.
    pub fn encrypt(&self, stream: u8) -> Result<(), Errno> {
        self.write("ide", format!("{stream}\n"))
    }

    /// Returns the path of a file of `tsm/`, which the PCI core has for its TSMs.
    pub fn tsm_path(&self, file: &str) -> PathBuf {
        self.0.join("tsm").join(file)
    }

    /// Connects by the TSM of the PCI core.
    pub fn tsm_connect(&self) -> Result<(), Errno> {
        write(&self.tsm_path("connect"), TSM.as_bytes())
    }

    /// Disconnects by the TSM of the PCI core.
    pub fn tsm_disconnect(&self) -> Result<(), Errno> {
        write(&self.tsm_path("disconnect"), TSM.as_bytes())
    }

    /// Returns the TSM that the PCI core has connected the device by.
    ///
    /// # Panics
    ///
    /// If the core does not tell.
    pub fn tsm(&self) -> Option<String> {
        let name = fs::read_to_string(self.tsm_path("connect")).unwrap();

        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    }

    /// Connects with a slot.
    pub fn connect(&self, slot: u8) -> Result<(), Errno> {
        self.write("connect", format!("{slot}\n"))
    }

    /// Disconnects.
    pub fn disconnect(&self) -> Result<(), Errno> {
        self.write("disconnect", "1\n")
    }

    /// Takes new measurements.
    pub fn measure(&self, nonce: &[u8]) -> Result<(), Errno> {
        self.write("measurements/nonce", nonce)
    }

    /// Returns the names of the measurements.
    pub fn measurements(&self) -> Vec<String> {
        let mut names = names_in_folder(self.path("measurements"));

        names.retain(|name| name != "nonce" && name != "record");
        names
    }

    /// Returns what is in a folder below `spdm/`.
    pub fn in_folder(&self, folder: &str) -> Modes {
        crate::files::in_folder(self.path(folder))
    }
}

impl Function for Device {
    const FOLDER: &str = "spdm";

    fn at(path: PathBuf) -> Self {
        Self(path)
    }

    fn in_sysfs(&self) -> &Path {
        &self.0
    }
}
