// SPDX-License-Identifier: GPL-2.0

//! The files of `tsm_tdisp.ko`. The machine has three devices, see `tests/guest/run`.

use std::{
    fs::{
        self,
        File, //
    },
    io::{
        self,
        Write as _, //
    },
    os::unix::fs::FileExt as _,
    path::{
        Path,
        PathBuf, //
    },
};

use nix::errno::Errno;

use crate::{
    errno,
    files::{
        names_in_folder,
        Modes, //
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
    let bus = Path::new("/sys/bus/pci/devices");

    names_in_folder(bus)
        .into_iter()
        .map(|name| Device(bus.join(name)))
        .filter(|device| device.path("").exists())
        .collect()
}

/// Tells whether the PCI core of this kernel knows TSMs.
pub fn has_pci_tsm() -> bool {
    Path::new("/sys/class/tsm").exists()
}

pub(crate) fn write(path: &Path, data: &[u8]) -> Result<(), Errno> {
    let written = File::options()
        .write(true)
        .open(path)
        .and_then(|mut file| file.write_all(data));

    errno(written).map_or(Ok(()), Err)
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

    /// Returns the path of a file of `spdm/`.
    pub fn path(&self, file: &str) -> PathBuf {
        self.0.join("spdm").join(file)
    }

    /// Reads a file of `spdm/`.
    pub fn read(&self, file: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path(file))
    }

    /// Returns the error of reading a file, if it has one.
    pub fn refusal(&self, file: &str) -> Option<Errno> {
        errno(self.read(file))
    }

    /// Reads a file of text, without the line feed that it has to end with.
    ///
    /// # Panics
    ///
    /// If it can't be read, or is no text.
    pub fn text(&self, file: &str) -> String {
        let text = String::from_utf8(self.read(file).unwrap()).unwrap();

        text.strip_suffix('\n').unwrap().to_owned()
    }

    /// Returns the state.
    pub fn state(&self) -> String {
        self.text("state")
    }

    /// Returns the generation.
    ///
    /// # Panics
    ///
    /// If it is no number.
    pub fn generation(&self) -> u64 {
        self.text("generation").parse().unwrap()
    }

    /// Writes to a file of `spdm/`, at once.
    pub fn write(&self, file: &str, data: impl AsRef<[u8]>) -> Result<(), Errno> {
        write(&self.path(file), data.as_ref())
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

    /// Resets the function.
    pub fn reset(&self) -> io::Result<()> {
        fs::write(self.0.join("reset"), "1")
    }

    /// Returns a register of the emulated device, see `emulator/README.md`.
    ///
    /// # Panics
    ///
    /// If it can't be read.
    pub fn register(&self, offset: u64) -> u32 {
        let config = File::open(self.0.join("config")).unwrap();
        let mut value = [0; 4];

        config.read_exact_at(&mut value, offset).unwrap();
        u32::from_le_bytes(value)
    }

    /// Writes a register of the emulated device.
    ///
    /// # Panics
    ///
    /// If it can't be written.
    pub fn set_register(&self, offset: u64, value: u32) {
        let config = File::options().write(true).open(self.0.join("config"));

        config
            .unwrap()
            .write_all_at(&value.to_le_bytes(), offset)
            .unwrap();
    }

    /// Removes the function, and looks for devices again.
    pub fn remove_and_find_again(&self) -> io::Result<()> {
        fs::write(self.0.join("remove"), "1")?;
        assert!(!self.0.exists());
        fs::write("/sys/bus/pci/rescan", "1")
    }
}
