// SPDX-License-Identifier: GPL-2.0

//! Authentication without a session.

use super::{
    link::Link,
    phase::Next,
    Peer, //
};
use crate::spdm::{
    challenge::Challenge,
    transcript::{
        check_chain,
        Evidence,
        Part, //
    },
    Error,
    Request,
    Result,
    SigningContext,
    Suite, //
};

/// Asks for a signature over M1.
pub(super) struct AskChallenge {
    peer: Peer,
    request: Challenge,
}

impl AskChallenge {
    pub(super) fn new(peer: Peer, suite: &impl Suite) -> Self {
        let request = Challenge {
            slot: peer.slot,
            summary: peer.summary(),
            nonce: suite.nonce(),
            context: [0; 8],
        };

        Self { peer, request }
    }

    pub(super) fn write(&self, buffer: &mut [u8]) -> Result<usize> {
        self.request.encode(&self.peer.layout, buffer)
    }

    #[inline(never)]
    pub(super) fn handle<S: Suite>(
        &self,
        link: &mut Link<'_, S, impl Evidence>,
    ) -> Result<Next<S>> {
        let (auth, _) = link.parse(&self.request, &self.peer.layout)?;
        if auth.wants_mutual {
            return Err(Error::NotNegotiated);
        }
        check_chain(auth.chain_digest, &self.peer.chain)?;

        link.append(link.request)?;
        link.append(auth.signed)?;
        let (context, transcript) = (SigningContext::Challenge, link.digest()?);
        link.verify(&self.peer, context, &transcript, auth.signature)?;
        link.evidence.clear(Part::ChallengeSignature);
        let part = Part::ChallengeSignature;
        link.evidence.append(part, auth.signature)?;
        Ok(Next::Ready(self.peer))
    }
}
