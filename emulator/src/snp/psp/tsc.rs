// SPDX-License-Identifier: GPL-2.0

//! `MSG_TSC_INFO_REQ`: how the guest's time stamp counter comes from the machine's.

use std::mem::offset_of;

use zerocopy::{
    little_endian::{
        U32,
        U64, //
    },
    FromZeros as _,
    IntoBytes as _, //
};
use zerocopy_derive::{
    FromZeros,
    Immutable,
    IntoBytes, //
};

use super::status::Status;

/// Size of a request, all of which is reserved. ABI, table "MSG_TSC_INFO_REQ Message Structure".
const REQUEST: usize = 128;

/// [`Response::scale`] of 1: it has 32 bits after the point.
const SAME: u64 = 1 << 32;

/// How much slower the counter is on average than it should be, in 1/100000: the clock is spread.
pub(super) const TSC_FACTOR: u32 = 200;

/// What answers it. ABI, table "MSG_TSC_INFO_RSP Message Structure".
#[derive(FromZeros, IntoBytes, Immutable)]
#[repr(C)]
struct Response {
    status: U32,
    reserved1: U32,
    scale: U64,
    offset: U64,
    factor: U32,
    reserved2: [u8; 100],
}

const _: () = {
    assert!(size_of::<Response>() == 0x80);
    assert!(offset_of!(Response, scale) == 8);
    assert!(offset_of!(Response, offset) == 0x10);
    assert!(offset_of!(Response, factor) == 0x18);
};

/// Answers a request.
pub(super) fn answer(request: &[u8]) -> Result<Vec<u8>, Status> {
    let reserved = request.get(..REQUEST).ok_or(Status::INVALID_PARAM)?;
    let mut response = Response::new_zeroed();

    if reserved.iter().any(|byte| *byte != 0) {
        response.status = Status::INVALID_PARAM.into();
    } else {
        response.scale = U64::new(SAME);
        response.factor = U32::new(TSC_FACTOR);
    }
    Ok(response.as_bytes().to_vec())
}
