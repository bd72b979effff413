// SPDX-License-Identifier: GPL-2.0

//! `transcript/`: what was signed.
//!
//! A verifier hashes the transcript, puts the context before that hash if it is not empty, and checks the
//! signature over that with the key of the leaf certificate.

use kernel::{
    prelude::*,
    str::CStr, //
};
use tsm_proto::spdm::{
    transcript::Part,
    SigningContext, //
};

use super::evidence::{
    no_data,
    Read,
    Show, //
};
use crate::evidence::{
    Bytes,
    Snapshot, //
};

/// What was signed.
#[derive(Clone, Copy)]
pub(super) enum Signed {
    /// The key exchange.
    Session,
    /// The answer to a challenge, where there is no session.
    Challenge,
    /// The measurements.
    Measurements,
}

impl Signed {
    pub(super) const ALL: [Self; 3] = [Self::Session, Self::Challenge, Self::Measurements];

    /// Returns the names of the transcript, its signature and the context.
    pub(super) fn names(self) -> [&'static CStr; 3] {
        match self {
            Self::Session => [c"session", c"session.sig", c"session.context"],
            Self::Challenge => [c"challenge", c"challenge.sig", c"challenge.context"],
            Self::Measurements => [
                c"measurements",
                c"measurements.sig",
                c"measurements.context",
            ],
        }
    }

    /// Returns what follows the negotiation in the transcript, and its signature. Both are there or none.
    fn parts(self, snapshot: &Snapshot) -> Result<(&Bytes, &Bytes)> {
        let (transcript, signature) = match self {
            Self::Session => (Part::Session, Part::SessionSignature),
            Self::Challenge => (Part::Challenge, Part::ChallengeSignature),
            Self::Measurements => (Part::Measurements, Part::MeasurementsSignature),
        };
        let transcript = snapshot.part(transcript).ok_or_else(no_data)?;
        let signature = snapshot.part(signature).ok_or_else(no_data)?;

        Ok((transcript, signature))
    }

    /// Returns what the transcript begins with.
    fn negotiation(self, snapshot: &Snapshot) -> Result<&[u8]> {
        let version = snapshot.peer().layout.version;

        match self {
            Self::Measurements if !version.measures_negotiation() => Ok(&[]),
            _ => Ok(snapshot
                .part(Part::Negotiation)
                .ok_or_else(no_data)?
                .as_slice()),
        }
    }

    fn context(self) -> SigningContext {
        match self {
            Self::Session => SigningContext::KeyExchange,
            Self::Challenge => SigningContext::Challenge,
            Self::Measurements => SigningContext::Measurements,
        }
    }
}

/// `transcript/<what>`.
pub(super) struct TranscriptFile(pub(super) Signed);

impl Show for TranscriptFile {
    fn show<'a>(&self, snapshot: &Snapshot, read: Read<'_, 'a>) -> Result<&'a [u8]> {
        let (transcript, _) = self.0.parts(snapshot)?;
        let negotiation = self.0.negotiation(snapshot)?;

        read.bytes(transcript.serial(), [negotiation, transcript.as_slice()])
    }
}

/// `transcript/<what>.sig`.
pub(super) struct SignatureFile(pub(super) Signed);

impl Show for SignatureFile {
    fn show<'a>(&self, snapshot: &Snapshot, read: Read<'_, 'a>) -> Result<&'a [u8]> {
        let (_, signature) = self.0.parts(snapshot)?;

        read.bytes(signature.serial(), [signature.as_slice(), &[]])
    }
}

/// `transcript/<what>.context`: hashed before the hash of the transcript. Empty before SPDM 1.2.
pub(super) struct ContextFile(pub(super) Signed);

impl Show for ContextFile {
    fn show<'a>(&self, snapshot: &Snapshot, read: Read<'_, 'a>) -> Result<&'a [u8]> {
        let (transcript, _) = self.0.parts(snapshot)?;
        let version = snapshot.peer().layout.version;
        let prefix = version.signing_prefix(self.0.context());
        let bytes = prefix.bytes().map_or(&[][..], |bytes| bytes);

        read.bytes(transcript.serial(), [bytes, &[]])
    }
}
