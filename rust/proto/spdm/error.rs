// SPDX-License-Identifier: GPL-2.0

//! What a responder can do wrong.

use super::{
    error_response::ErrorResponse,
    header::Code, //
};

/// Why a message was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The message ends before one of its fields.
    Truncated,
    /// Bytes follow the last field, more than padding can be.
    Trailing,
    /// The buffer has no room for the message, or a field no room for the value.
    TooLarge,
    /// The header has another version than was negotiated.
    MessageVersion(u8),
    /// The message is no answer to the request.
    UnexpectedCode(Code),
    /// The responder answered with ERROR.
    Peer(ErrorResponse),
    /// The responder answered with ResponseNotReady and later with ERROR: it may have done what was asked for.
    Withdrawn(ErrorResponse),
    /// The responder answers Busy or ResponseNotReady for longer than the limit.
    NotReady,
    /// Both sides have no version in common, or the version lacks what is asked for.
    NoCommonVersion,
    /// The responder can do neither sessions nor challenges, has no certificates, or no measurements that
    /// anything authenticates.
    Incapable,
    /// A size of CAPABILITIES is out of range.
    Capabilities,
    /// A field has a value that the specification reserves.
    Reserved,
    /// The responder selected no algorithm where one is needed, or the crypto library of this side lacks it.
    NoAlgorithm,
    /// A selected algorithm is not exactly one of those that were offered.
    NotOffered,
    /// A table of ALGORITHMS is out of order, there twice or has external algorithms.
    AlgorithmTable,
    /// The responder uses a feature that the requester did not offer.
    NotNegotiated,
    /// There are no slots of numbers above 7.
    NoSuchSlot,
    /// The slot has no certificate chain.
    EmptySlot,
    /// The answer is about another slot, session or context than the request.
    Mismatch,
    /// A portion is empty, longer than asked for, or the remainder does not shrink by it.
    Portion,
    /// The digest of the chain is not the one of DIGESTS.
    ChainDigest,
    /// The header of the chain or the lengths of its certificates are wrong.
    Chain,
    /// A measurement block is malformed, out of range or there twice.
    MeasurementBlock,
    /// The measurement record has another number of blocks than announced.
    MeasurementCount,
    /// The opaque data is malformed, or lacks the selected version of secured messages.
    Opaque,
    /// The certificate of the responder can't be read.
    Certificate,
    /// The signature does not verify, or the key of the certificate is not one of the negotiated scheme.
    Signature,
    /// The public key of the responder is no valid point, or is that of the requester.
    PublicKey,
    /// ResponderVerifyData is wrong.
    VerifyData,
    /// The session ID is reserved.
    SessionId,
    /// The record belongs to another session.
    OtherSession,
    /// A length within the record is wrong.
    Record,
    /// The record does not authenticate.
    Mac,
    /// No sequence numbers are left, or no keys; the session has to end.
    SequenceEnd,
    /// The event is not possible in this state.
    State,
    /// This side has no memory left.
    NoMemory,
    /// The crypto library of this side failed.
    Crypto,
}

impl Error {
    /// Tells whether the responder only refuses what was asked for, so that the connection can stay.
    pub const fn is_refusal(&self, has_session: bool) -> bool {
        match self {
            Self::EmptySlot => true,
            Self::Peer(response) | Self::Withdrawn(response) => response.is_refusal(has_session),
            _ => false,
        }
    }
}

/// A [`core::result::Result`] with the [`Error`] of this protocol.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;
