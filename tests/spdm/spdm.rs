// SPDX-License-Identifier: GPL-2.0

//! SPDM with the cryptography that cargo links: captures, and the requester.
//!
//! Under Miri only the known answers run: it is too slow for operations on curves. The parsers, the key schedule and
//! the records run there from `tests/kunit`.

#[cfg(not(miri))]
mod capture;
#[cfg(not(miri))]
mod captures;
#[cfg(not(miri))]
mod certificate;
#[cfg(not(miri))]
mod evidence;
#[cfg(not(miri))]
mod key_exchange;
#[cfg(not(miri))]
mod measure;
#[cfg(not(miri))]
mod refusals;
#[cfg(not(miri))]
mod replay;
#[cfg(not(miri))]
mod request;
#[cfg(not(miri))]
mod requester;
#[cfg(not(miri))]
mod responder;
mod suite;
mod vectors;
#[cfg(not(miri))]
mod vendor;
