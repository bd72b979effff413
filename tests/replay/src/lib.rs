// SPDX-License-Identifier: GPL-2.0

//! The event log of a TD, and what has to agree with it.
//!
//! The firmware and the boot loader of a TD extend RTMR0 to RTMR2, and write an event for each. The log
//! is in memory that the VMM reads, and proves nothing by itself. Its events are extended again
//! here, and the results compared with registers that the TDX module vouches for.
//!
//! ```text
//! event_log.rs    the events of a log
//!   reader.rs     takes numbers and bytes out of it
//! event_type.rs   the names of their types
//! content.rs      what the digest of an event is the hash of, and what an event says
//! later.rs        what was extended after the log
//! registers.rs    the five registers: replayed, in sysfs, in a TDREPORT, in a quote
//! image.rs        MRTD, from an image of the firmware
//! quote.rs        the signatures of a quote
//! table.rs        what is printed of all that
//! ```

pub mod content;
pub mod event_log;
pub mod event_type;
pub mod image;
pub mod later;
pub mod quote;
pub mod registers;
pub mod table;

mod reader;
