// SPDX-License-Identifier: GPL-2.0

//! The parts of a quote.
//!
//! "Intel TDX DCAP Quoting Library API", appendix "Quote Format", for versions 4 and 5.

use std::mem::offset_of;

use tsm_proto::{
    tdx::{
        Rtmr,
        TdReport, //
    },
    Digest384,
    ReportData, //
};
use zerocopy::little_endian::{
    U16,
    U32,
    U64, //
};
use zerocopy_derive::{
    Immutable,
    IntoBytes, //
};

/// What a quote begins with.
#[derive(Debug, Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct Header {
    /// Version of the format.
    pub(super) version: U16,
    /// Algorithm of the signature.
    pub(super) key_type: U16,
    /// Kind of TEE.
    pub(super) tee_type: U32,
    pub(super) reserved: [u8; 4],
    /// The vendor of the quoting enclave.
    pub(super) vendor: [u8; 16],
    /// What the quoting enclave adds: its number, and zeros.
    pub(super) user_data: [u8; 20],
}

impl Header {
    /// [`Header::key_type`] of ECDSA with P-256.
    pub(super) const ECDSA_P256: u16 = 2;
    /// [`Header::tee_type`] of a TD.
    pub(super) const TDX: u32 = 0x81;
    /// [`Header::vendor`] of the format that is described here.
    pub(super) const VENDOR: [u8; 16] = [
        0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06,
        0x07,
    ];
}

/// What follows the header in version 5.
#[derive(Debug, Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct BodyDescriptor {
    /// Kind of body.
    pub(super) kind: U16,
    /// Size of the body.
    pub(super) size: U32,
}

impl BodyDescriptor {
    /// [`BodyDescriptor::kind`] of a [`Body10`].
    pub(super) const TDX_1_0: u16 = 2;
    /// [`BodyDescriptor::kind`] of a [`Body15`].
    pub(super) const TDX_1_5: u16 = 3;
    /// [`BodyDescriptor::kind`] of a [`Body15Ex`].
    pub(super) const TDX_1_5_EX: u16 = 4;
}

/// The TD, as version 4 describes it.
#[derive(Debug, Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct Body10 {
    tee_tcb_svn: [u8; 16],
    mrseam: Digest384,
    mrsignerseam: Digest384,
    seam_attributes: U64,
    attributes: U64,
    xfam: U64,
    mrtd: Digest384,
    mrconfigid: Digest384,
    mrowner: Digest384,
    mrownerconfig: Digest384,
    rtmrs: [Digest384; 4],
    report_data: ReportData,
}

impl From<&TdReport> for Body10 {
    fn from(report: &TdReport) -> Self {
        let (module, td) = (&report.tee_tcb_info, &report.info);

        Self {
            tee_tcb_svn: module.tee_tcb_svn,
            mrseam: module.mrseam,
            mrsignerseam: module.mrsignerseam,
            seam_attributes: module.attributes,
            attributes: td.attributes,
            xfam: td.xfam,
            mrtd: td.mrtd,
            mrconfigid: td.mrconfigid,
            mrowner: td.mrowner,
            mrownerconfig: td.mrownerconfig,
            rtmrs: Rtmr::ALL.map(|rtmr| *td.rtmr(rtmr)),
            report_data: report.mac.report_data,
        }
    }
}

/// The TD, as version 5 describes it for TDX 1.5.
#[derive(Debug, Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct Body15 {
    base: Body10,
    tee_tcb_svn2: [u8; 16],
    mrservicetd: Digest384,
}

impl From<&TdReport> for Body15 {
    fn from(report: &TdReport) -> Self {
        Self {
            base: report.into(),
            tee_tcb_svn2: report.tee_tcb_info.tee_tcb_svn2,
            mrservicetd: report.info.servtd_hash,
        }
    }
}

/// The TD, as version 5 describes it for modules of TDX 1.5 that can say more of it.
///
/// From `sgx_quote_5.h` of the SGX SDK, as public verifiers have it. The VMM has to ask the
/// module for the first three, and the others are of TDs with the attribute `SERVTD_EXT`. Reports of versions 0 and
/// 1, which are those that there are here, have none of them; all are zero then.
#[derive(Debug, Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct Body15Ex {
    base: Body15,
    /// Of the partition of the TD that has asked.
    vmid: u8,
    td_id: [u8; 32],
    /// The digest of what is said of devices.
    devinfo: Digest384,
    /// The service TDs at first, and the platform that was for them.
    init_servtd_hash: Digest384,
    init_servtd_attributes: U64,
    init_cpu_svn: [u8; 16],
    init_tee_tcb_svn: [u8; 16],
    init_tee_fmspc: [u8; 12],
    /// The service TDs now.
    servtd_hash: Digest384,
    servtd_attributes: U64,
}

impl From<&TdReport> for Body15Ex {
    fn from(report: &TdReport) -> Self {
        Self {
            base: report.into(),
            vmid: 0,
            td_id: [0; 32],
            devinfo: Digest384::ZERO,
            init_servtd_hash: Digest384::ZERO,
            init_servtd_attributes: U64::ZERO,
            init_cpu_svn: [0; 16],
            init_tee_tcb_svn: [0; 16],
            init_tee_fmspc: [0; 12],
            servtd_hash: Digest384::ZERO,
            servtd_attributes: U64::ZERO,
        }
    }
}

/// The report of an enclave, here the quoting enclave. SDM, volume 3, "REPORT", without its MAC.
#[derive(Debug, Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct EnclaveReport {
    pub(super) cpu_svn: [u8; 16],
    pub(super) misc_select: U32,
    pub(super) reserved1: [u8; 28],
    pub(super) attributes: [u8; 16],
    pub(super) mrenclave: [u8; 32],
    pub(super) reserved2: [u8; 32],
    pub(super) mrsigner: [u8; 32],
    pub(super) reserved3: [u8; 96],
    pub(super) isv_prod_id: U16,
    pub(super) isv_svn: U16,
    pub(super) reserved4: [u8; 60],
    /// What the enclave wants to be bound: a digest, then zeros.
    pub(super) report_data: [[u8; 32]; 2],
}

/// What certification data begins with.
#[derive(Debug, Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct Certification {
    /// Kind of data.
    pub(super) kind: U16,
    /// Size of the data.
    pub(super) size: U32,
}

impl Certification {
    /// [`Certification::kind`] of a chain of certificates as text.
    pub(super) const PCK_CHAIN: u16 = 5;
    /// [`Certification::kind`] of the quoting enclave's report, with data that certifies it.
    pub(super) const QE_REPORT: u16 = 6;
}

const _: () = {
    assert!(size_of::<Header>() == 48);
    assert!(offset_of!(Header, version) == 0);
    assert!(offset_of!(Header, key_type) == 2);
    assert!(offset_of!(Header, tee_type) == 4);
    assert!(offset_of!(Header, reserved) == 8);
    assert!(offset_of!(Header, vendor) == 12);
    assert!(offset_of!(Header, user_data) == 28);

    assert!(size_of::<BodyDescriptor>() == 6);
    assert!(offset_of!(BodyDescriptor, kind) == 0);
    assert!(offset_of!(BodyDescriptor, size) == 2);

    assert!(size_of::<Body10>() == 584);
    assert!(offset_of!(Body10, tee_tcb_svn) == 0);
    assert!(offset_of!(Body10, mrseam) == 16);
    assert!(offset_of!(Body10, mrsignerseam) == 64);
    assert!(offset_of!(Body10, seam_attributes) == 112);
    assert!(offset_of!(Body10, attributes) == 120);
    assert!(offset_of!(Body10, xfam) == 128);
    assert!(offset_of!(Body10, mrtd) == 136);
    assert!(offset_of!(Body10, mrconfigid) == 184);
    assert!(offset_of!(Body10, mrowner) == 232);
    assert!(offset_of!(Body10, mrownerconfig) == 280);
    assert!(offset_of!(Body10, rtmrs) == 328);
    assert!(offset_of!(Body10, report_data) == 520);

    assert!(size_of::<Body15>() == 648);
    assert!(offset_of!(Body15, base) == 0);
    assert!(offset_of!(Body15, tee_tcb_svn2) == 584);
    assert!(offset_of!(Body15, mrservicetd) == 600);

    assert!(size_of::<Body15Ex>() == 885);
    assert!(offset_of!(Body15Ex, base) == 0);
    assert!(offset_of!(Body15Ex, vmid) == 648);
    assert!(offset_of!(Body15Ex, td_id) == 649);
    assert!(offset_of!(Body15Ex, devinfo) == 681);
    assert!(offset_of!(Body15Ex, init_servtd_hash) == 729);
    assert!(offset_of!(Body15Ex, init_servtd_attributes) == 777);
    assert!(offset_of!(Body15Ex, init_cpu_svn) == 785);
    assert!(offset_of!(Body15Ex, init_tee_tcb_svn) == 801);
    assert!(offset_of!(Body15Ex, init_tee_fmspc) == 817);
    assert!(offset_of!(Body15Ex, servtd_hash) == 829);
    assert!(offset_of!(Body15Ex, servtd_attributes) == 877);

    assert!(size_of::<EnclaveReport>() == 384);
    assert!(offset_of!(EnclaveReport, cpu_svn) == 0);
    assert!(offset_of!(EnclaveReport, misc_select) == 16);
    assert!(offset_of!(EnclaveReport, reserved1) == 20);
    assert!(offset_of!(EnclaveReport, attributes) == 48);
    assert!(offset_of!(EnclaveReport, mrenclave) == 64);
    assert!(offset_of!(EnclaveReport, reserved2) == 96);
    assert!(offset_of!(EnclaveReport, mrsigner) == 128);
    assert!(offset_of!(EnclaveReport, reserved3) == 160);
    assert!(offset_of!(EnclaveReport, isv_prod_id) == 256);
    assert!(offset_of!(EnclaveReport, isv_svn) == 258);
    assert!(offset_of!(EnclaveReport, reserved4) == 260);
    assert!(offset_of!(EnclaveReport, report_data) == 320);

    assert!(size_of::<Certification>() == 6);
    assert!(offset_of!(Certification, kind) == 0);
    assert!(offset_of!(Certification, size) == 2);
};
