// SPDX-License-Identifier: GPL-2.0

//! The states of a requester: each event in each of them, and each way in which a device refuses. One source, three
//! runners: KUnit, `cargo test`, Miri. Other tests have the cryptography.

#[cfg(kernel)]
use kernel::prelude::*;

#[path = "spdm_requester/message.rs"]
mod message;
#[path = "spdm_requester/talk.rs"]
mod talk;
#[path = "spdm_requester/toy.rs"]
mod toy;

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
        },
        talk::Talk, //
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
        let mut talk = Talk::new();
        let others = [ANSWER, Event::TimePassed, READ, MEASURE, VENDOR];
        talk.refuses(&others);
        assert_eq!(talk.step(Event::Disconnect), Ok(Action::Done));
        talk.refuses(&others);
        talk.connect();
    }

    #[test]
    fn asking_takes_an_answer_and_disconnect() {
        let mut talk = Talk::new();
        assert_eq!(talk.asked(CONNECT), Some(0x84));
        talk.refuses(&[CONNECT, Event::TimePassed, READ, MEASURE, VENDOR]);
        assert_eq!(talk.next(&version()), Some(0xe1));
        assert_eq!(talk.step(Event::Disconnect), Ok(Action::Done));
        assert!(!talk.requester.is_lost());
        talk.connect();
    }

    #[test]
    fn waiting_takes_time_and_disconnect() {
        let mut talk = Talk::new();
        talk.asked(CONNECT);
        assert_eq!(talk.answer(&error(3)), Ok(Action::Wait(10_000)));
        talk.refuses(&[CONNECT, ANSWER, READ, MEASURE, VENDOR]);
        assert_eq!(talk.asked(Event::TimePassed), Some(0x84));
        assert_eq!(talk.answer(&error(3)), Ok(Action::Wait(20_000)));
        assert_eq!(talk.step(Event::Disconnect), Ok(Action::Done));
        talk.connect();
    }

    #[test]
    fn a_session_takes_what_the_user_wants() {
        let mut talk = Talk::new();
        talk.connect();
        talk.refuses(&[CONNECT, ANSWER, Event::TimePassed]);

        assert_eq!(talk.asked(MEASURE), Some(0xe0));
        assert!(talk.requester.peer().is_none());
        talk.refuses(&[CONNECT, Event::TimePassed, READ, MEASURE, VENDOR]);
        assert_eq!(talk.answer(&measurements().sealed()), Ok(Action::Done));
        assert!(talk.store.has(Part::Record) && talk.store.has(Part::MeasurementsSignature));

        assert_eq!(talk.asked(READ), Some(0x81));
        assert!(talk.answer(&digests().sealed()).is_ok());
        assert_eq!(talk.answer(&certificate(1).sealed()), Ok(Action::Done));
        assert_eq!(talk.store.get(Part::Chain(SECOND)).len(), 54);

        assert_eq!(talk.asked(VENDOR), Some(0xfe));
        talk.refuses(&[CONNECT, Event::TimePassed, READ, MEASURE, VENDOR]);
        let payload = Ok(Action::Payload { start: 20, len: 3 });
        assert_eq!(talk.answer(&vendor(&[7, 8, 9]).sealed()), payload);
        assert_eq!(talk.buffer.get(20..23), Some(&[7, 8, 9][..]));

        assert_eq!(talk.asked(Event::Disconnect), Some(0xec));
        assert_eq!(talk.answer(&ended().sealed()), Ok(Action::Done));
        assert!(talk.requester.session().is_none() && !talk.requester.is_lost());
        talk.connect();
    }

    #[test]
    fn an_authenticated_device_takes_what_the_user_wants() {
        let mut talk = Talk::new();
        talk.challenge();
        assert!(talk.requester.session().is_none());
        talk.refuses(&[CONNECT, ANSWER, Event::TimePassed]);
        assert_eq!(talk.step(VENDOR), Err(Error::Incapable));

        assert_eq!(talk.asked(MEASURE), Some(0xe0));
        assert_eq!(talk.answer(&measurements()), Ok(Action::Done));
        assert_eq!(talk.asked(READ), Some(0x81));
        assert_eq!(talk.next(&digests()), Some(0x82));
        assert_eq!(talk.answer(&certificate(1)), Ok(Action::Done));
        // There is nothing to end.
        assert_eq!(talk.step(Event::Disconnect), Ok(Action::Done));
        assert!(talk.requester.peer().is_none());
        talk.connect();
    }

    #[test]
    fn a_device_without_measurements_stays() {
        let mut talk = Talk::new();
        assert_eq!(talk.identify(NO_MEASUREMENTS), Some(0x83));
        assert_eq!(talk.answer(&challenge(0)), Ok(Action::Done));
        assert_eq!(talk.step(MEASURE), Err(Error::Incapable));
        assert!(talk.requester.peer().is_some());
    }

    #[test]
    fn lost_takes_connect_and_disconnect() {
        let mut talk = Talk::new();
        talk.connect();
        assert_eq!(talk.asked(MEASURE), Some(0xe0));
        assert_eq!(talk.step(Event::Answer(usize::MAX)), Err(Error::TooLarge));
        talk.assert_lost();
        talk.refuses(&[ANSWER, Event::TimePassed, READ, MEASURE, VENDOR]);
        talk.assert_lost();

        talk.connect();
        // The evidence is of the new connection.
        assert!(!talk.store.has(Part::Record));
        assert_eq!(talk.asked(MEASURE), Some(0xe0));
        assert!(talk.answer(&error(2)).is_err());
        talk.assert_lost();
        assert_eq!(talk.step(Event::Disconnect), Ok(Action::Done));
        assert!(!talk.requester.is_lost());
    }

    #[test]
    fn an_error_ends_each_step_of_a_connect() {
        for code in [1, 2, 4, 5, 7, 0x0d, 0x41, 0x43, 0xff] {
            for steps in 0..6 {
                let mut talk = Talk::new();
                talk.asked(CONNECT);
                for step in 0..steps {
                    let message = match step {
                        0 => version(),
                        1 => capabilities(SESSIONS),
                        2 => algorithms(SESSIONS),
                        3 => digests(),
                        _ => certificate(0),
                    };
                    assert!(talk.next(&message).is_some());
                }
                let ended = talk.answer(&error(code));
                assert!(matches!(ended, Err(Error::Peer(found)) if found.code.raw() == code));
                talk.assert_lost();
            }
        }
    }

    #[test]
    fn a_device_that_is_never_ready_ends_a_connect() {
        for (code, most) in [(3, 7), (0x42, 8)] {
            let mut talk = Talk::new();
            talk.asked(CONNECT);
            for message in [version(), capabilities(SESSIONS), algorithms(SESSIONS)] {
                assert!(talk.next(&message).is_some());
            }
            let mut action = talk.answer(&error(code));
            let mut waits = 0;
            while let Ok(Action::Wait(_)) = action {
                waits += 1;
                // The request again, or RESPOND_IF_READY.
                let request = if code == 3 { 0x81 } else { 0xff };
                assert_eq!(talk.asked(Event::TimePassed), Some(request));
                action = talk.answer(&error(code));
            }
            assert_eq!(action, Err(Error::NotReady));
            assert_eq!(waits, most);
            talk.assert_lost();
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
                let mut talk = Talk::new();
                talk.connect();
                assert!(talk.asked(event).is_some());
                let refused = talk.answer(&error(code).sealed());
                // Measurements are asked for one by one then.
                if code == 0x0d && event == MEASURE {
                    assert!(matches!(refused, Ok(Action::Send { .. })));
                    continue;
                }
                assert!(matches!(refused, Err(Error::Peer(found)) if found.code.raw() == code));
                assert_eq!(talk.requester.session().is_some(), stays);
                assert_eq!(talk.requester.is_lost(), !stays);
            }
        }
    }

    #[test]
    fn an_error_without_a_session_refuses_unless_the_device_may_have_been_reset() {
        for (code, stays) in [(1, true), (4, false), (5, true), (0x41, false)] {
            for event in [MEASURE, READ] {
                let mut talk = Talk::new();
                talk.challenge();
                assert!(talk.asked(event).is_some());
                let refused = talk.answer(&error(code));
                assert!(matches!(refused, Err(Error::Peer(found)) if found.code.raw() == code));
                assert_eq!(talk.requester.is_lost(), !stays);
                assert_eq!(talk.requester.peer().is_some(), stays);
            }
        }
    }

    #[test]
    fn a_vendor_defined_message_is_sent_again_to_a_device_that_is_busy() {
        let mut talk = Talk::new();
        talk.connect();
        talk.asked(VENDOR);
        assert_eq!(talk.answer(&error(3).sealed()), Ok(Action::Wait(10_000)));
        assert_eq!(talk.asked(Event::TimePassed), Some(0xfe));
        // The same bytes, behind the header of the record and its own, with the ID of the protocol.
        let sent = [3, 0, 2, 1, 0, 3, 0, 1, 0x10, 0x85];
        assert_eq!(talk.buffer.get(12..22), Some(&sent[..]));
        let payload = Ok(Action::Payload { start: 20, len: 0 });
        assert_eq!(talk.answer(&vendor(&[]).sealed()), payload);
    }

    #[test]
    fn a_vendor_defined_message_that_is_too_long_changes_nothing() {
        let mut talk = Talk::new();
        talk.connect();
        let message = VendorDefined {
            protocol: Protocol::IDE_KM,
            payload: &[0; 256],
        };
        assert_eq!(talk.step(Event::Vendor(message)), Err(Error::TooLarge));
        assert_eq!(talk.asked(VENDOR), Some(0xfe));
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
            let mut talk = Talk::new();
            talk.connect();
            talk.asked(VENDOR);
            let wrong = vendor(&[1, 2]).set(offset, value).sealed();
            assert_eq!(talk.answer(&wrong), Err(expected));
            talk.assert_lost();
        }
    }

    #[test]
    fn an_empty_slot_is_refused() {
        let mut talk = Talk::new();
        talk.connect();
        talk.asked(READ);
        let one = Message::new(&[0x12, 1, 0, 1]).zeros(48);
        assert_eq!(talk.answer(&one.sealed()), Err(Error::EmptySlot));
        assert!(talk.requester.session().is_some());
    }

    #[test]
    fn what_does_not_verify_ends_the_connection() {
        // The first byte of a signature.
        let mut talk = Talk::new();
        talk.identify(SESSIONS);
        let unsigned = key_exchange().set(8 + 32 + 96 + 48 + 2 + 12, 0);
        assert_eq!(talk.answer(&unsigned), Err(Error::Signature));
        talk.assert_lost();

        talk.identify(CHALLENGE);
        let unsigned = challenge(48).set(4 + 48 + 32 + 48 + 2, 0);
        assert_eq!(talk.answer(&unsigned), Err(Error::Signature));
        talk.assert_lost();

        talk.connect();
        talk.asked(MEASURE);
        let unsigned = measurements().set(16 + 32 + 2, 0);
        assert_eq!(talk.answer(&unsigned.sealed()), Err(Error::Signature));
        talk.assert_lost();

        // The last byte of ResponderVerifyData.
        talk.identify(SESSIONS);
        let message = key_exchange();
        let wrong = message.set(message.len - 1, 1);
        assert_eq!(talk.answer(&wrong), Err(Error::VerifyData));
        talk.assert_lost();

        // The first byte of a tag.
        talk.identify(SESSIONS);
        assert!(talk.answer(&key_exchange()).is_ok());
        let record = finish().sealed();
        let wrong = record.set(record.len - 16, 1);
        assert_eq!(talk.answer(&wrong), Err(Error::Mac));
        talk.assert_lost();

        // The digest of a chain.
        talk.asked(CONNECT);
        for message in [version(), capabilities(SESSIONS), algorithms(SESSIONS)] {
            assert!(talk.next(&message).is_some());
        }
        assert_eq!(talk.next(&digests().set(4, 1)), Some(0x82));
        assert_eq!(talk.answer(&certificate(0)), Err(Error::ChainDigest));
        talk.assert_lost();
    }

    #[test]
    fn a_message_of_another_kind_ends_the_connection() {
        let mut talk = Talk::new();
        talk.asked(CONNECT);
        let unexpected = Err(Error::UnexpectedCode(Code::new(1)));
        assert_eq!(talk.answer(&digests().set(0, 0x10)), unexpected);
        talk.assert_lost();

        talk.connect();
        talk.asked(MEASURE);
        let unexpected = Err(Error::UnexpectedCode(Code::new(0x6c)));
        assert_eq!(talk.answer(&ended().sealed()), unexpected);
        talk.assert_lost();

        // In the clear, where there is a session.
        talk.connect();
        talk.asked(MEASURE);
        assert!(talk.answer(&measurements()).is_err());
        talk.assert_lost();
    }
}
