// SPDX-License-Identifier: GPL-2.0

//! Chains, signatures and measurements that are wrong.

use super::{
    conversation::identified,
    leaf,
    requester::Requester,
    wrong::{
        run,
        wrong,
        MEASUREMENTS,
        SIGNED, //
    }, //
};
use crate::device::{
    responder::testing::Purpose,
    Hash,
    Settings,
    Wrong, //
};

/// Returns the chain of slot 0, as the digests have it.
fn chain(what: Wrong) -> Vec<u8> {
    identified(wrong(what)).chain
}

#[test]
fn has_wrong_chains() {
    let right = identified(Settings::default()).chain;
    let certificates = leaf::certificates(&right, Hash::Sha384);
    let leaf = x509_cert::der::Encode::to_der(&certificates[2]).unwrap();
    let start = right.len() - leaf.len();

    assert_eq!(chain(Wrong::ChainShort).len(), 51);
    assert_eq!(chain(Wrong::ChainRootOnly)[4..], right[4..52]);
    assert_eq!(
        chain(Wrong::DerIndefinite)[start..start + 4],
        [0x30, 0x80, leaf[2], leaf[3]]
    );
    assert_eq!(
        chain(Wrong::DerLonger)[start..start + 4],
        [0x30, 0x82, 0x7f, leaf[3]]
    );
    let long = chain(Wrong::Der4Gib);
    let start = long.len() - leaf.len() - 2;
    assert_eq!(
        long[start..start + 7],
        [0x30, 0x84, 0xff, 0xff, 0xff, 0xff, leaf[4]]
    );
    let key = |chain: &[u8]| {
        let certificate = leaf::certificates(chain, Hash::Sha384).pop().unwrap();
        let key = certificate.tbs_certificate.subject_public_key_info;
        key.subject_public_key.raw_bytes().len()
    };
    assert_eq!((key(&right), key(&chain(Wrong::LeafCurve))), (97, 65));
    // A sequence of a modulus of 65 bytes and an exponent of 3 bytes, with tags and lengths.
    assert_eq!(key(&chain(Wrong::LeafRsa512)), 74);
    assert_eq!(key(&chain(Wrong::LeafNoKey)), 0);
}

/// Gets signed measurements: L1, and what is behind it.
fn signed(requester: &mut Requester) -> (Vec<u8>, Vec<u8>) {
    let request = requester.get_measurements(1, 0x10);
    let response = requester.exchange(&request);
    // Header, a block of 15 bytes, nonce, length of opaque data.
    let (signed, rest) = response.split_at(8 + 15 + 32 + 2);

    (
        [&requester.vca, &request[..], signed].concat(),
        rest.to_vec(),
    )
}

#[test]
fn signs_wrongly() {
    let verifies = |what, purpose, more: &[u8], flip| {
        let mut requester = identified(wrong(what));
        let (l1, mut signature) = signed(&mut requester);
        signature[0] ^= flip;
        requester.verifies(purpose, &[&l1, more].concat(), &signature[..96])
    };

    for what in [
        Wrong::SignatureWrong,
        Wrong::SignatureOther,
        Wrong::SignatureRequester,
    ] {
        assert!(!verifies(what, Purpose::Measurements, &[], 0));
    }
    assert!(verifies(
        Wrong::SignatureWrong,
        Purpose::Measurements,
        &[],
        1
    ));
    assert!(verifies(
        Wrong::SignatureOther,
        Purpose::Measurements,
        &[0],
        0
    ));
    assert!(verifies(
        Wrong::SignatureRequester,
        Purpose::Requester,
        &[],
        0
    ));
    // What is only wrong in sessions.
    assert!(verifies(Wrong::RecordMac, Purpose::Measurements, &[], 0));
}

#[test]
fn signs_another_nonce() {
    let mut requester = identified(wrong(Wrong::NonceOther));
    let (mut l1, signature) = signed(&mut requester);
    let verifies = |l1: &[u8]| requester.verifies(Purpose::Measurements, l1, &signature[..96]);

    assert!(!verifies(&l1));
    l1[requester.vca.len() + 4] ^= 1;
    assert!(verifies(&l1));
    assert!(!identified(wrong(Wrong::NonceOther)).challenge(0, 0));
}

#[test]
fn does_not_sign() {
    let mut requester = identified(wrong(Wrong::MeasurementsUnsigned));
    let (_, rest) = signed(&mut requester);

    assert!(rest.len() < 4);
}

#[test]
fn has_opaque_data_behind_the_end() {
    let mut requester = identified(wrong(Wrong::MeasurementsOpaque));
    let (l1, signature) = signed(&mut requester);

    assert!(l1.ends_with(&[0xff, 0xff]));
    assert!(requester.verifies(Purpose::Measurements, &l1, &signature[..96]));
}

#[test]
fn measures_something_else_each_time() {
    let responses = run(&wrong(Wrong::MeasurementsChange));
    let record = |step: usize| &responses[step][16..300];

    assert!(record(MEASUREMENTS) == &run(&Settings::default())[MEASUREMENTS][16..300]);
    let all: Vec<_> = [MEASUREMENTS, MEASUREMENTS + 1, SIGNED]
        .map(|step| {
            let size = usize::from(u16::from_le_bytes([
                responses[step][13],
                responses[step][14],
            ]));
            responses[step][16..16 + size].to_vec()
        })
        .into();
    assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
}

#[test]
fn has_another_chain_in_each_connection() {
    let mut requester = identified(wrong(Wrong::ChainChanges));
    let first = requester.chain.clone();
    assert!(requester.challenge(0, 0));

    requester.vca.clear();
    requester.negotiate();
    requester.get_chain(0, 0x1000);
    assert!(requester.chain != first);
    assert!(requester.challenge(0, 0));
}

/// ERROR, Unspecified.
const UNSPECIFIED: [u8; 4] = [0x12, 0x7f, 5, 0];

#[test]
fn refuses_measurements_after_the_first() {
    let responses = run(&wrong(Wrong::MeasurementsRefused));
    let right = run(&Settings::default());

    assert!(responses[MEASUREMENTS] == right[MEASUREMENTS]);
    for step in [MEASUREMENTS + 1, SIGNED] {
        assert_eq!(responses[step][8..12], UNSPECIFIED);
    }
}

#[test]
fn signs_that_there_is_nothing() {
    let mut requester = identified(wrong(Wrong::MeasurementsNone));
    let request = requester.get_measurements(1, 0xff);
    let response = requester.exchange(&request);
    let (signed, signature) = response.split_at(8 + 32 + 2);

    assert_eq!(response[4..8], [0; 4]);
    let l1 = [&requester.vca, &request[..], signed].concat();
    assert!(requester.verifies(Purpose::Measurements, &l1, &signature[..96]));
}

#[test]
fn refuses_another_slot() {
    let mut requester = identified(Settings {
        slots: 3,
        ..wrong(Wrong::SlotRefused)
    });

    assert!(requester.challenge(0, 0));
    let refused = requester.exchange(&[0x12, 0x82, 1, 0, 0, 0, 0, 0x10]);
    assert_eq!(refused[..4], UNSPECIFIED);
}

#[test]
fn sends_a_chain_in_portions() {
    let mut requester = identified(Settings {
        portion: 100,
        ..Settings::default()
    });

    assert!(requester.challenge(0, 0));
    let portion = requester.exchange(&[0x12, 0x82, 0, 0, 0, 0, 0, 0x10]);
    assert_eq!(portion[..6], [0x12, 2, 0, 0, 100, 0]);
}
