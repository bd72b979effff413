// SPDX-License-Identifier: GPL-2.0

//! The interfaces of devices: `tdi/`.

use std::path::{
    Path,
    PathBuf, //
};

use nix::errno::Errno;

use crate::{
    files::Modes,
    function::Function,
    spdm::Device, //
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
    Interface::all()
}

/// Returns the first device, connected again, and its three functions.
///
/// # Panics
///
/// If it can't be connected.
pub fn connected() -> (Device, [Interface; 3]) {
    let device = Device::with_sessions();

    let _ = device.disconnect();
    device.connect(0).unwrap();
    (device, functions())
}

/// Returns the functions of the first device.
///
/// # Panics
///
/// If it has not three.
pub fn functions() -> [Interface; 3] {
    Interface::of(&Device::with_sessions())
}

impl Interface {
    /// Returns the functions of a device.
    ///
    /// # Panics
    ///
    /// If it has more or fewer.
    pub fn of<const N: usize>(device: &Device) -> [Self; N] {
        let slot = device.slot();
        let found: Vec<Self> = interfaces()
            .into_iter()
            .filter(|interface| interface.slot() == slot)
            .collect();

        <[Self; N]>::try_from(found).unwrap_or_else(|found| panic!("{} functions", found.len()))
    }

    /// Checks that nothing is bound.
    ///
    /// # Panics
    ///
    /// If it is.
    pub fn shows_nothing(&self) {
        for file in ["report", "ranges"] {
            assert_eq!(self.refusal(file), Some(Errno::ENODATA), "{file}");
        }
        assert!(!self.text("trust").contains("locked"));
    }

    /// Returns what is in `tdi/`.
    pub fn files(&self) -> Modes {
        crate::files::in_folder(self.path(""))
    }

    /// Binds the interface.
    pub fn bind(&self, flags: u16) -> Result<(), Errno> {
        self.write("bind", format!("{flags}\n"))
    }

    /// Starts the interface.
    pub fn validate(&self, generation: u64) -> Result<(), Errno> {
        self.write("validate", format!("{generation}\n"))
    }

    /// Unbinds the interface.
    pub fn unbind(&self) -> Result<(), Errno> {
        self.write("unbind", "1\n")
    }

    /// Sets or clears bus mastering, a change of which has a locked interface go to ERROR.
    ///
    /// # Panics
    ///
    /// If its configuration can't be read or written.
    pub fn set_bus_master(&self, makes_requests: bool) {
        let [command] = self.config(COMMAND);
        let others = command & !BUS_MASTER;

        self.set_config(COMMAND, &[others | (u8::from(makes_requests) * BUS_MASTER)]);
    }
}

impl Function for Interface {
    const FOLDER: &str = "tdi";

    fn at(path: PathBuf) -> Self {
        Self(path)
    }

    fn in_sysfs(&self) -> &Path {
        &self.0
    }
}
