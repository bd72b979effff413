// SPDX-License-Identifier: GPL-2.0

//! Measurements.

use super::{
    link::Link,
    phase::Next,
    Peer, //
};
use crate::spdm::{
    measurements::{
        GetMeasurements,
        Operation,
        Signing, //
    },
    transcript::{
        Evidence,
        Part,
        Transcript, //
    },
    Nonce,
    Request,
    Result,
    SigningContext,
    Suite, //
};

/// Asks for all measurements, signed where the device signs.
pub(super) struct AskMeasurements {
    peer: Peer,
    request: GetMeasurements,
}

impl AskMeasurements {
    pub(super) fn new(peer: Peer, nonce: Nonce) -> Self {
        let signing = Signing {
            nonce,
            slot: peer.slot,
        };

        Self {
            request: GetMeasurements {
                operation: Operation::All,
                raw: false,
                signing: peer.signs_measurements().then_some(signing),
                context: [0; 8],
            },
            peer,
        }
    }

    pub(super) fn write(&self, buffer: &mut [u8]) -> Result<usize> {
        self.request.encode(&self.peer.layout, buffer)
    }

    pub(super) fn handle<S: Suite>(self, link: Link<'_, S, impl Evidence>) -> Result<Next<S>> {
        let Peer { layout, hash, .. } = self.peer;
        let (answer, _) = link.parse(&self.request, &layout)?;

        let mut transcript =
            Transcript::of_measurements(link.suite, layout.version, hash, link.evidence);
        transcript.append(link.evidence, link.request)?;
        transcript.append(link.evidence, answer.signed)?;
        link.evidence.clear(Part::MeasurementsSignature);
        if let Some(signature) = answer.signature {
            let (context, signed) = (SigningContext::Measurements, transcript.digest());
            link.verify(&self.peer, context, &signed, signature)?;
            let part = Part::MeasurementsSignature;
            link.evidence.append(part, signature)?;
        }
        link.evidence.clear(Part::Record);
        link.evidence
            .append(Part::Record, answer.record.as_bytes())?;
        Ok(Next::Ready(self.peer))
    }
}
