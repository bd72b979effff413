// SPDX-License-Identifier: GPL-2.0

//! Opaque data of an exchange of keys: the versions of secured messages.
//!
//! DSP0277 1.1. The layout before SPDM 1.2 is that of DSP0277 1.0, with an ID in front; since then
//! it is `OpaqueDataFmt1` of DSP0274 1.2.

use super::{
    super::version::Version,
    message::{
        Failure,
        Result, //
    }, //
};

/// The versions of DSP0277 that the device has.
const SECURED: core::ops::RangeInclusive<u16> = 0x1000..=0x1200;

/// `SpecID` of the layout before SPDM 1.2.
const OLD: [u8; 4] = 0x444d_5446_u32.to_le_bytes();

/// `SMDataID`: the version that was selected.
const SELECTED: u8 = 0;
/// `SMDataID`: the versions that there are.
const OFFERED: u8 = 1;

/// Takes bytes from the front.
fn take<'a>(data: &mut &'a [u8], count: usize) -> Result<&'a [u8]> {
    let (front, rest) = data
        .split_at_checked(count)
        .ok_or(Failure::InvalidRequest)?;

    *data = rest;
    Ok(front)
}

/// Takes a number of 16 bits.
fn take_u16(data: &mut &[u8]) -> Result<u16> {
    let bytes = take(data, 2)?;

    Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
}

/// Returns how many elements there are behind the header of opaque data.
fn count(data: &mut &[u8], version: Version) -> Result<u8> {
    if version < Version::V1_2 {
        // SpecID, OpaqueVersion, TotalElements, Reserved.
        let header = take(data, 8)?;
        return match header[..4] == OLD {
            true => Ok(header[5]),
            false => Err(Failure::InvalidRequest),
        };
    }
    // TotalElements, Reserved.
    Ok(take(data, 4)?[0])
}

/// Returns the content of the next element: ID, length of the vendor ID, the vendor ID, length,
/// content, padding to 4 bytes. Only DMTF's have content that is understood.
fn element<'a>(data: &mut &'a [u8]) -> Result<&'a [u8]> {
    let before = data.len();
    let header = take(data, 2)?;
    take(data, header[1].into())?;
    let length = take_u16(data)?;
    let content = take(data, length.into())?;

    let padding = (before - data.len()).wrapping_neg() % 4;
    take(data, padding)?;
    Ok(if header == [0, 0] { content } else { &[] })
}

/// Returns the highest version of an element that has the list of them, and that the device has.
fn highest(mut content: &[u8]) -> Result<Option<u16>> {
    // SMDataVersion, SMDataID, Count.
    let [1, OFFERED, count] = *take(&mut content, 3)? else {
        return Ok(None);
    };
    let mut best = None;

    for _ in 0..count {
        let version = take_u16(&mut content)?;
        if SECURED.contains(&(version & 0xff00)) {
            best = best.max(Some(version));
        }
    }
    Ok(best)
}

/// Makes the opaque data of KEY_EXCHANGE_RSP for that of KEY_EXCHANGE. Without a list of versions
/// there is nothing to select.
pub(in crate::device) fn select(mut data: &[u8], version: Version) -> Result {
    if data.is_empty() {
        return Ok(vec![]);
    }
    for _ in 0..count(&mut data, version)? {
        let content = element(&mut data)?;
        if content.is_empty() {
            continue;
        }
        if let Some(selected) = highest(content)? {
            return Ok(selection(selected, version));
        }
    }
    Err(Failure::InvalidRequest)
}

/// Makes opaque data with the version that was selected.
fn selection(selected: u16, version: Version) -> Vec<u8> {
    let header = match version < Version::V1_2 {
        true => [&OLD[..], &[1, 1, 0, 0]].concat(),
        false => vec![1, 0, 0, 0],
    };
    let element = [0, 0, 4, 0, 1, SELECTED];

    [&header, &element[..], &selected.to_le_bytes()].concat()
}
