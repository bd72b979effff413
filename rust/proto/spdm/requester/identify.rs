// SPDX-License-Identifier: GPL-2.0

//! Digests and certificates.

use super::{
    challenge::AskChallenge,
    exchange::AskKeys,
    link::Link,
    phase::{
        Next,
        Phase, //
    },
    Peer, //
};
use crate::spdm::{
    capabilities::Capabilities,
    certificate::GetCertificate,
    chain::Chain,
    digests::GetDigests,
    transcript::{
        check_chain,
        digest,
        Evidence,
        Part, //
    },
    Digest,
    Error,
    Request,
    Result,
    Slot,
    Suite, //
};

/// Why a chain is read.
#[derive(Clone, Copy)]
enum Goal {
    /// To make a session.
    Session,
    /// To authenticate without a session; with the transcript M1.
    Challenge,
    /// Because the user wants it.
    Read,
}

impl Goal {
    /// Appends an exchange to M1.
    fn append(self, link: &mut Link<'_, impl Suite, impl Evidence>, response: &[u8]) -> Result {
        match self {
            Self::Challenge => {
                link.append(link.request)?;
                link.append(response)
            }
            _ => Ok(()),
        }
    }

    /// Gives up on the chain in a slot: with the connection, unless only the user wanted the chain. The
    /// connection can't do without that of the peer.
    fn refused<S: Suite>(
        self,
        peer: Peer,
        slot: Slot,
        link: &mut Link<'_, S, impl Evidence>,
        err: Error,
    ) -> Result<Next<S>> {
        let is_refusal = err.is_refusal(link.session.is_some());

        if !matches!(self, Self::Read) || slot == peer.slot || !is_refusal {
            return Err(err);
        }
        link.evidence.clear(Part::Chain(slot));
        Ok(Next::Refused(peer, err))
    }
}

/// Asks for the digests of the chains.
pub(super) struct AskDigests {
    peer: Peer,
    slot: Slot,
    goal: Goal,
}

impl AskDigests {
    /// Goes on after the negotiation.
    pub(super) fn connect<S: Suite>(peer: Peer, link: &mut Link<'_, S, impl Evidence>) -> Self {
        let goal = match peer.sessions {
            Some(_) => Goal::Session,
            None => Goal::Challenge,
        };
        if matches!(goal, Goal::Challenge) {
            link.start(peer.hash, Part::Challenge);
        }

        Self {
            slot: peer.slot,
            peer,
            goal,
        }
    }

    /// Reads the chain in a slot.
    pub(super) const fn read(peer: Peer, slot: Slot) -> Self {
        Self {
            peer,
            slot,
            goal: Goal::Read,
        }
    }

    pub(super) fn write(&self, buffer: &mut [u8]) -> Result<usize> {
        GetDigests.encode(&self.peer.layout, buffer)
    }

    #[inline(never)]
    pub(super) fn handle<S: Suite>(
        &mut self,
        link: &mut Link<'_, S, impl Evidence>,
    ) -> Result<Next<S>> {
        let parsed = link.parse(&GetDigests, &self.peer.layout);
        let found = parsed.and_then(|(digests, response)| {
            let expected = digests.get(self.slot).ok_or(Error::EmptySlot)?;
            Ok((digests.slots(), Digest::new(expected)?, response))
        });
        let (slots, expected, response) = match found {
            Err(err) => return self.goal.refused(self.peer, self.slot, link, err),
            Ok(found) => found,
        };
        if !matches!(self.goal, Goal::Read) {
            self.peer.slots = slots;
        }

        // Later signatures are verified with this chain, so it has to stay the one that authenticated.
        if matches!(self.goal, Goal::Read) && self.slot == self.peer.slot {
            check_chain(expected.as_bytes(), &self.peer.chain)?;
        }

        self.goal.append(link, response)?;
        link.evidence.clear(Part::Chain(self.slot));
        Ok(Next::Ask(Phase::Certificate(AskCertificate {
            request: GetCertificate {
                slot: self.slot,
                offset: 0,
                length: link.config.transfer_size.saturating_sub(CERTIFICATE_HEADER),
            },
            peer: self.peer,
            expected,
            total: None,
            goal: self.goal,
        })))
    }
}

/// Bytes of CERTIFICATE before the portion; the form of 1.4 has 16.
const CERTIFICATE_HEADER: u16 = 16;

/// Bytes that a portion has at least, unless it is the last one: those in the shortest message that each
/// responder can send. A chain takes no more than 2,521 of them.
const MIN_PORTION: usize = Capabilities::MIN_TRANSFER as usize - CERTIFICATE_HEADER as usize;

/// Asks for a portion of a chain.
pub(super) struct AskCertificate {
    peer: Peer,
    request: GetCertificate,
    expected: Digest,
    total: Option<u16>,
    goal: Goal,
}

impl AskCertificate {
    pub(super) fn write(&self, buffer: &mut [u8]) -> Result<usize> {
        self.request.encode(&self.peer.layout, buffer)
    }

    #[inline(never)]
    pub(super) fn handle<S: Suite>(
        &self,
        link: &mut Link<'_, S, impl Evidence>,
    ) -> Result<Next<S>> {
        let (portion, response) = match link.parse(&self.request, &self.peer.layout) {
            Err(err) => {
                let slot = self.request.slot;
                return self.goal.refused(self.peer, slot, link, err);
            }
            Ok(parsed) => parsed,
        };
        let total = match self.total {
            Some(total) => total,
            None => self.request.total(&portion)?,
        };
        let next = self.request.next(&portion, total)?;
        if next.is_some() && portion.bytes.len() < MIN_PORTION {
            return Err(Error::Portion);
        }

        self.goal.append(link, response)?;
        let part = Part::Chain(self.request.slot);
        link.evidence.append(part, portion.bytes)?;
        match next {
            None => self.complete(link),
            Some(request) => Ok(Next::Ask(Phase::Certificate(Self {
                request,
                total: Some(total),
                ..*self
            }))),
        }
    }

    /// Checks the chain and goes on.
    #[inline(never)]
    fn complete<S: Suite>(&self, link: &mut Link<'_, S, impl Evidence>) -> Result<Next<S>> {
        let mut peer = self.peer;
        let chain = link.evidence.get(Part::Chain(self.request.slot));
        let found = digest(link.suite, peer.hash, chain);
        check_chain(self.expected.as_bytes(), &found)?;
        Chain::parse(peer.layout.hash, chain)?;

        if !matches!(self.goal, Goal::Read) {
            peer.chain = found;
        }
        match (self.goal, peer.sessions) {
            (Goal::Session, Some(sessions)) => {
                Ok(Next::Ask(Phase::Keys(AskKeys::new(peer, sessions))))
            }
            (Goal::Challenge, _) => {
                let phase = AskChallenge::new(peer, link.suite);
                Ok(Next::Ask(Phase::Challenge(phase)))
            }
            _ => Ok(Next::Ready(peer)),
        }
    }
}
