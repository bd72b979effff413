// SPDX-License-Identifier: GPL-2.0

//! The platform of the guest.

use std::{
    env,
    fs, //
};

/// Tells whether the kernel is one of Debian's, as opposed to those that this project builds for its tests.
///
/// # Panics
///
/// Without `/proc`.
pub fn is_debians_kernel() -> bool {
    let version = fs::read_to_string("/proc/version").expect("/proc is mounted");

    version
        .split(' ')
        .nth(2)
        .is_some_and(|release| release.contains("deb"))
}

/// A platform, and what its provider goes by whatever the drivers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Intel TDX.
    Tdx,
    /// AMD SEV-SNP.
    Snp,
}

impl Platform {
    /// Returns the platform that `TSM_PLATFORM` names, as `run --platform` has it.
    ///
    /// # Panics
    ///
    /// If it names none.
    pub fn get() -> Self {
        match env::var("TSM_PLATFORM").as_deref() {
            Ok("tdx") => Self::Tdx,
            Ok("snp") => Self::Snp,
            other => panic!("TSM_PLATFORM is {other:?}, not tdx or snp"),
        }
    }

    /// This project's provider.
    pub fn our_provider(self) -> &'static str {
        match self {
            Self::Tdx => "tsm_tdx",
            Self::Snp => "tsm_sev",
        }
    }

    /// The kernel's own provider, whose name is also that of the format of a report.
    pub fn kernels_provider(self) -> &'static str {
        match self {
            Self::Tdx => "tdx_guest",
            Self::Snp => "sev_guest",
        }
    }

    /// The file with the alias by which udev finds a provider.
    pub fn modalias(self) -> &'static str {
        match self {
            Self::Tdx => "/sys/devices/system/cpu/modalias",
            Self::Snp => "/sys/devices/platform/sev-guest/modalias",
        }
    }

    /// The other platform, which the guest is not.
    pub fn other(self) -> Self {
        match self {
            Self::Tdx => Self::Snp,
            Self::Snp => Self::Tdx,
        }
    }
}
