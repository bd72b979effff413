// SPDX-License-Identifier: GPL-2.0

//! Measurements of a responder whose blocks are too large for one response.

use tsm_proto::spdm::{
    requester::Event,
    transcript::{
        Evidence as _,
        Part, //
    },
    Error,
    ErrorCode,
    Result,
    SigningContext,
    Version, //
};

use crate::requester::{
    Bench,
    CHALLENGE,
    SESSIONS, //
};

const MEASURE: Event = Event::Measure([9; 32]);

/// Makes a block.
fn block(index: u8) -> Vec<u8> {
    vec![index, 1, 7, 0, 0, 4, 0, index, 0xb, 0xc, 0xd]
}

/// Connects to a responder with these blocks.
fn connected(version: Version, flags: u32, indices: &[u8]) -> Bench {
    let mut bench = Bench::new(version, flags);
    assert_eq!(bench.connect(), Ok(()));
    bench.responder.blocks = indices.iter().map(|index| block(*index)).collect();
    bench.responder.is_too_large = true;
    bench.responder.requests.clear();
    bench
}

/// Returns the error code of a refusal.
fn refusal(result: Result) -> Option<ErrorCode> {
    match result {
        Err(Error::Peer(response)) => Some(response.code),
        _ => None,
    }
}

/// Asserts that these blocks are evidence, and that the device has signed them.
fn check(bench: &Bench, indices: &[u8]) {
    let blocks: Vec<_> = indices.iter().map(|index| block(*index)).collect();
    let context = SigningContext::Measurements;
    let transcript: &[Part] = match bench
        .requester
        .peer()
        .expect("it is connected")
        .layout
        .version
    {
        Version::V1_0 | Version::V1_1 => &[Part::Measurements],
        _ => &[Part::Negotiation, Part::Measurements],
    };
    let signature = Part::MeasurementsSignature;

    assert_eq!(bench.evidence.get(Part::Record), blocks.concat());
    assert_eq!(bench.verify(context, transcript, signature), Ok(()));
    // Each of the blocks is in what was signed.
    let signed = bench.evidence.get(Part::Measurements);
    for block in blocks {
        assert!(signed.windows(block.len()).any(|found| *found == block));
    }
}

#[test]
fn reads_blocks_one_by_one() {
    for (version, flags) in [
        (Version::V1_0, CHALLENGE),
        (Version::V1_1, SESSIONS),
        (Version::V1_2, CHALLENGE),
        (Version::V1_2, SESSIONS),
        (Version::V1_4, SESSIONS),
    ] {
        let mut bench = connected(version, flags, &[1, 2, 3]);
        assert_eq!(bench.run(MEASURE), Ok(()));
        check(&bench, &[1, 2, 3]);
        // All, their number, each.
        assert_eq!(bench.responder.requests, [0xe0; 5]);
    }
}

#[test]
fn reads_blocks_again_that_are_not_in_the_signature() {
    for flags in [SESSIONS, CHALLENGE] {
        let mut bench = connected(Version::V1_2, flags, &[1, 2, 5, 0xfe]);
        assert_eq!(bench.run(MEASURE), Ok(()));
        check(&bench, &[1, 2, 5, 0xfe]);
        assert_eq!(bench.responder.requests.len(), 2 + 254 + 4);
    }
}

#[test]
fn reads_blocks_one_by_one_without_a_signature() {
    let mut bench = connected(Version::V1_2, SESSIONS & !0x10 | 0x8, &[2, 4]);
    assert_eq!(bench.run(MEASURE), Ok(()));
    assert_eq!(
        bench.evidence.get(Part::Record),
        [block(2), block(4)].concat()
    );
    let signature = bench.evidence.get(Part::MeasurementsSignature);
    assert!(signature.is_empty());
}

#[test]
fn refuses_a_number_of_blocks_that_are_not_there() {
    for (indices, announced) in [(&[1, 2][..], 0), (&[1, 2], 3), (&[], 1), (&[7], 254)] {
        let mut bench = connected(Version::V1_2, SESSIONS, indices);
        bench.responder.fault = Box::new(move |code, response| {
            if code == 0x60 && response[1] == 0x60 && response[4] == 0 {
                response[2] = announced;
            }
        });
        assert_eq!(bench.run(MEASURE), Err(Error::MeasurementCount));
        assert!(bench.requester.is_lost());
        assert!(bench.responder.requests.len() <= 256);
    }
}

#[test]
fn refuses_a_block_of_another_index() {
    let mut bench = connected(Version::V1_2, SESSIONS, &[1, 2, 3]);
    bench.responder.fault = Box::new(|code, response| {
        if code == 0x60 && response.get(4) == Some(&1) {
            response[8] = 3;
        }
    });
    assert_eq!(bench.run(MEASURE), Err(Error::Mismatch));
}

#[test]
fn verifies_the_signature_over_all_blocks() {
    for indices in [&[1, 2, 3][..], &[1, 3]] {
        let mut bench = connected(Version::V1_2, SESSIONS, indices);
        bench.responder.fault = Box::new(|code, response| {
            // What is signed has another value of block 1.
            if code == 0x60
                && response
                    .get(4..9)
                    .is_some_and(|of| of[0] == 1 && of[4] == 1)
            {
                response[15] ^= 0x40;
            }
        });
        assert_eq!(bench.run(MEASURE), Err(Error::Signature));
        assert!(bench.requester.is_lost());
    }
}

#[test]
fn keeps_the_session_when_measurements_are_refused() {
    for code in [1, 4, 5, 7, 0x0d] {
        let mut bench = connected(Version::V1_2, SESSIONS, &[1, 2]);
        let session = bench.requester.session();
        bench.responder.fault = Box::new(move |found, response| {
            if found == 0x60 && response[1] == 0x60 {
                *response = vec![0x12, 0x7f, code, 0];
            }
        });
        assert_eq!(refusal(bench.run(MEASURE)), Some(ErrorCode::new(code)));
        assert!(session.is_some() && bench.requester.session() == session);
        for part in [
            Part::Measurements,
            Part::MeasurementsSignature,
            Part::Record,
        ] {
            assert!(bench.evidence.get(part).is_empty());
        }
        bench.responder.fault = Box::new(|_, _| ());
        assert_eq!(bench.run(MEASURE), Ok(()));
        check(&bench, &[1, 2]);
    }
}

#[test]
fn loses_a_device_without_a_session_that_may_have_been_reset() {
    for (code, is_lost) in [(1, false), (4, true), (5, false)] {
        let mut bench = connected(Version::V1_2, CHALLENGE, &[1, 2]);
        bench.responder.fault = Box::new(move |_, response| {
            *response = vec![0x12, 0x7f, code, 0];
        });
        assert_eq!(refusal(bench.run(MEASURE)), Some(ErrorCode::new(code)));
        assert_eq!(bench.requester.is_lost(), is_lost);
    }
}

#[test]
fn loses_the_session_with_errors_that_end_it() {
    for code in [2, 6, 0x41, 0x43] {
        let mut bench = connected(Version::V1_2, SESSIONS, &[1, 2]);
        bench.responder.fault = Box::new(move |_, response| {
            *response = vec![0x12, 0x7f, code, 0];
        });
        assert_eq!(refusal(bench.run(MEASURE)), Some(ErrorCode::new(code)));
        assert!(bench.requester.is_lost());
    }
}
