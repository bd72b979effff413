// SPDX-License-Identifier: GPL-2.0

//! The conversations in `tests/spdm/`, of a device that was not written here: each hash, signature,
//! secret and record of it is made again.

use super::{
    capture::read,
    replay::{
        checked,
        replay,
        Replay, //
    },
    requester::object, //
};
use crate::device::{
    Mailbox,
    Settings,
    Version, //
};

/// Sends the requests of a capture to a device like the one that was captured, and wants responses
/// that are alike. Measurements are left out: those of the device are its own.
fn answers(version: Version, text: &str) {
    let (algorithms, lines) = read(text);
    let Replay {
        hash, signature, ..
    } = Replay::new(version, &algorithms);
    let mut mailbox = Mailbox::new(Settings {
        spdm: Version::V1_4,
        hash,
        signature,
        slots: 3,
        ..Settings::default()
    });

    for pair in lines.chunks_exact(2) {
        let [request, response] = pair else {
            unreachable!();
        };
        // A new key makes the records that follow other ones.
        if request.kind == 2 {
            return;
        }
        let got = mailbox
            .exchange(&object(request.kind, &request.payload))
            .unwrap();
        let (got, wanted) = (&got[8..], &response.payload[..]);
        match (request.kind, request.payload[1]) {
            (0, _) | (_, 0x84) => assert_eq!(got, wanted),
            (_, 0xe0) => {}
            // The device has portions of its own.
            (_, 0x82) => assert_eq!(got[..4], wanted[..4]),
            _ => {
                assert_eq!(got[..2], wanted[..2]);
                assert_eq!(got.len(), wanted.len());
            }
        }
    }
}

#[test]
fn answers_the_requests_that_were_captured() {
    use Version::{V1_0, V1_1, V1_2, V1_3, V1_4};

    for (version, text) in [
        (
            V1_0,
            include_str!("../../../tests/spdm/spdm10-p384-vca-chal-meas.txt"),
        ),
        (
            V1_1,
            include_str!("../../../tests/spdm/spdm11-p256-meassum-all.txt"),
        ),
        (
            V1_1,
            include_str!("../../../tests/spdm/spdm11-rsassa3072-full.txt"),
        ),
        (
            V1_2,
            include_str!("../../../tests/spdm/spdm12-p256-meassum-tcb.txt"),
        ),
        (
            V1_2,
            include_str!("../../../tests/spdm/spdm12-p384-maconly.txt"),
        ),
        (
            V1_2,
            include_str!("../../../tests/spdm/spdm12-rsapss3072-full.txt"),
        ),
        (
            V1_3,
            include_str!("../../../tests/spdm/spdm13-p256-meassum-all.txt"),
        ),
        (
            V1_4,
            include_str!("../../../tests/spdm/spdm14-p256-meassum-all.txt"),
        ),
    ] {
        answers(version, text);
    }
}

#[test]
fn agrees_with_1_0() {
    let text = include_str!("../../../tests/spdm/spdm10-p384-vca-chal-meas.txt");

    assert_eq!(replay(Version::V1_0, text), checked(1, 9, 0, 0));
}

#[test]
fn agrees_with_1_1() {
    let text = include_str!("../../../tests/spdm/spdm11-p256-meassum-all.txt");

    assert_eq!(replay(Version::V1_1, text), checked(1, 0, 2, 8));
}

#[test]
fn agrees_with_1_2() {
    let text = include_str!("../../../tests/spdm/spdm12-p256-meassum-tcb.txt");

    assert_eq!(replay(Version::V1_2, text), checked(1, 0, 2, 8));
}

#[test]
fn agrees_with_1_3() {
    let text = include_str!("../../../tests/spdm/spdm13-p256-meassum-all.txt");

    assert_eq!(replay(Version::V1_3, text), checked(1, 0, 2, 8));
}

#[test]
fn agrees_with_1_4() {
    let text = include_str!("../../../tests/spdm/spdm14-p256-meassum-all.txt");

    assert_eq!(replay(Version::V1_4, text), checked(1, 0, 2, 8));
}

#[test]
fn agrees_with_p384_and_aes_256() {
    let text = include_str!("../../../tests/spdm/spdm12-cmasan-p384.txt");

    assert_eq!(replay(Version::V1_2, text), checked(1, 0, 1, 64));
}

#[test]
fn agrees_with_measurements_in_a_session() {
    let text = include_str!("../../../tests/spdm/spdm12-p384-meas-all-hash.txt");

    assert_eq!(replay(Version::V1_2, text), checked(1, 3, 2, 12));
}

#[test]
fn agrees_with_records_that_are_not_encrypted() {
    let text = include_str!("../../../tests/spdm/spdm12-p384-maconly.txt");

    assert_eq!(replay(Version::V1_2, text), checked(0, 0, 1, 4));
}

#[test]
fn agrees_with_rsassa() {
    let text = include_str!("../../../tests/spdm/spdm11-rsassa3072-full.txt");

    assert_eq!(replay(Version::V1_1, text), checked(1, 0, 0, 0));
}

#[test]
fn agrees_with_rsapss() {
    let text = include_str!("../../../tests/spdm/spdm12-rsapss3072-full.txt");

    assert_eq!(replay(Version::V1_2, text), checked(1, 0, 0, 0));
}
