// SPDX-License-Identifier: GPL-2.0

//! SEV-SNP: a guest, its secure processor and its untrusted VMM.
//!
//! ```text
//! machine.rs  the machine: hands an instruction to the parts below
//! cpuid.rs    CPUID, and the CPUID page
//! launch.rs   what the kernel finds in memory
//! firmware.rs what a firmware for SEV-SNP is launched with, instead
//! rmp.rs      which page is the guest's, and validated
//!   instructions.rs  the instructions that change that
//! vmm.rs      the untrusted VMM, behind VMGEXIT
//!   ghcb.rs   the page that the guest calls it with
//!   guest_request.rs  what it does with messages for the secure processor
//! certificates.rs  the table of certificates that a guest asks for
//! psp.rs      the secure processor
//! svsm.rs     what runs at VMPL 0 if the guest does not
//!   area.rs   where that is
//! vmsa.rs     the state of a vCPU that is to start
//! config.rs   what the user asks for
//!   options.rs  and how
//! ```

mod area;
mod certificates;
mod config;
mod cpuid;
mod firmware;
mod ghcb;
mod guest_request;
mod instructions;
mod launch;
mod machine;
mod options;
mod psp;
mod rmp;
mod svsm;
mod vmm;
mod vmsa;

pub(crate) use config::{
    Bios,
    SnpConfig, //
};
pub(crate) use machine::SnpMachine;
