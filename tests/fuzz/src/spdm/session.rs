// SPDX-License-Identifier: GPL-2.0

//! KEY_EXCHANGE_RSP, opaque data, FINISH_RSP, END_SESSION_ACK, vendor-defined messages, records.

use tsm_proto::spdm::{
    challenge::Summary,
    end_session::EndSession,
    finish::Finish,
    key_exchange::{
        KeyExchange,
        SessionId, //
    },
    opaque::parse_selection,
    secured::{
        self,
        Direction, //
    },
    vendor_defined::{
        Protocol,
        VendorDefined, //
    },
    Slot,
    Version, //
};

use super::{
    parse,
    requester::NullSuite,
    split, //
};

/// The parts of an answer are all of the message.
pub(crate) fn key_exchange(data: &[u8]) -> bool {
    let Some((layout, message)) = split(data) else {
        return false;
    };
    let request = KeyExchange {
        slot: Slot::FIRST,
        summary: Summary::ALL,
        session_id: 1,
        random: [0; 32],
        public_key: &[],
        secured_versions: &[],
    };
    let Ok((answer, exact)) = parse(&request, &layout, message) else {
        return false;
    };

    let parts = [answer.signed, answer.signature, answer.verify_data];
    assert_eq!(parts.concat(), exact);
    assert_eq!(answer.public_key, &exact[40..136]);
    assert_eq!(answer.summary, &exact[136..184]);
    assert_eq!(answer.opaque, &exact[186..answer.signed.len()]);
    true
}

/// What is selected is in the data.
pub(crate) fn opaque(data: &[u8]) -> bool {
    let Some((layout, opaque)) = split(data) else {
        return false;
    };
    let Ok(version) = parse_selection(layout.version, opaque) else {
        return false;
    };
    let [low, high] = version.raw().to_le_bytes();

    assert!(opaque
        .windows(8)
        .any(|bytes| bytes == [0, 0, 4, 0, 1, 0, low, high]));
    assert_eq!(opaque.len() % 4, 0);
    true
}

/// There is opaque data since 1.4, and nothing else.
pub(crate) fn finish(data: &[u8]) -> bool {
    let Some((layout, message)) = split(data) else {
        return false;
    };
    let Ok(((), exact)) = parse(&Finish, &layout, message) else {
        return false;
    };

    match layout.version {
        Version::V1_4 => {
            let opaque = u16::from_le_bytes([exact[4], exact[5]]);
            assert_eq!(exact.len(), 6 + usize::from(opaque));
        }
        _ => assert_eq!(exact.len(), 4),
    }
    true
}

/// There is a header alone.
pub(crate) fn end_session(data: &[u8]) -> bool {
    let Some((layout, message)) = split(data) else {
        return false;
    };
    let Ok(((), exact)) = parse(&EndSession, &layout, message) else {
        return false;
    };

    assert_eq!(exact.len(), 4);
    true
}

/// The payload is what follows the protocol, to the end.
pub(crate) fn vendor_defined(data: &[u8]) -> bool {
    let Some((layout, message)) = split(data) else {
        return false;
    };
    let request = VendorDefined {
        protocol: Protocol::TDISP,
        payload: &[],
    };
    let Ok((payload, exact)) = parse(&request, &layout, message) else {
        return false;
    };

    assert_eq!(exact[4..9], [3, 0, 2, 1, 0]);
    assert_eq!(exact[11], 1);
    assert_eq!(payload, &exact[12..]);
    true
}

/// A record is accepted if its lengths are right, and is what would be made of its message.
pub(crate) fn secured(data: &[u8]) -> bool {
    let session = SessionId::new(0x0201, 0x0403).expect("it is not 0");
    let direction = || {
        let mut direction = Direction::empty();
        let (key, iv) = direction.restart();
        key.reset(32);
        iv.reset(12);
        direction
    };
    let suite = NullSuite::default();
    let mut record = data.to_vec();
    let Ok(message) = direction().open(&&suite, session, &mut record) else {
        return false;
    };

    let len = message.len();
    let mut again = vec![0; len + secured::OVERHEAD];
    again[secured::MESSAGE..][..len].copy_from_slice(message);
    let sealed = direction().seal(&&suite, session, &mut again, len);
    assert_eq!(sealed, Ok(again.len()));
    assert!(data.starts_with(&again));
    assert!(data.len() - again.len() <= 3);
    true
}
