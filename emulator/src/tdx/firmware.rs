// SPDX-License-Identifier: GPL-2.0

//! TDVF: the firmware that a TD starts with, and what the VMM prepares for it.
//!
//! "Intel TDX Virtual Firmware Design Guide" (344991), here "TDVF": the metadata say where the firmware
//! has its sections, and the TD HOB tells it where RAM is.
//!
//! ```text
//! image.rs      reads the metadata out of an image that is mapped below 4 GiB
//!   metadata.rs the metadata, and what is refused of them
//! hob.rs        the list of hand-off blocks
//! ```

mod hob;
mod image;
mod metadata;

pub(crate) use hob::hand_off;
pub(crate) use image::metadata;
pub(crate) use metadata::Metadata;

#[cfg(test)]
pub(crate) use image::FakeFirmware;
