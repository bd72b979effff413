// SPDX-License-Identifier: GPL-2.0

//! A chain for a key of the tests: that of a capture, with another key in its leaf. Nothing here verifies the
//! signatures of certificates.

use tsm_keys::P384;

use crate::capture;

/// A point on P-384, not compressed, as a bit string.
const POINT: [u8; 4] = [0x03, 0x62, 0x00, 0x04];

/// Returns the chain.
pub(crate) fn chain(key: &P384) -> Vec<u8> {
    let objects = capture::named("spdm12-cmasan-p384");
    let answer = objects
        .iter()
        .find(|object| object.bytes[8..].starts_with(&[0x12, 0x02, 0]))
        .expect("there is a CERTIFICATE");
    let mut chain = answer.bytes[16..8 + answer.len()].to_vec();
    let place = chain
        .windows(POINT.len())
        .rposition(|bytes| bytes == POINT)
        .expect("the leaf has a key");

    chain[place + POINT.len()..][..96].copy_from_slice(&key.point());
    chain
}
