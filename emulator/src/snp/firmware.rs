// SPDX-License-Identifier: GPL-2.0

//! The launch of a guest that starts with a firmware for SEV-SNP: EDK2's OvmfPkg/AmdSev.
//!
//! ```text
//! launch.rs    what the VMM and the secure processor do before the first instruction
//! metadata.rs  where the firmware wants pages: its metadata
//! hashes.rs    the hashes of kernel, initrd and command line, which are measured
//! ```

mod hashes;
mod launch;
mod metadata;

pub(super) use launch::Firmware;
