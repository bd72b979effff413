// SPDX-License-Identifier: GPL-2.0

//! Which key signs a report, or is the root of a derived key.

use super::status::Status;
use crate::snp::config::SnpConfig;

/// A key of the processor that goes with the versions of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signer {
    /// The VCEK, which is the chip's.
    Chip,
    /// The VLEK, which is a cloud provider's, and loaded.
    Loaded,
}

impl Signer {
    /// Selects the VLEK, or the VCEK if there is none.
    const ANY: u32 = 0;
    /// Selects the VCEK.
    const VCEK: u32 = 1;
    /// Selects the VLEK.
    const VLEK: u32 = 2;

    /// Takes the key that a guest selects by two bits. ABI, `KEY_SEL` of `MSG_REPORT_REQ` and `MSG_KEY_REQ`, and
    /// `VCEK_DIS` of `SNP_LAUNCH_FINISH`.
    pub(super) fn select(config: &SnpConfig, bits: u32) -> Result<Self, Status> {
        match bits {
            Self::ANY | Self::VLEK if config.vlek => Ok(Self::Loaded),
            Self::ANY | Self::VCEK if !config.vcek_disabled => Ok(Self::Chip),
            _ => Err(Status::INVALID_KEY),
        }
    }

    /// Returns `SIGNING_KEY` of a report.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Chip => 0,
            Self::Loaded => 1,
        }
    }
}
