// SPDX-License-Identifier: GPL-2.0

//! The measurement: the launch digest of what the guest starts with.
//!
//! ABI, "SNP_LAUNCH_UPDATE": for each page the digest so far, the digest of the page and what is
//! said of the page are hashed.
//!
//! A guest that starts with a firmware for SEV-SNP has all of it measured, by `firmware`. One that starts with QEMU's own
//! has that measured and nothing else: the last 256 KiB below 4 GiB. The kernel is not part of it, as on a real machine without
//! kernel hashes. Neither are the VMSAs, the secrets page and the CPUID page, which come later, when the kernel asks.

use std::mem::offset_of;

use sha2::{
    Digest as _,
    Sha384, //
};
use tsm_proto::Digest384;
use zerocopy::{
    little_endian::{
        U16,
        U64, //
    },
    IntoBytes as _, //
};
use zerocopy_derive::{
    Immutable,
    IntoBytes, //
};

use crate::machine::{
    gpa::PAGE_SIZE,
    memory::{
        GuestMemory,
        NoMemory,
        FIRMWARE, //
    }, //
};

/// What is hashed for a page. ABI, table "Layout of the PAGE_INFO Structure".
#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct PageInfo {
    digest: Digest384,
    contents: Digest384,
    length: U16,
    kind: u8,
    imi_page: u8,
    /// Of VMPL 3, 2, 1.
    permissions: [u8; 3],
    reserved: u8,
    gpa: U64,
}

const _: () = {
    assert!(size_of::<PageInfo>() == 0x70);
    assert!(offset_of!(PageInfo, length) == 0x60);
    assert!(offset_of!(PageInfo, kind) == 0x62);
    assert!(offset_of!(PageInfo, imi_page) == 0x63);
    assert!(offset_of!(PageInfo, permissions) == 0x64);
    assert!(offset_of!(PageInfo, gpa) == 0x68);
};

/// A page that a guest starts with. Contents that are given here are measured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Page<'a> {
    /// One with contents.
    Normal(&'a [u8]),
    /// The state of a vCPU.
    Vmsa(&'a [u8]),
    /// One of zeros.
    Zero,
    /// The secrets page.
    Secrets,
    /// The CPUID page.
    Cpuid,
}

impl Page<'_> {
    /// Returns [`PageInfo::kind`].
    fn kind(self) -> u8 {
        match self {
            Self::Normal(_) => 1,
            Self::Vmsa(_) => 2,
            Self::Zero => 3,
            Self::Secrets => 5,
            Self::Cpuid => 6,
        }
    }

    /// Returns [`PageInfo::contents`].
    fn contents(self) -> Digest384 {
        match self {
            Self::Normal(bytes) | Self::Vmsa(bytes) => Digest384::new(Sha384::digest(bytes).into()),
            Self::Zero | Self::Secrets | Self::Cpuid => Digest384::ZERO,
        }
    }
}

/// A launch digest that is being computed.
#[derive(Debug)]
pub(crate) struct LaunchDigest(Digest384);

impl LaunchDigest {
    /// Begins.
    pub(crate) fn new() -> Self {
        Self(Digest384::ZERO)
    }

    /// Adds a page.
    pub(crate) fn add(&mut self, gpa: u64, page: Page<'_>) {
        let info = PageInfo {
            digest: self.0,
            contents: page.contents(),
            // CAST: 0x70.
            length: U16::new(size_of::<PageInfo>() as u16),
            kind: page.kind(),
            imi_page: 0,
            permissions: [0; 3],
            reserved: 0,
            gpa: U64::new(gpa),
        };
        self.0 = Digest384::new(Sha384::digest(info.as_bytes()).into());
    }

    /// Returns it.
    pub(crate) fn finish(self) -> Digest384 {
        self.0
    }
}

/// Measures QEMU's own firmware.
pub(super) fn measure(memory: &dyn GuestMemory) -> Result<Digest384, NoMemory> {
    let mut digest = LaunchDigest::new();

    for gpa in FIRMWARE.step_by(PAGE_SIZE as usize) {
        let mut page = [0; PAGE_SIZE as usize];
        memory.read(gpa, &mut page)?;
        digest.add(gpa, Page::Normal(&page));
    }
    Ok(digest.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Firmware with a table in it that the tool looks for.
    struct Firmware(Vec<u8>);

    impl Firmware {
        fn new() -> Self {
            let mut bytes: Vec<u8> = (0u32..).map(|i| (i >> 5) as u8).take(256 << 10).collect();
            let metadata = [
                b"ASEV".as_slice(),
                &16u32.to_le_bytes(),
                &[1, 0, 0, 0],
                &[0; 4],
            ];
            let entry = [
                0x1000u32.to_le_bytes().as_slice(),
                &22u16.to_le_bytes(),
                &[0x66, 0x65, 0x88, 0xdc, 0x4a, 0x98, 0x98, 0x47],
                &[0xa7, 0x5e, 0x55, 0x85, 0xa7, 0xbf, 0x67, 0xcc],
            ]
            .concat();
            let footer = [
                40u16.to_le_bytes().as_slice(),
                &[0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45],
                &[0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d],
            ]
            .concat();
            for (from_end, part) in [
                (0x1000, metadata.concat()),
                (32 + 40, entry),
                (32 + 18, footer),
            ] {
                let start = bytes.len() - from_end;
                bytes[start..start + part.len()].copy_from_slice(&part);
            }
            Self(bytes)
        }
    }

    impl GuestMemory for Firmware {
        fn read(&self, address: u64, to: &mut [u8]) -> Result<(), NoMemory> {
            let start = (address - FIRMWARE.start) as usize;
            to.copy_from_slice(&self.0[start..start + to.len()]);
            Ok(())
        }

        fn write(&self, _: u64, _: &[u8]) -> Result<(), NoMemory> {
            Err(NoMemory)
        }
    }

    #[test]
    fn agrees_with_a_public_tool() {
        let firmware = Firmware::new();
        let name = format!("tsm-emulator-{}-firmware", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, &firmware.0).unwrap();
        let expected = sev::measurement::snp::calc_snp_ovmf_hash(path.clone());
        std::fs::remove_file(path).unwrap();
        let measured = measure(&firmware).unwrap().to_string();
        assert_eq!(measured, expected.unwrap().get_hex_ld());
    }
}
