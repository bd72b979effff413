// SPDX-License-Identifier: GPL-2.0

//! What a phase is given to handle a response.

use super::Config;
use crate::spdm::{
    chain::Chain,
    key_exchange::SessionId,
    key_schedule::Keys,
    transcript::{
        Evidence,
        Part,
        Signer, //
    },
    Digest,
    Layout,
    Padding,
    Request,
    Result,
    SigningContext,
    Suite, //
};

use super::Peer;

/// A response, the request it answers, and what else changes with it.
pub(super) struct Link<'a, S: Suite, E: Evidence> {
    pub(super) suite: &'a S,
    pub(super) config: &'a Config,
    pub(super) keys: &'a mut Keys,
    pub(super) session: &'a mut Option<SessionId>,
    pub(super) evidence: &'a mut E,
    pub(super) request: &'a [u8],
    pub(super) response: &'a [u8],
    pub(super) padding: Padding,
}

impl<'a, S: Suite, E: Evidence> Link<'a, S, E> {
    /// Parses the response to `request`.
    pub(super) fn parse<R: Request>(
        &self,
        request: &R,
        layout: &Layout,
    ) -> Result<(R::Response<'a>, &'a [u8])> {
        request.parse(layout, self.response, self.padding)
    }

    /// Appends the request and the response, without padding, to the negotiation.
    pub(super) fn negotiated(&mut self, response: &[u8]) -> Result {
        self.evidence.append(Part::Negotiation, self.request)?;
        self.evidence.append(Part::Negotiation, response)
    }

    /// Verifies a signature by the leaf certificate of the connection.
    pub(super) fn verify(
        &self,
        peer: &Peer,
        context: SigningContext,
        transcript: &Digest,
        signature: &[u8],
    ) -> Result {
        let chain = self.evidence.get(Part::Chain(peer.slot));
        let chain = Chain::parse(peer.layout.hash, chain)?;
        let signer = Signer {
            version: peer.layout.version,
            hash: peer.hash,
            scheme: peer.scheme,
            leaf: chain.leaf(),
        };

        signer.verify(self.suite, context, transcript, signature)
    }
}
