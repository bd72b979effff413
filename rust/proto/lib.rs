// SPDX-License-Identifier: GPL-2.0

//! Wire formats of the attestation stack.
//!
//! Pure: no I/O, no allocation, no `unsafe`, no `kernel` types. Kbuild links this crate into each
//! module; `cargo test` and Miri run the same source on the host.
//!
//! Each function is `#[inline]`, because Kbuild drops no sections: that leaves it out of a module that
//! does not use it.

#![cfg_attr(not(kernel), no_std)]
#![forbid(unsafe_code)]

#[cfg(kernel)]
mod errno;
mod error;
mod evidence;
mod generation;
pub mod snp;
pub mod tdx;

pub use error::{
    Error,
    Result, //
};
pub use generation::Generation;
