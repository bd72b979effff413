// SPDX-License-Identifier: GPL-2.0

//! What quotes end with.

use super::Version;

/// What quotes end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Whether a zero byte ends the text of the certificates, as in most quotes of real platforms.
    pub(crate) nul: bool,
    /// The zero bytes behind the signature.
    pub(crate) zeros: Zeros,
}

/// How many zero bytes are behind the signature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Zeros {
    /// As many as on most real platforms.
    #[default]
    Usual,
    /// So many.
    Count(u32),
    /// As many as a quote of so many bytes takes. The quotes of some clouds are all of one size.
    UpTo(u32),
}

impl Default for Ending {
    fn default() -> Self {
        Self {
            nul: true,
            zeros: Zeros::default(),
        }
    }
}

impl Ending {
    /// Returns how many zero bytes are behind any signature.
    pub(super) fn count(self, version: Version) -> usize {
        match (self.zeros, version) {
            // CAST: Widens.
            (Zeros::Count(count), _) => count as usize,
            (Zeros::Usual, Version::V4) => 70,
            _ => 0,
        }
    }

    /// Returns what size of a quote there are zero bytes up to.
    pub(crate) fn up_to(self) -> u32 {
        match self.zeros {
            Zeros::UpTo(size) => size,
            Zeros::Usual | Zeros::Count(_) => 0,
        }
    }
}
