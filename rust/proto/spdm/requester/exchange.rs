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
    /// The key, from when the request is written.
    own: Option<S::Ephemeral>,
}

impl<S: Suite> AskKeys<S> {
    pub(super) const fn new(peer: Peer, sessions: Sessions) -> Self {
        Self {
            peer,
            sessions,
            own: None,
        }
    }

    fn request<'a>(&self, random: Nonce, public_key: &'a [u8]) -> KeyExchange<'a> {
        KeyExchange {
            slot: self.peer.slot,
            summary: self.peer.summary(),
            session_id: SESSION,
            random,
            public_key,
            secured_versions: &SECURED_VERSIONS,
        }
    }

    #[inline(never)]
    pub(super) fn write(&mut self, suite: &S, buffer: &mut [u8]) -> Result<usize> {
        let mut public = [0; MAX_KEY];
        let public = public
            .get_mut(..self.peer.layout.exchange)
            .ok_or(Error::NotOffered)?;

        self.own = Some(suite.generate(self.sessions.dhe, public)?);
        self.request(suite.nonce(), public)
            .encode(&self.peer.layout, buffer)
    }

    /// Checks that the responder uses only what was offered.
    fn check(&self, public: &[u8], answer: &KeyExchangeRsp<'_>) -> Result<SessionId> {
        if answer.mutual != 0 || answer.heartbeat != 0 {
            return Err(Error::NotNegotiated);
        }
        // With the requester's own key, a responder would know no secret of its own.
        if public == answer.public_key {
            return Err(Error::PublicKey);
        }
        let selected = opaque::parse_selection(self.peer.layout.version, answer.opaque)?;
        match SECURED_VERSIONS.contains(&selected) {
            true => SessionId::new(SESSION, answer.session_id),
            false => Err(Error::Opaque),
        }
    }

    #[inline(never)]
    pub(super) fn handle(&self, link: &mut Link<'_, S, impl Evidence>) -> Result<Next<S>> {
        let Peer { layout, hash, .. } = self.peer;
        let public = KeyExchange::public_key(link.request, &layout)?;
        let (answer, _) = link.parse(&self.request([0; 32], public), &layout)?;
        let session = self.check(public, &answer)?;

        link.start(hash, Part::Session);
        link.append(self.peer.chain.as_bytes())?;
        link.append(link.request)?;
        link.append(answer.signed)?;
        let (context, signed) = (SigningContext::KeyExchange, link.digest()?);
        link.verify(&self.peer, context, &signed, answer.signature)?;
        link.evidence.clear(Part::SessionSignature);
        let part = Part::SessionSignature;
        link.evidence.append(part, answer.signature)?;
        link.append_unsigned(answer.signature)?;
        self.derive(link, &answer)?;
        link.append_unsigned(answer.verify_data)?;
        *link.session = Some(session);
        Ok(Next::Ask(Phase::Finish(SendFinish {
            peer: self.peer,
            sessions: self.sessions,
        })))
    }

    /// Derives the keys, and checks that the responder has them.
    #[inline(never)]
    fn derive(&self, link: &mut Link<'_, S, impl Evidence>, answer: &KeyExchangeRsp<'_>) -> Result {
        let Peer { layout, hash, .. } = self.peer;
        let own = self.own.as_ref().ok_or(Error::State)?;
        let th1 = link.digest()?;
        // A secret of the curves that are offered is X, half of a point.
        let mut shared = Secret::empty();
        let secret = shared.reset(layout.exchange / 2);
        link.suite.agree(own, answer.public_key, secret)?;
        let schedule = self.sessions.schedule;
        link.keys
            .derive_handshake(link.suite, &schedule, &shared, &th1)?;
        link.keys
            .check_responder(link.suite, hash, &th1, answer.verify_data)
    }
}

/// Proves that the requester has the keys.
pub(super) struct SendFinish {
    peer: Peer,
    sessions: Sessions,
}

impl SendFinish {
    #[inline(never)]
    pub(super) fn write<S: Suite>(
        &self,
        suite: &S,
        keys: &Keys,
        transcript: &mut Option<Transcript<S>>,
        buffer: &mut [u8],
    ) -> Result<usize> {
        let transcript = transcript.as_mut().ok_or(Error::State)?;
        let len = Finish.encode(&self.peer.layout, buffer)?;
        let request = buffer.get(..len).ok_or(Error::TooLarge)?;

        transcript.append_unsigned(request);
        let th = transcript.digest();
        let verify_data = keys.requester_verify_data(suite, self.peer.hash, &th)?;
        transcript.append_unsigned(verify_data.as_bytes());
        Finish::append(buffer, len, verify_data.as_bytes())
    }

    #[inline(never)]
    pub(super) fn handle<S: Suite>(
        &self,
        link: &mut Link<'_, S, impl Evidence>,
    ) -> Result<Next<S>> {
        let ((), response) = link.parse(&Finish, &self.peer.layout)?;

        link.append_unsigned(response)?;
        let th2 = link.digest()?;
        let schedule = self.sessions.schedule;
        link.keys.derive_application(link.suite, &schedule, &th2)?;
        Ok(Next::Ready(self.peer))
    }
}
