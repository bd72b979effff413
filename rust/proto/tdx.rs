// SPDX-License-Identifier: GPL-2.0

//! Formats of Intel TDX as a guest sees them.
//!
//! Specifications: "Intel TDX Module v1.5 ABI Specification" (348551), here "ABI", and
//! "Guest-Host-Communication Interface (GHCI) for Intel TDX 1.5" (348552), here "GHCI".

mod buffer_limits;
pub mod call;
pub mod connect;
mod error;
pub mod poll;
pub mod quote;
mod register;
mod report;
mod status;

pub use buffer_limits::BufferLimits;
pub use error::Error;
pub use register::Rtmr;
pub use report::{
    ReportMac,
    ReportType,
    TdInfo,
    TdReport,
    TeeTcbInfo, //
};
pub use status::{
    OperandId,
    Status,
    VmcallStatus, //
};
