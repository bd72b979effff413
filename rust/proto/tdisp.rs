// SPDX-License-Identifier: GPL-2.0

//! The TEE Device Interface Security Protocol, as a TSM speaks it. PCI Express Base Specification, revision 6,
//! chapter 11.
//!
//! Each file is one message pair, as in [`spdm`](crate::spdm), whose vendor-defined messages carry these. The device is
//! not trusted: a response is only what its parser returns.

pub mod capabilities;
mod error;
mod header;
pub mod lock;
pub mod ranges;
pub mod report;
pub mod report_portion;
pub mod start;
pub mod state;
pub mod stop;
pub mod version;

pub use error::{
    Error,
    ErrorCode,
    ErrorResponse,
    Result, //
};
pub use header::{
    FunctionId,
    MessageType,
    Request, //
};

/// The only version of the protocol: 1.0.
pub const VERSION: u8 = 0x10;

/// What a device makes when it is locked, and wants back when it is started. Section 11.3.9.
pub type StartNonce = [u8; 32];
