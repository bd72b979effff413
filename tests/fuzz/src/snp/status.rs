// SPDX-License-Identifier: GPL-2.0

//! How requests ended, eight bytes, and a privilege level, four more.

use tsm_proto::snp::{
    Error,
    ExitInfo2,
    Vmpck,
    Vmpl, //
};

use crate::bytes::{
    u32_at,
    u64_at, //
};

/// No bit of a status gets lost, and there are levels 0 to 3, with a key each.
pub(crate) fn status(data: &[u8]) -> bool {
    let (Some(raw), Some(number)) = (u64_at(data, 0), u32_at(data, 8)) else {
        return false;
    };
    let info = ExitInfo2::new(raw);
    assert_eq!(info.raw(), raw);
    assert_eq!(u64::from(info.vmm().raw()), raw >> 32);
    assert_eq!(info.firmware().raw(), raw as u32);
    assert_eq!(ExitInfo2::of(info.vmm(), info.firmware()), info);

    let vmpl = Vmpl::try_from(number);
    let expected = (number <= 3).then_some(number).ok_or(Error::NoSuchLevel);
    assert_eq!(vmpl.map(|vmpl| u32::from(vmpl.number())), expected);
    let key = Vmpck::try_from(number);
    assert_eq!(key.map(|key| u32::from(key.number())), expected);
    assert_eq!(key.map(Vmpck::floor), vmpl);
    assert_eq!(vmpl.map(Vmpl::key), key);
    vmpl.is_ok()
}
