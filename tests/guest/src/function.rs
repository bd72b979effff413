// SPDX-License-Identifier: GPL-2.0

//! PCI functions of the emulated devices, and the folder that `tsm_tdisp.ko` gives them.

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
    files::names_in_folder, //
};

/// Writes to a file, at once.
pub(crate) fn write(path: &Path, data: &[u8]) -> Result<(), Errno> {
    let written = File::options()
        .write(true)
        .open(path)
        .and_then(|mut file| file.write_all(data));

    errno(written).map_or(Ok(()), Err)
}

/// A function that has a folder of the module.
pub trait Function: Sized {
    /// The name of the folder.
    const FOLDER: &str;

    /// Takes the function with this folder in sysfs.
    fn at(path: PathBuf) -> Self;

    /// Returns the folder of the function in sysfs.
    fn in_sysfs(&self) -> &Path;

    /// Returns the domain, the bus and the device of the function.
    ///
    /// # Panics
    ///
    /// If its folder has another name than that of a function.
    fn slot(&self) -> String {
        let name = self.in_sysfs().file_name().unwrap().to_str().unwrap();

        name.rsplit_once('.').unwrap().0.to_owned()
    }

    /// Returns the functions of the machine that have the folder of the module.
    ///
    /// # Panics
    ///
    /// If they can't be listed.
    fn all() -> Vec<Self> {
        let bus = Path::new("/sys/bus/pci/devices");

        names_in_folder(bus)
            .into_iter()
            .map(|name| Self::at(bus.join(name)))
            .filter(|function| function.path("").exists())
            .collect()
    }

    /// Returns the path of a file in the folder of the module.
    fn path(&self, file: &str) -> PathBuf {
        self.in_sysfs().join(Self::FOLDER).join(file)
    }

    /// Reads a file.
    fn read(&self, file: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path(file))
    }

    /// Returns the error of reading a file, if it has one.
    fn refusal(&self, file: &str) -> Option<Errno> {
        errno(self.read(file))
    }

    /// Reads a file of text, without the line feed that it has to end with.
    ///
    /// # Panics
    ///
    /// If it can't be read, or is no text.
    fn text(&self, file: &str) -> String {
        let text = String::from_utf8(self.read(file).unwrap()).unwrap();

        text.strip_suffix('\n').unwrap().to_owned()
    }

    /// Returns the state.
    fn state(&self) -> String {
        self.text("state")
    }

    /// Returns the generation.
    ///
    /// # Panics
    ///
    /// If it is no number.
    fn generation(&self) -> u64 {
        self.text("generation").parse().unwrap()
    }

    /// Writes to a file, at once.
    fn write(&self, file: &str, data: impl AsRef<[u8]>) -> Result<(), Errno> {
        write(&self.path(file), data.as_ref())
    }

    /// Resets the function.
    fn reset(&self) -> io::Result<()> {
        fs::write(self.in_sysfs().join("reset"), "1")
    }

    /// Reads bytes of configuration space.
    ///
    /// # Panics
    ///
    /// If they can't be read.
    fn config<const N: usize>(&self, offset: u64) -> [u8; N] {
        let config = File::open(self.in_sysfs().join("config")).unwrap();
        let mut bytes = [0; N];

        config.read_exact_at(&mut bytes, offset).unwrap();
        bytes
    }

    /// Writes bytes of configuration space.
    ///
    /// # Panics
    ///
    /// If they can't be written.
    fn set_config(&self, offset: u64, bytes: &[u8]) {
        let config = File::options()
            .write(true)
            .open(self.in_sysfs().join("config"));

        config.unwrap().write_all_at(bytes, offset).unwrap();
    }

    /// Returns a register of the emulated device, see `emulator/README.md`.
    ///
    /// # Panics
    ///
    /// If it can't be read.
    fn register(&self, offset: u64) -> u32 {
        u32::from_le_bytes(self.config(offset))
    }

    /// Writes a register of the emulated device.
    ///
    /// # Panics
    ///
    /// If it can't be written.
    fn set_register(&self, offset: u64, value: u32) {
        self.set_config(offset, &value.to_le_bytes());
    }

    /// Removes the function, and looks for devices again.
    fn remove_and_find_again(&self) -> io::Result<()> {
        fs::write(self.in_sysfs().join("remove"), "1")?;
        assert!(!self.in_sysfs().exists());
        fs::write("/sys/bus/pci/rescan", "1")
    }
}
