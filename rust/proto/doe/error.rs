// SPDX-License-Identifier: GPL-2.0

//! What a mailbox can do wrong.

use super::header::{
    ObjectType,
    Vendor, //
};

/// Why a data object was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The object ends before its header or its payload.
    Truncated,
    /// Bytes follow a payload of fixed size.
    Trailing,
    /// The header announces less than what was received, or less than a header.
    Length(u32),
    /// The object is of another vendor than the request.
    Vendor(Vendor),
    /// The object is of another type than the request.
    Type(ObjectType),
    /// Discovery goes on at an index that is not above the one that was asked for.
    DiscoveryLoop(u8),
    /// The object does not fit the buffer, or is longer than any object can be.
    TooLarge,
}

/// A [`core::result::Result`] with the [`Error`] of this protocol.
pub type Result<T = ()> = core::result::Result<T, Error>;
