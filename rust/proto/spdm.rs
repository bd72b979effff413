// SPDX-License-Identifier: GPL-2.0

//! The Security Protocol and Data Model, as a requester speaks it. DMTF DSP0274, versions 1.0 to 1.4;
//! secured messages: DSP0277, versions 1.1 and 1.2.
//!
//! Each file is one message pair: a request, and the response that it names. The responder is not
//! trusted: a response is only what its parser returns. Comments name by E what DMTF's spdm-emu with
//! libspdm does, where that differs from the text of the specification.

pub mod algorithms;
pub mod capabilities;
pub mod certificate;
pub mod chain;
pub mod challenge;
mod digest;
pub mod digests;
pub mod end_session;
mod error;
mod error_response;
pub mod finish;
pub mod get_version;
mod header;
pub mod hkdf;
pub mod key_exchange;
pub mod key_schedule;
mod layout;
pub mod measurements;
pub mod opaque;
mod reader;
pub mod requester;
mod secret;
pub mod secured;
mod slot;
pub mod suite;
pub mod transcript;
pub mod vendor_defined;
mod version;
mod writer;

pub use digest::Digest;
pub use error::{
    Error,
    Result, //
};
pub use error_response::{
    ErrorCode,
    ErrorResponse,
    NotReady, //
};
pub use header::{
    Code,
    Header,
    Padding,
    Request, //
};
pub use layout::Layout;
pub use reader::Reader;
pub use secret::Secret;
pub use slot::{
    Slot,
    SlotMask, //
};
pub use suite::{
    Hash,
    HashAlgorithm,
    Suite, //
};
pub use version::{
    SigningContext,
    SigningPrefix,
    Version, //
};
pub use writer::Writer;

/// A random number of one side, for freshness.
pub type Nonce = [u8; 32];

/// A value that the responder returns in its answer, from version 1.3 on.
pub type RequesterContext = [u8; 8];
