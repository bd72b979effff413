// SPDX-License-Identifier: GPL-2.0

//! Versions of SPDM.

use core::str::FromStr;

use super::unknown::Unknown;

/// A version of SPDM: the major number in the high nibble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Version {
    /// 1.0.
    #[default]
    V1_0,
    /// 1.1.
    V1_1,
    /// 1.2.
    V1_2,
    /// 1.3.
    V1_3,
    /// 1.4.
    V1_4,
}

impl Version {
    /// All versions.
    pub const ALL: [Self; 5] = [Self::V1_0, Self::V1_1, Self::V1_2, Self::V1_3, Self::V1_4];

    /// Returns the version in the first byte of a message.
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.byte() == byte)
    }

    /// Returns the first byte of its messages.
    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::V1_0 => 0x10,
            Self::V1_1 => 0x11,
            Self::V1_2 => 0x12,
            Self::V1_3 => 0x13,
            Self::V1_4 => 0x14,
        }
    }

    /// Returns the version as labels have it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
            Self::V1_4 => "1.4",
        }
    }
}

impl FromStr for Version {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let mut all = Self::ALL.into_iter();

        all.find(|version| version.text() == text).ok_or(Unknown)
    }
}
