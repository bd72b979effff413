// SPDX-License-Identifier: GPL-2.0

//! Conversations with the device.

use x509_cert::der::Encode as _;

use super::{
    leaf,
    requester::{
        key_pair,
        object,
        settings,
        Requester, //
    },
};
use crate::device::{
    Hash,
    Mailbox,
    Settings,
    Signature,
    Version, //
};

/// Returns the code of an ERROR response.
fn error(response: &[u8]) -> u8 {
    assert_eq!(response[1], 0x7f);
    response[2]
}

/// Makes a requester that has negotiated.
fn negotiated(settings: Settings) -> Requester {
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
fn lists_versions() {
    let mut mailbox = Mailbox::new(Settings::default());
    let response = mailbox.exchange(&object(1, &[0x10, 0x84, 0, 0])).unwrap();

    let expected = [0x10, 4, 0, 0, 0, 3, 0, 0x10, 0, 0x11, 0, 0x12];
    assert_eq!(response, object(1, &expected));
}

#[test]
fn refuses_a_version_that_it_does_not_have() {
    let mut requester = Requester::new(Settings::default());
    requester.ask_version();
    requester.version = 0x13;

    assert_eq!(error(&requester.ask_capabilities()), 0x41);
    assert_eq!(error(&requester.exchange(&[0x12, 0x84, 0, 0])), 0x41);
}

#[test]
fn refuses_another_version_after_negotiation() {
    let mut requester = negotiated(Settings::default());

    assert_eq!(error(&requester.exchange(&[0x11, 0x81, 0, 0])), 0x41);
}

#[test]
fn wants_negotiation_in_order() {
    let mut requester = Requester::new(Settings::default());
    requester.version = 0x10;
    assert_eq!(error(&requester.ask_algorithms()), 4);
    assert_eq!(error(&requester.exchange(&[0x10, 0x81, 0, 0])), 4);
    requester.version = 0x12;
    requester.ask_version();
    requester.ask_capabilities();
    assert_eq!(error(&requester.ask_capabilities()), 4);
    assert_eq!(error(&requester.exchange(&[0x12, 0x81, 0, 0])), 4);
    requester.ask_algorithms();
    assert_eq!(error(&requester.ask_algorithms()), 4);
}

#[test]
fn refuses_a_small_transfer_size() {
    let mut requester = Requester::new(Settings::default());
    requester.ask_version();
    let head = [
        &[0x12, 0xe1, 0, 0, 0, 0, 0, 0][..],
        &0x2c6_u32.to_le_bytes(),
    ]
    .concat();
    let request = |size: u32| [&head, &size.to_le_bytes()[..], &size.to_le_bytes()].concat();

    assert_eq!(error(&requester.exchange(&request(41))), 1);
    assert_eq!(requester.exchange(&request(42))[1], 0x61);
}

#[test]
fn refuses_key_exchange_without_mac() {
    let mut requester = Requester::new(Settings::default());
    requester.flags = 0x206;
    requester.ask_version();

    assert_eq!(error(&requester.ask_capabilities()), 1);
}

#[test]
fn refuses_algorithms_out_of_order() {
    let mut requester = Requester::new(Settings::default());
    requester.ask_version();
    requester.ask_capabilities();
    let offer = requester.offer();
    let with = |index: usize, value: u8| {
        let mut request = offer.clone();
        request[index] = value;
        request
    };

    // A type twice, types that descend, a count of 1 byte, the length, external algorithms.
    for (index, value) in [(36, 2), (32, 4), (33, 0x10), (4, 40), (28, 1), (2, 4)] {
        assert_eq!(error(&requester.exchange(&with(index, value))), 1);
    }
    assert_eq!(requester.exchange(&offer)[1], 0x63);
}

#[test]
fn refuses_algorithms_without_its_own() {
    let mut requester = Requester::new(Settings::default());
    requester.ask_version();
    requester.ask_capabilities();
    let mut offer = requester.offer();

    // BaseAsymAlgo has all but P-384.
    offer[8] = 0x7f;
    assert_eq!(error(&requester.exchange(&offer)), 1);
}

#[test]
fn returns_a_structure_for_each_that_was_offered() {
    let mut requester = Requester::new(Settings::default());
    requester.ask_version();
    requester.ask_capabilities();
    let mut offer = requester.offer();
    // ReqBaseAsymAlg, between AEAD and the key schedule.
    offer.splice(40..40, [4, 0x20, 0x80, 0]);
    (offer[2], offer[4]) = (4, 48);

    let response = requester.exchange(&offer);
    assert_eq!(response[2], 4);
    assert_eq!(
        response[36..],
        [2, 0x20, 0x10, 0, 3, 0x20, 2, 0, 4, 0x20, 0, 0, 5, 0x20, 1, 0]
    );
}

#[test]
fn has_a_chain_and_a_key_in_each_slot() {
    let mut requester = negotiated(Settings {
        slots: 0b1000_0101,
        ..Settings::default()
    });
    let (mask, digests) = requester.digests();
    assert_eq!(mask, 0b1000_0101);

    for (slot, digest) in [0, 2, 7].into_iter().zip(digests.chunks(48)) {
        requester.get_chain(slot, 0x1000);
        assert_eq!(digest, Hash::Sha384.digest(&requester.chain));
        assert!(requester.challenge(slot, 0));
    }
    assert_eq!(
        error(&requester.exchange(&[0x12, 0x82, 1, 0, 0, 0, 0, 1])),
        1
    );
}

#[test]
fn has_a_chain_of_the_size_that_was_asked_for() {
    for chain in [0, 1700, 10_000, Settings::MAX_CHAIN] {
        let requester = identified(Settings {
            chain,
            ..Settings::default()
        });
        let size = requester.chain.len();

        assert!(size >= chain.into());
        assert!(size < usize::from(chain.max(1700)) + 100);
        assert_eq!(
            usize::from(u16::from_le_bytes([requester.chain[0], requester.chain[1]])),
            size
        );
    }
}

#[test]
fn names_the_device_in_its_certificate() {
    let requester = identified(Settings::default());
    let certificates = leaf::certificates(&requester.chain, Hash::Sha384);
    let root = certificates[0].to_der().unwrap();
    assert_eq!(requester.chain[4..52], Hash::Sha384.digest(&root));

    let leaf = certificates[2].to_der().unwrap();
    let name = b"Vendor=1b36:Device=0d15:CC=080200:REV=01:SSVID=1af4:SSID=1100";
    // otherName: type 2.23.147, value [0] UTF8String.
    let length = u8::try_from(name.len()).unwrap();
    let head = [6, 3, 0x67, 0x81, 0x13, 0xa0, length + 2, 0x0c, length];
    let expected = [&head[..], name].concat();
    assert!(leaf.windows(expected.len()).any(|part| part == expected));
}

#[test]
fn refuses_an_offset_behind_the_chain() {
    let mut requester = identified(Settings::default());
    let size = u16::try_from(requester.chain.len()).unwrap().to_le_bytes();

    let request = [0x12, 0x82, 0, 0, size[0], size[1], 0, 1];
    assert_eq!(error(&requester.exchange(&request)), 1);
}

#[test]
fn has_large_certificate_requests_since_1_4() {
    let mut requester = identified(settings(Version::V1_4, Hash::Sha384, Signature::EcdsaP384));
    let request = [0x14, 0x82, 0x80, 0, 0, 0, 0, 0, 16, 0, 0, 0, 32, 0, 0, 0];
    let response = requester.exchange(&request);
    let remainder = u32::try_from(requester.chain.len() - 48).unwrap();

    assert_eq!(response[..8], [0x14, 2, 0x80, 0, 0, 0, 0, 0]);
    assert_eq!(response[8..12], 32_u32.to_le_bytes());
    assert_eq!(response[12..16], remainder.to_le_bytes());
    assert_eq!(response[16..], requester.chain[16..48]);
}

#[test]
fn starts_m1_anew_after_other_requests() {
    let mut requester = identified(Settings::default());
    let request = requester.get_measurements(0, 1);
    requester.exchange(&request);

    // What was identified before is forgotten.
    requester.identified.clear();
    assert!(requester.challenge(0, 0));
}

#[test]
fn starts_l1_anew_after_a_failure() {
    let mut requester = identified(Settings::default());
    let request = requester.get_measurements(0, 1);
    let response = requester.exchange(&request);
    requester.measured(&request, &response);
    let request = requester.get_measurements(0, 5);
    assert_eq!(error(&requester.exchange(&request)), 1);

    requester.measured.clear();
    let request = requester.get_measurements(1, 0xfd);
    let response = requester.exchange(&request);
    requester.measured(&request, &response);
}

#[test]
fn signs_all_measurements_that_were_read() {
    let mut requester = identified(Settings::default());

    for index in [1, 2, 3, 4, 0x10] {
        let request = requester.get_measurements(0, index);
        let response = requester.exchange(&request);
        let record = requester.measured(&request, &response);
        assert_eq!(record[..2], [index, 1]);
    }
    let request = requester.get_measurements(1, 0xfd);
    let response = requester.exchange(&request);
    requester.measured(&request, &response);
}

#[test]
fn measures_raw_values() {
    let mut requester = identified(Settings::default());
    let request = requester.get_measurements(0, 1);
    let response = requester.exchange(&request);
    let digest = requester.measured(&request, &response);
    let request = requester.get_measurements(2, 1);
    let response = requester.exchange(&request);
    let raw = requester.measured(&request, &response);

    assert_eq!((digest[4], raw[4]), (0, 0x80));
    assert_eq!(digest[7..], Hash::Sha384.digest(&raw[7..]));
}

#[test]
fn refuses_points_off_the_curve() {
    let mut requester = identified(Settings::default());
    let (_, mut point) = key_pair(true);

    point[0] ^= 1;
    let request = requester.key_exchange(&point);
    assert_eq!(error(&requester.exchange(&request)), 1);
    let request = requester.key_exchange(&[0; 96]);
    assert_eq!(error(&requester.exchange(&request)), 1);
}

#[test]
fn has_four_sessions_at_most() {
    let mut requester = identified(Settings::default());
    for _ in 0..4 {
        requester.start_session();
    }
    let (_, point) = key_pair(true);
    let request = requester.key_exchange(&point);

    assert_eq!(error(&requester.exchange(&request)), 0x0a);
}

#[test]
fn has_no_session_in_1_0_or_where_it_is_not_wanted() {
    let old = settings(Version::V1_0, Hash::Sha384, Signature::EcdsaP384);
    let without = Settings {
        sessions: false,
        ..Settings::default()
    };

    for settings in [old, without] {
        let mut requester = identified(settings);
        let request = requester.key_exchange(&[0; 96]);
        let response = requester.exchange(&request);
        assert_eq!((error(&response), response[3]), (7, 0xe4));
    }
}

#[test]
fn ends_the_session_after_a_wrong_finish() {
    let mut requester = identified(Settings::default());
    requester.start_session();
    let mut request = requester.make_finish();
    *request.last_mut().unwrap() ^= 1;

    assert_eq!(error(&requester.secured(&request)), 6);
    let record = requester.session.as_mut().unwrap();
    let record = record.outgoing.seal(record.id, &[0x12, 0xec, 0, 0]);
    let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(response, object(1, &[0x12, 0x7f, 2, 0]));
}

#[test]
fn wants_finish_first() {
    let mut requester = identified(Settings::default());
    requester.start_session();

    assert_eq!(error(&requester.secured(&[0x12, 0xec, 0, 0])), 4);
}

#[test]
fn refuses_finish_in_the_clear() {
    let mut requester = identified(Settings::default());
    requester.start_session();
    let request = requester.make_finish();

    assert_eq!(error(&requester.exchange(&request)), 4);
}

#[test]
fn ends_the_session_after_a_wrong_mac() {
    let mut requester = in_session(Settings::default());
    let session = requester.session.as_mut().unwrap();
    let mut record = session.outgoing.seal(session.id, &[0x12, 0xe0, 0, 0]);

    *record.last_mut().unwrap() ^= 1;
    let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(response, object(1, &[0x12, 0x7f, 6, 0]));
    let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(response, object(1, &[0x12, 0x7f, 2, 0]));
}

#[test]
fn refuses_a_record_twice() {
    let mut requester = in_session(Settings::default());
    let session = requester.session.as_mut().unwrap();
    let record = session.outgoing.seal(session.id, &[0x12, 0xe0, 0, 0]);

    let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(response[2], 2);
    let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(response, object(1, &[0x12, 0x7f, 6, 0]));
}

#[test]
fn forgets_a_session_that_has_ended() {
    let mut requester = in_session(Settings::default());
    assert_eq!(requester.secured(&[0x12, 0xec, 0, 0])[..2], [0x12, 0x6c]);
    let session = requester.session.as_mut().unwrap();
    let record = session.outgoing.seal(session.id, &[0x12, 0xe0, 0, 0]);

    let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(response, object(1, &[0x12, 0x7f, 2, 0]));
}

#[test]
fn ends_sessions_with_get_version() {
    let mut requester = in_session(Settings::default());
    requester.ask_version();
    let session = requester.session.as_mut().unwrap();
    let record = session.outgoing.seal(session.id, &[0x12, 0xe0, 0, 0]);

    let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
    assert_eq!(response, object(1, &[0x10, 0x7f, 2, 0]));
}

#[test]
fn refuses_negotiation_challenge_and_key_exchange_in_a_session() {
    let mut requester = in_session(Settings::default());

    for code in [0x84, 0xe1, 0xe3, 0x83, 0xe4, 0xe5] {
        let version = if code == 0x84 { 0x10 } else { 0x12 };
        let request = [&[version, code, 0, 0][..], &[0; 200]].concat();
        assert_eq!(error(&requester.secured(&request)), 4);
    }
    let request = requester.get_measurements(0, 1);
    assert_eq!(requester.secured(&request)[1], 0x60);
}

#[test]
fn reads_other_slots_in_a_session() {
    let mut requester = in_session(Settings {
        slots: 3,
        ..Settings::default()
    });
    let response = requester.secured(&[0x12, 0x82, 1, 0, 0, 0, 0x10, 0]);

    assert_eq!(response[..6], [0x12, 2, 1, 0, 0x10, 0]);
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

    for code in [0xe6, 0xe8, 0xe9, 0xfe, 0xff, 0x85] {
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
