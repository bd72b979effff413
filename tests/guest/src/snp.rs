// SPDX-License-Identifier: GPL-2.0

//! What there is in an SEV-SNP guest: the device, the fields of a report, and the registers that show
//! them.
//!
//! "SEV Secure Nested Paging Firmware ABI Specification" (56860, revision 1.58), table
//! "ATTESTATION_REPORT Structure". The offsets are not those of the drivers under test.

pub mod device;

use std::{
    fs,
    ops::{
        Range,
        RangeInclusive, //
    },
    path::PathBuf, //
};

/// Size of a page.
pub const PAGE: usize = 4096;

/// Size of a report.
pub const REPORT_SIZE: usize = 1184;

/// The GUID of the vTPM of an SVSM.
pub const VTPM: &str = "c476f1eb-0123-45a5-9641-b4e7dde5bfe3";

/// Where a report has `REPORT_DATA`.
pub const REPORT_DATA: Range<usize> = 0x50..0x90;

/// Where a report has `VMPL`.
pub const VMPL: Range<usize> = 0x30..0x34;

/// Returns the VMPL that the guest runs at, as its kernel says.
///
/// # Panics
///
/// If it does not say so.
pub fn vmpl() -> u32 {
    let text = fs::read_to_string("/sys/devices/system/cpu/sev/vmpl").expect("an SNP guest");

    text.trim().parse().expect("a number")
}

/// Returns the levels that the guest can have reports of: its own, and all that are less privileged.
pub fn levels() -> RangeInclusive<u32> {
    vmpl()..=3
}

/// A field that is a register too.
pub struct Field {
    /// The name of the register.
    pub name: &'static str,
    /// Whether it is a digest, for which there is a directory with the name of the hash.
    pub hashed: bool,
    /// Whether it identifies the guest, so that only root may read it.
    pub private: bool,
    /// Where the report has it.
    pub range: Range<usize>,
}

impl Field {
    const fn new(name: &'static str, start: usize, size: usize) -> Self {
        Self {
            name,
            hashed: false,
            private: false,
            range: start..start + size,
        }
    }

    /// Returns the file of the register.
    pub fn path(&self) -> PathBuf {
        let folder = PathBuf::from(REGISTERS).join(self.name);

        match self.hashed {
            true => folder.join("sha384/digest"),
            false => folder,
        }
    }
}

/// Where the registers are.
pub const REGISTERS: &str = "/sys/kernel/tsm/sev_snp";

/// The fields that are registers.
pub const FIELDS: [Field; 11] = [
    Field {
        hashed: true,
        ..Field::new("measurement", 0x90, 48)
    },
    Field::new("host_data", 0xc0, 32),
    Field::new("id_key_digest", 0xe0, 48),
    Field::new("author_key_digest", 0x110, 48),
    Field {
        private: true,
        ..Field::new("report_id", 0x140, 32)
    },
    Field {
        private: true,
        ..Field::new("report_id_ma", 0x160, 32)
    },
    Field::new("family_id", 0x10, 16),
    Field::new("image_id", 0x20, 16),
    Field::new("guest_svn", 0x04, 4),
    Field::new("policy", 0x08, 8),
    Field::new("launch_tcb", 0x1f0, 8),
];

/// Returns the GUID of each certificate in a table, and where it is.
///
/// # Panics
///
/// If the table has no end, or one of them is not behind the table and in `bytes`.
pub fn certificates(bytes: &[u8]) -> impl Iterator<Item = (String, Range<usize>)> + '_ {
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes")) as usize;
    let entries = bytes.chunks_exact(24);
    let count = entries
        .clone()
        .position(|entry| *entry == [0; 24])
        .expect("the table has an end");

    entries.take(count).map(move |entry| {
        let (start, len) = (number(&entry[16..20]), number(&entry[20..]));
        let guid = u128::from_be_bytes(entry[..16].try_into().expect("16 bytes"));
        let hex = format!("{guid:032x}");
        let parts = [
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        ];

        let is_outside = len == 0 || start >= (count + 1) * 24;
        assert!(is_outside && start + len <= bytes.len());
        (parts.join("-"), start..start + len)
    })
}
