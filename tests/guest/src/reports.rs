// SPDX-License-Identifier: GPL-2.0

//! Reports in configfs.

use std::{
    fs::{
        self,
        File, //
    },
    io::{
        self,
        Write as _, //
    },
    path::{
        Path,
        PathBuf, //
    }, //
};

use crate::{
    snp,
    Drivers,
    Platform, //
};

/// Where reports are.
pub const REPORTS: &str = "/sys/kernel/config/tsm/report";

/// A report, removed when dropped.
pub struct Report {
    path: PathBuf,
    /// The writes that made it one of the guest's own level.
    writes: u64,
}

impl Report {
    /// Makes the report `name`, of the guest's own level.
    pub fn new(name: &str) -> io::Result<Self> {
        let mut report = Self::bare(name)?;

        if let Some(floor) = level_to_write() {
            report.store("privlevel", &floor.to_string())?;
            report.writes = 1;
        }
        Ok(report)
    }

    /// Makes the report `name`, and writes nothing to it.
    pub fn bare(name: &str) -> io::Result<Self> {
        let path = Path::new(REPORTS).join(name);

        fs::create_dir(&path)?;
        Ok(Self { path, writes: 0 })
    }

    /// Returns the path of the file `name`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes the inblob, and closes the file, which is what makes it count.
    pub fn set_inblob(&self, data: &[u8]) -> io::Result<()> {
        let mut file = File::options().write(true).open(self.path("inblob"))?;
        let len = file.write(data)?;

        assert_eq!(len, data.len());
        Ok(())
    }

    /// Writes `text` to the file `name`, in one call.
    pub fn store(&self, name: &str, text: &str) -> io::Result<()> {
        let mut file = File::options().write(true).open(self.path(name))?;
        let len = file.write(text.as_bytes())?;

        assert_eq!(len, text.len());
        Ok(())
    }

    /// Returns the contents of the file `name`.
    pub fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path(name))
    }

    /// Returns the blob.
    pub fn outblob(&self) -> io::Result<Vec<u8>> {
        self.read("outblob")
    }

    /// Returns the number of writes since it was made.
    ///
    /// # Panics
    ///
    /// If the file is not a decimal number and a line feed.
    pub fn generation(&self) -> u64 {
        let text = fs::read_to_string(self.path("generation")).expect("generation can be read");
        let number = text.strip_suffix('\n').expect("generation is a line");
        let number: u64 = number.parse().expect("generation is a number");

        number - self.writes
    }

    /// Removes the report.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_dir(&self.path)
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.path);
    }
}

/// Returns the level that has to be written to a report, if it does not have it at first.
fn level_to_write() -> Option<u32> {
    let begins_at_0 =
        Platform::get() == Platform::Snp && !Drivers::get().privlevel_defaults_to_the_floor();

    begins_at_0.then(snp::vmpl).filter(|vmpl| *vmpl > 0)
}

/// Offset of the body in a quote of version 4, and of what is in it.
const BODY: usize = 48;
const REPORTDATA: usize = BODY + 520;
const RTMRS: usize = BODY + 328;

/// Returns the report data in a blob of the emulator.
///
/// # Panics
///
/// If the blob is too short for it.
pub fn report_data(blob: &[u8]) -> &[u8] {
    match Platform::get() {
        Platform::Tdx => &blob[REPORTDATA..][..64],
        Platform::Snp => &blob[snp::REPORT_DATA],
    }
}

/// Returns register `rtmr` in a quote of the emulator.
///
/// # Panics
///
/// If the quote is too short for it.
pub fn rtmr(quote: &[u8], rtmr: usize) -> &[u8] {
    &quote[RTMRS..][rtmr * 48..][..48]
}
