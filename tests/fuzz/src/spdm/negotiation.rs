// SPDX-License-Identifier: GPL-2.0

//! VERSION, CAPABILITIES, ALGORITHMS.

use tsm_proto::spdm::{
    algorithms::{
        Aead,
        BaseAsym,
        BaseHash,
        Dhe,
        NegotiateAlgorithms,
        Table,
        Tables, //
    },
    capabilities::{
        Flags,
        GetCapabilities, //
    },
    get_version::GetVersion,
    Version, //
};

use super::{
    parse,
    split, //
};
use crate::bytes::u32_at;

/// The version that is selected is in the message.
pub(crate) fn version(data: &[u8]) -> bool {
    let Some((layout, message)) = split(data) else {
        return false;
    };
    let Ok((versions, exact)) = parse(&GetVersion, &layout, message) else {
        return false;
    };
    let highest = layout.version;
    let entries = exact[6..].chunks_exact(2);
    let expected = entries
        .filter(|entry| entry[0] & 0xf == 0 && (0x10..=highest.raw()).contains(&entry[1]))
        .map(|entry| entry[1])
        .max();

    assert_eq!(versions.count(), usize::from(exact[5]));
    let selected = versions.select(highest);
    assert_eq!(selected.ok().map(Version::raw), expected);
    selected.is_ok()
}

/// Capabilities are accepted if the sizes are in range.
pub(crate) fn capabilities(data: &[u8]) -> bool {
    let Some((layout, message)) = split(data) else {
        return false;
    };
    let request = GetCapabilities {
        ct_exponent: 0,
        flags: Flags::new(0),
        data_transfer_size: 4096,
        max_message_size: 4096,
    };
    let Ok((parsed, exact)) = parse(&request, &layout, message) else {
        return false;
    };

    assert_eq!(Some(parsed.flags.raw()), u32_at(exact, 8));
    assert_eq!(parsed.ct_exponent, exact[5]);
    assert!(parsed.flags.raw() & 0x18 != 0x18);
    assert_eq!(parsed.data_transfer_size, u32_at(exact, 12));
    if let Some(size) = parsed.data_transfer_size {
        assert!(size >= 42);
        assert!(u32_at(exact, 16).is_some_and(|longest| longest >= size));
    }
    true
}

/// Algorithms are accepted if each is one of the offer.
pub(crate) fn algorithms(data: &[u8]) -> bool {
    let Some((layout, message)) = split(data) else {
        return false;
    };
    let request = NegotiateAlgorithms {
        measurement_specification: 1,
        other_params: 2,
        base_asym: BaseAsym::ECDSA_P384.with(BaseAsym::ECDSA_P256),
        base_hash: BaseHash::SHA_384.with(BaseHash::SHA_256),
        measurement_log: 1,
        tables: Tables::NONE
            .with(Table::DHE, 0x18)
            .with(Table::AEAD, 2)
            .with(Table::KEY_SCHEDULE, 1),
    };
    let Ok((selected, exact)) = parse(&request, &layout, message) else {
        return false;
    };

    assert!(matches!(u32_at(exact, 12), Some(0x80 | 0x10)));
    assert!(matches!(u32_at(exact, 16), Some(1 | 2)));
    assert!(exact[6] <= 1);
    assert_eq!(exact[32..34], [0, 0]);
    assert!(layout.version < Version::V1_3 || exact[31] <= 1);
    assert!(layout.version < Version::V1_4 || exact[20..24] == [0; 4]);
    assert_eq!(
        exact.len(),
        usize::from(u16::from_le_bytes([exact[4], exact[5]]))
    );
    for table in exact[36..].chunks_exact(4) {
        assert!(matches!(
            table,
            [2, 0x20, 0 | 8 | 0x10, 0]
                | [3, 0x20, 0 | 2, 0]
                | [5, 0x20, 0 | 1, 0]
                | [_, 0x20, 0, 0]
        ));
    }
    assert!(matches!(
        selected.tables.dhe(),
        None | Some(Dhe::SECP_256_R1 | Dhe::SECP_384_R1)
    ));
    assert!(matches!(
        selected.tables.aead(),
        None | Some(Aead::AES_256_GCM)
    ));
    assert!(selected.layout(layout.version).is_ok());
    true
}
