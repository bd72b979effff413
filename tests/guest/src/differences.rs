// SPDX-License-Identifier: GPL-2.0

//! Where this project's drivers differ from the kernel's own, on purpose.
//!
//! Each is one method, with the reason. `Documentation/differences.md` says the same to users.

use std::env;

/// Which drivers the tests run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drivers {
    /// This project's.
    Rust,
    /// The kernel's own.
    C,
    /// The kernel's provider on our `tsm.ko`.
    RustCore,
}

impl Drivers {
    /// Returns the drivers that `TSM_DRIVERS` names, as `run --drivers` has it.
    ///
    /// # Panics
    ///
    /// If it names none.
    pub fn get() -> Self {
        match env::var("TSM_DRIVERS").as_deref() {
            Ok("rust") => Self::Rust,
            Ok("c") => Self::C,
            Ok("rust-core") => Self::RustCore,
            other => panic!("TSM_DRIVERS is {other:?}, not rust, c or rust-core"),
        }
    }

    /// The module with the reports, and the provider.
    pub fn modules(self) -> (&'static str, &'static str) {
        match self {
            Self::Rust => ("tsm", "tsm_tdx"),
            Self::C => ("tsm_report", "tdx_guest"),
            Self::RustCore => ("tsm", "tdx_guest"),
        }
    }

    /// Registers are in `/sys/kernel/tsm/tdx/<mr>[/<hash>/digest]`, of the tsm-mr patch; the kernel
    /// has them in the misc device's folder, as `<mr>[:<hash>]`.
    pub fn registers_in_tsm_tree(self) -> bool {
        self == Self::Rust
    }

    /// A group may be given the right to write a register; the kernel has 0200 instead of 0220.
    pub fn registers_writable_by_group(self) -> bool {
        self == Self::Rust
    }

    /// A write that is longer than a register is refused. The kernel takes the first part of it and
    /// extends the register with that. The price is that the file shows the size 0.
    pub fn register_refuses_too_long_a_write(self) -> bool {
        self == Self::Rust
    }

    /// A write to `inblob` that was too long and failed changes nothing. In the kernel it empties
    /// the inblob and counts as a write.
    pub fn refused_inblob_changes_nothing(self) -> bool {
        self != Self::C
    }

    /// A provider can be registered while reports are there from before, and they go on working
    /// with it. The kernel refuses it until all are removed.
    pub fn registers_with_reports_present(self) -> bool {
        self != Self::C
    }

    /// A report whose provider has gone says so. The kernel still hands out the blob that was made
    /// last.
    pub fn blob_goes_with_its_provider(self) -> bool {
        self != Self::C
    }
}
