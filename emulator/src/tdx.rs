// SPDX-License-Identifier: GPL-2.0

//! TDX: a TD, the TDX module that runs it, and its untrusted VMM.
//!
//! ```text
//! machine.rs    the machine: hands TDCALL to the TDX module, and on to the VMM
//! module.rs     the TDX module: measurement, page acceptance, metadata
//! vmm.rs        the untrusted VMM: MapGPA, GetQuote, port I/O, …
//!   quoting.rs  the quoting enclave behind GetQuote
//! launch.rs     the launch of a TD that starts with a firmware for TDs
//!   firmware.rs what that firmware says of itself, and what the VMM passes to it
//! cpu.rs        the CPU: reports, and what proves where they were made
//! cpuid.rs      CPUID
//! trace.rs      what the trace says of a call
//! config.rs     what the user asks for
//!   options.rs  and how
//! ```

mod config;
mod cpu;
mod cpuid;
mod firmware;
mod launch;
mod machine;
mod module;
mod options;
mod quoting;
mod trace;
mod vmm;

pub(crate) use config::{
    Firmware,
    TdxConfig, //
};
pub(crate) use machine::Td;
