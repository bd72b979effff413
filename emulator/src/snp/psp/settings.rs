// SPDX-License-Identifier: GPL-2.0

//! How the platform is set up, as reports say it. ABI, "ATTESTATION_REPORT", `PLATFORM_INFO` and `LAUNCH_MIT_VECTOR`.

use crate::snp::config::{
    ReportVersion,
    SnpConfig, //
};

/// What is done against flaws of the processor on most machines.
const MITIGATIONS: u64 = 0x0f;

/// Returns what is done against flaws of the processor. Firmware with reports of version 5 says so.
pub(super) fn mitigations(config: &SnpConfig) -> Option<u64> {
    match config.report_version {
        ReportVersion::V2 | ReportVersion::V3 | ReportVersion::V4 => None,
        ReportVersion::V5 => Some(config.mit_vector.unwrap_or(MITIGATIONS)),
    }
}

/// What is on in the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settings(u64);

impl Settings {
    /// Threads are on.
    pub(super) const SMT: u64 = 1 << 0;
    /// Memory has error correction.
    const ECC: u64 = 1 << 2;
    /// There is no power limit by measured use.
    pub(super) const RAPL_DISABLED: u64 = 1 << 3;
    /// The VMM does not see encrypted memory.
    pub(super) const CIPHERTEXT_HIDING: u64 = 1 << 4;
    /// No memory was found at two addresses. Reports from version 3 on say that.
    const ALIAS_CHECK_COMPLETE: u64 = 1 << 5;

    /// What has a meaning: these; that all memory is encrypted, that the IOMMU writes all that it has before a page
    /// changes, and that guests may trust devices, in bits 1, 6 and 7.
    const KNOWN: u64 = 0xff;

    /// Takes those that the user wants, or those of most machines.
    pub(super) fn of(config: &SnpConfig) -> Self {
        let usual = Self::SMT | Self::ECC;

        Self(match (config.platform_info, config.report_version) {
            (Some(wanted), _) => wanted,
            (None, ReportVersion::V2) => usual,
            (None, _) => usual | Self::ALIAS_CHECK_COMPLETE,
        })
    }

    /// Tells whether it is set up so.
    pub(super) fn has(self, setting: u64) -> bool {
        self.0 & setting != 0
    }

    /// Returns `PLATFORM_INFO`.
    pub(super) fn platform_info(self) -> u64 {
        self.0
    }

    /// Tells why no platform says so, if none does. The error is for the user.
    pub(super) fn check(self) -> Result<(), String> {
        match self.0 & !Self::KNOWN {
            0 => Ok(()),
            _ => Err("platform_info: what is reserved has to be zero".into()),
        }
    }
}
