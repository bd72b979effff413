// SPDX-License-Identifier: GPL-2.0

//! Keys on elliptic curves: signatures, and secrets that two keys share.
//!
//! The libraries of the curves are generic, so that their code is compiled in the crate that uses it,
//! with the optimization of that crate. Nothing here is generic: this crate alone is optimized when
//! tests are built.

mod curve;
mod p256;
mod p384;
mod public;

pub use self::p256::P256;
pub use self::p384::P384;
pub use curve::Curve;
pub use public::PublicKey;
