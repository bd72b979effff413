// SPDX-License-Identifier: GPL-2.0

//! Certificates and measurements of the device.

use x509_cert::der::Encode as _;

use super::{
    conversation::{
        error,
        identified,
        negotiated, //
    },
    leaf,
    requester::settings, //
};
use crate::device::{
    Hash,
    Settings,
    Signature,
    Version, //
};

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
