// SPDX-License-Identifier: GPL-2.0

//! `MRTD`: the measurement of what the TD starts with.
//!
//! ABI, "TDH.MEM.PAGE.ADD" and "TDH.MR.EXTEND": for each page a record with its address is hashed,
//! then for each 256 bytes of it a record with their address and the bytes. A record is 128 bytes:
//! the name of the function in ASCII, its address at 16, zeros.
//!
//! What a TD starts with is its firmware: where that is one for TDs, its sections (`launch.rs`), otherwise
//! the last 256 KiB below 4 GiB. The kernel is not part of it, as on a real machine: firmware measures the
//! kernel into an RTMR.

use sha2::{
    Digest as _,
    Sha384, //
};
use tsm_proto::Digest384;

use crate::machine::{
    gpa::PAGE_SIZE,
    memory::{
        GuestMemory,
        NoMemory,
        FIRMWARE, //
    }, //
};

/// Bytes that one `TDH.MR.EXTEND` measures.
const CHUNK: usize = 256;

/// A measurement that is being made.
pub(crate) struct Mrtd(Sha384);

impl Mrtd {
    /// Begins with nothing.
    pub(crate) fn new() -> Self {
        Self(Sha384::new())
    }

    /// Adds a page, whose content is not measured.
    pub(crate) fn add(&mut self, page: u64) {
        self.0.update(record(b"MEM.PAGE.ADD", page));
    }

    /// Measures the content of a page.
    pub(crate) fn extend(&mut self, memory: &dyn GuestMemory, page: u64) -> Result<(), NoMemory> {
        for gpa in (page..page + PAGE_SIZE).step_by(CHUNK) {
            let mut chunk = [0; CHUNK];
            memory.read(gpa, &mut chunk)?;
            self.0.update(record(b"MR.EXTEND", gpa));
            self.0.update(chunk);
        }
        Ok(())
    }

    /// Returns the measurement.
    pub(crate) fn finish(self) -> Digest384 {
        Digest384::new(self.0.finalize().into())
    }
}

/// Measures the firmware.
pub(super) fn measure(memory: &dyn GuestMemory) -> Result<Digest384, NoMemory> {
    let mut mrtd = Mrtd::new();

    // CAST: 4096.
    for page in FIRMWARE.step_by(PAGE_SIZE as usize) {
        mrtd.add(page);
        mrtd.extend(memory, page)?;
    }
    Ok(mrtd.finish())
}

/// Makes the record of a step.
fn record(name: &[u8], gpa: u64) -> [u8; 128] {
    let mut record = [0; 128];

    record[..name.len()].copy_from_slice(name);
    record[16..24].copy_from_slice(&gpa.to_le_bytes());
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::memory::FakeMemory;

    #[test]
    fn records_the_step_and_the_address() {
        let record = record(b"MR.EXTEND", 0x1_0203);
        assert_eq!(&record[..10], b"MR.EXTEND\0");
        assert_eq!(&record[16..20], &[3, 2, 1, 0]);
        assert_eq!(&record[24..], &[0; 104]);
    }

    #[test]
    fn agrees_with_a_script() {
        let digest = measure(&FakeMemory::new(0)).unwrap();
        let expected = include_bytes!("../../../../tests/vectors/tdx/mrtd.bin");
        assert_eq!(digest.bytes(), expected);
    }
}
