// SPDX-License-Identifier: GPL-2.0

//! What a peer can do wrong.

use crate::{
    snp::{
        svsm,
        FirmwareStatus, //
    },
    tdx::quote, //
};

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
    /// There is no privilege level, and no key, of this number.
    NoSuchLevel,
    /// The firmware answered a guest message with this status.
    FirmwareRefused(FirmwareStatus),
    /// A table of certificates has no last entry.
    TableUnterminated,
    /// A certificate is not where certificates are, that of the entry of this number, from 0.
    CertificateOutside(usize),
    /// The SVSM ended the call with this status.
    SvsmRefused(svsm::Status),
    /// The SVSM claims to have written this many bytes, which it can't have.
    SvsmLength(u64),
    /// What the other side wants to send is larger than what there is memory for.
    TooLarge,
}

/// A [`core::result::Result`] with the crate's [`Error`].
pub type Result<T = ()> = core::result::Result<T, Error>;
