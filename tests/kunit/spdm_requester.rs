// SPDX-License-Identifier: GPL-2.0

//! The states of a requester: each event in each of them, and each way in which a device refuses. One source, three
//! runners: KUnit, `cargo test`, Miri. Other tests have the cryptography.

#[cfg(kernel)]
use kernel::prelude::*;

#[path = "spdm_requester/harness.rs"]
mod harness;
#[path = "spdm_requester/message.rs"]
mod message;
#[path = "spdm_requester/null_suite.rs"]
mod null_suite;

#[cfg_attr(kernel, kunit_tests(tsm_spdm_requester))]
mod tests {
    use tsm_proto::spdm::{
        requester::{
            Action,
            Event, //
        },
        transcript::{
            Evidence as _,
            Part, //
        },
        vendor_defined::{
            Protocol,
            VendorDefined, //
        },
        Code,
        Error,
        Slot, //
    };

    use super::{
        harness::Harness,
        message::{
            algorithms,
            capabilities,
            certificate,
            challenge,
            digests,
            ended,
            error,
            finish,
            key_exchange,
            measurements,
            vendor,
            version,
            Message,
            CHALLENGE,
            NO_MEASUREMENTS,
            SESSIONS, //
        }, //
    };

    const SECOND: Slot = match Slot::new(1) {
        Ok(slot) => slot,
        Err(_) => panic!("there is such a slot"),
    };
    const MEASURE: Event<'_> = Event::Measure([9; 32]);
    const CONNECT: Event<'_> = Event::Connect(Slot::FIRST);
    const ANSWER: Event<'_> = Event::Answer(4);
    const READ: Event<'_> = Event::Read(SECOND);
    const VENDOR: Event<'_> = Event::Vendor(VendorDefined {
        protocol: Protocol::TDISP,
        payload: &[0x10, 0x85],
    });

    #[test]
    fn idle_takes_connect_and_disconnect() {
        let mut harness = Harness::new();
        let others = [ANSWER, Event::TimePassed, READ, MEASURE, VENDOR];
        harness.refuses(&others);
        assert_eq!(harness.step(Event::Disconnect), Ok(Action::Done));
        harness.refuses(&others);
        harness.connect();
    }

    #[test]
    fn asking_takes_an_answer_and_disconnect() {
        let mut harness = Harness::new();
        assert_eq!(harness.asked(CONNECT), Some(0x84));
        harness.refuses(&[CONNECT, Event::TimePassed, READ, MEASURE, VENDOR]);
        assert_eq!(harness.next(&version()), Some(0xe1));
        assert_eq!(harness.step(Event::Disconnect), Ok(Action::Done));
        assert!(!harness.requester.is_lost());
        harness.connect();
    }

    #[test]
    fn waiting_takes_time_and_disconnect() {
        let mut harness = Harness::new();
        harness.asked(CONNECT);
        assert_eq!(harness.answer(&error(3)), Ok(Action::Wait(10_000)));
        harness.refuses(&[CONNECT, ANSWER, READ, MEASURE, VENDOR]);
        assert_eq!(harness.asked(Event::TimePassed), Some(0x84));
        assert_eq!(harness.answer(&error(3)), Ok(Action::Wait(20_000)));
        assert_eq!(harness.step(Event::Disconnect), Ok(Action::Done));
        harness.connect();
    }

    #[test]
    fn a_session_takes_what_the_user_wants() {
        let mut harness = Harness::new();
        harness.connect();
        harness.refuses(&[CONNECT, ANSWER, Event::TimePassed]);

        assert_eq!(harness.asked(MEASURE), Some(0xe0));
        assert!(harness.requester.peer().is_none());
        harness.refuses(&[CONNECT, Event::TimePassed, READ, MEASURE, VENDOR]);
        assert_eq!(harness.answer(&measurements().sealed()), Ok(Action::Done));
        assert!(harness.store.has(Part::Record) && harness.store.has(Part::MeasurementsSignature));

        assert_eq!(harness.asked(READ), Some(0x81));
        assert!(harness.answer(&digests().sealed()).is_ok());
        assert_eq!(harness.answer(&certificate(1).sealed()), Ok(Action::Done));
        assert_eq!(harness.store.get(Part::Chain(SECOND)).len(), 54);

        assert_eq!(harness.asked(VENDOR), Some(0xfe));
        harness.refuses(&[CONNECT, Event::TimePassed, READ, MEASURE, VENDOR]);
        let payload = Ok(Action::Payload { start: 20, len: 3 });
        assert_eq!(harness.answer(&vendor(&[7, 8, 9]).sealed()), payload);
        assert_eq!(harness.buffer.get(20..23), Some(&[7, 8, 9][..]));

        assert_eq!(harness.asked(Event::Disconnect), Some(0xec));
        assert_eq!(harness.answer(&ended().sealed()), Ok(Action::Done));
        assert!(harness.requester.session().is_none() && !harness.requester.is_lost());
        harness.connect();
    }

    #[test]
    fn an_authenticated_device_takes_what_the_user_wants() {
        let mut harness = Harness::new();
        harness.challenge();
        assert!(harness.requester.session().is_none());
        harness.refuses(&[CONNECT, ANSWER, Event::TimePassed]);
        assert_eq!(harness.step(VENDOR), Err(Error::Incapable));

        assert_eq!(harness.asked(MEASURE), Some(0xe0));
        assert_eq!(harness.answer(&measurements()), Ok(Action::Done));
        assert_eq!(harness.asked(READ), Some(0x81));
        assert_eq!(harness.next(&digests()), Some(0x82));
        assert_eq!(harness.answer(&certificate(1)), Ok(Action::Done));
        // There is nothing to end.
        assert_eq!(harness.step(Event::Disconnect), Ok(Action::Done));
        assert!(harness.requester.peer().is_none());
        harness.connect();
    }

    #[test]
    fn a_device_without_measurements_stays() {
        let mut harness = Harness::new();
        assert_eq!(harness.identify(NO_MEASUREMENTS), Some(0x83));
        assert_eq!(harness.answer(&challenge(0)), Ok(Action::Done));
        assert_eq!(harness.step(MEASURE), Err(Error::Incapable));
        assert!(harness.requester.peer().is_some());
    }

    #[test]
    fn lost_takes_connect_and_disconnect() {
        let mut harness = Harness::new();
        harness.connect();
        assert_eq!(harness.asked(MEASURE), Some(0xe0));
        assert_eq!(
            harness.step(Event::Answer(usize::MAX)),
            Err(Error::TooLarge)
        );
        harness.assert_lost();
        harness.refuses(&[ANSWER, Event::TimePassed, READ, MEASURE, VENDOR]);
        harness.assert_lost();

        harness.connect();
        // The evidence is of the new connection.
        assert!(!harness.store.has(Part::Record));
        assert_eq!(harness.asked(MEASURE), Some(0xe0));
        assert!(harness.answer(&error(2)).is_err());
        harness.assert_lost();
        assert_eq!(harness.step(Event::Disconnect), Ok(Action::Done));
        assert!(!harness.requester.is_lost());
    }

    #[test]
    fn an_error_ends_each_step_of_a_connect() {
        for code in [1, 2, 4, 5, 7, 0x0d, 0x41, 0x43, 0xff] {
            for steps in 0..6 {
                let mut harness = Harness::new();
                harness.asked(CONNECT);
                for step in 0..steps {
                    let message = match step {
                        0 => version(),
                        1 => capabilities(SESSIONS),
                        2 => algorithms(SESSIONS),
                        3 => digests(),
                        _ => certificate(0),
                    };
                    assert!(harness.next(&message).is_some());
                }
                let ended = harness.answer(&error(code));
                assert!(matches!(ended, Err(Error::Peer(found)) if found.code.raw() == code));
                harness.assert_lost();
            }
        }
    }

    #[test]
    fn a_device_that_is_never_ready_ends_a_connect() {
        for (code, most) in [(3, 7), (0x42, 8)] {
            let mut harness = Harness::new();
            harness.asked(CONNECT);
            for message in [version(), capabilities(SESSIONS), algorithms(SESSIONS)] {
                assert!(harness.next(&message).is_some());
            }
            let mut action = harness.answer(&error(code));
            let mut waits = 0;
            while let Ok(Action::Wait(_)) = action {
                waits += 1;
                // The request again, or RESPOND_IF_READY.
                let request = if code == 3 { 0x81 } else { 0xff };
                assert_eq!(harness.asked(Event::TimePassed), Some(request));
                action = harness.answer(&error(code));
            }
            assert_eq!(action, Err(Error::NotReady));
            assert_eq!(waits, most);
            harness.assert_lost();
        }
    }

    #[test]
    fn an_error_in_a_session_refuses_or_ends_it() {
        for (code, stays) in [
            (1, true),
            (2, false),
            (4, true),
            (5, true),
            (6, false),
            (7, true),
            (0x0d, true),
            (0x41, false),
            (0x43, false),
        ] {
            for event in [MEASURE, READ, VENDOR] {
                let mut harness = Harness::new();
                harness.connect();
                assert!(harness.asked(event).is_some());
                let refused = harness.answer(&error(code).sealed());
                // Measurements are asked for one by one then.
                if code == 0x0d && event == MEASURE {
                    assert!(matches!(refused, Ok(Action::Send { .. })));
                    continue;
                }
                assert!(matches!(refused, Err(Error::Peer(found)) if found.code.raw() == code));
                assert_eq!(harness.requester.session().is_some(), stays);
                assert_eq!(harness.requester.is_lost(), !stays);
            }
        }
    }

    #[test]
    fn an_error_without_a_session_refuses_unless_the_device_may_have_been_reset() {
        for (code, stays) in [(1, true), (4, false), (5, true), (0x41, false)] {
            for event in [MEASURE, READ] {
                let mut harness = Harness::new();
                harness.challenge();
                assert!(harness.asked(event).is_some());
                let refused = harness.answer(&error(code));
                assert!(matches!(refused, Err(Error::Peer(found)) if found.code.raw() == code));
                assert_eq!(harness.requester.is_lost(), !stays);
                assert_eq!(harness.requester.peer().is_some(), stays);
            }
        }
    }

    #[test]
    fn a_vendor_defined_message_is_sent_again_to_a_device_that_is_busy() {
        let mut harness = Harness::new();
        harness.connect();
        harness.asked(VENDOR);
        assert_eq!(harness.answer(&error(3).sealed()), Ok(Action::Wait(10_000)));
        assert_eq!(harness.asked(Event::TimePassed), Some(0xfe));
        // The same bytes, behind the header of the record and its own, with the ID of the protocol.
        let sent = [3, 0, 2, 1, 0, 3, 0, 1, 0x10, 0x85];
        assert_eq!(harness.buffer.get(12..22), Some(&sent[..]));
        let payload = Ok(Action::Payload { start: 20, len: 0 });
        assert_eq!(harness.answer(&vendor(&[]).sealed()), payload);
    }

    #[test]
    fn a_vendor_defined_response_that_is_not_ready_can_be_given_up() {
        let mut harness = Harness::new();
        harness.connect();
        harness.refuses(&[Event::GiveUp]);
        harness.asked(VENDOR);
        harness.refuses(&[Event::GiveUp]);
        assert_eq!(harness.answer(&error(3).sealed()), Ok(Action::Wait(10_000)));
        assert_eq!(harness.step(Event::GiveUp), Ok(Action::Done));
        // The session is as it was, and a later request is none of before.
        assert!(harness.requester.session().is_some());
        harness.refuses(&[Event::GiveUp, Event::TimePassed]);
        assert_eq!(harness.asked(VENDOR), Some(0xfe));
        let payload = Ok(Action::Payload { start: 20, len: 0 });
        assert_eq!(harness.answer(&vendor(&[]).sealed()), payload);

        // What else waits goes on to wait.
        harness.asked(MEASURE);
        assert_eq!(harness.answer(&error(3).sealed()), Ok(Action::Wait(10_000)));
        harness.refuses(&[Event::GiveUp]);
        assert_eq!(harness.asked(Event::TimePassed), Some(0xe0));
    }

    #[test]
    fn an_error_after_a_response_that_was_not_ready_is_no_refusal() {
        // The same that the device had received, and another one that it refuses at once.
        let not_ready = Message::new(&[0x12, 0x7f, 0x42, 0, 1, 0xfe, 7, 2]);
        let mut harness = Harness::new();
        harness.connect();
        harness.asked(VENDOR);
        assert_eq!(harness.answer(&not_ready.sealed()), Ok(Action::Wait(2)));
        assert_eq!(harness.asked(Event::TimePassed), Some(0xff));
        let ended = harness.answer(&error(5).sealed());
        assert!(matches!(ended, Err(Error::Withdrawn(found)) if found.code.raw() == 5));
        assert!(harness.requester.session().is_some());

        harness.asked(VENDOR);
        let refused = harness.answer(&error(5).sealed());
        assert!(matches!(refused, Err(Error::Peer(found)) if found.code.raw() == 5));

        // A device that is busy has not had the request.
        harness.asked(VENDOR);
        assert_eq!(harness.answer(&error(3).sealed()), Ok(Action::Wait(10_000)));
        assert_eq!(harness.asked(Event::TimePassed), Some(0xfe));
        let refused = harness.answer(&error(5).sealed());
        assert!(matches!(refused, Err(Error::Peer(found)) if found.code.raw() == 5));
    }

    #[test]
    fn a_vendor_defined_message_that_is_too_long_changes_nothing() {
        let mut harness = Harness::new();
        harness.connect();
        let message = VendorDefined {
            protocol: Protocol::IDE_KM,
            payload: &[0; 256],
        };
        assert_eq!(harness.step(Event::Vendor(message)), Err(Error::TooLarge));
        assert_eq!(harness.asked(VENDOR), Some(0xfe));
    }

    #[test]
    fn a_vendor_defined_response_of_another_kind_ends_the_connection() {
        // The standard, the vendor, the length, the protocol.
        for (offset, value, expected) in [
            (4, 4, Error::Mismatch),
            (7, 2, Error::Mismatch),
            (9, 0, Error::Truncated),
            (9, 9, Error::Truncated),
            (9, 2, Error::Trailing),
            (11, 0, Error::Mismatch),
        ] {
            let mut harness = Harness::new();
            harness.connect();
            harness.asked(VENDOR);
            let wrong = vendor(&[1, 2]).set(offset, value).sealed();
            assert_eq!(harness.answer(&wrong), Err(expected));
            harness.assert_lost();
        }
    }

    #[test]
    fn an_empty_slot_is_refused() {
        let mut harness = Harness::new();
        harness.connect();
        harness.asked(READ);
        let one = Message::new(&[0x12, 1, 0, 1]).zeros(48);
        assert_eq!(harness.answer(&one.sealed()), Err(Error::EmptySlot));
        assert!(harness.requester.session().is_some());
    }

    #[test]
    fn what_does_not_verify_ends_the_connection() {
        // The first byte of a signature.
        let mut harness = Harness::new();
        harness.identify(SESSIONS);
        let unsigned = key_exchange().set(8 + 32 + 96 + 48 + 2 + 12, 0);
        assert_eq!(harness.answer(&unsigned), Err(Error::Signature));
        harness.assert_lost();

        harness.identify(CHALLENGE);
        let unsigned = challenge(48).set(4 + 48 + 32 + 48 + 2, 0);
        assert_eq!(harness.answer(&unsigned), Err(Error::Signature));
        harness.assert_lost();

        harness.connect();
        harness.asked(MEASURE);
        let unsigned = measurements().set(16 + 32 + 2, 0);
        assert_eq!(harness.answer(&unsigned.sealed()), Err(Error::Signature));
        harness.assert_lost();

        // The last byte of ResponderVerifyData.
        harness.identify(SESSIONS);
        let message = key_exchange();
        let wrong = message.set(message.len - 1, 1);
        assert_eq!(harness.answer(&wrong), Err(Error::VerifyData));
        harness.assert_lost();

        // The first byte of a tag.
        harness.identify(SESSIONS);
        assert!(harness.answer(&key_exchange()).is_ok());
        let record = finish().sealed();
        let wrong = record.set(record.len - 16, 1);
        assert_eq!(harness.answer(&wrong), Err(Error::Mac));
        harness.assert_lost();

        // The digest of a chain.
        harness.asked(CONNECT);
        for message in [version(), capabilities(SESSIONS), algorithms(SESSIONS)] {
            assert!(harness.next(&message).is_some());
        }
        assert_eq!(harness.next(&digests().set(4, 1)), Some(0x82));
        assert_eq!(harness.answer(&certificate(0)), Err(Error::ChainDigest));
        harness.assert_lost();
    }

    #[test]
    fn a_message_of_another_kind_ends_the_connection() {
        let mut harness = Harness::new();
        harness.asked(CONNECT);
        let unexpected = Err(Error::UnexpectedCode(Code::new(1)));
        assert_eq!(harness.answer(&digests().set(0, 0x10)), unexpected);
        harness.assert_lost();

        harness.connect();
        harness.asked(MEASURE);
        let unexpected = Err(Error::UnexpectedCode(Code::new(0x6c)));
        assert_eq!(harness.answer(&ended().sealed()), unexpected);
        harness.assert_lost();

        // In the clear, where there is a session.
        harness.connect();
        harness.asked(MEASURE);
        assert!(harness.answer(&measurements()).is_err());
        harness.assert_lost();
    }
}
