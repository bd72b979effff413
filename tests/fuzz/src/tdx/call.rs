// SPDX-License-Identifier: GPL-2.0

//! What calls of the TDX module return: RCX, RDX, R8, R9 and R10, then an address to be shared.

use tsm_proto::{
    tdx::call::{
        Call as _,
        Field,
        GetQuote,
        GpaWidth,
        Results,
        VmRd,
        VpInfo, //
    },
    Gpa, //
};

use crate::bytes::u64_at;

/// Each reply has the bits that the tables say. An address is shared in its highest bit if there is
/// room for that. An input is accepted if its width has such an address.
pub(crate) fn call(data: &[u8]) -> bool {
    let mut numbers = [0; 6];
    for (index, number) in numbers.iter_mut().enumerate() {
        match u64_at(data, 8 * index) {
            Some(read) => *number = read,
            None => return false,
        }
    }
    let [rcx, rdx, r8, r9, r10, address] = numbers;
    let results = Results {
        rcx,
        rdx,
        r8,
        r9,
        r10,
    };

    let info = VpInfo::reply(&results);
    assert_eq!(info.gpa_width.is_some(), rcx % 64 >= 13);
    assert_eq!(info.gpa_width, GpaWidth::new(rcx % 64));
    assert_eq!(info.attributes, rdx);
    assert_eq!((info.vcpus, info.vcpu), (r8 as u32, r9 as u32));
    assert_eq!(info.sys_rd, r10 % 2 == 1);
    assert_eq!(VmRd::reply(&results), r8);
    assert_eq!(GetQuote::reply(&results).raw(), r10);
    let read = VmRd {
        field: Field::new(address),
    };
    assert_eq!(read.arguments().rdx, address);

    // All that there are, not only those that fit the field.
    assert_eq!(GpaWidth::new(r8).is_some(), (13..=64).contains(&r8));
    let Some(width) = GpaWidth::new(r8) else {
        return false;
    };
    let shared = 1u64 << (r8 - 1);
    let buffer = width.share(Gpa::new(address));
    assert_eq!(buffer.is_some(), address < shared);
    let Some(buffer) = buffer else { return false };

    let arguments = GetQuote { buffer, size: rdx }.arguments();
    assert_eq!(arguments.r12, address + shared);
    assert_eq!((arguments.r13, arguments.r11), (rdx, 0x10002));
    true
}
