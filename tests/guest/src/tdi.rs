// SPDX-License-Identifier: GPL-2.0

//! The interfaces of devices: `tdi/`.

use std::{
    fs::{
        self,
        File, //
    },
    io,
    os::unix::fs::FileExt as _,
    path::{
        Path,
        PathBuf, //
    },
};

use nix::errno::Errno;

use crate::{
    dma::Engine,
    errno,
    files::{
        names_in_folder,
        Modes, //
    },
    spdm::write, //
};

/// Flag of a lock: the table of MSI-X is locked.
pub const LOCK_MSIX: u16 = 4;

/// The Command register.
const COMMAND: u64 = 4;
/// Its bit that lets the function make requests.
const BUS_MASTER: u8 = 4;

/// A function that can be an interface.
pub struct Interface(PathBuf);

/// Returns the interfaces of the machine.
///
/// # Panics
///
/// If they can't be listed.
pub fn interfaces() -> Vec<Interface> {
    let bus = Path::new("/sys/bus/pci/devices");

    names_in_folder(bus)
        .into_iter()
        .map(|name| Interface(bus.join(name)))
        .filter(|interface| interface.path("").exists())
        .collect()
}

impl Interface {
    /// Returns the name of the function.
    ///
    /// # Panics
    ///
    /// If it is no text.
    pub fn name(&self) -> &str {
        self.0.file_name().unwrap().to_str().unwrap()
    }

    /// Returns the path of a file of `tdi/`.
    pub fn path(&self, file: &str) -> PathBuf {
        self.0.join("tdi").join(file)
    }

    /// Returns what is in `tdi/`.
    pub fn files(&self) -> Modes {
        crate::files::in_folder(self.path(""))
    }

    /// Reads a file.
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

    /// Writes to a file, at once.
    pub fn write(&self, file: &str, text: &str) -> Result<(), Errno> {
        write(&self.path(file), text.as_bytes())
    }

    /// Binds the interface.
    pub fn bind(&self, flags: u16) -> Result<(), Errno> {
        self.write("bind", &format!("{flags}\n"))
    }

    /// Starts the interface.
    pub fn validate(&self, generation: u64) -> Result<(), Errno> {
        self.write("validate", &format!("{generation}\n"))
    }

    /// Unbinds the interface.
    pub fn unbind(&self) -> Result<(), Errno> {
        self.write("unbind", "1\n")
    }

    /// Resets the function.
    pub fn reset(&self) -> io::Result<()> {
        fs::write(self.0.join("reset"), "1")
    }

    /// Opens its configuration space.
    fn config(&self) -> File {
        File::options()
            .read(true)
            .write(true)
            .open(self.0.join("config"))
            .unwrap()
    }

    /// Lets the function make requests, or not, which no locked interface is to bear.
    ///
    /// # Panics
    ///
    /// If its configuration can't be read or written.
    pub fn set_bus_master(&self, makes_requests: bool) {
        let config = self.config();
        let mut command = [0];

        config.read_exact_at(&mut command, COMMAND).unwrap();
        command[0] &= !BUS_MASTER;
        command[0] |= u8::from(makes_requests) * BUS_MASTER;
        config.write_all_at(&command, COMMAND).unwrap();
    }

    /// Returns what has the function access memory.
    ///
    /// # Panics
    ///
    /// If its configuration can't be opened.
    pub fn engine(&self) -> Engine {
        Engine(self.config())
    }

    /// Removes the function, and looks for devices again.
    pub fn remove_and_find_again(&self) -> io::Result<()> {
        fs::write(self.0.join("remove"), "1")?;
        assert!(!self.0.exists());
        fs::write("/sys/bus/pci/rescan", "1")
    }
}
