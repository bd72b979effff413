// SPDX-License-Identifier: GPL-2.0

//! Tests of the emulated device: by conversations of other devices, and by a requester that was
//! written for them.

mod agreement;
mod capture;
mod captured;
mod conversation;
mod evidence;
mod ide_km;
mod leaf;
mod malformed;
mod negotiation;
mod replay;
mod requester;
mod sessions;
mod tdisp;
mod vendor;
mod wrong;
mod wrong_evidence;
mod wrong_interface;
mod wrong_session;
