// SPDX-License-Identifier: GPL-2.0

//! The confidential machine emulator: a QEMU TCG plugin that makes an unmodified Linux kernel run
//! as a TDX or SEV-SNP guest, in an unmodified QEMU, on any machine.
//!
//! `TDCALL`, `VMGEXIT`, `CPUID` and the like are hooked at translation by their bytes; a callback
//! does their work and moves the PC past them.
//!
//! ```text
//! qemu.rs        QEMU's plugin API; all the `unsafe`, here and in qemu/
//! plugin.rs      what is done when QEMU calls
//!   machine/instruction.rs   which instructions, and where they are
//!   cpuid.rs     CPUID
//!   machine.rs   one guest of either platform: what becomes of an instruction
//!   machine/td.rs   a TD: hands TDCALL to the TDX module, and on to the VMM
//!     tdx.rs     the TDX module: measurement, page acceptance, metadata
//!     vmm.rs     the untrusted VMM: MapGPA, GetQuote, port I/O, …
//!       quoting.rs  the quoting enclave behind GetQuote
//!       x509.rs     the certificates of its platform
//!     machine/pages.rs   which page is private, pending, shared
//!   snp.rs       an SEV-SNP guest: its CPU, and the VMM behind VMGEXIT
//!   machine/iret.rs   how a flag is set, which a plugin cannot write
//! ```
//!
//! What it does not do: it raises no `#VE`, no `#VC` and no `#GP`, a `TDCALL` of a program is an
//! undefined instruction; MMIO, MSRs and most port I/O run natively; memory is not encrypted,
//! and nothing keeps a guest from using a page that is not its own by other instructions; a guest
//! that reboots keeps its registers, so run QEMU with `-no-reboot`.
//!
//! Specifications: "Intel TDX Module v1.5 ABI Specification" (348551), "Guest-Host-
//! Communication Interface (GHCI) for Intel TDX 1.5" (348552); those of SEV-SNP are in `snp.rs` and
//! the files below it.

mod config;
mod cpuid;
mod machine;
#[cfg(not(test))]
mod plugin;
#[cfg(not(test))]
mod qemu;
mod quoting;
mod snp;
mod tdx;
mod vmm;
mod x509;
