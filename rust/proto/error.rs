// SPDX-License-Identifier: GPL-2.0

//! What a peer can do wrong.

use crate::tdx::quote;

/// Why a message was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The message ends before the structure that it has to hold.
    Truncated,
    /// Bytes follow a structure of fixed size.
    Trailing,
    /// The structure is of another type than the one asked for.
    UnknownType,
    /// The structure has a subtype that was not asked for.
    UnknownSubtype,
    /// The structure has a version whose layout is not known.
    UnknownVersion,
    /// A field that the specification fixes at zero is something else.
    ReservedSet,
    /// No measurement register has this number.
    NoSuchRegister,
    /// The caller's buffer can't hold the message to be built.
    NoSpace,
    /// A count can't go up any further.
    Exhausted,
    /// The VMM still owns the quote buffer.
    QuoteInFlight,
    /// The VMM ended the quote request with this status.
    QuoteFailed(quote::Status),
    /// The VMM reported success and no quote.
    QuoteEmpty,
    /// The VMM claims a quote that is larger than the buffer.
    QuoteTooLarge,
}

/// A [`core::result::Result`] with the crate's [`Error`].
pub type Result<T = ()> = core::result::Result<T, Error>;
