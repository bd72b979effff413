// SPDX-License-Identifier: GPL-2.0

//! The event log of a TD, and what has to agree with it.
//!
//! The firmware, the boot loader and the kernel of a TD extend RTMR0 to RTMR2, and write an event each
//! time. The log is in ordinary memory of the TD, and proves nothing by itself. Here its events are
//! extended again, and the results compared with registers, whose values the TDX module reports.
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
