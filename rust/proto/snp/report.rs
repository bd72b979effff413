// SPDX-License-Identifier: GPL-2.0

//! `ATTESTATION_REPORT`, what the firmware signs. ABI, table "ATTESTATION_REPORT Structure".
//!
//! Reserved fields are not checked: version 3 has put the CPUID fields there and version 5 the
//! mitigation vectors, and a guest has to run on later firmware too.

use core::mem::offset_of;

use zerocopy::little_endian::{
    U32,
    U64, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use crate::{
    length::whole,
    snp::Error,
    Digest384,
    ReportData, //
};

/// A version of the firmware.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct FirmwareVersion {
    /// Number of the build.
    pub build: u8,
    /// Minor version of the API.
    pub minor: u8,
    /// Major version of the API.
    pub major: u8,
    reserved: u8,
}

impl FirmwareVersion {
    /// Makes a version.
    pub const fn new(major: u8, minor: u8, build: u8) -> Self {
        Self {
            build,
            minor,
            major,
            reserved: 0,
        }
    }
}

/// `ATTESTATION_REPORT`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Report {
    /// Version of the structure.
    pub version: U32,
    /// Security version number of the guest, from its ID block.
    pub guest_svn: U32,
    /// Policy of the guest.
    pub policy: U64,
    /// Family of the guest, from its ID block.
    pub family_id: [u8; 16],
    /// Image of the guest, from its ID block.
    pub image_id: [u8; 16],
    /// The privilege level that the report was asked for.
    pub vmpl: U32,
    /// Algorithm of the signature, 1 for ECDSA P-384 with SHA-384.
    pub signature_algo: U32,
    /// TCB version that the platform runs.
    pub current_tcb: [u8; 8],
    /// Properties of the platform.
    pub platform_info: U64,
    /// Which key has signed, and what is masked.
    pub flags: U32,
    reserved1: U32,
    /// What the guest chose.
    pub report_data: ReportData,
    /// Measurement of the initial contents.
    pub measurement: Digest384,
    /// What the host chose when it launched the guest.
    pub host_data: [u8; 32],
    /// SHA-384 of the key that has signed the ID block.
    pub id_key_digest: Digest384,
    /// SHA-384 of the key that has signed the ID key.
    pub author_key_digest: Digest384,
    /// Identifies this guest.
    pub report_id: [u8; 32],
    /// Identifies the migration agent of this guest.
    pub report_id_ma: [u8; 32],
    /// TCB version that the signing key is derived from.
    pub reported_tcb: [u8; 8],
    /// Family of the CPU, since version 3.
    pub cpuid_family: u8,
    /// Model of the CPU, since version 3.
    pub cpuid_model: u8,
    /// Stepping of the CPU, since version 3.
    pub cpuid_stepping: u8,
    reserved2: [u8; 21],
    /// Identifies the chip, unless that is masked.
    pub chip_id: [u8; 64],
    /// TCB version that the platform can't go back from.
    pub committed_tcb: [u8; 8],
    /// Firmware that runs.
    pub current: FirmwareVersion,
    /// Firmware that the platform can't go back from.
    pub committed: FirmwareVersion,
    /// TCB version at the launch of the guest.
    pub launch_tcb: [u8; 8],
    /// Mitigations in effect at the launch of the guest, since version 5.
    pub launch_mit_vector: U64,
    /// Mitigations in effect, since version 5.
    pub current_mit_vector: U64,
    reserved3: [u8; 152],
    /// Signature of all that is before it: `R` and `S`, little-endian, in 72 bytes each.
    pub signature: [u8; 512],
}

impl Report {
    /// Size in bytes.
    pub const SIZE: usize = 1184;
    /// Number of bytes that [`Report::signature`] covers.
    pub const SIGNED: usize = offset_of!(Self, signature);
    /// The oldest [`Report::version`] with this layout.
    pub const OLDEST: u32 = 2;

    /// Borrows the report that `bytes` is. What it says is for verifiers to judge, of which this is
    /// none.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] or [`Error::Trailing`] when `bytes` is not as long as a report,
    /// [`Error::UnknownVersion`] when its layout is older than this one.
    pub fn parse(bytes: &[u8]) -> Result<&Self, Error> {
        let report: &Self = whole(bytes)?;

        if report.version.get() < Self::OLDEST {
            return Err(Error::UnknownVersion);
        }
        Ok(report)
    }
}

const _: () = {
    assert!(size_of::<FirmwareVersion>() == 4);
    assert!(offset_of!(FirmwareVersion, build) == 0);
    assert!(offset_of!(FirmwareVersion, minor) == 1);
    assert!(offset_of!(FirmwareVersion, major) == 2);
    assert!(offset_of!(FirmwareVersion, reserved) == 3);

    assert!(size_of::<Report>() == Report::SIZE);
    assert!(offset_of!(Report, version) == 0);
    assert!(offset_of!(Report, guest_svn) == 4);
    assert!(offset_of!(Report, policy) == 8);
    assert!(offset_of!(Report, family_id) == 0x10);
    assert!(offset_of!(Report, image_id) == 0x20);
    assert!(offset_of!(Report, vmpl) == 0x30);
    assert!(offset_of!(Report, signature_algo) == 0x34);
    assert!(offset_of!(Report, current_tcb) == 0x38);
    assert!(offset_of!(Report, platform_info) == 0x40);
    assert!(offset_of!(Report, flags) == 0x48);
    assert!(offset_of!(Report, reserved1) == 0x4c);
    assert!(offset_of!(Report, report_data) == 0x50);
    assert!(offset_of!(Report, measurement) == 0x90);
    assert!(offset_of!(Report, host_data) == 0xc0);
    assert!(offset_of!(Report, id_key_digest) == 0xe0);
    assert!(offset_of!(Report, author_key_digest) == 0x110);
    assert!(offset_of!(Report, report_id) == 0x140);
    assert!(offset_of!(Report, report_id_ma) == 0x160);
    assert!(offset_of!(Report, reported_tcb) == 0x180);
    assert!(offset_of!(Report, cpuid_family) == 0x188);
    assert!(offset_of!(Report, cpuid_model) == 0x189);
    assert!(offset_of!(Report, cpuid_stepping) == 0x18a);
    assert!(offset_of!(Report, reserved2) == 0x18b);
    assert!(offset_of!(Report, chip_id) == 0x1a0);
    assert!(offset_of!(Report, committed_tcb) == 0x1e0);
    assert!(offset_of!(Report, current) == 0x1e8);
    assert!(offset_of!(Report, committed) == 0x1ec);
    assert!(offset_of!(Report, launch_tcb) == 0x1f0);
    assert!(offset_of!(Report, launch_mit_vector) == 0x1f8);
    assert!(offset_of!(Report, current_mit_vector) == 0x200);
    assert!(offset_of!(Report, reserved3) == 0x208);
    assert!(offset_of!(Report, signature) == 0x2a0);
};
