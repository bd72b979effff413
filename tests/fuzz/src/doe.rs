// SPDX-License-Identifier: GPL-2.0

//! Data objects of a DOE mailbox.

use tsm_proto::doe::{
    Discovery,
    Error,
    Header,
    ObjectType,
    Vendor, //
};

use crate::bytes::u32_at;

/// Says what the tables say of an object of CMA-SPDM.
fn expected(object: &[u8]) -> Result<&[u8], Error> {
    let (Some(first), Some(length)) = (u32_at(object, 0), u32_at(object, 4)) else {
        return Err(Error::Truncated);
    };
    let (vendor, object_type) = (first & 0xffff, (first >> 16) & 0xff);
    let dwords = match length & 0x3_ffff {
        0 => 0x4_0000,
        dwords => dwords,
    };

    match (
        vendor,
        object_type,
        (dwords as usize * 4).cmp(&object.len()),
    ) {
        (1, 1, _) if dwords < 2 => Err(Error::Length(dwords)),
        (1, 1, std::cmp::Ordering::Equal) => Ok(&object[8..]),
        (1, 1, std::cmp::Ordering::Less) => Err(Error::Length(dwords)),
        (1, 1, std::cmp::Ordering::Greater) => Err(Error::Truncated),
        (1, other, _) => Err(Error::Type(ObjectType::new(other as u8))),
        (other, _, _) => Err(Error::Vendor(Vendor::new(other as u16))),
    }
}

/// An object is accepted if the tables say so.
pub(crate) fn object(data: &[u8]) -> bool {
    let parsed = Header::parse(ObjectType::CMA_SPDM, data);

    assert_eq!(parsed, expected(data));
    parsed.is_ok()
}

/// A discovery whose answers are `data` ends, after 256 answers at most.
pub(crate) fn discovery(data: &[u8]) -> bool {
    let mut next = Some(Discovery::FIRST);
    let mut answers = data.chunks(4);
    let mut count = 0;

    while let Some(discovery) = next {
        let Some(answer) = answers.next() else {
            return false;
        };
        let parsed = discovery.parse(answer);
        let Ok((feature, after)) = parsed else {
            return false;
        };
        assert_eq!(feature.vendor.raw().to_le_bytes(), answer[..2]);
        assert_eq!(feature.object_type.raw(), answer[2]);
        assert_eq!(after.map_or(0, Discovery::index), answer[3]);
        next = after;
        count += 1;
    }
    assert!(count <= 256);
    true
}
