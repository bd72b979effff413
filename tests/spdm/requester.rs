// SPDX-License-Identifier: GPL-2.0

//! The requester against a responder of this folder.

use std::{
    cell::Cell,
    rc::Rc, //
};

use tsm_proto::spdm::{
    algorithms::Dhe,
    chain::Chain,
    requester::{
        Action,
        Config,
        Event,
        Requester, //
    },
    suite::HashAlgorithm,
    transcript::{
        digest,
        Evidence as _,
        Part,
        Signer, //
    },
    Code,
    Error,
    ErrorCode,
    Result,
    SigningContext,
    Slot,
    Suite as _,
    Version, //
};

use crate::{
    evidence::Memory,
    responder::{
        Responder,
        RECORD, //
    },
    suite::RustCrypto, //
};

/// CERT, CHAL, MEAS_SIG, ENCRYPT, MAC, KEY_EX.
pub(crate) const SESSIONS: u32 = 0x2d6;
/// CERT, CHAL, MEAS_SIG.
pub(crate) const CHALLENGE: u32 = 0x16;

/// Both sides, and what is between them.
pub(crate) struct Bench {
    pub(crate) requester: Requester<RustCrypto>,
    pub(crate) responder: Responder,
    pub(crate) evidence: Memory,
    /// What sealing of the requester fails with.
    pub(crate) seal_error: Rc<Cell<Option<Error>>>,
    buffer: Vec<u8>,
    /// Microseconds that the requester wanted to wait.
    waited: u64,
}

impl Bench {
    pub(crate) fn new(version: Version, flags: u32) -> Self {
        let suite = RustCrypto {
            nonce: [0x77; 32],
            private_key: vec![0x44; 48],
            ..RustCrypto::default()
        };
        let config = Config {
            highest: Version::V1_4,
            transfer_size: 4032,
        };

        Self {
            seal_error: suite.seal_error.clone(),
            requester: Requester::new(suite, config),
            responder: Responder::new(version, flags),
            evidence: Memory::default(),
            buffer: vec![0xcc; 4096],
            waited: 0,
        }
    }

    /// Exchanges messages between both sides after an event, until no request is left.
    pub(crate) fn run(&mut self, event: Event) -> Result {
        let mut event = event;
        for _ in 0..3000 {
            let (buffer, evidence) = (&mut self.buffer, &mut self.evidence);
            event = match self.requester.step(event, buffer, evidence)? {
                Action::Done | Action::Payload { .. } => return Ok(()),
                Action::Wait(time) => {
                    self.waited += u64::from(time);
                    Event::TimePassed
                }
                Action::Send { object_type, len } => {
                    let request = &self.buffer[..len];
                    let mut response = self.responder.answer(object_type, request);
                    response.resize(response.len().next_multiple_of(4), 0xee);
                    self.buffer[..response.len()].copy_from_slice(&response);
                    Event::Answer(response.len())
                }
            };
        }
        panic!("this does not end");
    }

    pub(crate) fn connect(&mut self) -> Result {
        self.run(Event::Connect(Slot::FIRST))
    }

    /// Returns the verdict about a part of the evidence, as any reader of it can make it.
    pub(crate) fn verify(
        &self,
        context: SigningContext,
        transcript: &[Part],
        signature: Part,
    ) -> Result {
        let peer = self.requester.peer().expect("it is authenticated");
        let chain = Chain::parse(48, self.evidence.get(Part::Chain(peer.slot)))?;
        let signer = Signer {
            version: peer.layout.version,
            hash: HashAlgorithm::Sha384,
            scheme: peer.scheme,
            leaf: chain.leaf(),
        };
        let parts: Vec<_> = transcript
            .iter()
            .map(|part| self.evidence.get(*part))
            .collect();
        let suite = RustCrypto::default();
        let found = digest(&suite, HashAlgorithm::Sha384, &parts.concat());

        signer.verify(&suite, context, &found, self.evidence.get(signature))
    }
}

/// Connects to a responder that changes its answers, and returns what the requester says. A good connection has
/// to be possible afterwards.
fn connect_with_fault(flags: u32, fault: impl FnMut(u8, &mut Vec<u8>) + 'static) -> Result {
    let mut bench = Bench::new(Version::V1_2, flags);
    bench.responder.fault = Box::new(fault);
    let result = bench.connect();

    assert_eq!(bench.requester.is_lost(), result.is_err());
    assert_eq!(bench.requester.peer().is_none(), result.is_err());
    bench.responder.fault = Box::new(|_, _| ());
    if result.is_err() {
        assert_eq!(bench.connect(), Ok(()));
    }
    result
}

/// Connects to a responder that changes one byte of an answer.
fn connect_with(code: u8, offset: usize, value: u8) -> Result {
    connect_with_fault(SESSIONS, move |found, response| {
        if found == code {
            response[offset] = value;
        }
    })
}

/// Connects to a responder that changes the byte that has `before` bytes behind it.
fn connect_with_tail(flags: u32, code: u8, before: usize) -> Result {
    connect_with_fault(flags, move |found, response| {
        let place = response.len().saturating_sub(before + 1);
        if found == code {
            response[place] ^= 1;
        }
    })
}

#[test]
fn fits_a_stack_frame() {
    // A running hash is not larger in the kernel.
    assert!(size_of::<Requester<RustCrypto>>() <= 1536);
}

#[test]
fn makes_a_session_of_each_version() {
    for version in [Version::V1_1, Version::V1_2, Version::V1_3, Version::V1_4] {
        let mut bench = Bench::new(version, SESSIONS);
        assert_eq!(bench.connect(), Ok(()), "{version:?}");
        assert!(bench.requester.session().is_some());
        assert_eq!(bench.run(Event::Measure([9; 32])), Ok(()));
        assert_eq!(bench.evidence.get(Part::Record), RECORD);
        assert_eq!(bench.run(Event::Disconnect), Ok(()));
        assert!(bench.requester.session().is_none());
        let requests = [
            0x84, 0xe1, 0xe3, 0x81, 0x82, 0x82, 0x82, 0xe4, 0xe5, 0xe0, 0xec,
        ];
        assert_eq!(bench.responder.requests, requests);
    }
}

#[test]
fn authenticates_without_a_session() {
    for version in [
        Version::V1_0,
        Version::V1_1,
        Version::V1_2,
        Version::V1_3,
        Version::V1_4,
    ] {
        let mut bench = Bench::new(version, CHALLENGE);
        assert_eq!(bench.connect(), Ok(()), "{version:?}");
        assert!(bench.requester.session().is_none());
        assert!(bench.requester.peer().is_some());
        assert_eq!(bench.run(Event::Measure([9; 32])), Ok(()));
        assert_eq!(bench.run(Event::Disconnect), Ok(()));
        let requests = [0x84, 0xe1, 0xe3, 0x81, 0x82, 0x82, 0x82, 0x83, 0xe0];
        assert_eq!(bench.responder.requests, requests);
    }
}

#[test]
fn makes_no_session_with_1_0() {
    let mut bench = Bench::new(Version::V1_0, SESSIONS);
    assert_eq!(bench.connect(), Ok(()));
    assert!(bench.requester.session().is_none());
}

#[test]
fn exports_what_was_signed() {
    let mut bench = Bench::new(Version::V1_3, SESSIONS);
    assert_eq!(bench.connect(), Ok(()));
    let session = [Part::Negotiation, Part::Session];
    let signature = Part::SessionSignature;
    let context = SigningContext::KeyExchange;
    assert_eq!(bench.verify(context, &session, signature), Ok(()));
    assert_eq!(
        bench.verify(context, &session[..1], signature),
        Err(Error::Signature)
    );
    assert_eq!(bench.run(Event::Measure([9; 32])), Ok(()));
    let measurements = [Part::Negotiation, Part::Measurements];
    let signature = Part::MeasurementsSignature;
    let context = SigningContext::Measurements;
    assert_eq!(bench.verify(context, &measurements, signature), Ok(()));

    let mut bench = Bench::new(Version::V1_2, CHALLENGE);
    assert_eq!(bench.connect(), Ok(()));
    let challenge = [Part::Negotiation, Part::Challenge];
    let signature = Part::ChallengeSignature;
    let context = SigningContext::Challenge;
    assert_eq!(bench.verify(context, &challenge, signature), Ok(()));
}

#[test]
fn reads_another_slot_in_the_session() {
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    let slot = Slot::new(2).expect("there is such a slot");
    assert_eq!(bench.connect(), Ok(()));
    assert_eq!(bench.run(Event::Read(slot)), Ok(()));
    assert!(bench.requester.session().is_some());
    let read = bench.evidence.get(Part::Chain(slot));
    assert_eq!(read, bench.evidence.get(Part::Chain(Slot::FIRST)));
    assert_eq!(bench.run(Event::Measure([9; 32])), Ok(()));
}

#[test]
fn refuses_another_chain_in_the_slot_that_authenticated() {
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    assert_eq!(bench.connect(), Ok(()));
    assert_eq!(bench.run(Event::Read(Slot::FIRST)), Ok(()));
    bench.responder.use_key(&[0x12; 48]);
    assert_eq!(bench.run(Event::Read(Slot::FIRST)), Err(Error::ChainDigest));
    assert!(bench.requester.is_lost());
}

#[test]
fn refuses_a_slot_without_a_chain() {
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    let slot = Slot::new(1).expect("there is such a slot");
    assert_eq!(bench.run(Event::Connect(slot)), Err(Error::EmptySlot));
    assert!(bench.requester.is_lost());
}

#[test]
fn connects_to_another_slot_where_measurements_name_it() {
    let slot = Slot::new(2).expect("there is such a slot");
    for version in [Version::V1_1, Version::V1_2, Version::V1_3, Version::V1_4] {
        for flags in [SESSIONS, CHALLENGE] {
            let mut bench = Bench::new(version, flags);
            assert_eq!(bench.run(Event::Connect(slot)), Ok(()), "{version:?}");
            assert_eq!(bench.run(Event::Measure([9; 32])), Ok(()));
        }
    }
}

#[test]
fn refuses_another_slot_with_1_0_before_anything_but_the_version_is_asked_for() {
    let slot = Slot::new(2).expect("there is such a slot");
    let mut bench = Bench::new(Version::V1_0, CHALLENGE);
    assert_eq!(bench.run(Event::Connect(slot)), Err(Error::NoCommonVersion));
    assert_eq!(bench.responder.requests, [0x84]);
    assert!(bench.requester.is_lost());
    assert_eq!(bench.connect(), Ok(()));
    assert_eq!(bench.run(Event::Measure([9; 32])), Ok(()));
}

#[test]
fn refuses_events_that_are_not_possible() {
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    for event in [
        Event::Answer(4),
        Event::TimePassed,
        Event::Measure([0; 32]),
        Event::Read(Slot::FIRST),
    ] {
        assert_eq!(bench.run(event), Err(Error::State));
        assert!(!bench.requester.is_lost());
    }
    assert_eq!(bench.connect(), Ok(()));
    for event in [
        Event::Answer(4),
        Event::TimePassed,
        Event::Connect(Slot::FIRST),
    ] {
        assert_eq!(bench.run(event), Err(Error::State));
        assert!(bench.requester.session().is_some());
    }
}

#[test]
fn refuses_to_measure_a_device_without_measurements() {
    let mut bench = Bench::new(Version::V1_2, SESSIONS & !0x18);
    assert_eq!(bench.connect(), Ok(()));
    assert_eq!(bench.run(Event::Measure([0; 32])), Err(Error::Incapable));
    assert!(bench.requester.session().is_some());
}

#[test]
fn refuses_a_device_that_can_not_authenticate_itself() {
    for flags in [0, 0x2, 0x4, 0x2c0] {
        let mut bench = Bench::new(Version::V1_2, flags);
        assert_eq!(bench.connect(), Err(Error::Incapable));
    }
}

#[test]
fn takes_measurements_without_a_signature() {
    // MEAS_NO_SIG instead of MEAS_SIG.
    let mut bench = Bench::new(Version::V1_2, SESSIONS & !0x10 | 0x8);
    assert_eq!(bench.connect(), Ok(()));
    assert_eq!(bench.run(Event::Measure([0; 32])), Ok(()));
    assert_eq!(bench.evidence.get(Part::Record), RECORD);
    let signature = bench.evidence.get(Part::MeasurementsSignature);
    assert!(signature.is_empty());
}

#[test]
fn refuses_measurements_without_session_and_signature() {
    let mut bench = Bench::new(Version::V1_2, CHALLENGE & !0x10 | 0x8);
    assert_eq!(bench.connect(), Ok(()));
    assert_eq!(bench.run(Event::Measure([0; 32])), Err(Error::Incapable));
    assert!(bench.requester.peer().is_some());
}

#[test]
fn drops_evidence_of_an_earlier_connection() {
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    assert_eq!(bench.connect(), Ok(()));
    assert_eq!(bench.run(Event::Measure([9; 32])), Ok(()));
    assert_eq!(bench.run(Event::Disconnect), Ok(()));
    assert_eq!(bench.connect(), Ok(()));
    for part in [
        Part::Measurements,
        Part::MeasurementsSignature,
        Part::Record,
    ] {
        assert!(bench.evidence.get(part).is_empty());
    }
}

/// Returns a function that answers the first requests with ERROR.
fn errors(count: usize, error: [u8; 8]) -> impl FnMut(u8, &mut Vec<u8>) {
    let mut left = count;
    move |code, response| {
        if code == 1 && left > 0 {
            left -= 1;
            *response = error.to_vec();
        }
    }
}

const BUSY: [u8; 8] = [0x12, 0x7f, 3, 0, 0, 0, 0, 0];

#[test]
fn asks_a_busy_device_again() {
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    bench.responder.fault = Box::new(errors(3, BUSY));
    assert_eq!(bench.connect(), Ok(()));
    assert_eq!(bench.waited, 70_000);
}

#[test]
fn gives_up_on_a_device_that_is_busy_for_ever() {
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    bench.responder.fault = Box::new(errors(usize::MAX, BUSY));
    assert_eq!(bench.connect(), Err(Error::NotReady));
    assert!(bench.waited <= 2_000_000);
    assert!(bench.responder.requests.len() < 12);
}

#[test]
fn gives_up_on_a_device_that_is_never_ready() {
    for exponent in [0, 20, 22, 31, 32, 255] {
        let mut bench = Bench::new(Version::V1_2, SESSIONS);
        bench.responder.fault = Box::new(errors(usize::MAX, not_ready(exponent)));
        assert_eq!(bench.connect(), Err(Error::NotReady));
        assert!(bench.waited <= 2_000_000);
    }
}

/// Returns ResponseNotReady to GET_DIGESTS.
fn not_ready(exponent: u8) -> [u8; 8] {
    [0x12, 0x7f, 0x42, 0, exponent, 0x81, 7, 2]
}

#[test]
fn asks_for_the_response_when_it_is_ready() {
    let mut bench = Bench::new(Version::V1_2, CHALLENGE);
    bench.responder.fault = Box::new(errors(2, not_ready(10)));
    assert_eq!(bench.connect(), Ok(()));
    assert_eq!(bench.waited, 2048);
    assert_eq!(bench.responder.requests[3..6], [0x81, 0xff, 0xff]);
}

#[test]
fn asks_for_the_response_again_when_the_device_is_busy_then() {
    let mut bench = Bench::new(Version::V1_2, CHALLENGE);
    let mut answers = vec![BUSY, not_ready(10)];
    bench.responder.fault = Box::new(move |code, response| {
        let error = if code == 1 { answers.pop() } else { None };
        if let Some(error) = error {
            *response = error.to_vec();
        }
    });
    assert_eq!(bench.connect(), Ok(()));
    // The device still has the request, which may be one that it takes once.
    assert_eq!(bench.responder.requests[3..6], [0x81, 0xff, 0xff]);
}

#[test]
fn refuses_a_device_that_is_not_ready_for_another_request() {
    let result = connect_with_fault(SESSIONS, errors(1, [0x12, 0x7f, 0x42, 0, 1, 0x82, 7, 2]));
    assert_eq!(result, Err(Error::Mismatch));
}

#[test]
fn reports_the_error_of_a_device() {
    for code in [1, 4, 5, 7, 0x0d, 0x43, 0xff] {
        let result = connect_with_fault(SESSIONS, errors(1, [0x12, 0x7f, code, 9, 0, 0, 0, 0]));
        let Err(Error::Peer(error)) = result else {
            panic!("{result:?}");
        };
        assert_eq!((error.code, error.data), (ErrorCode::new(code), 9));
    }
}

#[test]
fn refuses_an_answer_to_another_request() {
    for code in [4, 0x61, 0x63, 1, 2, 0x64] {
        let unexpected = Err(Error::UnexpectedCode(Code::new(0x33)));
        assert_eq!(connect_with(code, 1, 0x33), unexpected);
    }
}

#[test]
fn refuses_an_answer_of_another_version() {
    for code in [4, 0x61, 0x63, 1, 2, 0x64] {
        let other = Err(Error::MessageVersion(0x13));
        assert_eq!(connect_with(code, 0, 0x13), other);
    }
}

#[test]
fn refuses_what_was_not_offered() {
    // Measurement specification and opaque format are needed, although 0 is no error in itself.
    assert_eq!(connect_with(0x63, 6, 0), Err(Error::NotOffered));
    assert_eq!(connect_with(0x63, 7, 0), Err(Error::NotOffered));
    // Several keys for a connection, next to the opaque format.
    assert_eq!(connect_with(0x63, 7, 0x12), Err(Error::NotOffered));
    // No key exchange, no encryption, no key schedule.
    for offset in [38, 42, 46] {
        assert_eq!(connect_with(0x63, offset, 0), Err(Error::NoAlgorithm));
    }
}

#[test]
fn refuses_a_selection_of_nothing() {
    // No signature, no hash.
    for offset in [12, 16] {
        assert_eq!(connect_with(0x63, offset, 0), Err(Error::NoAlgorithm));
    }
}

#[test]
fn refuses_a_chain_with_another_digest() {
    assert_eq!(connect_with(1, 4, 0), Err(Error::ChainDigest));
    assert_eq!(connect_with_tail(SESSIONS, 2, 0), Err(Error::ChainDigest));
}

#[test]
fn refuses_a_chain_that_never_ends() {
    let endless = connect_with_fault(SESSIONS, |code, response| {
        if code == 2 {
            response[6..8].copy_from_slice(&[0, 0x40]);
        }
    });
    assert_eq!(endless, Err(Error::Portion));
}

#[test]
fn refuses_features_that_were_not_offered() {
    let refused = Err(Error::NotNegotiated);
    // A heartbeat, and each kind of mutual authentication.
    assert_eq!(connect_with(0x64, 2, 1), refused);
    for kind in [1, 2, 4] {
        assert_eq!(connect_with(0x64, 6, kind), refused);
    }
    let mutual = connect_with_fault(CHALLENGE, |code, response| {
        if code == 3 {
            response[2] |= 0x80;
        }
    });
    assert_eq!(mutual, refused);
}

#[test]
fn refuses_a_key_exchange_without_verify_data() {
    let cut = connect_with_fault(SESSIONS, |code, response| {
        if code == 0x64 {
            response.truncate(response.len() - 48);
        }
    });
    assert_eq!(cut, Err(Error::Truncated));
}

#[test]
fn refuses_a_wrong_signature() {
    let wrong = Err(Error::Signature);
    assert_eq!(connect_with_tail(SESSIONS, 0x64, 48), wrong);
    assert_eq!(connect_with_tail(CHALLENGE, 3, 0), wrong);
    // What is signed is another random number.
    assert_eq!(connect_with(0x64, 8, 0), wrong);
}

#[test]
fn refuses_wrong_verify_data() {
    assert_eq!(connect_with_tail(SESSIONS, 0x64, 0), Err(Error::VerifyData));
}

#[test]
fn refuses_its_own_key() {
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    let mut buffer = [0; 96];
    let own = RustCrypto {
        private_key: vec![0x44; 48],
        ..RustCrypto::default()
    };
    let key = own.generate(Dhe::SECP_384_R1, &mut buffer);
    assert!(key.is_ok());
    bench.responder.fault = Box::new(move |code, response| {
        if code == 0x64 {
            response[40..136].copy_from_slice(&buffer);
        }
    });
    assert_eq!(bench.connect(), Err(Error::PublicKey));
}

#[test]
fn refuses_another_version_of_secured_messages() {
    // 40 + 96 + 48 + 2 bytes, then opaque data of 12 of which the last two are the version.
    for (offset, value) in [(197, 0x10), (197, 0x13), (196, 1), (195, 1), (186, 0)] {
        assert_eq!(connect_with(0x64, offset, value), Err(Error::Opaque));
    }
}

#[test]
fn refuses_a_record_that_was_changed() {
    for (offset, expected) in [
        (0, Error::OtherSession),
        (4, Error::Record),
        (5, Error::Truncated),
        (6, Error::Mac),
        (9, Error::Mac),
    ] {
        let mut bench = Bench::new(Version::V1_2, SESSIONS);
        bench.responder.record_fault = Box::new(move |_, record| record[offset] ^= 0x10);
        assert_eq!(bench.connect(), Err(expected));
        assert!(bench.requester.is_lost());
        assert!(bench.requester.session().is_none());
    }
}

#[test]
fn refuses_a_message_in_clear_in_a_session() {
    let error: &[u8] = &[0x12, 0x7f, 3, 0, 0, 0, 0, 0];
    let finish: &[u8] = &[0x12, 0x65, 0, 0];
    for (message, expected) in [(error, Error::OtherSession), (finish, Error::Truncated)] {
        let mut bench = Bench::new(Version::V1_2, SESSIONS);
        bench.responder.record_fault = Box::new(move |_, record| *record = message.to_vec());
        assert_eq!(bench.connect(), Err(expected));
    }
}

#[test]
fn refuses_padding_inside_of_a_record() {
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    bench.responder.fault = Box::new(|code, response| {
        if code == 0x65 {
            response.push(0);
        }
    });
    assert_eq!(bench.connect(), Err(Error::Trailing));
}

#[test]
fn loses_the_session_with_measurements_that_are_wrong() {
    for (offset, expected) in [
        (9, Error::MeasurementBlock),
        (4, Error::MeasurementCount),
        (16, Error::Signature),
        (20, Error::Signature),
        (60, Error::Signature),
    ] {
        let mut bench = Bench::new(Version::V1_2, SESSIONS);
        assert_eq!(bench.connect(), Ok(()));
        bench.responder.fault = Box::new(move |code, response| {
            if code == 0x60 {
                response[offset] ^= 0x40;
            }
        });
        assert_eq!(bench.run(Event::Measure([9; 32])), Err(expected));
        assert!(bench.requester.is_lost());
        bench.responder.fault = Box::new(|_, _| ());
        assert_eq!(bench.connect(), Ok(()));
    }
}

#[test]
fn refuses_a_response_that_is_longer_than_the_buffer() {
    let mut bench = Bench::new(Version::V1_2, SESSIONS);
    let (buffer, evidence) = (&mut bench.buffer, &mut bench.evidence);
    let connect = Event::Connect(Slot::FIRST);
    assert!(bench.requester.step(connect, buffer, evidence).is_ok());
    let result = bench.requester.step(Event::Answer(4097), buffer, evidence);
    assert_eq!(result, Err(Error::TooLarge));
}
