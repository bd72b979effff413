// SPDX-License-Identifier: GPL-2.0

//! KEY_EXCHANGE of a capture, as the type that builds it again.

use tsm_proto::spdm::{
    challenge::Summary,
    key_exchange::KeyExchange,
    opaque::SecuredVersion,
    Layout,
    Slot, //
};

use crate::request::u16_at;

/// Returns the request, and its versions of secured messages.
pub(crate) fn parse<'a>(
    bytes: &'a [u8],
    layout: &Layout,
    versions: &'a mut Vec<SecuredVersion>,
) -> KeyExchange<'a> {
    let opaque = &bytes[40 + layout.exchange..];
    let header = if layout.version.has_opaque_format() {
        4
    } else {
        8
    };

    if opaque.len() > 2 {
        let list = &opaque[2 + header + 4..];
        let entries = list[3..].chunks_exact(2).take(list[2].into());
        versions.extend(entries.map(|entry| SecuredVersion::new(u16_at(entry, 0))));
    }
    KeyExchange {
        slot: Slot::new(bytes[3]).expect("there is such a slot"),
        summary: Summary::new(bytes[2]),
        session_id: u16_at(bytes, 4),
        random: bytes[8..40].try_into().expect("it has the size"),
        public_key: &bytes[40..][..layout.exchange],
        secured_versions: versions,
    }
}
