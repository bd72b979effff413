// SPDX-License-Identifier: GPL-2.0

//! Wire formats of the attestation stack.
//!
//! Pure: no I/O, no allocation, no `unsafe`, no `kernel` types. Kbuild links of this crate what a
//! module uses; `cargo test` and Miri run the same source on the machine that builds.

#![cfg_attr(not(kernel), no_std)]
#![forbid(unsafe_code)]

mod digest;
pub mod doe;
#[cfg(kernel)]
mod errno;
mod generation;
mod gpa;
pub mod ide;
pub mod ide_km;
mod length;
mod open_enum;
mod platform_status;
mod report_data;
pub mod snp;
pub mod spdm;
pub mod tdisp;
pub mod tdx;

pub use digest::Digest384;
pub use generation::{
    Exhausted,
    Generation, //
};
pub use gpa::Gpa;
pub use length::LengthError;
pub use platform_status::{
    Answer,
    PlatformStatus, //
};
pub use report_data::ReportData;
