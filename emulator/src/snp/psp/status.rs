// SPDX-License-Identifier: GPL-2.0

//! What the firmware says of a command, or of what a message asks for.

use zerocopy::little_endian::U32;

/// A status code. ABI, chapter "Status Codes".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status(u32);

impl Status {
    /// A message that was not made with the key, or was changed.
    pub(super) const BAD_MEASUREMENT: Self = Self(0x0b);
    /// Something is not as it has to be.
    pub(crate) const INVALID_PARAM: Self = Self(0x16);
    /// A message with another number than the next.
    pub(super) const AEAD_OFLOW: Self = Self(0x1d);
    /// A key that there is not.
    pub(crate) const INVALID_KEY: Self = Self(0x27);

    /// Returns the code.
    pub(crate) const fn raw(self) -> u32 {
        self.0
    }
}

impl From<Status> for U32 {
    fn from(status: Status) -> Self {
        Self::new(status.0)
    }
}
