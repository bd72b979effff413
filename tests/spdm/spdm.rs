// SPDX-License-Identifier: GPL-2.0

//! SPDM with the cryptography of the host: captures, and the requester.
#![cfg(not(miri))]

mod capture;
mod captures;
mod certificate;
mod evidence;
mod key_exchange;
mod measure;
mod refusals;
mod replay;
mod request;
mod requester;
mod responder;
mod suite;
mod vectors;
