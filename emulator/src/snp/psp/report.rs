// SPDX-License-Identifier: GPL-2.0

//! `MSG_REPORT_REQ` and its answer, the attestation report.
//!
//! ABI, "Attestation". What the versions of a report have in addition to those before:
//!
//! | version | in addition |
//! |---|---|
//! | 2 | |
//! | 3, 4 | what CPUID says of the processor |
//! | 5 | the mitigations at launch, and now |

use std::mem::offset_of;

use tsm_proto::Digest384;
use zerocopy::{
    little_endian::{
        U32,
        U64, //
    },
    FromBytes as _,
    FromZeros as _,
    IntoBytes as _, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use super::{
    identity::ReportId,
    platform::Platform,
    settings::{
        self,
        Settings, //
    },
    signer::Signer,
    status::Status,
    tcb::{
        TcbVersion,
        Tcbs, //
    }, //
};
use crate::snp::config::{
    Firmware,
    ReportVersion,
    SnpConfig, //
};

/// A request for a report. ABI, table "MSG_REPORT_REQ Message Structure".
#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Request {
    report_data: [u8; 64],
    vmpl: U32,
    /// Which key is to sign, in bits 1:0, see [`Signer`].
    key_select: U32,
    reserved: [u8; 24],
}

impl Request {
    /// The bits of [`Request::key_select`].
    const KEYS: u32 = 3;
}

/// What answers it. ABI, table "MSG_REPORT_RSP Message Structure".
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Response {
    pub(super) status: U32,
    pub(super) report_size: U32,
    reserved: [u8; 24],
    report: Report,
}

/// An attestation report. ABI, table "ATTESTATION_REPORT Structure".
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Report {
    version: U32,
    guest_svn: U32,
    policy: U64,
    family_id: [u8; 16],
    image_id: [u8; 16],
    vmpl: U32,
    signature_algorithm: U32,
    current_tcb: TcbVersion,
    platform_info: U64,
    /// Whether there is an author key, and which key signs.
    key_info: U32,
    reserved1: U32,
    report_data: [u8; 64],
    measurement: Digest384,
    host_data: [u8; 32],
    id_key_digest: Digest384,
    author_key_digest: Digest384,
    report_id: [u8; 32],
    /// Number of the migration agent.
    report_id_ma: [u8; 32],
    reported_tcb: TcbVersion,
    /// Family, model, stepping.
    cpuid: [u8; 3],
    reserved2: [u8; 21],
    chip_id: [u8; 64],
    committed_tcb: TcbVersion,
    /// Build, minor, major version of the firmware.
    current_version: [u8; 3],
    reserved3: u8,
    committed_version: [u8; 3],
    reserved4: u8,
    launch_tcb: TcbVersion,
    launch_mit_vector: U64,
    current_mit_vector: U64,
    reserved5: [u8; 152],
    /// `r` and `s`, the least significant byte of each first.
    signature: [[u8; 72]; 2],
    reserved6: [u8; 368],
}

const _: () = {
    assert!(size_of::<Request>() == 0x60);
    assert!(offset_of!(Request, vmpl) == 0x40);
    assert!(offset_of!(Request, key_select) == 0x44);
    assert!(offset_of!(Request, reserved) == 0x48);

    assert!(offset_of!(Response, report_size) == 4);
    assert!(offset_of!(Response, report) == 0x20);

    assert!(size_of::<Report>() == 0x4a0);
    assert!(offset_of!(Report, guest_svn) == 4);
    assert!(offset_of!(Report, policy) == 8);
    assert!(offset_of!(Report, family_id) == 0x10);
    assert!(offset_of!(Report, image_id) == 0x20);
    assert!(offset_of!(Report, vmpl) == 0x30);
    assert!(offset_of!(Report, signature_algorithm) == 0x34);
    assert!(offset_of!(Report, current_tcb) == 0x38);
    assert!(offset_of!(Report, platform_info) == 0x40);
    assert!(offset_of!(Report, key_info) == 0x48);
    assert!(offset_of!(Report, report_data) == 0x50);
    assert!(offset_of!(Report, measurement) == 0x90);
    assert!(offset_of!(Report, host_data) == 0xc0);
    assert!(offset_of!(Report, id_key_digest) == 0xe0);
    assert!(offset_of!(Report, author_key_digest) == 0x110);
    assert!(offset_of!(Report, report_id) == 0x140);
    assert!(offset_of!(Report, report_id_ma) == 0x160);
    assert!(offset_of!(Report, reported_tcb) == 0x180);
    assert!(offset_of!(Report, cpuid) == 0x188);
    assert!(offset_of!(Report, chip_id) == 0x1a0);
    assert!(offset_of!(Report, committed_tcb) == 0x1e0);
    assert!(offset_of!(Report, current_version) == 0x1e8);
    assert!(offset_of!(Report, committed_version) == 0x1ec);
    assert!(offset_of!(Report, launch_tcb) == 0x1f0);
    assert!(offset_of!(Report, launch_mit_vector) == 0x1f8);
    assert!(offset_of!(Report, current_mit_vector) == 0x200);
    assert!(offset_of!(Report, signature) == 0x2a0);
};

/// [`Report::signature_algorithm`] of ECDSA with P-384 and SHA-384.
const ECDSA_P384_SHA384: u32 = 1;
/// [`Report::key_info`] with an author key.
const AUTHOR_KEY_EN: u32 = 1;
/// Where [`Report::key_info`] has the key that signs.
const SIGNING_KEY: u32 = 2;

impl ReportVersion {
    /// Returns the number.
    fn number(self) -> u32 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
            Self::V4 => 4,
            Self::V5 => 5,
        }
    }
}

/// Answers a request that was made with a key of VMPL `vmpck`.
pub(super) fn answer(
    config: &SnpConfig,
    platform: &Platform,
    report_id: &ReportId,
    measurement: Digest384,
    vmpck: u8,
    request: &[u8],
) -> Result<Vec<u8>, Status> {
    let (request, _) = Request::ref_from_prefix(request).map_err(|_| Status::INVALID_PARAM)?;
    let mut response = Response::new_zeroed();

    // CAST: 1184.
    response.report_size = U32::new(size_of::<Report>() as u32);
    match report(config, platform, report_id, measurement, vmpck, request) {
        Ok(report) => response.report = report,
        Err(status) => response.status = status.into(),
    }
    Ok(response.as_bytes().to_vec())
}

/// Makes a report of VMPL 0.
pub(super) fn own(
    config: &SnpConfig,
    platform: &Platform,
    report_id: &ReportId,
    measurement: Digest384,
    data: [u8; 64],
) -> Result<Vec<u8>, Status> {
    let mut request = Request::new_zeroed();

    request.report_data = data;
    let report = report(config, platform, report_id, measurement, 0, &request)?;
    Ok(report.as_bytes().to_vec())
}

/// Makes a report, and signs it.
fn report(
    config: &SnpConfig,
    platform: &Platform,
    report_id: &ReportId,
    measurement: Digest384,
    vmpck: u8,
    request: &Request,
) -> Result<Report, Status> {
    let (vmpl, keys) = (request.vmpl.get(), request.key_select.get());

    if request.reserved != [0; 24] || keys & !Request::KEYS != 0 {
        return Err(Status::INVALID_PARAM);
    }
    let signer = Signer::select(config, keys)?;
    if vmpl < vmpck.into() || vmpl > 3 {
        return Err(Status::INVALID_PARAM);
    }
    let mut report = describe(config, report_id, measurement);

    report.key_info |= signer.number() << SIGNING_KEY;
    report.vmpl = request.vmpl;
    report.report_data = request.report_data;
    let signed = report
        .as_bytes()
        .get(..offset_of!(Report, signature))
        .unwrap_or_default();
    let signature = platform.key(signer).sign_message(signed);
    let (r, s) = signature.split_at(48);
    for (to, from) in report.signature.iter_mut().zip([r, s]) {
        for (to, from) in to.iter_mut().zip(from.iter().rev()) {
            *to = *from;
        }
    }
    Ok(report)
}

/// Says of the guest and of the platform what is the same in all reports.
fn describe(config: &SnpConfig, report_id: &ReportId, measurement: Digest384) -> Report {
    let tcbs = Tcbs::of(config);
    let version = config.report_version;
    let Firmware {
        major,
        minor,
        build,
    } = config.firmware();
    let firmware = [build, minor, major];
    let mut report = Report::new_zeroed();

    report.version = U32::new(version.number());
    report.guest_svn = U32::new(config.guest_svn);
    report.policy = U64::new(config.policy);
    report.family_id = config.family_id;
    report.image_id = config.image_id;
    report.signature_algorithm = U32::new(ECDSA_P384_SHA384);
    report.current_tcb = tcbs.current;
    report.platform_info = U64::new(Settings::of(config).platform_info());
    if config.author_key_digest != Digest384::ZERO {
        report.key_info = U32::new(AUTHOR_KEY_EN);
    }
    report.measurement = measurement;
    report.host_data = config.host_data;
    report.id_key_digest = config.id_key_digest;
    report.author_key_digest = config.author_key_digest;
    report.report_id = report_id.bytes();
    // There is no migration agent.
    report.report_id_ma = [0xff; 32];
    report.reported_tcb = tcbs.reported;
    if !config.mask_chip_id {
        report.chip_id = config.processor.chip_id();
    }
    report.committed_tcb = tcbs.committed;
    report.current_version = firmware;
    report.committed_version = firmware;
    report.launch_tcb = tcbs.launch;
    if version != ReportVersion::V2 {
        report.cpuid = config.processor.cpuid();
    }
    if let Some(mitigations) = settings::mitigations(config) {
        report.launch_mit_vector = U64::new(mitigations);
        report.current_mit_vector = U64::new(mitigations);
    }
    report
}
