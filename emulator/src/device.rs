// SPDX-License-Identifier: GPL-2.0

//! The emulated device: what answers behind a DOE mailbox.
//!
//! It shares no protocol code with the drivers: all of it is written from the specifications, so
//! that one bug cannot be on both sides.
//!
//! ```text
//! socket.rs         a mailbox behind a socket, and the other side of such a socket
//! doe.rs            data objects, discovery; hands messages and records to the responder
//! responder.rs      one SPDM connection: which request is legal, and its response
//!   get_version.rs … finish.rs   one or two pairs of messages each
//!   vendor_defined.rs            messages of other protocols, in a session
//!     ide_km.rs     keys of IDE
//!     tdisp.rs      TEE device interfaces
//!   state.rs        the state of a responder
//!   negotiated.rs, requester.rs  what was negotiated
//!   transcript.rs, signing.rs    what signatures are about
//!   key_schedule.rs, session.rs, secured.rs, record.rs   sessions
//!   message.rs      reader and writer of fields, error codes
//! chain.rs          certificates and keys of the slots
//! settings.rs       what the device is: version, algorithms, slots
//!   persona.rs      kinds of devices
//!   requester_id.rs bus, device and function, as the device knows them
//! misbehaviour.rs   what can be wrong
//! suite.rs          algorithms and their numbers in SPDM
//! version.rs        versions of SPDM
//! unknown.rs        the error of names
//! tdi.rs            the TEE device interfaces, one for each function
//! pci.rs            the PCI functions of a machine that have the mailbox
//! ```
//!
//! Specifications: DMTF DSP0274 (SPDM) 1.0 to 1.4, DSP0277 (secured messages) 1.0 to 1.2; PCIe r6
//! 6.30 (DOE), 6.31 (CMA-SPDM), 6.33.3 (`IDE_KM`) and chapter 11 (TDISP). Revisions of DSP0274 number
//! their tables differently: a file names the messages, whose formats DSP0274 has in tables of that name.
//!
//! Not there: mutual authentication, pre-shared keys, chunks, `KEY_UPDATE`, `HEARTBEAT`, handshake
//! in the clear, events.

mod chain;
mod doe;
mod misbehaviour;
pub(crate) mod pci;
mod persona;
mod requester_id;
mod responder;
mod settings;
mod socket;
mod suite;
mod tdi;
#[cfg(test)]
mod tests;
mod unknown;
mod version;

pub use doe::Mailbox;
pub use misbehaviour::Wrong;
pub use persona::Persona;
pub use requester_id::{
    RequesterId,
    RequesterIds, //
};
pub use settings::{
    BarAddresses,
    Identity,
    MutatedPart,
    Settings, //
};
pub use socket::{
    serve,
    Next, //
};
pub use suite::{
    Hash,
    Signature, //
};
pub use unknown::Unknown;
pub use version::Version;
