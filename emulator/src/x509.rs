// SPDX-License-Identifier: GPL-2.0

//! X.509 certificates of test authorities. RFC 5280.
//!
//! They are the same on every machine: a key is derived from its name, and a signature depends only
//! on the key and on what is signed.

mod ecdsa;
mod identity;
mod key;
mod rsa;
mod template;

pub(crate) use ecdsa::{
    p256,
    p384, //
};
#[cfg(test)]
pub(crate) use identity::time;
pub(crate) use identity::{
    Identity,
    Terms, //
};
pub(crate) use key::{
    seed,
    Key, //
};
pub(crate) use rsa::{
    rsa,
    Rsa,
    Trailer, //
};
pub(crate) use template::{
    KeyIdentifier,
    Template,
    Usage, //
};
pub(crate) use tsm_keys::{
    P256,
    P384, //
};
