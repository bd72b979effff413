// SPDX-License-Identifier: GPL-2.0

//! The emulated device: what answers behind a DOE mailbox.
//!
//! It shares no protocol code with the drivers: all of it is written from the specifications, so
//! that one bug cannot be on both sides.
//!
//! ```text
//! settings.rs       what the device is: version, algorithms, slots
//! doe.rs            data objects, discovery; hands on to the responder
//! socket.rs         a mailbox behind a socket, without QEMU
//! chain.rs          certificates and keys of the slots
//! misbehaviour.rs   what can be wrong
//! responder.rs      one SPDM connection: which request is legal, and its response
//!   message.rs      reader and writer of fields, error codes
//!   version.rs … end_session.rs   one pair of messages each
//!   suite.rs        algorithms and their numbers in SPDM
//!   transcript.rs   what signatures and keys are about
//!   key_schedule.rs, secured.rs, session.rs   sessions
//! ```
//!
//! Specifications: DMTF DSP0274 (SPDM) 1.0 to 1.4, DSP0277 (secured messages) 1.0 to 1.2; PCIe r6
//! 6.30 (DOE) and 6.31 (CMA-SPDM). Revisions number their tables differently: a file names the
//! messages, whose formats DSP0274 has in tables of that name.
//!
//! Not there: mutual authentication, pre-shared keys, chunks, `KEY_UPDATE`, `HEARTBEAT`, handshake
//! in the clear, events, and SPDM's own vendor-defined messages.

mod chain;
mod doe;
mod misbehaviour;
mod responder;
mod settings;
mod socket;
#[cfg(test)]
mod tests;

pub use doe::Mailbox;
pub use misbehaviour::Wrong;
pub use responder::{
    Hash,
    Signature,
    Version, //
};
pub use settings::{
    Identity,
    Settings,
    Unknown, //
};
pub use socket::{
    serve,
    Next, //
};
