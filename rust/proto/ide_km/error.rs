// SPDX-License-Identifier: GPL-2.0

//! What a device can do wrong.

use super::ObjectId;
use crate::{
    open_enum::open_enum,
    spdm, //
};

open_enum! {
    /// What KP_ACK says.
    pub struct Status(u8) {
        /// The keys were taken.
        SUCCESS = 0,
        /// The message is too short or too long.
        INCORRECT_LENGTH = 1,
        /// The device has no such port.
        UNSUPPORTED_PORT = 2,
        /// A field has a value that the device does not take.
        UNSUPPORTED_VALUE = 3,
        /// For no reason that is said.
        UNSPECIFIED = 4,
    }
}

/// Why a message was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// A field does not fit the message, or the message its buffer.
    Message(spdm::Error),
    /// The message is no answer to the request.
    UnexpectedObject(ObjectId),
    /// The answer is about another port, stream or keys than the request.
    Mismatch,
    /// The device has fewer ports than the one it speaks of.
    Port,
    /// The registers are no whole number of dwords, or others than the function shows.
    Registers,
    /// The stream is not secure although all of its keys are used.
    Insecure,
    /// The device did not take the keys.
    Refused(Status),
}

impl From<spdm::Error> for Error {
    fn from(err: spdm::Error) -> Self {
        Self::Message(err)
    }
}

/// A [`core::result::Result`] with the [`Error`] of this protocol.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;
