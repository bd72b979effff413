// SPDX-License-Identifier: GPL-2.0

//! What user space passes to `/dev/sev-guest`, `linux/sev-guest.h` of the kernel.

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

use crate::snp::{
    message::ReportRequest,
    ExitInfo2, //
};

/// `struct snp_guest_request_ioctl`: what the argument of each ioctl points to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct GuestRequest {
    /// Version of the message, not zero.
    pub msg_version: u8,
    padding: [u8; 7],
    /// Address of the request.
    pub req_data: U64,
    /// Address of the answer.
    pub resp_data: U64,
    exitinfo2: U64,
}

impl GuestRequest {
    /// Size in bytes.
    pub const SIZE: usize = 32;

    /// Sets how the request ended.
    pub fn set_exit_info(&mut self, info: ExitInfo2) {
        self.exitinfo2 = U64::new(info.raw());
    }

    /// Returns how the request ended.
    pub const fn exit_info(&self) -> ExitInfo2 {
        ExitInfo2::new(self.exitinfo2.get())
    }
}

/// `struct snp_ext_report_req`: a request for a report and for certificates.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct ExtendedReportRequest {
    /// What is asked of the firmware.
    pub report: ReportRequest,
    /// Where the certificates are to go, or zero.
    pub certs_address: U64,
    /// How much room there is for them, or zero.
    pub certs_len: U32,
    padding: [u8; 4],
}

impl ExtendedReportRequest {
    /// Size in bytes.
    pub const SIZE: usize = 112;
}

const _: () = {
    assert!(size_of::<GuestRequest>() == GuestRequest::SIZE);
    assert!(offset_of!(GuestRequest, msg_version) == 0);
    assert!(offset_of!(GuestRequest, req_data) == 8);
    assert!(offset_of!(GuestRequest, resp_data) == 16);
    assert!(offset_of!(GuestRequest, exitinfo2) == 24);

    assert!(size_of::<ExtendedReportRequest>() == ExtendedReportRequest::SIZE);
    assert!(offset_of!(ExtendedReportRequest, report) == 0);
    assert!(offset_of!(ExtendedReportRequest, certs_address) == 96);
    assert!(offset_of!(ExtendedReportRequest, certs_len) == 104);
};
