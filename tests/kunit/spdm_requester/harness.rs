// SPDX-License-Identifier: GPL-2.0

//! The harness of the suite: a requester, and what it gets from the device.

use tsm_proto::{
    doe::ObjectType,
    spdm::{
        requester::{
            Action,
            Config,
            Event,
            Requester, //
        },
        Error,
        Slot,
        Version, //
    },
};

use super::{
    message::{
        algorithms,
        capabilities,
        certificate,
        challenge,
        digests,
        finish,
        key_exchange,
        version,
        Message,
        CHALLENGE,
        SESSIONS, //
    },
    null_suite::{
        NullSuite,
        Store, //
    },
};

/// A requester, with its buffer and its evidence.
pub(super) struct Harness {
    pub(super) requester: Requester<NullSuite>,
    pub(super) buffer: [u8; 448],
    pub(super) store: Store,
}

impl Harness {
    pub(super) fn new() -> Self {
        let config = Config {
            highest: Version::V1_4,
            transfer_size: 400,
        };

        Self {
            requester: Requester::new(NullSuite, config),
            buffer: [0; 448],
            store: Store::new(),
        }
    }

    pub(super) fn step(&mut self, event: Event<'_>) -> Result<Action, Error> {
        self.requester
            .step(event, &mut self.buffer, &mut self.store)
    }

    /// Receives a message, and returns what is to be done then.
    pub(super) fn answer(&mut self, message: &Message) -> Result<Action, Error> {
        let to = self.buffer.iter_mut();

        to.zip(message.as_bytes())
            .for_each(|(to, from)| *to = *from);
        self.step(Event::Answer(message.len))
    }

    /// Receives a message, and returns the code of the next request, unless it is in a record.
    pub(super) fn next(&mut self, message: &Message) -> Option<u8> {
        let action = self.answer(message);

        self.code_of(action)
    }

    fn code_of(&self, action: Result<Action, Error>) -> Option<u8> {
        match action {
            Ok(Action::Send { object_type, .. }) if object_type == ObjectType::CMA_SPDM => {
                self.buffer.get(1).copied()
            }
            _ => None,
        }
    }

    /// Returns the code of the request that begins with an event, in a record or not.
    pub(super) fn asked(&mut self, event: Event<'_>) -> Option<u8> {
        match self.step(event) {
            // The header of a record, the length of the message, its version.
            Ok(Action::Send { object_type, .. }) if object_type == ObjectType::SECURED_CMA_SPDM => {
                self.buffer.get(9).copied()
            }
            action => self.code_of(action),
        }
    }

    /// Does what comes before the device authenticates itself, up to the request for that.
    pub(super) fn identify(&mut self, flags: u16) -> Option<u8> {
        assert_eq!(self.asked(Event::Connect(Slot::FIRST)), Some(0x84));
        assert_eq!(self.next(&version()), Some(0xe1));
        assert_eq!(self.next(&capabilities(flags)), Some(0xe3));
        assert_eq!(self.next(&algorithms(flags)), Some(0x81));
        assert_eq!(self.next(&digests()), Some(0x82));
        self.next(&certificate(0))
    }

    /// Connects to a device with sessions.
    pub(super) fn connect(&mut self) {
        assert_eq!(self.identify(SESSIONS), Some(0xe4));
        let action = self.answer(&key_exchange());
        assert!(matches!(
            action,
            Ok(Action::Send { object_type, .. }) if object_type == ObjectType::SECURED_CMA_SPDM
        ));
        assert!(self.requester.session().is_none());
        assert_eq!(self.answer(&finish().sealed()), Ok(Action::Done));
        assert!(self.requester.session().is_some());
    }

    /// Connects to a device without sessions.
    pub(super) fn challenge(&mut self) {
        assert_eq!(self.identify(CHALLENGE), Some(0x83));
        assert!(self.requester.peer().is_none());
        assert_eq!(self.answer(&challenge(48)), Ok(Action::Done));
        assert!(self.requester.peer().is_some());
    }

    /// Asserts that none of these events is possible, and that none changes anything.
    pub(super) fn refuses(&mut self, events: &[Event<'_>]) {
        let before = (self.requester.peer().copied(), self.requester.session());

        for event in events {
            assert_eq!(self.step(*event), Err(Error::State));
            let after = (self.requester.peer().copied(), self.requester.session());
            assert!(before == after);
        }
    }

    pub(super) fn assert_lost(&self) {
        assert!(self.requester.is_lost());
        assert!(self.requester.peer().is_none() && self.requester.session().is_none());
    }
}
