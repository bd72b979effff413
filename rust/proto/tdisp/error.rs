// SPDX-License-Identifier: GPL-2.0

//! What a device can do wrong, and TDISP_ERROR.

use super::{
    header::{
        FunctionId,
        MessageType, //
    },
    state::State, //
};
use crate::{
    open_enum::open_enum,
    spdm::{
        self,
        Reader, //
    }, //
};

open_enum! {
    /// Why the device refuses.
    pub struct ErrorCode(u32) {
        /// A field of the request is invalid.
        INVALID_REQUEST = 0x01,
        /// The device is busy; the same request may succeed later.
        BUSY = 0x03,
        /// The request is not possible in the state of the interface.
        INVALID_INTERFACE_STATE = 0x04,
        /// Another reason.
        UNSPECIFIED = 0x05,
        /// The device does not know the request.
        UNSUPPORTED_REQUEST = 0x07,
        /// The version is not one of the device.
        VERSION_MISMATCH = 0x41,
        /// A vendor's own.
        VENDOR_SPECIFIC = 0xff,
        /// The device has no such interface.
        INVALID_INTERFACE = 0x101,
        /// The nonce is not that of the lock.
        INVALID_NONCE = 0x102,
        /// The device has not enough entropy for a nonce.
        INSUFFICIENT_ENTROPY = 0x103,
        /// The device configuration can not be locked.
        INVALID_DEVICE_CONFIGURATION = 0x104,
    }
}

/// A TDISP_ERROR message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorResponse {
    /// Why the device refuses.
    pub code: ErrorCode,
    /// Depends on the code.
    pub data: u32,
}

impl ErrorResponse {
    /// Reads what follows the header. Extended data is ignored.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Self {
            code: ErrorCode(reader.u32()?),
            data: reader.u32()?,
        })
    }
}

/// Why a message was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// A field does not fit the message, or the message its buffer.
    Message(spdm::Error),
    /// The message has another version.
    Version(u8),
    /// The device does not have the version of this side.
    NoCommonVersion,
    /// The message is no answer to the request.
    UnexpectedType(MessageType),
    /// The answer is about another interface than the request.
    Interface(FunctionId),
    /// The device answered with TDISP_ERROR.
    Peer(ErrorResponse),
    /// There is no such state.
    State(u8),
    /// The interface is still in this state, or in another one, after the device has agreed to leave it.
    Unmoved(State),
    /// A portion is empty, longer than asked for, or the remainder does not shrink by it.
    Portion,
    /// The lengths and counts in a report are not those of the report.
    Report,
    /// A range in a report is outside of its BAR, or of one that the function does not have, out of order, empty, or
    /// overlaps another one.
    Range,
}

impl From<spdm::Error> for Error {
    fn from(err: spdm::Error) -> Self {
        Self::Message(err)
    }
}

/// A [`core::result::Result`] with the [`Error`] of this protocol.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;
