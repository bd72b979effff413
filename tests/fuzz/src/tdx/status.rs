// SPDX-License-Identifier: GPL-2.0

//! Statuses: eight bytes of one, then four of another detail.

use tsm_proto::tdx::{
    OperandId,
    Status,
    VmcallStatus, //
};

use crate::bytes::{
    u32_at,
    u64_at, //
};

/// No bit of a status gets lost, and its halves are independent of each other.
pub(crate) fn status(data: &[u8]) -> bool {
    let (Some(raw), Some(detail)) = (u64_at(data, 0), u32_at(data, 8)) else {
        return false;
    };
    let status = Status::new(raw);
    assert_eq!(status.raw(), raw);
    assert_eq!(status.detail(), raw as u32);
    assert_eq!(status.class().raw(), raw & !u64::from(u32::MAX));
    assert_eq!(status.class().with_detail(status.detail()), status);
    assert_eq!(status.is_error(), raw >= 1 << 63);

    let other = status.with_detail(detail);
    assert_eq!(other, status.of(OperandId::new(detail)));
    assert_eq!((other.class(), other.detail()), (status.class(), detail));
    assert_eq!(other.is_error(), status.is_error());

    assert_eq!(VmcallStatus::new(raw).raw(), raw);
    true
}
