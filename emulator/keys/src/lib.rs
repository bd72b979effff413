// SPDX-License-Identifier: GPL-2.0

//! Keys on elliptic curves: signatures, and secrets that two keys share.
//!
//! The libraries of the curves are generic, so that their code is compiled in the crate that uses it,
//! with the optimization of that crate. Nothing here is generic: this crate alone is optimized when
//! tests are built.

mod curve;
mod pair;
mod public;

pub use curve::Curve;
pub use pair::{
    P256,
    P384, //
};
pub use public::PublicKey;
