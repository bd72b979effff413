// SPDX-License-Identifier: GPL-2.0

//! The requester against the emulated device, both in this process. They share no code of the protocol: each
//! was written from the specifications.

mod device_bench;
mod device_wrong;
mod evidence;
mod suite;

use tsm_emulator::device::{
    Hash,
    Settings,
    Signature,
    Version, //
};
use tsm_proto::spdm::{
    requester::Event,
    transcript::{
        Evidence as _,
        Part, //
    },
    Error,
    ErrorCode,
    Slot, //
};

use device_bench::{
    Bench,
    Fault, //
};

/// Returns a slot.
fn slot(number: u8) -> Slot {
    Slot::new(number).expect("there is such a slot")
}

/// Does all that there is with a device, twice.
fn whole(settings: Settings) {
    let sessions = settings.sessions && settings.spdm != Version::V1_0;
    let what = format!("{:?} {:?}", settings.spdm, settings.signature);
    // Version 1.0 signs measurements with the key of slot 0 alone.
    let (own, other) = match settings.spdm {
        Version::V1_0 => (slot(0), slot(1)),
        _ => (slot(1), slot(0)),
    };
    let mut bench = Bench::new(settings, 4032);

    for round in 0..2_u8 {
        assert_eq!(bench.discover(), Ok(3), "{what}");
        assert_eq!(bench.run(Event::Connect(own)), Ok(()), "{what}");
        assert_eq!(bench.requester.session().is_some(), sessions, "{what}");
        let peer = bench.requester.peer().expect("it is connected");
        assert_eq!(peer.slots.raw(), 0b1011);
        bench.check_connection();

        assert_eq!(bench.run(Event::Read(other)), Ok(()), "{what}");
        assert_eq!(bench.run(Event::Read(slot(3))), Ok(()), "{what}");
        let empty = Err(Fault::Spdm(Error::EmptySlot));
        assert_eq!(bench.run(Event::Read(slot(2))), empty, "{what}");
        let chains = [0, 1, 3].map(|number| bench.evidence.get(Part::Chain(slot(number))));
        assert!(chains[0] != chains[1] && chains[1] != chains[2] && !chains[2].is_empty());

        for nonce in [[round; 32], [0xff - round; 32]] {
            assert_eq!(bench.run(Event::Measure(nonce)), Ok(()), "{what}");
            bench.check_measurements(&nonce);
        }
        assert_eq!(bench.run(Event::Disconnect), Ok(()), "{what}");
        assert!(bench.requester.session().is_none());
    }
}

/// Does that with each version.
fn each_version(hash: Hash, signature: Signature) {
    for spdm in Version::ALL {
        for sessions in [true, false] {
            whole(Settings {
                spdm,
                hash,
                signature,
                sessions,
                slots: 0b1011,
                chain: 5000,
                ..Settings::default()
            });
        }
    }
}

#[test]
fn agrees_with_p384_and_sha384() {
    each_version(Hash::Sha384, Signature::EcdsaP384);
}

#[test]
fn agrees_with_p256_and_sha256() {
    each_version(Hash::Sha256, Signature::EcdsaP256);
}

#[test]
fn agrees_with_p256_and_sha384() {
    each_version(Hash::Sha384, Signature::EcdsaP256);
}

#[test]
fn agrees_with_p384_and_sha256() {
    each_version(Hash::Sha256, Signature::EcdsaP384);
}

#[test]
fn agrees_with_rsa_and_sha384() {
    each_version(Hash::Sha384, Signature::RsaSsa3072);
}

#[test]
fn agrees_with_rsa_and_sha256() {
    each_version(Hash::Sha256, Signature::RsaSsa3072);
}

#[test]
fn has_no_algorithm_in_common() {
    let mut bench = Bench::new(
        Settings {
            signature: Signature::RsaPss3072,
            ..Settings::default()
        },
        4032,
    );
    let Err(Fault::Spdm(Error::Peer(refused))) = bench.run(Event::Connect(Slot::FIRST)) else {
        panic!("it connected");
    };
    assert_eq!(refused.code, ErrorCode::INVALID_REQUEST);
}

#[test]
fn reads_measurements_one_by_one() {
    for spdm in [Version::V1_2, Version::V1_3, Version::V1_4] {
        for sessions in [true, false] {
            let settings = Settings {
                spdm,
                sessions,
                ..Settings::default()
            };
            let mut large = Bench::new(settings.clone(), 4032);
            let mut small = Bench::new(settings, 400);
            for bench in [&mut large, &mut small] {
                assert_eq!(bench.run(Event::Connect(Slot::FIRST)), Ok(()));
                bench.exchanges = 0;
                assert_eq!(bench.run(Event::Measure([7; 32])), Ok(()));
                bench.check_measurements(&[7; 32]);
            }
            let record = large.evidence.get(Part::Record);
            assert_eq!(small.evidence.get(Part::Record), record);
            assert_eq!(large.exchanges, 1);
            // All, their number, each index up to 0xfd, the six that there are.
            assert_eq!(small.exchanges, 2 + 0xfd + 6);
        }
    }
}

/// How many devices change answers at random. Each takes a second or two.
const SEEDS: u64 = 16;

#[test]
fn ends_with_answers_that_were_changed_at_random() {
    let mut right = Bench::new(Settings::default(), 4032);
    assert_eq!(right.run(Event::Connect(Slot::FIRST)), Ok(()));
    let chain = right.evidence.get(Part::Chain(Slot::FIRST));
    let (mut lost, mut connected) = (0, 0);

    for seed in 0..SEEDS {
        let mut bench = Bench::new(
            Settings {
                mutate: Some((seed, 4 + seed % 8)),
                ..Settings::default()
            },
            4032,
        );
        // The device changes so many answers, and none after them.
        for _ in 0..12 {
            match bench.run(Event::Connect(Slot::FIRST)) {
                Ok(()) => {
                    assert_eq!(bench.evidence.get(Part::Chain(Slot::FIRST)), chain);
                    bench.check_connection();
                    connected += 1;
                    match bench.run(Event::Measure([7; 32])) {
                        Ok(()) => bench.check_measurements(&[7; 32]),
                        Err(_) => lost += 1,
                    }
                    let _ = bench.run(Event::Disconnect);
                }
                Err(_) => {
                    assert!(bench.requester.session().is_none());
                    lost += 1;
                }
            }
        }
        assert_eq!(bench.run(Event::Connect(Slot::FIRST)), Ok(()), "{seed}");
    }
    assert!(lost >= SEEDS && connected >= SEEDS);
}
