// SPDX-License-Identifier: GPL-2.0

//! What user space passes to the device: the structure of each ioctl, 32 bytes, and the request that it
//! points to, up to 112 more.

use tsm_proto::snp::{
    ioctl::{
        ExtendedReportRequest,
        GuestRequest, //
    },
    message::KeyRequest,
    ExitInfo2,
};
use zerocopy::{
    FromBytes as _,
    IntoBytes as _, //
};

use crate::bytes::{
    u32_at,
    u64_at, //
};

/// Any bytes are a structure, whose fields are where the kernel's header has them, and nothing else is
/// written when the end of a request is.
pub(crate) fn ioctl(data: &[u8]) -> bool {
    let Ok((call, rest)) = GuestRequest::read_from_prefix(data) else {
        assert!(data.len() < 32);
        return false;
    };
    assert_eq!(call.as_bytes(), &data[..32]);
    assert_eq!(call.msg_version, data[0]);
    assert_eq!(Some(call.req_data.get()), u64_at(data, 8));
    assert_eq!(Some(call.resp_data.get()), u64_at(data, 16));
    assert_eq!(Some(call.exit_info().raw()), u64_at(data, 24));

    let mut ended = call;
    ended.set_exit_info(ExitInfo2::INVALID_LEN);
    assert_eq!(ended.as_bytes()[..24], data[..24]);
    assert_eq!(ended.as_bytes()[24..], [0, 0, 0, 0, 1, 0, 0, 0]);

    key(rest);
    extended(rest)
}

/// The request for a key.
fn key(data: &[u8]) {
    let Ok((request, _)) = KeyRequest::read_from_prefix(data) else {
        return assert!(data.len() < 32);
    };

    assert_eq!(request.as_bytes(), &data[..32]);
    assert_eq!(Some(request.root_key_select.get()), u32_at(data, 0));
    assert_eq!(Some(request.guest_field_select.get()), u64_at(data, 8));
    assert_eq!(Some(request.vmpl.get()), u32_at(data, 16));
    assert_eq!(Some(request.guest_svn.get()), u32_at(data, 20));
    assert_eq!(Some(request.tcb_version.get()), u64_at(data, 24));
}

/// The request for a report with certificates, which begins with that for one without.
fn extended(data: &[u8]) -> bool {
    let Ok((request, _)) = ExtendedReportRequest::read_from_prefix(data) else {
        assert!(data.len() < 112);
        return false;
    };

    assert_eq!(request.as_bytes(), &data[..112]);
    assert_eq!(request.report.report_data.bytes(), &data[..64]);
    assert_eq!(Some(request.report.vmpl.get()), u32_at(data, 64));
    assert_eq!(Some(request.report.key_select.get()), u32_at(data, 68));
    assert_eq!(Some(request.certs_address.get()), u64_at(data, 96));
    assert_eq!(Some(request.certs_len.get()), u32_at(data, 104));
    true
}
