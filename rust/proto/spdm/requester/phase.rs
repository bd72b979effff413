// SPDX-License-Identifier: GPL-2.0

//! Phases of a connection: each has one open request.

use core::ops::Range;

use super::{
    challenge::AskChallenge,
    exchange::{
        AskKeys,
        SendFinish, //
    },
    identify::{
        AskCertificate,
        AskDigests, //
    },
    link::Link,
    measure::AskMeasurements,
    negotiate::{
        AskAlgorithms,
        AskCapabilities,
        AskVersion, //
    },
    vendor::AskVendor,
    Config,
    Peer, //
};
use crate::spdm::{
    end_session::EndSession,
    key_schedule::Keys,
    transcript::{
        Evidence,
        Transcript, //
    },
    Error,
    Request,
    Result,
    Suite, //
};

/// A phase.
pub(super) enum Phase<S: Suite> {
    Version(AskVersion),
    Capabilities(AskCapabilities),
    Algorithms(AskAlgorithms),
    Digests(AskDigests),
    Certificate(AskCertificate),
    Challenge(AskChallenge),
    Keys(AskKeys<S>),
    Finish(SendFinish),
    Measurements(AskMeasurements),
    Vendor(AskVendor),
    End(Peer),
}

/// What follows a phase.
pub(super) enum Next<S: Suite> {
    /// Another phase.
    Ask(Phase<S>),
    /// The user.
    Ready(Peer),
    /// The user, with these bytes of the response.
    Payload(Peer, Range<usize>),
    /// The user, because the responder refuses what the user wants.
    Refused(Peer, Error),
    /// Nothing: the session ended.
    Ended,
}

impl<S: Suite> Phase<S> {
    /// Writes the request and returns its length.
    pub(super) fn write(
        &mut self,
        suite: &S,
        config: &Config,
        keys: &Keys,
        transcript: &mut Option<Transcript<S>>,
        buffer: &mut [u8],
    ) -> Result<usize> {
        match self {
            Self::Version(phase) => phase.write(buffer),
            Self::Capabilities(phase) => phase.write(config, buffer),
            Self::Algorithms(phase) => phase.write(buffer),
            Self::Digests(phase) => phase.write(buffer),
            Self::Certificate(phase) => phase.write(buffer),
            Self::Challenge(phase) => phase.write(buffer),
            Self::Keys(phase) => phase.write(suite, buffer),
            Self::Finish(phase) => phase.write(suite, keys, transcript, buffer),
            Self::Measurements(phase) => phase.write(buffer),
            // The user has written it.
            Self::Vendor(_) => Err(Error::State),
            Self::End(peer) => EndSession.encode(&peer.layout, buffer),
        }
    }

    /// Handles the response.
    pub(super) fn handle(&mut self, link: &mut Link<'_, S, impl Evidence>) -> Result<Next<S>> {
        match self {
            Self::Version(phase) => phase.handle(link),
            Self::Capabilities(phase) => phase.handle(link),
            Self::Algorithms(phase) => phase.handle(link),
            Self::Digests(phase) => phase.handle(link),
            Self::Certificate(phase) => phase.handle(link),
            Self::Challenge(phase) => phase.handle(link),
            Self::Keys(phase) => phase.handle(link),
            Self::Finish(phase) => phase.handle(link),
            Self::Measurements(phase) => phase.handle(link),
            Self::Vendor(phase) => phase.handle(link),
            Self::End(peer) => link.parse(&EndSession, &peer.layout).map(|_| Next::Ended),
        }
    }
}
