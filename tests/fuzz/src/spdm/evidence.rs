// SPDX-License-Identifier: GPL-2.0

//! CHALLENGE_AUTH, MEASUREMENTS, ERROR.

use std::collections::BTreeSet;

use tsm_proto::spdm::{
    challenge::{
        Challenge,
        Summary, //
    },
    digests::GetDigests,
    measurements::{
        GetMeasurements,
        Operation,
        Signing, //
    },
    Error,
    Padding,
    Request,
    Slot, //
};

use super::{
    parse,
    split, //
};

/// The parts of an answer are all of the message.
pub(crate) fn challenge(data: &[u8]) -> bool {
    let Some((layout, message)) = split(data) else {
        return false;
    };
    let request = Challenge {
        slot: Slot::FIRST,
        summary: Summary::ALL,
        nonce: [0; 32],
        context: [0; 8],
    };
    let Ok((auth, exact)) = parse(&request, &layout, message) else {
        return false;
    };

    assert_eq!([auth.signed, auth.signature].concat(), exact);
    assert_eq!(auth.chain_digest, &exact[4..52]);
    assert_eq!(auth.nonce.as_slice(), &exact[52..84]);
    assert_eq!(auth.summary, &exact[84..132]);
    let context = if layout.version.has_requester_context() {
        8
    } else {
        0
    };
    assert_eq!(auth.signed.len(), 134 + auth.opaque.len() + context);
    assert_eq!(auth.wants_mutual, exact[2] & 0x80 != 0);
    true
}

/// A record is accepted if its blocks are all of it, each index once.
pub(crate) fn measurements(data: &[u8]) -> bool {
    let Some((layout, message)) = split(data) else {
        return false;
    };
    let request = GetMeasurements {
        operation: Operation::All,
        raw: false,
        signing: Some(Signing {
            nonce: [0; 32],
            slot: Slot::FIRST,
        }),
        context: [0; 8],
    };
    let Ok((answer, exact)) = parse(&request, &layout, message) else {
        return false;
    };

    let mut rebuilt = Vec::new();
    let mut seen = BTreeSet::new();
    for block in answer.record.blocks() {
        let len = block.value.len() as u16;
        rebuilt.extend([block.index.number(), 1]);
        rebuilt.extend((len + 3).to_le_bytes());
        rebuilt.push(block.value_type);
        rebuilt.extend(len.to_le_bytes());
        rebuilt.extend(block.value);
        assert!(seen.insert(block.index));
    }
    assert_eq!(answer.record.as_bytes(), rebuilt);
    assert_eq!(seen.len(), usize::from(exact[4]));
    let signature = answer.signature.expect("it was asked for");
    assert_eq!([answer.signed, signature].concat(), exact);
    true
}

/// An ERROR is kept as it is.
pub(crate) fn error(data: &[u8]) -> bool {
    let Some((layout, message)) = split(data) else {
        return false;
    };
    let Err(Error::Peer(error)) = GetDigests.parse(&layout, message, Padding::Dword) else {
        return false;
    };

    assert_eq!(message[1], 0x7f);
    assert_eq!(error.code.raw(), message[2]);
    assert_eq!(error.data, message[3]);
    assert_eq!(error.not_ready.is_some(), message[2] == 0x42);
    if let Some(not_ready) = error.not_ready {
        let mut buffer = [0; 4];
        let len = not_ready.respond_if_ready(&layout, &mut buffer);
        assert_eq!(len, Ok(4));
        assert_eq!(buffer[1..], [0xff, message[5], message[6]]);
        assert_eq!(not_ready.delay().is_some(), message[4] < 32);
    }
    true
}
