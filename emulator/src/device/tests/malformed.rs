// SPDX-License-Identifier: GPL-2.0

//! Requests that are changed at random, from a seed: each one has a response, or is discarded.

use rand_chacha::{
    rand_core::{
        RngCore as _,
        SeedableRng as _, //
    },
    ChaCha8Rng, //
};

use super::{
    conversation::{
        identified,
        in_session, //
    },
    ide_km,
    requester::{
        key_pair,
        object,
        settings,
        Requester, //
    },
    tdisp,
    vendor,
    wrong::wrong, //
};
use crate::device::{
    Hash,
    Mailbox,
    Persona,
    RequesterIds,
    Settings,
    Signature,
    Version,
    Wrong, //
};

/// Returns a number below `end`.
fn below(random: &mut ChaCha8Rng, end: usize) -> usize {
    random.next_u32() as usize % end
}

/// Changes bytes or the size. One in four requests stays as it is, so that later ones are legal.
fn mutate(random: &mut ChaCha8Rng, request: &mut Vec<u8>) {
    for _ in 0..below(random, 4) {
        let size = request.len();
        match below(random, 8) {
            0 => request.truncate(below(random, size + 1)),
            1 => request.resize(size + below(random, 64), 0xff),
            2 => {
                let all = below(random, 64);
                request.resize(all, 0);
                random.fill_bytes(request);
            }
            kind => {
                // Headers and lengths are in front.
                let offset = match kind {
                    3 | 4 => below(random, size.clamp(1, 16)),
                    _ => below(random, size.max(1)),
                };
                let value = [0, 1, 0x7f, 0x80, 0xff, random.next_u32() as u8][below(random, 6)];
                let count = 1 + below(random, 4);
                for byte in request.iter_mut().skip(offset).take(count) {
                    *byte = value;
                }
            }
        }
    }
}

/// Makes one of each request in the clear, in the order in which they are legal.
fn requests(requester: &Requester) -> Vec<Vec<u8>> {
    let (_, point) = key_pair(requester.groups & 0x10 != 0);

    vec![
        vec![0x10, 0x84, 0, 0],
        requester.capabilities(),
        requester.offer(),
        requester.header(0x81, 0, 0),
        [&requester.header(0x82, 0, 0)[..], &[0, 0, 0, 4]].concat(),
        [&requester.header(0x82, 0x80, 0)[..], &[0; 12]].concat(),
        [&requester.header(0x83, 0, 0xff)[..], &[0x5a; 40]].concat(),
        requester.get_measurements(1, 0xff),
        requester.get_measurements(0, 1),
        requester.key_exchange(&point),
        [&requester.header(0xe5, 0, 0)[..], &[0; 50]].concat(),
        requester.header(0xec, 0, 0),
        vendor::request(
            requester,
            vendor::TDISP,
            &tdisp::request(tdisp::FUNCTION, tdisp::LOCK, &[0; 20]),
        ),
        vendor::request(
            requester,
            vendor::TDISP,
            &tdisp::request(tdisp::FUNCTION, tdisp::GET_REPORT, &[0, 0, 16, 0]),
        ),
        vendor::request(
            requester,
            vendor::IDE_KM,
            &[&[ide_km::KEY_PROG, 0, 0, 7, 0, 0, 0][..], &[0; 40]].concat(),
        ),
    ]
}

/// How many responses there were, by kind.
#[derive(Debug, Default)]
struct Seen {
    errors: usize,
    others: usize,
}

impl Seen {
    /// Counts a message, which must be a response.
    fn message(&mut self, message: &[u8]) {
        assert!(Version::from_byte(message[0]).is_some());
        match message[1] {
            0x7f => self.errors += 1,
            code => {
                assert!(code < 0x7f);
                self.others += 1;
            }
        }
    }
}

/// Sends changed requests in the clear. They are right as data objects.
fn clear(settings: &Settings, seed: u64, rounds: usize) -> Seen {
    let mut requester = Requester::new(settings.clone());
    let requests = requests(&requester);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut seen = Seen::default();

    for _ in 0..rounds {
        for request in &requests {
            let mut request = request.clone();
            mutate(&mut random, &mut request);
            let response = requester.mailbox.exchange(&object(1, &request)).unwrap();
            seen.message(&response[8..]);
        }
    }
    seen
}

#[test]
fn responds_to_malformed_requests() {
    use Signature::{EcdsaP256, RsaSsa3072};

    for (seed, version) in (0..).zip(Version::ALL) {
        let seen = clear(&settings(version, Hash::Sha256, EcdsaP256), seed, 60);
        assert!(seen.errors > 100 && seen.others > 20, "{seen:?}");
    }
    let seen = clear(&settings(Version::V1_2, Hash::Sha384, RsaSsa3072), 5, 4);
    assert!(seen.errors > 10);
    let empty = Settings {
        slots: 0,
        ..Settings::default()
    };
    assert!(clear(&empty, 6, 100).errors > 100);
}

#[test]
fn responds_to_malformed_requests_in_a_session() {
    let mut seen = Seen::default();

    for (seed, version) in (0..).zip([Version::V1_1, Version::V1_2, Version::V1_4]) {
        let settings = Settings {
            persona: match version {
                Version::V1_4 => Persona::Endpoint,
                _ => Persona::Integrated,
            },
            requester_ids: Some(RequesterIds::Guest),
            ..settings(version, Hash::Sha256, Signature::EcdsaP256)
        };
        let mut requester = in_session(settings);
        let requests = requests(&requester);
        let mut random = ChaCha8Rng::seed_from_u64(seed);

        for request in requests.iter().cycle().take(400) {
            let mut request = request.clone();
            mutate(&mut random, &mut request);
            let session = requester.session.as_mut().unwrap();
            let record = session.outgoing.seal(session.id, &request);
            let response = requester.mailbox.exchange(&object(2, &record)).unwrap();
            let message = match response[2] {
                2 => session.incoming.open(&response[8..]).unwrap(),
                _ => response[8..].to_vec(),
            };
            seen.message(&message);
            // END_SESSION was among them.
            if message[1] == 0x6c {
                requester.start_session();
                requester.finish();
            }
        }
    }
    assert!(seen.errors > 100 && seen.others > 100, "{seen:?}");
}

#[test]
fn refuses_a_malformed_finish() {
    let mut requester = identified(settings(Version::V1_4, Hash::Sha256, Signature::EcdsaP256));
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut seen = Seen::default();

    for _ in 0..30 {
        requester.start_session();
        let finish = requester.make_finish();
        let mut request = finish.clone();
        mutate(&mut random, &mut request);
        if request.starts_with(&finish) {
            // END_SESSION is not legal yet, and ends the handshake.
            request = requester.header(0xec, 0, 0);
        }
        let response = requester.secured(&request);
        assert_eq!(response[1], 0x7f);
        seen.message(&response);
    }
    assert_eq!(seen.errors, 30);
}

/// Sends objects and records that are changed, header and MAC included.
fn objects(settings: &Settings, seed: u64, rounds: usize) -> (usize, usize) {
    let mut mailbox = Mailbox::new(settings.clone());
    let requester = Requester::new(Settings {
        slots: 0,
        ..settings.clone()
    });
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut all = vec![
        object(0, &[0, 0, 0, 0]),
        object(2, &[0; 40]),
        object(2, &[0x34, 0x12]),
    ];
    all.extend(requests(&requester).iter().map(|it| object(1, it)));
    let (mut discarded, mut responses) = (0, 0);

    for request in all.iter().cycle().take(rounds * all.len()) {
        let mut request = request.clone();
        mutate(&mut random, &mut request);
        match mailbox.exchange(&request) {
            None => discarded += 1,
            Some(response) => {
                assert!(response.len() >= 8);
                responses += 1;
            }
        }
    }
    (discarded, responses)
}

#[test]
fn discards_malformed_objects() {
    let settings = settings(Version::V1_2, Hash::Sha256, Signature::EcdsaP256);
    let (discarded, responses) = objects(&settings, 1, 60);

    assert!(discarded > 100 && responses > 100);
}

#[test]
fn takes_malformed_requests_whatever_else_is_wrong() {
    for (seed, &(what, _)) in (0..).zip(Wrong::ALL) {
        let settings = Settings {
            hash: Hash::Sha256,
            signature: Signature::EcdsaP256,
            chain: 0,
            ..wrong(what)
        };
        let (_, responses) = objects(&settings, seed, 3);

        assert!(responses > 0, "{what:?}");
    }
}
