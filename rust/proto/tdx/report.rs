// SPDX-License-Identifier: GPL-2.0

//! `TDREPORT_STRUCT`, what `TDG.MR.REPORT` writes.
//!
//! ABI, the definition of `TDREPORT_STRUCT` and those
//! that it refers to. `REPORTMACSTRUCT` is also in the SDM, volume 3, "SEAMREPORT".
//!
//! Reserved fields of `TEE_TCB_INFO` and `TDINFO_STRUCT` are not checked: later modules have put
//! fields there (`tee_tcb_svn2`, `servtd_hash`) without a new version number, and a guest has to
//! run on those too.

use core::mem::offset_of;

use zerocopy::{
    little_endian::U64,
    IntoBytes as _, //
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
    tdx::{
        Error,
        Rtmr, //
    },
    Digest384,
    ReportData, //
};

/// `REPORTTYPE`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct ReportType {
    /// Kind of TEE.
    pub kind: u8,
    /// Kind of report within the TEE.
    pub subkind: u8,
    /// Version of the structure.
    pub version: u8,
    reserved: u8,
}

impl ReportType {
    /// [`ReportType::kind`] of a TDX guest.
    pub const TDX: u8 = 0x81;
    /// [`ReportType::version`] of a TD without service TDs.
    pub const PLAIN: u8 = 0;
    /// [`ReportType::version`] of a TD with service TDs, whose `servtd_hash` is set.
    pub const WITH_SERVICE_TD: u8 = 1;

    /// Makes the type of a TDX report.
    pub const fn tdx(version: u8) -> Self {
        Self {
            kind: Self::TDX,
            subkind: 0,
            version,
            reserved: 0,
        }
    }

    /// Checks what the specification fixes.
    fn check(&self) -> Result<(), Error> {
        if self.kind != Self::TDX {
            return Err(Error::UnknownType);
        }
        if self.subkind != 0 {
            return Err(Error::UnknownSubtype);
        }
        if self.version > Self::WITH_SERVICE_TD {
            return Err(Error::UnknownVersion);
        }
        if self.reserved != 0 {
            return Err(Error::ReservedSet);
        }
        Ok(())
    }
}

/// `REPORTMACSTRUCT`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct ReportMac {
    /// What kind of report this is.
    pub report_type: ReportType,
    reserved1: [u8; 12],
    /// Security version number of the CPU.
    pub cpu_svn: [u8; 16],
    /// SHA-384 of [`TeeTcbInfo`].
    pub tee_tcb_info_hash: Digest384,
    /// SHA-384 of [`TdInfo`].
    pub tee_info_hash: Digest384,
    /// What the guest chose.
    pub report_data: ReportData,
    reserved2: [u8; 32],
    /// HMAC-SHA-256 of the bytes before it, under a key that never leaves the CPU.
    pub mac: [u8; 32],
}

impl ReportMac {
    /// Number of bytes that [`ReportMac::mac`] covers.
    pub const COVERED: usize = offset_of!(Self, mac);

    /// Checks what the specification fixes.
    fn check(&self) -> Result<(), Error> {
        self.report_type.check()?;
        if self.reserved1 != [0; 12] || self.reserved2 != [0; 32] {
            return Err(Error::ReservedSet);
        }
        Ok(())
    }
}

/// `TEE_TCB_INFO`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct TeeTcbInfo {
    /// Which of the fields below are valid, a bit for each.
    pub valid: U64,
    /// Security version number of the TDX module that made the TD.
    pub tee_tcb_svn: [u8; 16],
    /// Measurement of the TDX module.
    pub mrseam: Digest384,
    /// Signer of the TDX module, zero for Intel's.
    pub mrsignerseam: Digest384,
    /// Attributes of the TDX module.
    pub attributes: U64,
    /// Security version number of the TDX module that runs now.
    pub tee_tcb_svn2: [u8; 16],
    reserved: [u8; 95],
}

impl TeeTcbInfo {
    /// [`TeeTcbInfo::valid`] of a module that fills every field up to `tee_tcb_svn2`.
    pub const VALID: u64 = 0x301FF;
}

/// `TDINFO_STRUCT`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct TdInfo {
    /// Attributes of the TD.
    pub attributes: U64,
    /// Extended features that the TD may use.
    pub xfam: U64,
    /// Measurement of the initial contents.
    pub mrtd: Digest384,
    /// Configuration that is not the owner's, chosen at the build of the TD.
    pub mrconfigid: Digest384,
    /// Identity of the owner.
    pub mrowner: Digest384,
    /// Configuration that the owner chose.
    pub mrownerconfig: Digest384,
    rtmr0: Digest384,
    rtmr1: Digest384,
    rtmr2: Digest384,
    rtmr3: Digest384,
    /// Hash of the bound service TDs.
    pub servtd_hash: Digest384,
    reserved: [u8; 64],
}

impl TdInfo {
    /// Returns the values of all measurement registers in the order of the fields, from MRTD on.
    pub fn registers(&self) -> &[u8] {
        let fields = offset_of!(Self, mrtd)..offset_of!(Self, servtd_hash);

        self.as_bytes().get(fields).unwrap_or_default()
    }

    /// Returns the value of a run-time measurement register.
    pub fn rtmr(&self, rtmr: Rtmr) -> &Digest384 {
        match rtmr.index() {
            0 => &self.rtmr0,
            1 => &self.rtmr1,
            2 => &self.rtmr2,
            _ => &self.rtmr3,
        }
    }

    /// Sets the value of a run-time measurement register.
    pub fn set_rtmr(&mut self, rtmr: Rtmr, value: Digest384) {
        match rtmr.index() {
            0 => self.rtmr0 = value,
            1 => self.rtmr1 = value,
            2 => self.rtmr2 = value,
            _ => self.rtmr3 = value,
        }
    }
}

/// `TDREPORT_STRUCT`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct TdReport {
    /// Header with the MAC.
    pub mac: ReportMac,
    /// Trusted computing base below the TD.
    pub tee_tcb_info: TeeTcbInfo,
    reserved: [u8; 17],
    /// The TD.
    pub info: TdInfo,
}

impl TdReport {
    /// Size in bytes, and the alignment that `TDG.MR.REPORT` wants.
    pub const SIZE: usize = 1024;

    /// Borrows the report that the guest's own TDX module has written to `bytes`. What it says is for
    /// verifiers to judge, of which this is none.
    pub fn from_module(bytes: &[u8; Self::SIZE]) -> &Self {
        zerocopy::transmute_ref!(bytes)
    }

    /// Borrows the report that `bytes` is.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] or [`Error::Trailing`] when `bytes` is not as long as a report, and
    /// [`Error::UnknownType`], [`Error::UnknownSubtype`], [`Error::UnknownVersion`] or
    /// [`Error::ReservedSet`] when it is not a report of a TD.
    pub fn parse(bytes: &[u8]) -> Result<&Self, Error> {
        let report: &Self = whole(bytes)?;

        report.mac.check()?;
        if report.reserved != [0; 17] {
            return Err(Error::ReservedSet);
        }
        Ok(report)
    }
}

const _: () = {
    assert!(size_of::<ReportType>() == 4);
    assert!(offset_of!(ReportType, subkind) == 1);
    assert!(offset_of!(ReportType, version) == 2);
    assert!(offset_of!(ReportType, reserved) == 3);

    assert!(size_of::<ReportMac>() == 256);
    assert!(offset_of!(ReportMac, report_type) == 0);
    assert!(offset_of!(ReportMac, reserved1) == 4);
    assert!(offset_of!(ReportMac, cpu_svn) == 16);
    assert!(offset_of!(ReportMac, tee_tcb_info_hash) == 32);
    assert!(offset_of!(ReportMac, tee_info_hash) == 80);
    assert!(offset_of!(ReportMac, report_data) == 128);
    assert!(offset_of!(ReportMac, reserved2) == 192);
    assert!(offset_of!(ReportMac, mac) == 224);

    assert!(size_of::<TeeTcbInfo>() == 239);
    assert!(offset_of!(TeeTcbInfo, valid) == 0);
    assert!(offset_of!(TeeTcbInfo, tee_tcb_svn) == 8);
    assert!(offset_of!(TeeTcbInfo, mrseam) == 24);
    assert!(offset_of!(TeeTcbInfo, mrsignerseam) == 72);
    assert!(offset_of!(TeeTcbInfo, attributes) == 120);
    assert!(offset_of!(TeeTcbInfo, tee_tcb_svn2) == 128);
    assert!(offset_of!(TeeTcbInfo, reserved) == 144);

    assert!(size_of::<TdInfo>() == 512);
    assert!(offset_of!(TdInfo, attributes) == 0);
    assert!(offset_of!(TdInfo, xfam) == 8);
    assert!(offset_of!(TdInfo, mrtd) == 16);
    assert!(offset_of!(TdInfo, mrconfigid) == 64);
    assert!(offset_of!(TdInfo, mrowner) == 112);
    assert!(offset_of!(TdInfo, mrownerconfig) == 160);
    assert!(offset_of!(TdInfo, rtmr0) == 208);
    assert!(offset_of!(TdInfo, rtmr1) == 256);
    assert!(offset_of!(TdInfo, rtmr2) == 304);
    assert!(offset_of!(TdInfo, rtmr3) == 352);
    assert!(offset_of!(TdInfo, servtd_hash) == 400);
    assert!(offset_of!(TdInfo, reserved) == 448);

    assert!(size_of::<TdReport>() == TdReport::SIZE);
    assert!(offset_of!(TdReport, mac) == 0);
    assert!(offset_of!(TdReport, tee_tcb_info) == 256);
    assert!(offset_of!(TdReport, reserved) == 495);
    assert!(offset_of!(TdReport, info) == 512);
};
