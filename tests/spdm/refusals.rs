// SPDX-License-Identifier: GPL-2.0

//! What a device can do between its messages, and what fails on this side.

use tsm_proto::spdm::{
    chain::Chain,
    requester::Event,
    transcript::{
        Evidence as _,
        Part, //
    },
    Code,
    Error,
    ErrorCode,
    Slot,
    Version, //
};

use crate::requester::{
    Bench,
    CHALLENGE,
    SESSIONS, //
};

const MEASURE: Event = Event::Measure([9; 32]);

/// Returns a slot.
fn slot(number: u8) -> Slot {
    Slot::new(number).expect("there is such a slot")
}

/// Makes a responder that sends portions of so many bytes.
fn with_portions(len: usize) -> Bench {
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    bench.responder.portion = len;
    bench
}

#[test]
fn bounds_the_number_of_portions() {
    // The shortest response of a device has 42 bytes, of which 16 may be a header.
    let mut bench = with_portions(26);
    assert_eq!(bench.connect(), Ok(()));
    let mut bench = with_portions(25);
    assert_eq!(bench.connect(), Err(Error::Portion));
    // The negotiation, GET_DIGESTS, one GET_CERTIFICATE.
    assert_eq!(bench.responder.requests.len(), 5);
}

#[test]
fn takes_a_short_portion_at_the_end() {
    let mut bench = with_portions(0);
    let mut whole = Bench::new(Version::V1_2, SESSIONS);
    assert_eq!(whole.connect(), Ok(()));
    let chain = whole.evidence.get(Part::Chain(Slot::FIRST));
    bench.responder.portion = chain.len() - 1;
    assert_eq!(bench.connect(), Ok(()));
}

#[test]
fn ends_when_sealing_fails() {
    for error in [Error::Crypto, Error::NoMemory] {
        let mut bench = Bench::new(Version::V1_2, SESSIONS);
        let seal_error = bench.seal_error.clone();
        // FINISH is the first record.
        seal_error.set(Some(error));
        assert_eq!(bench.connect(), Err(error));
        assert!(bench.requester.is_lost());
        assert_eq!(bench.responder.requests.last(), Some(&0xe4));

        seal_error.set(None);
        assert_eq!(bench.connect(), Ok(()));
        seal_error.set(Some(error));
        assert_eq!(bench.run(MEASURE), Err(error));
        assert!(bench.requester.is_lost());
        assert!(bench.requester.session().is_none());
    }
}

#[test]
fn takes_the_session_id_of_an_earlier_session() {
    // The session is over, and the keys of the next one are others.
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    let mut ids = Vec::new();
    for _ in 0..3 {
        assert_eq!(bench.connect(), Ok(()));
        ids.push(bench.requester.session());
        assert_eq!(bench.run(MEASURE), Ok(()));
        assert_eq!(bench.run(Event::Disconnect), Ok(()));
    }
    assert!(ids[0].is_some() && ids[0] == ids[1] && ids[1] == ids[2]);
}

#[test]
fn refuses_a_record_of_an_earlier_session_with_the_same_id() {
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    let (sender, receiver) = std::sync::mpsc::channel();
    bench.responder.record_fault = Box::new(move |code, record| {
        if code == 0x60 {
            sender.send(record.clone()).expect("it is received");
        }
    });
    assert_eq!(bench.connect(), Ok(()));
    assert_eq!(bench.run(MEASURE), Ok(()));
    assert_eq!(bench.run(Event::Disconnect), Ok(()));
    let earlier = receiver.recv().expect("there was one");
    bench.responder.record_fault = Box::new(move |code, record| {
        if code == 0x60 {
            *record = earlier.clone();
        }
    });
    // The nonces of the tests do not change, but the random numbers of devices do.
    bench.responder.use_key(&[0x12; 48]);
    assert_eq!(bench.connect(), Ok(()));
    assert_eq!(bench.run(MEASURE), Err(Error::Mac));
    assert!(bench.requester.is_lost());
}

#[test]
fn refuses_messages_of_pre_shared_keys() {
    // PSK_EXCHANGE_RSP and PSK_FINISH_RSP.
    for (code, other) in [(0x64, 0x66), (0x65, 0x67)] {
        let mut bench = Bench::new(Version::V1_2, SESSIONS);
        bench.responder.fault = Box::new(move |found, response| {
            if found == code {
                response[1] = other;
            }
        });
        let unexpected = Err(Error::UnexpectedCode(Code::new(other)));
        assert_eq!(bench.connect(), unexpected);
        assert!(bench.requester.is_lost());
        assert!(bench.requester.session().is_none());
    }
}

#[test]
fn has_the_evidence_of_the_chain_that_is_there_now() {
    for flags in [SESSIONS, CHALLENGE] {
        let mut bench = Bench::new(Version::V1_2, flags);
        assert_eq!(bench.connect(), Ok(()));
        let before = bench.evidence.get(Part::Chain(Slot::FIRST)).to_vec();
        let digest = bench.requester.peer().expect("it is there").chain;
        assert_eq!(bench.run(Event::Disconnect), Ok(()));
        bench.responder.use_key(&[0x12; 48]);
        assert_eq!(bench.connect(), Ok(()));
        let after = bench.evidence.get(Part::Chain(Slot::FIRST));
        assert!(after != before && Chain::parse(48, after).is_ok());
        assert!(bench.requester.peer().expect("it is there").chain != digest);
    }
}

#[test]
fn tells_which_slots_have_a_chain() {
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    assert_eq!(bench.connect(), Ok(()));
    assert_eq!(bench.requester.peer().map(|peer| peer.slots.raw()), Some(5));
}

#[test]
fn keeps_the_session_when_a_slot_is_empty() {
    for flags in [SESSIONS, CHALLENGE] {
        let mut bench = Bench::new(Version::V1_2, flags);
        assert_eq!(bench.connect(), Ok(()));
        let session = bench.requester.session();
        assert_eq!(bench.run(Event::Read(slot(1))), Err(Error::EmptySlot));
        assert_eq!(bench.requester.session(), session);
        assert_eq!(bench.run(MEASURE), Ok(()));
        assert_eq!(bench.run(Event::Read(slot(2))), Ok(()));
    }
}

#[test]
fn keeps_the_session_when_a_slot_is_refused() {
    // DIGESTS, CERTIFICATE.
    for code in [1, 2] {
        let mut bench = Bench::new(Version::V1_2, SESSIONS);
        assert_eq!(bench.connect(), Ok(()));
        bench.responder.fault = Box::new(move |found, response| {
            if found == code {
                *response = vec![0x12, 0x7f, 1, 0];
            }
        });
        let Err(Error::Peer(refused)) = bench.run(Event::Read(slot(2))) else {
            panic!("it was not refused");
        };
        assert_eq!(refused.code, ErrorCode::INVALID_REQUEST);
        assert!(bench.requester.session().is_some());
        assert!(bench.evidence.get(Part::Chain(slot(2))).is_empty());
        bench.responder.fault = Box::new(|_, _| ());
        assert_eq!(bench.run(MEASURE), Ok(()));
    }
}

#[test]
fn loses_the_session_without_the_chain_that_authenticated() {
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    assert_eq!(bench.connect(), Ok(()));
    bench.responder.fault = Box::new(|code, response| {
        if code == 1 {
            *response = vec![0x12, 0x7f, 1, 0];
        }
    });
    assert!(bench.run(Event::Read(Slot::FIRST)).is_err());
    assert!(bench.requester.is_lost());
}
