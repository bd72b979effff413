// SPDX-License-Identifier: GPL-2.0

//! Tests of the emulated device: by conversations of other devices, and by a requester that was
//! written for them.

mod captured;
mod conversation;
mod leaf;
mod requester;
mod wrong;
