// SPDX-License-Identifier: GPL-2.0

//! What a device does wrong in the clear, and that all before it is right.

use super::{
    requester::{
        key_pair,
        object,
        Requester, //
    }, //
};
use crate::device::{
    Mailbox,
    MutatedPart,
    Settings,
    Wrong, //
};

/// Makes settings with which something is wrong.
pub(super) fn wrong(wrong: Wrong) -> Settings {
    Settings {
        wrong: Some(wrong),
        ..Settings::default()
    }
}

/// The requests of [`run`], in this order.
const DISCOVERY: usize = 0;
const VERSION: usize = 1;
const CAPABILITIES: usize = 2;
const ALGORITHMS: usize = 3;
const DIGESTS: usize = 4;
const CERTIFICATE: usize = 5;
pub(super) const MEASUREMENTS: usize = 6;
pub(super) const SIGNED: usize = 8;
pub(super) const EXCHANGE: usize = 9;

/// Sends the same requests to a device whatever it says, and returns the responses.
pub(super) fn run(settings: &Settings) -> Vec<Vec<u8>> {
    run_to(settings, EXCHANGE)
}

/// Sends those requests as far as one of them.
fn run_to(settings: &Settings, last: usize) -> Vec<Vec<u8>> {
    let mut requester = Requester::new(settings.clone());
    let (_, point) = key_pair(true);
    let requests = [
        object(0, &[2, 0, 0, 0]),
        object(1, &[0x10, 0x84, 0, 0]),
        object(1, &requester.capabilities()),
        object(1, &requester.offer()),
        object(1, &[0x12, 0x81, 0, 0]),
        object(1, &[0x12, 0x82, 0, 0, 0, 0, 0, 0x10]),
        object(1, &requester.get_measurements(0, 0xff)),
        object(1, &requester.get_measurements(0, 0xff)),
        object(1, &requester.get_measurements(1, 0xff)),
        object(1, &requester.key_exchange(&point)),
    ];

    requests
        .iter()
        .take(last + 1)
        .map(|request| requester.mailbox.exchange(request).unwrap())
        .collect()
}

/// What is wrong, the first response that shows it, the offset in the object and the bytes there.
/// Offsets of messages are 8 less. Objects that are cut off have bytes of 0 in their last DWORD.
const BYTES: &[(Wrong, usize, usize, &[u8])] = &[
    (Wrong::DoeVendor, VERSION, 0, &[0x86, 0x80, 1, 0]),
    (Wrong::DoeType, VERSION, 0, &[1, 0, 0xff, 0]),
    (Wrong::DoeLength0, VERSION, 4, &[0, 0, 0, 0, 0x10, 4]),
    (Wrong::DoeLength1, VERSION, 4, &[1, 0, 0, 0, 0x10, 4]),
    (Wrong::DoeLength2, VERSION, 4, &[2, 0, 0, 0, 0x10, 4]),
    (Wrong::DoeShort, VERSION, 4, &[4, 0, 0, 0, 0x10, 4]),
    (Wrong::DoeLong, VERSION, 4, &[6, 0, 0, 0, 0x10, 4]),
    (Wrong::DoeMegabyte, VERSION, 4, &[0, 0, 0, 0, 0x10, 4]),
    (Wrong::DoeEarlier, CAPABILITIES, 8, &[0x10, 4]),
    (Wrong::DiscoveryEndless, DISCOVERY, 8, &[1, 0, 2, 3]),
    (Wrong::DiscoveryShort, DISCOVERY, 8, &[1, 0]),
    (
        Wrong::DiscoveryEmpty,
        DISCOVERY,
        0,
        &[1, 0, 0, 0, 2, 0, 0, 0],
    ),
    (Wrong::VersionNoneCommon, VERSION, 13, &[1, 0x00, 0x20]),
    (Wrong::VersionNoEntry, VERSION, 13, &[0, 0, 0]),
    (Wrong::Version255, VERSION, 13, &[255, 0x00, 0x10]),
    (Wrong::VersionAlpha, VERSION, 13, &[1, 0x01, 0x12]),
    (Wrong::VersionShort, VERSION, 13, &[3, 0x00, 0x10]),
    (Wrong::TransferSize0, CAPABILITIES, 20, &[0, 0, 0, 0]),
    (Wrong::TransferSize41, CAPABILITIES, 20, &[41, 0, 0, 0]),
    (Wrong::TransferSizeMax, CAPABILITIES, 20, &[0xff; 4]),
    (Wrong::CtExponent255, CAPABILITIES, 12, &[0, 255, 0, 0]),
    (Wrong::CapabilitiesVersion, CAPABILITIES, 8, &[0x11, 0x61]),
    (
        Wrong::CapabilitiesUnknown,
        CAPABILITIES,
        16,
        &[0xf6, 2, 0, 0x80],
    ),
    (Wrong::AlgorithmNone, ALGORITHMS, 20, &[0, 0, 0, 0]),
    (Wrong::AlgorithmTwo, ALGORITHMS, 20, &[0x90, 0, 0, 0]),
    (Wrong::AlgorithmNotOffered, ALGORITHMS, 20, &[0, 8, 0, 0]),
    (
        Wrong::AlgorithmsTail,
        ALGORITHMS,
        8,
        &[0x12, 0x63, 0, 0, 48, 0],
    ),
    (
        Wrong::AlgorithmsOverrun,
        ALGORITHMS,
        8,
        &[0x12, 0x63, 9, 0, 48, 0],
    ),
    (
        Wrong::AlgorithmsDuplicate,
        ALGORITHMS,
        44,
        &[2, 0x20, 0x10, 0, 2, 0x20],
    ),
    (
        Wrong::AlgorithmsUnsorted,
        ALGORITHMS,
        44,
        &[3, 0x20, 0x10, 0, 2, 0x20],
    ),
    (
        Wrong::AlgorithmsExternal,
        ALGORITHMS,
        40,
        &[1, 0, 0, 0, 2, 0x20],
    ),
    (Wrong::MeasurementSpecUnset, ALGORITHMS, 14, &[0, 2, 4, 0]),
    (Wrong::HashOther, ALGORITHMS, 24, &[4, 0, 0, 0]),
    (Wrong::DigestOther, DIGESTS, 12, &[0; 8]),
    (Wrong::SlotMissing, DIGESTS, 8, &[0x12, 1, 0, 0x80]),
    (
        Wrong::PortionZero,
        CERTIFICATE,
        8,
        &[0x12, 2, 0, 0, 0, 0, 0, 0],
    ),
    (Wrong::PortionLonger, CERTIFICATE, 12, &[0xff, 0x7f, 0, 0]),
    (Wrong::RemainderEndless, CERTIFICATE, 14, &[0xff, 0xff]),
    (Wrong::PortionSmall, CERTIFICATE, 12, &[26, 0, 0xe5, 0xff]),
    (Wrong::RemainderGrows, CERTIFICATE, 14, &[0x00, 0x11]),
    (Wrong::CertificateShort, CERTIFICATE, 8, &[0x12, 2, 0, 0]),
    (Wrong::SlotOther, CERTIFICATE, 8, &[0x12, 2, 1, 0]),
    (Wrong::BlockOverrun, MEASUREMENTS, 16, &[1, 1, 0xff, 0xff]),
    (Wrong::BlockCount, MEASUREMENTS, 8, &[0x12, 0x60, 0, 0, 254]),
    (Wrong::BlockIndex0, MEASUREMENTS, 16, &[0, 1, 51, 0]),
    (Wrong::BlockIndex255, MEASUREMENTS, 16, &[255, 1, 51, 0]),
    (Wrong::BlockSpec, MEASUREMENTS, 16, &[1, 4, 51, 0]),
    // The second of blocks of 55 bytes.
    (Wrong::BlockDuplicate, MEASUREMENTS, 71, &[1, 1, 51, 0, 1]),
    (
        Wrong::MeasurementsHuge,
        MEASUREMENTS,
        12,
        &[6, 3, 0, 1, 0xfd, 1, 0xff, 0xff],
    ),
    (Wrong::MutualAuthentication, EXCHANGE, 12, &[0; 0]),
    (Wrong::KeyExchangePsk, EXCHANGE, 8, &[0x12, 0x66]),
    (Wrong::KeyExchangeVersion, EXCHANGE, 8, &[0x11, 0x64]),
    (Wrong::PointInfinity, EXCHANGE, 48, &[0; 96]),
    // What is behind the point is 12 bytes of opaque data, and no summary of measurements: see below.
    (Wrong::ChainShort, DIGESTS, 8, &[0x12, 1, 0, 1]),
    (Wrong::ChainRootOnly, DIGESTS, 8, &[0x12, 1, 0, 1]),
    (Wrong::DerIndefinite, DIGESTS, 8, &[0x12, 1, 0, 1]),
    (Wrong::DerLonger, DIGESTS, 8, &[0x12, 1, 0, 1]),
    (Wrong::Der4Gib, DIGESTS, 8, &[0x12, 1, 0, 1]),
    (Wrong::LeafCurve, DIGESTS, 8, &[0x12, 1, 0, 1]),
    (Wrong::LeafRsa512, DIGESTS, 8, &[0x12, 1, 0, 1]),
    (Wrong::LeafNoKey, DIGESTS, 8, &[0x12, 1, 0, 1]),
];

#[test]
fn sends_the_wrong_bytes_after_right_ones() {
    let right = run(&Settings::default());

    for &(what, step, offset, bytes) in BYTES {
        let got = run_to(&wrong(what), step);
        let first = right.iter().zip(&got).position(|(right, got)| right != got);

        assert_eq!((what, first), (what, Some(step)));
        assert_eq!(&got[step][offset..offset + bytes.len()], bytes, "{what:?}");
    }
}

#[test]
fn sends_objects_of_the_wrong_size() {
    let size = |what, step: usize| run_to(&wrong(what), step)[step].len();

    assert_eq!(size(Wrong::DoeMegabyte, VERSION), 1 << 20);
    assert_eq!(size(Wrong::DoeShort, VERSION), 20);
    assert_eq!(size(Wrong::DoeLong, VERSION), 20);
    assert_eq!(size(Wrong::DiscoveryShort, DISCOVERY), 10);
    assert_eq!(size(Wrong::DiscoveryEmpty, DISCOVERY), 8);
    assert_eq!(size(Wrong::VersionNoEntry, VERSION), 16);
    assert_eq!(size(Wrong::VersionShort, VERSION), 16);
    assert_eq!(size(Wrong::PortionZero, CERTIFICATE), 16);
    assert_eq!(size(Wrong::CertificateShort, CERTIFICATE), 12);
    assert!(size(Wrong::MeasurementsHuge, MEASUREMENTS) > 0x1_0000);
}

#[test]
fn never_ends_discovery() {
    let mut mailbox = Mailbox::new(wrong(Wrong::DiscoveryEndless));
    let mut next = 0;

    for _ in 0..1000 {
        let response = mailbox.exchange(&object(0, &[next, 0, 0, 0])).unwrap();
        next = response[11];
        assert!(next != 0);
    }
}

#[test]
fn never_ends_a_chain() {
    for what in [Wrong::RemainderEndless, Wrong::RemainderGrows] {
        let mut requester = super::conversation::negotiated(wrong(what));
        let mut remainders = vec![];

        for offset in (0..60_000u16).step_by(1000) {
            let [low, high] = offset.to_le_bytes();
            let request = [&[0x12, 0x82, 0, 0, low, high], &1000u16.to_le_bytes()[..]].concat();
            let response = requester.mailbox.exchange(&object(1, &request)).unwrap();
            assert_eq!(response[8..11], [0x12, 2, 0]);
            assert!(u16::from_le_bytes([response[12], response[13]]) > 0);
            remainders.push(u16::from_le_bytes([response[14], response[15]]));
        }
        assert!(remainders[0] > 0);
        match what {
            Wrong::RemainderGrows => assert!(remainders.windows(2).all(|pair| pair[0] < pair[1])),
            _ => assert!(remainders.iter().all(|remainder| *remainder == 0xffff)),
        }
    }
}

#[test]
fn sends_small_portions_to_the_end() {
    let mut requester = super::conversation::negotiated(wrong(Wrong::PortionSmall));
    let (mut offset, mut remainder, mut portions) = (0u16, u16::MAX, 0);

    while remainder > 0 {
        let [low, high] = offset.to_le_bytes();
        let request = [0x12, 0x82, 0, 0, low, high, 0, 0x10];
        let response = requester.mailbox.exchange(&object(1, &request)).unwrap();
        let length = u16::from_le_bytes([response[12], response[13]]);
        offset += length;
        remainder = u16::from_le_bytes([response[14], response[15]]);
        assert!(length == 26 || remainder == 0);
        assert_eq!(remainder, u16::MAX - offset);
        portions += 1;
    }
    assert_eq!(portions, 2521);
}

#[test]
fn sends_a_record_before_there_is_a_session() {
    let right = run(&Settings::default());
    let got = run(&wrong(Wrong::RecordBefore));

    assert_eq!(got[DIGESTS][..4], [1, 0, 2, 0]);
    assert_eq!(got[DIGESTS][4..], right[DIGESTS][4..]);
    assert_eq!(got[CERTIFICATE], right[CERTIFICATE]);
}

#[test]
fn refuses_all_requests_after_negotiation() {
    for (what, error) in [
        (Wrong::ErrorBusy, &[0x12, 0x7f, 3, 0][..]),
        (Wrong::ErrorNotReady, &[0x12, 0x7f, 0x42, 0, 1, 0x81, 0, 2]),
        (Wrong::ErrorResynch, &[0x12, 0x7f, 0x43, 0]),
    ] {
        let right = run(&Settings::default());
        let got = run(&wrong(what));

        assert_eq!(got[..DIGESTS], right[..DIGESTS]);
        assert_eq!(got[DIGESTS], object(1, error));
        assert_eq!(got[EXCHANGE][..9], object(1, error)[..9]);
    }
}

#[test]
fn changes_as_many_responses_as_it_was_asked_to() {
    let right = run_to(&Settings::default(), CERTIFICATE);
    let mutated = |seed, count| {
        let settings = Settings {
            mutate: Some((seed, count)),
            ..Settings::default()
        };
        run_to(&settings, CERTIFICATE)
    };
    let changed = |got: &[Vec<u8>]| {
        let pairs = right.iter().zip(got);
        pairs.filter(|(right, got)| right != got).count()
    };

    for seed in 0..8 {
        let got = mutated(seed, 4);
        assert_eq!(got, mutated(seed, 4));
        // Discovery is right, and so is all after four other responses.
        assert_eq!(got[DISCOVERY], right[DISCOVERY]);
        assert_eq!(got[CERTIFICATE..], right[CERTIFICATE..]);
    }
    assert!((0..8).map(|seed| changed(&mutated(seed, 4))).sum::<usize>() > 8);
}

#[test]
fn changes_messages_but_not_the_objects_around_them() {
    let right = run_to(&Settings::default(), CERTIFICATE);
    let mut changed = 0;

    for seed in 0..8 {
        let settings = Settings {
            mutate: Some((seed, u64::MAX)),
            mutate_part: MutatedPart::Message,
            ..Settings::default()
        };
        for (right, got) in right.iter().zip(run_to(&settings, CERTIFICATE)) {
            // A negotiation that has failed has shorter messages.
            assert_eq!(got[..4], [1, 0, right[2], 0]);
            assert_eq!(
                4 * usize::from(got[4]) + 1024 * usize::from(got[5]),
                got.len()
            );
            changed += usize::from(got != *right);
        }
    }
    assert!(changed > 16);
}

#[test]
fn has_a_name_for_each() {
    for (index, (wrong, name)) in Wrong::ALL.iter().enumerate() {
        assert_eq!(name.parse(), Ok(*wrong));
        assert!(Wrong::ALL[..index].iter().all(|(_, other)| other != name));
    }
    assert!("".parse::<Wrong>().is_err());
}
