// SPDX-License-Identifier: GPL-2.0

//! Measurements: all in one response or, where that is too large, one after the other.
//!
//! An ERROR makes the responder start L1 anew, so that blocks before it are in no signature. Which indices there
//! are is known only after each was tried; if one was refused, the others are therefore read once more.

use super::{
    link::Link,
    phase::{
        Next,
        Phase, //
    },
    Peer, //
};
use crate::spdm::{
    measurements::{
        GetMeasurements,
        Index,
        Indices,
        Measurements,
        Operation,
        Signing, //
    },
    transcript::{
        Evidence,
        Part, //
    },
    Error,
    ErrorCode,
    Nonce,
    Request,
    Result,
    SigningContext,
    Suite, //
};

/// Blocks that are read one by one.
#[derive(Debug, Clone, Copy)]
struct Walk {
    /// Blocks that there are.
    total: u8,
    /// Blocks of these that did not come yet.
    left: u8,
    /// The block that is asked for.
    index: Index,
    /// Blocks that may be there.
    wanted: Indices,
    /// Blocks that came.
    found: Indices,
    /// Whether L1 lacks some of them.
    has_gap: bool,
}

impl Walk {
    /// Starts with the first block of `wanted`.
    fn new(total: u8, wanted: Indices) -> Result<Self> {
        let first = wanted.from(Index::FIRST).filter(|_| total > 0);

        Ok(Self {
            total,
            left: total,
            index: first.ok_or(Error::MeasurementCount)?,
            wanted,
            found: Indices::NONE,
            has_gap: false,
        })
    }

    /// Goes on with the next block.
    fn advance(&mut self) -> Result {
        let next = self.index.next();
        let next = next.and_then(|next| self.wanted.from(next));

        self.index = next.ok_or(Error::MeasurementCount)?;
        Ok(())
    }

    /// Tells whether the block is the last one, which has the signature over all.
    const fn is_last(&self) -> bool {
        self.left == 1 && !self.has_gap
    }
}

/// How measurements are asked for.
#[derive(Debug, Clone, Copy)]
enum Plan {
    /// All at once.
    All,
    /// First their number.
    Count,
    /// One by one.
    Walk(Walk),
}

/// Asks for measurements, signed where the device signs.
#[derive(Clone, Copy)]
pub(super) struct AskMeasurements {
    peer: Peer,
    nonce: Nonce,
    plan: Plan,
}

impl AskMeasurements {
    pub(super) fn new(peer: Peer, nonce: Nonce, evidence: &mut impl Evidence) -> Self {
        evidence.clear(Part::MeasurementsSignature);
        evidence.clear(Part::Record);
        Self {
            peer,
            nonce,
            plan: Plan::All,
        }
    }

    fn request(&self) -> GetMeasurements {
        let (operation, is_signed) = match self.plan {
            Plan::All => (Operation::All, true),
            Plan::Count => (Operation::Count, false),
            Plan::Walk(walk) => (Operation::One(walk.index), walk.is_last()),
        };
        let signing = Signing {
            nonce: self.nonce,
            slot: self.peer.slot,
        };

        GetMeasurements {
            operation,
            raw: false,
            signing: (is_signed && self.peer.signs_measurements()).then_some(signing),
            context: [0; 8],
        }
    }

    pub(super) fn write(&self, buffer: &mut [u8]) -> Result<usize> {
        self.request().encode(&self.peer.layout, buffer)
    }

    #[inline(never)]
    pub(super) fn handle<S: Suite>(
        &mut self,
        link: &mut Link<'_, S, impl Evidence>,
    ) -> Result<Next<S>> {
        match link.parse(&self.request(), &self.peer.layout) {
            Ok((answer, _)) => self.answered(link, &answer),
            Err(err) => match self.refused(link, &err)? {
                true => Ok(Next::Ask(Phase::Measurements(*self))),
                false => Ok(Next::Refused(self.peer, err)),
            },
        }
    }

    /// Goes on after an error, and tells whether there is something else to ask.
    fn refused(
        &mut self,
        link: &mut Link<'_, impl Suite, impl Evidence>,
        err: &Error,
    ) -> Result<bool> {
        let code = match err {
            Error::Peer(response) if response.is_refusal(link.session.is_some()) => response.code,
            _ => return Err(*err),
        };
        link.start_measurements(&self.peer);

        match (&mut self.plan, code) {
            (Plan::All, ErrorCode::RESPONSE_TOO_LARGE) => self.plan = Plan::Count,
            (Plan::Walk(walk), ErrorCode::INVALID_REQUEST) if walk.wanted == Indices::ALL => {
                walk.has_gap = true;
                walk.advance()?;
            }
            _ => {
                link.evidence.clear(Part::Record);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Goes on after an answer.
    fn answered<S: Suite>(
        &mut self,
        link: &mut Link<'_, S, impl Evidence>,
        answer: &Measurements<'_>,
    ) -> Result<Next<S>> {
        if matches!(self.plan, Plan::All) {
            link.start_measurements(&self.peer);
        }
        link.append(link.request)?;
        link.append(answer.signed)?;
        link.evidence
            .append(Part::Record, answer.record.as_bytes())?;
        match &mut self.plan {
            Plan::All => return self.complete(link, answer.signature),
            Plan::Count => self.plan = Plan::Walk(Walk::new(answer.total, Indices::ALL)?),
            Plan::Walk(walk) => {
                walk.found.insert(walk.index);
                // OVERFLOW: A walk ends with its last block.
                walk.left -= 1;
                match (walk.left, walk.has_gap) {
                    (0, false) => return self.complete(link, answer.signature),
                    // What came after the last gap stays in L1.
                    (0, true) => {
                        *walk = Walk::new(walk.total, walk.found)?;
                        link.evidence.clear(Part::Record);
                    }
                    _ => walk.advance()?,
                }
            }
        }
        Ok(Next::Ask(Phase::Measurements(*self)))
    }

    /// Verifies the signature, where there is one.
    fn complete<S: Suite>(
        &self,
        link: &mut Link<'_, S, impl Evidence>,
        signature: Option<&[u8]>,
    ) -> Result<Next<S>> {
        if let Some(signature) = signature {
            let (context, signed) = (SigningContext::Measurements, link.digest()?);
            link.verify(&self.peer, context, &signed, signature)?;
            let part = Part::MeasurementsSignature;
            link.evidence.append(part, signature)?;
        }
        Ok(Next::Ready(self.peer))
    }
}
