// SPDX-License-Identifier: GPL-2.0

//! Transcripts: the exact bytes that signatures and keys depend on. DSP0274 1.4, sections "Transcript and
//! transcript hash calculation rules" and "Signature generation".
//!
//! | transcript | begins with | goes on with |
//! |---|---|---|
//! | challenge (M1) | the negotiation | GET_DIGESTS to CHALLENGE_AUTH without its signature |
//! | session (TH) | the negotiation, the digest of the chain | KEY_EXCHANGE to FINISH |
//! | measurements (L1) | the negotiation, from 1.2 on | GET_MEASUREMENTS, MEASUREMENTS, without the signature |
//!
//! No padding and no ERROR is in a transcript, nor a request that an ERROR answered.

use super::{
    secret::is_equal,
    suite::{
        Hash,
        Signed, //
    },
    Digest,
    Error,
    HashAlgorithm,
    Result,
    SigningContext,
    Slot,
    Suite,
    Version, //
};

/// What a part of the evidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// GET_VERSION to ALGORITHMS, which other transcripts begin with ("VCA").
    Negotiation,
    /// The chain in a slot, with its header.
    Chain(Slot),
    /// What follows the negotiation in M1.
    Challenge,
    /// The signature of CHALLENGE_AUTH.
    ChallengeSignature,
    /// What follows the negotiation in TH, up to the signature.
    Session,
    /// The signature of KEY_EXCHANGE_RSP.
    SessionSignature,
    /// What follows the negotiation in L1.
    Measurements,
    /// The signature of MEASUREMENTS.
    MeasurementsSignature,
    /// The measurement blocks.
    Record,
}

/// Where evidence is kept, by the caller.
pub trait Evidence {
    /// Appends `bytes` to a part.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when a part is longer than its limit, [`Error::NoMemory`].
    fn append(&mut self, part: Part, bytes: &[u8]) -> Result;

    /// Drops a part.
    fn clear(&mut self, part: Part);

    /// Returns a part; empty if there is none.
    fn get(&self, part: Part) -> &[u8];
}

/// A transcript whose bytes also are evidence.
#[derive(Debug)]
pub struct Transcript<S: Suite> {
    hash: S::Hash,
    part: Part,
}

// Derived, it would ask for `S: Clone`.
impl<S: Suite> Clone for Transcript<S> {
    fn clone(&self) -> Self {
        Self {
            hash: self.hash.clone(),
            part: self.part,
        }
    }
}

impl<S: Suite> Transcript<S> {
    /// Starts a transcript with the negotiation.
    pub fn after_negotiation(
        suite: &S,
        algorithm: HashAlgorithm,
        evidence: &mut impl Evidence,
        part: Part,
    ) -> Self {
        let mut transcript = Self::empty(suite, algorithm, evidence, part);

        transcript.hash.update(evidence.get(Part::Negotiation));
        transcript
    }

    /// Starts a transcript of measurements.
    pub fn of_measurements(
        suite: &S,
        version: Version,
        algorithm: HashAlgorithm,
        evidence: &mut impl Evidence,
    ) -> Self {
        match version.measures_negotiation() {
            true => Self::after_negotiation(suite, algorithm, evidence, Part::Measurements),
            false => Self::empty(suite, algorithm, evidence, Part::Measurements),
        }
    }

    fn empty(
        suite: &S,
        algorithm: HashAlgorithm,
        evidence: &mut impl Evidence,
        part: Part,
    ) -> Self {
        evidence.clear(part);
        Self {
            hash: suite.hash(algorithm),
            part,
        }
    }

    /// Appends `bytes` to the transcript and to the evidence.
    ///
    /// # Errors
    ///
    /// Those of [`Evidence::append`].
    pub fn append(&mut self, evidence: &mut impl Evidence, bytes: &[u8]) -> Result {
        self.hash.update(bytes);
        evidence.append(self.part, bytes)
    }

    /// Appends `bytes` to the transcript alone: what comes after what was signed.
    pub fn append_unsigned(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    /// Returns the digest of what is there so far.
    pub fn digest(&self) -> Digest {
        self.hash.clone().finish()
    }
}

/// The key of the responder, and how it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signer<'a> {
    /// The version.
    pub version: Version,
    /// The hash.
    pub hash: HashAlgorithm,
    /// The scheme.
    pub scheme: super::algorithms::BaseAsym,
    /// The certificate of the responder, DER.
    pub leaf: &'a [u8],
}

impl Signer<'_> {
    /// Verifies a signature over the transcript with this digest.
    ///
    /// # Errors
    ///
    /// Those of [`Suite::verify`].
    pub fn verify<S: Suite>(
        &self,
        suite: &S,
        context: SigningContext,
        transcript: &Digest,
        signature: &[u8],
    ) -> Result {
        let prefix = self.version.signing_prefix(context);
        let digest = match prefix.bytes() {
            // The signature is over the transcript, which the digest is of.
            None => *transcript,
            Some(prefix) => {
                let mut hash = suite.hash(self.hash);

                hash.update(prefix);
                hash.update(transcript.as_bytes());
                hash.finish()
            }
        };

        suite.verify(
            &Signed {
                leaf: self.leaf,
                scheme: self.scheme,
                hash: self.hash,
                digest: &digest,
            },
            signature,
        )
    }
}

/// Returns the digest of `bytes`.
pub fn digest<S: Suite>(suite: &S, algorithm: HashAlgorithm, bytes: &[u8]) -> Digest {
    let mut hash = suite.hash(algorithm);

    hash.update(bytes);
    hash.finish()
}

/// Checks the digest of a chain against that of DIGESTS.
///
/// # Errors
///
/// [`Error::ChainDigest`] when it is another.
pub fn check_chain(expected: &[u8], actual: &Digest) -> Result {
    match is_equal(expected, actual.as_bytes()) {
        true => Ok(()),
        false => Err(Error::ChainDigest),
    }
}
