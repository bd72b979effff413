// SPDX-License-Identifier: GPL-2.0

//! Making a session.

use super::{
    link::Link,
    peer::Sessions,
    phase::{
        Next,
        Phase, //
    },
    Peer, //
};
use crate::spdm::{
    finish::Finish,
    key_exchange::{
        KeyExchange,
        KeyExchangeRsp,
        SessionId, //
    },
    key_schedule::Keys,
    opaque::{
        self,
        SecuredVersion, //
    },
    transcript::{
        Evidence,
        Part,
        Transcript, //
    },
    Error,
    Nonce,
    Request,
    Result,
    Secret,
    SigningContext,
    Suite, //
};

/// The versions of secured messages that are offered.
const SECURED_VERSIONS: [SecuredVersion; 2] = [SecuredVersion::V1_1, SecuredVersion::V1_2];
/// The requester's half of the session ID. There is one session, so it may be any.
const SESSION: u16 = 0xffff;
/// Bytes of the longest public key that is offered, of P-384.
const MAX_KEY: usize = 96;

/// Asks for the responder's half of the keys.
pub(super) struct AskKeys<S: Suite> {
    peer: Peer,
    sessions: Sessions,
    random: Nonce,
    own: S::Ephemeral,
    public: [u8; MAX_KEY],
}

impl<S: Suite> AskKeys<S> {
    pub(super) fn new(peer: Peer, sessions: Sessions, suite: &S) -> Result<Self> {
        let mut public = [0; MAX_KEY];
        let key = public
            .get_mut(..peer.layout.exchange)
            .ok_or(Error::NotOffered)?;
        let own = suite.generate(sessions.dhe, key)?;

        Ok(Self {
            peer,
            sessions,
            random: suite.nonce(),
            own,
            public,
        })
    }

    fn request(&self) -> KeyExchange<'_> {
        let public_key = self.public.get(..self.peer.layout.exchange);

        KeyExchange {
            slot: self.peer.slot,
            summary: self.peer.summary(),
            session_id: SESSION,
            random: self.random,
            public_key: public_key.unwrap_or_default(),
            secured_versions: &SECURED_VERSIONS,
        }
    }

    pub(super) fn write(&self, buffer: &mut [u8]) -> Result<usize> {
        self.request().encode(&self.peer.layout, buffer)
    }

    /// Checks that the responder uses only what was offered.
    fn check(&self, answer: &KeyExchangeRsp<'_>) -> Result<SessionId> {
        if answer.mutual != 0 || answer.heartbeat != 0 {
            return Err(Error::NotNegotiated);
        }
        // With the requester's own key, a responder would know no secret of its own.
        if self.public.get(..self.peer.layout.exchange) == Some(answer.public_key) {
            return Err(Error::PublicKey);
        }
        let selected = opaque::parse_selection(self.peer.layout.version, answer.opaque)?;
        match SECURED_VERSIONS.contains(&selected) {
            true => SessionId::new(SESSION, answer.session_id),
            false => Err(Error::Opaque),
        }
    }

    pub(super) fn handle(self, link: Link<'_, S, impl Evidence>) -> Result<Next<S>> {
        let Peer { layout, hash, .. } = self.peer;
        let (answer, _) = link.parse(&self.request(), &layout)?;
        let session = self.check(&answer)?;

        let part = Part::Session;
        let mut transcript = Transcript::after_negotiation(link.suite, hash, link.evidence, part);
        transcript.append(link.evidence, self.peer.chain.as_bytes())?;
        transcript.append(link.evidence, link.request)?;
        transcript.append(link.evidence, answer.signed)?;
        let (context, signed) = (SigningContext::KeyExchange, transcript.digest());
        link.verify(&self.peer, context, &signed, answer.signature)?;
        link.evidence.clear(Part::SessionSignature);
        let part = Part::SessionSignature;
        link.evidence.append(part, answer.signature)?;
        transcript.append_unsigned(answer.signature);

        let th1 = transcript.digest();
        // A secret of the curves that are offered is X, half of a point.
        let mut shared = Secret::empty();
        let secret = shared.reset(layout.exchange / 2);
        link.suite.agree(&self.own, answer.public_key, secret)?;
        let schedule = self.sessions.schedule;
        link.keys
            .derive_handshake(link.suite, &schedule, &shared, &th1)?;
        link.keys
            .check_responder(link.suite, hash, &th1, answer.verify_data)?;
        transcript.append_unsigned(answer.verify_data);
        *link.session = Some(session);
        Ok(Next::Ask(Phase::Finish(SendFinish {
            peer: self.peer,
            sessions: self.sessions,
            transcript,
        })))
    }
}

/// Proves that the requester has the keys.
pub(super) struct SendFinish<S: Suite> {
    peer: Peer,
    sessions: Sessions,
    transcript: Transcript<S>,
}

impl<S: Suite> SendFinish<S> {
    pub(super) fn write(&mut self, suite: &S, keys: &Keys, buffer: &mut [u8]) -> Result<usize> {
        let len = Finish.encode(&self.peer.layout, buffer)?;
        let request = buffer.get(..len).ok_or(Error::TooLarge)?;

        self.transcript.append_unsigned(request);
        let th = self.transcript.digest();
        let verify_data = keys.requester_verify_data(suite, self.peer.hash, &th)?;
        self.transcript.append_unsigned(verify_data.as_bytes());
        Finish::append(buffer, len, verify_data.as_bytes())
    }

    pub(super) fn handle(mut self, link: Link<'_, S, impl Evidence>) -> Result<Next<S>> {
        let ((), response) = link.parse(&Finish, &self.peer.layout)?;

        self.transcript.append_unsigned(response);
        let th2 = self.transcript.digest();
        let schedule = self.sessions.schedule;
        link.keys.derive_application(link.suite, &schedule, &th2)?;
        Ok(Next::Ready(self.peer))
    }
}
