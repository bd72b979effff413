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
        Signer,
        Transcript, //
    },
    Digest,
    Error,
    HashAlgorithm,
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
    /// The transcript of what is going on, where there is one.
    pub(super) transcript: &'a mut Option<Transcript<S>>,
    pub(super) evidence: &'a mut E,
    pub(super) request: &'a [u8],
    pub(super) response: &'a [u8],
    pub(super) padding: Padding,
    /// Whether ResponseNotReady came before the response.
    pub(super) is_accepted: bool,
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

    /// Starts a transcript with the negotiation.
    pub(super) fn start(&mut self, hash: HashAlgorithm, part: Part) {
        let transcript = Transcript::after_negotiation(self.suite, hash, self.evidence, part);

        *self.transcript = Some(transcript);
    }

    /// Starts a transcript of measurements.
    pub(super) fn start_measurements(&mut self, peer: &Peer) {
        let version = peer.layout.version;
        let transcript = Transcript::of_measurements(self.suite, version, peer.hash, self.evidence);

        *self.transcript = Some(transcript);
    }

    /// Returns the transcript.
    fn running(&mut self) -> Result<&mut Transcript<S>> {
        self.transcript.as_mut().ok_or(Error::State)
    }

    /// Appends `bytes` to the transcript and to the evidence.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result {
        let transcript = self.transcript.as_mut().ok_or(Error::State)?;

        transcript.append(self.evidence, bytes)
    }

    /// Appends `bytes` to the transcript alone.
    pub(super) fn append_unsigned(&mut self, bytes: &[u8]) -> Result {
        self.running()?.append_unsigned(bytes);
        Ok(())
    }

    /// Returns the digest of the transcript so far.
    #[inline(never)]
    pub(super) fn digest(&mut self) -> Result<Digest> {
        Ok(self.running()?.digest())
    }

    /// Verifies a signature by the leaf certificate of the connection.
    #[inline(never)]
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
