// SPDX-License-Identifier: GPL-2.0

//! One session: DSP0274.

use super::{
    super::tdi::SessionNumber,
    key_schedule::{
        Handshake,
        Schedule, //
    },
    secured::Direction,
    transcript::Transcript, //
};

/// How far a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::device) enum Stage {
    /// Only FINISH is legal.
    Handshake,
    /// All requests of a session are.
    Application,
    /// The response to END_SESSION is the last record.
    Ending,
}

/// A session.
#[derive(Debug)]
pub(in crate::device) struct Session {
    /// Its ID: the requester's half is the lower one.
    pub(in crate::device) id: u32,
    /// Which one it is of all.
    pub(in crate::device) number: SessionNumber,
    /// How far it is.
    pub(in crate::device) stage: Stage,
    /// Measurements inside it.
    pub(in crate::device) transcript: Transcript,
    schedule: Schedule,
    encrypt: bool,
    handshake: Handshake,
    /// TH: all that the keys depend on.
    th: Vec<u8>,
    /// From the requester.
    incoming: Direction,
    /// To the requester.
    outgoing: Direction,
    /// A record that is sent again.
    replayed: Option<Vec<u8>>,
}

impl Session {
    /// Makes a session in its handshake. `th` is TH up to the signature of KEY_EXCHANGE_RSP, which
    /// is the end of TH1.
    pub(in crate::device) fn new(
        id: u32,
        schedule: Schedule,
        encrypt: bool,
        shared: &[u8],
        th: Vec<u8>,
        transcript: Transcript,
    ) -> Self {
        let handshake = schedule.handshake(shared, &schedule.hash.digest(&th));
        let direction =
            |secret: &[u8]| Direction::new(schedule.cipher, schedule.keys(secret), encrypt);

        Self {
            id,
            number: SessionNumber::default(),
            stage: Stage::Handshake,
            transcript,
            incoming: direction(&handshake.request),
            outgoing: direction(&handshake.response),
            replayed: None,
            schedule,
            encrypt,
            handshake,
            th,
        }
    }

    /// Makes `ResponderVerifyData`, which is in TH from here on.
    pub(in crate::device) fn verify_data(&mut self) -> Vec<u8> {
        let key = self.schedule.finished(&self.handshake.response);
        let data = self
            .schedule
            .hash
            .hmac(&key, &self.schedule.hash.digest(&self.th));

        self.th.extend_from_slice(&data);
        data
    }

    /// Checks FINISH, of which the last part is `RequesterVerifyData`.
    pub(in crate::device) fn verify(&mut self, finish: &[u8], data: &[u8]) -> bool {
        let key = self.schedule.finished(&self.handshake.request);

        self.th.extend_from_slice(finish);
        let expected = self
            .schedule
            .hash
            .hmac(&key, &self.schedule.hash.digest(&self.th));
        self.th.extend_from_slice(data);
        expected == data
    }

    /// Adds FINISH_RSP, which is the end of TH2.
    pub(in crate::device) fn finished(&mut self, response: &[u8]) {
        self.th.extend_from_slice(response);
        self.stage = Stage::Application;
    }

    /// Returns the message in a record.
    pub(in crate::device) fn open(&mut self, record: &[u8]) -> Option<Vec<u8>> {
        self.incoming.open(record)
    }

    /// Makes a record of a response. That of FINISH_RSP is the last one of the handshake.
    pub(in crate::device) fn seal(&mut self, response: &[u8], before: Stage) -> Vec<u8> {
        let record = self.outgoing.seal(self.id, response);

        if before == Stage::Handshake && self.stage == Stage::Application {
            self.change_keys();
        }
        record
    }

    /// Makes a record of a response, the same one for each after the first.
    pub(in crate::device) fn seal_again(&mut self, response: &[u8]) -> Vec<u8> {
        let record = self.outgoing.seal(self.id, response);

        self.replayed.get_or_insert(record).clone()
    }

    /// Makes a record that has the ID of another session.
    pub(in crate::device) fn seal_as(&mut self, id: u32, response: &[u8]) -> Vec<u8> {
        self.outgoing.seal(id, response)
    }

    /// Makes a record in which the length of the message is more than there is.
    pub(in crate::device) fn seal_longer(&mut self, response: &[u8]) -> Vec<u8> {
        let plain = [&[0xff, 0xff], response].concat();

        self.outgoing.seal_plain(self.id, &plain)
    }

    /// Goes on with the keys of the application phase.
    fn change_keys(&mut self) {
        let schedule = self.schedule;
        let th2 = schedule.hash.digest(&self.th);
        let secrets = schedule.application(&self.handshake, &th2);
        let direction =
            |secret: &[u8]| Direction::new(schedule.cipher, schedule.keys(secret), self.encrypt);

        (self.incoming, self.outgoing) =
            (direction(&secrets.request), direction(&secrets.response));
    }
}
