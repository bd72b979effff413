// SPDX-License-Identifier: GPL-2.0

//! The lengths of an SVSM: three of them, the room in pages that there is for each, and the limit.

use tsm_proto::snp::svsm::{
    Error,
    Lengths,
    Sizes, //
};

use crate::bytes::u64_at;

/// Says how much was written to `room`.
fn written(length: u64, room: usize) -> Result<usize, Error> {
    match u128::from(length) <= room as u128 {
        true => Ok(length as usize),
        false => Err(Error::Length(length)),
    }
}

/// Says how large a buffer has to be. What was not set is all ones.
fn needed(length: u64, room: usize, limit: usize) -> Result<usize, Error> {
    match u128::from(length) {
        _ if length == u64::MAX => Ok(room),
        length if length > limit as u128 => Err(Error::TooLarge),
        length => Ok(room.max(length.div_ceil(4096) as usize * 4096)),
    }
}

/// Nothing longer than its buffer was written, and no buffer gets smaller than it is, or larger
/// than the limit.
pub(crate) fn svsm(data: &[u8]) -> bool {
    let number = |index: usize| u64_at(data, 8 * index);
    let (Some(report), Some(manifest), Some(certificates)) = (number(0), number(1), number(2))
    else {
        return false;
    };
    let Some([a, b, c, limit]) = data.get(24..).and_then(|rest| rest.first_chunk()) else {
        return false;
    };
    let lengths = Lengths {
        report,
        manifest,
        certificates,
    };
    let limit = usize::from(*limit) * 4096;
    let room = Sizes {
        report: limit.min(usize::from(*a) * 4096),
        manifest: limit.min(usize::from(*b) * 4096),
        certificates: limit.min(usize::from(*c) * 4096),
    };

    let sizes = each(lengths, room, written).and_then(|sizes| match sizes.report {
        ..1184 => Err(Error::Length(report)),
        _ => Ok(sizes),
    });
    assert_eq!(lengths.written(room), sizes);

    let next = each(lengths, room, |length, room| needed(length, room, limit));
    let next = next.map(|next| (next != room).then_some(next));
    assert_eq!(lengths.needed(room, limit), next);
    if let Ok(Some(next)) = next {
        assert!(next.report <= limit && next.manifest <= limit && next.certificates <= limit);
    }
    sizes.is_ok()
}

/// Applies `to` to each length and its buffer.
fn each(
    lengths: Lengths,
    room: Sizes,
    to: impl Fn(u64, usize) -> Result<usize, Error>,
) -> Result<Sizes, Error> {
    Ok(Sizes {
        report: to(lengths.report, room.report)?,
        manifest: to(lengths.manifest, room.manifest)?,
        certificates: to(lengths.certificates, room.certificates)?,
    })
}
