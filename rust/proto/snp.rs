// SPDX-License-Identifier: GPL-2.0

//! Formats of AMD SEV-SNP as a guest sees them.
//!
//! Specifications: "SEV Secure Nested Paging Firmware ABI Specification" (56860, revision 1.58), here
//! "ABI"; "SEV-ES Guest-Hypervisor Communication Block Standardization" (56421, revision 2.04), here
//! "GHCB"; "Secure VM Service Module for SEV-SNP Guests" (58019, revision 1.00), here "SVSM".
//! Those of SEV-TIO are in [`tio`].

pub mod certificates;
mod error;
pub mod ioctl;
pub mod message;
mod privilege;
mod report;
mod status;
pub mod svsm;
pub mod tio;

pub use error::Error;
pub use privilege::{
    Vmpck,
    Vmpl, //
};
pub use report::{
    FirmwareVersion,
    Report, //
};
pub use status::{
    ExitInfo2,
    FirmwareStatus,
    VmmStatus, //
};
