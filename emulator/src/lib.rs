// SPDX-License-Identifier: GPL-2.0

//! The confidential machine emulator: a QEMU TCG plugin that makes an unmodified Linux kernel run
//! as a TDX or SEV-SNP guest, in an unmodified QEMU, on any machine.
//!
//! `TDCALL`, `VMGEXIT`, `CPUID` and the like are hooked at translation by their bytes; a callback
//! does their work and moves the PC past them.
//!
//! ```text
//! entry.rs       the symbol that QEMU looks up: joins the next two
//! qemu.rs        QEMU's plugin API; all the `unsafe` but the symbol, here and in qemu/
//! plugin.rs      what is done when QEMU calls: implements its callbacks
//! config.rs      the options, and which platform they are for
//!
//! tdx.rs         TDX: the TDX module, the VMM, the quoting enclave
//! snp.rs         SEV-SNP: the secure processor, the VMM, the SVSM
//! plain.rs       no platform: a guest that only has a device
//! device.rs      a PCI device behind a DOE mailbox: an SPDM responder
//!
//! machine.rs     what both platforms use: guest memory, pages, registers, instructions, …
//! option.rs      options: their tables, values and help
//! x509.rs        certificates
//! ```
//!
//! What it does not do: it raises no `#VE`, no `#VC` and no `#GP`, a `TDCALL` of a program is an
//! undefined instruction; TCG executes MMIO, MSRs and most port I/O as for any guest; memory is not
//! encrypted, and ordinary instructions reach pages that are not the guest's own; a guest that
//! reboots keeps its registers, so run QEMU with `-no-reboot`.
//!
//! Wire layouts may come from `rust/proto`: public verifiers judge them, and so do the kernel's C
//! drivers, which run in the same guests. Behaviour is never shared: no parsing rule, no errno and
//! no state machine of `rust/proto` decides what the emulator does.
//!
//! Specifications: "Intel TDX Module v1.5 ABI Specification" (348551), "Guest-Host-
//! Communication Interface (GHCI) for Intel TDX 1.5" (348552); those of SEV-SNP are in the files of
//! `snp/`.

mod config;
pub mod device;
#[cfg(not(test))]
mod entry;
mod machine;
mod option;
mod plain;
#[cfg(not(test))]
mod plugin;
#[cfg(not(test))]
mod qemu;
mod snp;
mod tdx;
mod x509;
