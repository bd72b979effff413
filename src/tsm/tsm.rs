// SPDX-License-Identifier: GPL-2.0

//! Attestation reports and measurement registers of a confidential guest.
//!
//! `abi.rs` is what providers call; `registers.rs` is the tree in `/sys/kernel/tsm`, of what is in
//! `measurement.rs`; `report.rs` is the configfs subsystem `tsm`, for the provider in `slot.rs`.

#![deny(unsafe_code)]

use kernel::prelude::*;
use tsm_ext::{
    configfs,
    sysfs, //
};

#[expect(unsafe_code, reason = "entry points of the C ABI")]
mod abi;
#[expect(unsafe_code, reason = "memory that a provider has allocated")]
mod blob;
#[expect(unsafe_code, reason = "structures and callbacks of a provider")]
mod call;
mod desc;
#[expect(unsafe_code, reason = "structures and callbacks of a provider")]
mod measurement;
mod registers;
mod report;
#[expect(unsafe_code, reason = "a provider that RCU protects")]
mod slot;
#[expect(unsafe_code, reason = "C functions")]
mod trace;

module! {
    type: Tsm,
    name: "tsm",
    authors: ["The tsm-rs authors"],
    description: "Attestation reports and measurement registers of Intel TDX and AMD SEV-SNP guests",
    license: "GPL",
}

/// The module. What user space can reach comes first, so that it goes first.
struct Tsm {
    _reports: configfs::Subsystem<report::Reports>,
    _core: abi::CoreGuard,
}

impl kernel::Module for Tsm {
    // Inlined into `init_module`, whose section is freed after it has run.
    #[inline(always)]
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let root = sysfs::Directory::new_in_kernel(c"tsm")?;
        let provider = report::new_slot()?;
        #[expect(unsafe_code, reason = "the module's only variable begins here")]
        // SAFETY: The initializer of a module runs once, and this is its only call.
        let core = unsafe { abi::CoreGuard::new(registers::Tree::new(root), provider.clone()) };

        // Last, because user space can make items from then on, and they can't be taken back.
        let reports = configfs::Subsystem::new(
            c"tsm",
            c"report",
            configfs::ItemType::new::<report::ReportFiles>()?,
            report::Reports::new(provider),
        )?;

        Ok(Self {
            _reports: reports,
            _core: core,
        })
    }
}
