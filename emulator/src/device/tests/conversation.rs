// SPDX-License-Identifier: GPL-2.0

//! Whole conversations with the device.

use super::{
    requester::{
        key_pair,
        settings,
        Requester, //
    }, //
};
use crate::device::{
    Hash,
    Settings,
    Signature,
    Version, //
};

/// Returns the code of an ERROR response.
pub(super) fn error(response: &[u8]) -> u8 {
    assert_eq!(response[1], 0x7f);
    response[2]
}

/// Makes a requester that has negotiated.
pub(super) fn negotiated(settings: Settings) -> Requester {
    let mut requester = Requester::new(settings);

    requester.negotiate();
    requester
}

/// Makes a requester that has the chain of slot 0.
pub(super) fn identified(settings: Settings) -> Requester {
    let mut requester = negotiated(settings);
    let hash = requester.settings.hash;
    let (mask, digests) = requester.digests();

    assert_eq!(mask & 1, 1);
    requester.get_chain(0, 0x400);
    assert_eq!(digests[..hash.size()], hash.digest(&requester.chain));
    requester
}

/// Makes a requester that has a session.
pub(super) fn in_session(settings: Settings) -> Requester {
    let mut requester = identified(settings);

    requester.start_session();
    requester.finish();
    requester
}

/// Does all that there is with a device: identity, challenge, measurements, session.
fn whole(mut requester: Requester) {
    let sessions = requester.version >= 0x11;
    requester.negotiate();
    requester.digests();
    requester.get_chain(0, 0x1000);
    assert!(requester.challenge(0, 0));
    assert!(requester.challenge(0, 1));
    assert!(requester.challenge(0, 0xff));
    let request = requester.get_measurements(1, 0xff);
    let response = requester.exchange(&request);
    let outside = requester.measured(&request, &response);

    if !sessions {
        return;
    }
    requester.start_session();
    requester.finish();
    requester.measured.clear();
    let request = requester.get_measurements(0, 0);
    let response = requester.secured(&request);
    assert_eq!(response[2], 6);
    requester.measured(&request, &response);
    let request = requester.get_measurements(1, 0xff);
    let response = requester.secured(&request);
    assert_eq!(requester.measured(&request, &response), outside);
    let request = requester.header(0xec, 1, 0);
    assert_eq!(requester.secured(&request)[1], 0x6c);
}

#[test]
fn has_each_version() {
    for version in Version::ALL {
        whole(Requester::new(settings(
            version,
            Hash::Sha384,
            Signature::EcdsaP384,
        )));
    }
}

#[test]
fn has_each_algorithm() {
    use Signature::{EcdsaP256, EcdsaP384, RsaPss3072, RsaSsa3072};

    for signature in [EcdsaP256, EcdsaP384, RsaPss3072, RsaSsa3072] {
        for hash in [Hash::Sha256, Hash::Sha384] {
            let mut requester = Requester::new(settings(Version::V1_2, hash, signature));
            (requester.groups, requester.ciphers) = match hash {
                Hash::Sha256 => (8, 1),
                Hash::Sha384 => (0x10, 2),
            };
            whole(requester);
        }
    }
}

#[test]
fn speaks_a_lower_version() {
    for version in Version::ALL {
        let mut requester =
            Requester::new(settings(Version::V1_4, Hash::Sha256, Signature::EcdsaP256));
        requester.version = version.byte();
        whole(requester);
    }
}

#[test]
fn only_authenticates_records_for_a_requester_without_encryption() {
    let mut requester = Requester::new(Settings::default());

    requester.flags &= !0x40;
    whole(requester);
}

#[test]
fn says_when_a_response_is_too_large() {
    let mut requester = Requester::new(Settings::default());
    requester.ask_version();
    let size = 100_u32.to_le_bytes();
    let head = [0x12, 0xe1, 0, 0, 0, 0, 0, 0, 0xc6, 2, 0, 0];
    requester.exchange(&[&head[..], &size, &size].concat());
    requester.ask_algorithms();

    let response = requester.exchange(&[&[0x12, 0xe0, 0, 0xff][..], &[]].concat());
    assert_eq!(error(&response), 0x0d);
    // A portion of a certificate is as long as there is room.
    let response = requester.exchange(&[0x12, 0x82, 0, 0, 0, 0, 0, 0x10]);
    assert_eq!(response[4..6], [92, 0]);
}

#[test]
fn says_which_requests_it_does_not_have() {
    let mut requester = negotiated(Settings::default());

    for code in [0xe6, 0xe8, 0xe9, 0xfd, 0xff, 0x85] {
        let response = requester.exchange(&[0x12, code, 0, 0]);
        assert_eq!((error(&response), response[3]), (7, code));
    }
}

#[test]
fn survives_requests_that_are_cut_off() {
    let mut requester = identified(Settings::default());
    let (_, point) = key_pair(true);
    let requests = [
        requester.get_measurements(1, 0xff),
        requester.key_exchange(&point),
        [&[0x12, 0x83, 0, 0][..], &[0; 32]].concat(),
        vec![0x12, 0x82, 0, 0, 0, 0, 0, 1],
    ];

    for request in &requests {
        // Objects are in DWORDs, and bytes of 0 fill the last one.
        for size in (4..request.len() - 3).step_by(4) {
            assert_eq!(error(&requester.exchange(&request[..size])), 1);
        }
    }
    assert_eq!(error(&requester.exchange(&[])), 1);
}

#[test]
fn is_the_same_again_with_a_seed() {
    let run = |seed| {
        let mut requester = identified(Settings {
            seed,
            ..Settings::default()
        });
        requester.exchange(&[0x12, 0xe0, 0, 0])
    };

    assert_eq!(run(1), run(1));
    assert!(run(1) != run(2));
}
