// SPDX-License-Identifier: GPL-2.0

//! What the guest tests share: the machine's drivers, registers and reports.
//!
//! The tests run on this project's drivers, on the kernel's own, and on the kernel's provider over
//! our `tsm.ko`, as the environment variable `TSM_DRIVERS` says. They expect the same of all but
//! for what `differences.rs` declares. `TSM_PLATFORM` says which platform the drivers are for; a file
//! whose name begins with one is for that platform only. They run one at a time: a machine has one
//! set of modules.

pub mod differences;
pub mod dma;
pub mod fake;
pub mod files;
pub mod function;
pub mod modules;
pub mod platform;
pub mod registers;
pub mod reports;
pub mod slabs;
pub mod slow;
pub mod snp;
pub mod spdm;
pub mod tally;
pub mod tdi;
pub mod tdreport;
pub mod user;

pub use differences::Drivers;
pub use platform::Platform;
pub use user::User;

use std::io;

/// Returns the errno of a result that should be a failure.
pub fn errno<T>(result: io::Result<T>) -> Option<nix::errno::Errno> {
    result
        .err()
        .and_then(|err| err.raw_os_error())
        .map(nix::errno::Errno::from_raw)
}
