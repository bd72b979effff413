// SPDX-License-Identifier: GPL-2.0

//! Options of an SEV-SNP guest.
//!
//! | key | value | default |
//! |---|---|---|
//! | `trace` | file for a line per VMGEXIT | none |

use std::path::PathBuf;

/// The options.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SnpConfig {
    /// Where calls are logged.
    pub(crate) trace: Option<PathBuf>,
}

impl SnpConfig {
    /// Sets one option. The error is what was expected.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "trace" => self.trace = Some(value.into()),
            _ => return Err("another key: platform or trace".into()),
        }
        Ok(())
    }
}
