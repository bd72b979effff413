// SPDX-License-Identifier: GPL-2.0

//! Where this project's drivers differ from the kernel's own, on purpose.
//!
//! Each is one method, with the reason. `Documentation/differences.md` says the same to users.

use std::env;

use nix::errno::Errno;

use crate::Platform;

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
            Self::Rust => ("tsm", Platform::get().our_provider()),
            Self::C => ("tsm_report", Platform::get().kernels_provider()),
            Self::RustCore => ("tsm", Platform::get().kernels_provider()),
        }
    }

    /// Registers are in `/sys/kernel/tsm/tdx/<mr>[/<hash>/digest]`, of the tsm-mr patch; the kernel
    /// has them in the misc device's folder, as `<mr>[:<hash>]`.
    pub fn registers_in_tsm_tree(self) -> bool {
        self == Self::Rust
    }

    /// A write that is longer than a register is refused. The kernel takes the first part of it and
    /// extends the register with that. The price is that the file shows the size 0.
    pub fn register_refuses_too_long_a_write(self) -> bool {
        self == Self::Rust
    }

    /// `rtmr_writable` says which registers can be extended. The kernel's driver has no parameters.
    pub fn rtmrs_can_be_withheld(self) -> bool {
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

    /// The error of loading a provider that the core refuses. The kernel's driver for SEV-SNP is a platform
    /// driver: if it can't use its device, the error is that there is none.
    pub fn refusal_of_a_provider(self) -> Errno {
        match Platform::get() {
            Platform::Snp if self != Self::Rust => Errno::ENODEV,
            _ => Errno::EBUSY,
        }
    }

    /// A report whose provider has gone says so. The kernel still hands out the blob that was made
    /// last.
    pub fn blob_goes_with_its_provider(self) -> bool {
        self != Self::C
    }

    /// A report has its own lock, and nothing waits for the provider but readers of a blob of that
    /// report. The kernel has one lock for all reports, and takes it for everything.
    pub fn reports_have_their_own_lock(self) -> bool {
        self != Self::C
    }

    /// A blob that is read has the size it was announced with. The kernel hands out one of another
    /// size if a write comes between the two, with what was in the memory behind it.
    pub fn blobs_are_whole_under_a_writer(self) -> bool {
        self != Self::C
    }

    /// A provider that makes no blob has failed. The kernel hands out an empty one.
    pub fn refuses_an_empty_blob(self) -> bool {
        self != Self::C
    }

    /// An auxblob or manifestblob that the provider makes once and not the next time is empty then.
    /// The kernel keeps its size, and reads from a null pointer.
    pub fn forgets_blobs_that_are_not_made_again(self) -> bool {
        self != Self::C
    }

    /// A reader without privileges can't hold any number of copies of a blob. The kernel has no limit.
    pub fn bounds_what_readers_hold(self) -> bool {
        self != Self::C
    }

    /// A privilege level that was never written is the provider's floor. In the kernel it is 0.
    pub fn privlevel_defaults_to_the_floor(self) -> bool {
        self != Self::C
    }

    /// A `service_guid` that is none changes nothing. In the kernel it resets the GUID and counts as
    /// a write.
    pub fn refused_guid_changes_nothing(self) -> bool {
        self != Self::C
    }

    /// There is `/sys/kernel/tsm`, in which any provider can publish registers.
    pub fn publishes_registers(self) -> bool {
        self != Self::C
    }

    /// Reports and registers have tracepoints. The kernel has others, for registers only.
    pub fn traces(self) -> bool {
        self != Self::C
    }

    /// What a report of SEV-SNP says of the guest are registers too. The kernel's driver has none.
    pub fn snp_has_registers(self) -> bool {
        self == Self::Rust
    }

    /// A provider is registered when it can work, and unregistered before what it uses is freed. The
    /// kernel's for SEV-SNP is registered before it can make reports, and freed before it is
    /// unregistered: the kernel oopses if a task reads one, as `tests/vmm/test_snp.py` shows.
    pub fn provider_unloads_under_load(self) -> bool {
        self == Self::Rust || Platform::get() != Platform::Snp
    }

    /// `exitinfo2` always says how a request ended. The kernel's driver leaves there what was before if
    /// it succeeded, or could not be sent for want of a key.
    pub fn snp_always_says_how_it_ended(self) -> bool {
        self == Self::Rust
    }

    /// An ioctl that the device does not have leaves the caller's memory alone. The kernel's driver reads
    /// and writes 32 bytes at its argument, whatever that is.
    pub fn snp_leaves_other_commands_alone(self) -> bool {
        self == Self::Rust
    }

    /// A message of a version that the caller's structures do not have is not sent. The kernel's driver
    /// sends it, and wipes the key when the firmware refuses.
    pub fn snp_refuses_versions_unsent(self) -> bool {
        self == Self::Rust
    }

    /// The most bytes of certificates that can be asked for.
    pub fn snp_most_certificates(self) -> usize {
        match self {
            Self::Rust => 1 << 20,
            Self::C | Self::RustCore => 1 << 14,
        }
    }

    /// Behind the certificates there are zeros. The kernel's driver hands out whole pages of what it
    /// shared with the VMM, and the VMM writes certificates only.
    pub fn snp_has_zeros_behind_certificates(self) -> bool {
        self == Self::Rust
    }

    /// The error of a request whose key was wiped. With the kernel's driver it is that of a missing driver.
    pub fn snp_refusal_without_a_key(self) -> Errno {
        match self {
            Self::Rust => Errno::ENOKEY,
            Self::C | Self::RustCore => Errno::ENOTTY,
        }
    }

    /// The error of loading when there is no such key. With the kernel's driver it is that of a missing
    /// device.
    pub fn snp_refusal_of_a_key(self) -> Errno {
        match self {
            Self::Rust => Errno::EINVAL,
            Self::C | Self::RustCore => Errno::ENODEV,
        }
    }
}
