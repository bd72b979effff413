// SPDX-License-Identifier: GPL-2.0

//! What a lock is about: LOCK_INTERFACE_REQUEST, PCIe r6 11.3.8.

/// START_INTERFACE_NONCE.
pub(crate) type Nonce = [u8; 32];

/// A session, by how many there were before it: the IDs of SPDM are used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SessionNumber(pub(crate) u64);

/// What the requester of a lock asks for: Table 11-10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flags(u16);

impl Flags {
    /// The firmware cannot be updated while the interface is locked.
    pub(crate) const NO_FW_UPDATE: Self = Self(1 << 0);
    /// MSI-X is locked too, and reported.
    pub(crate) const LOCK_MSIX: Self = Self(1 << 2);
    /// All requests go upstream.
    pub(crate) const ALL_REQUEST_REDIRECT: Self = Self(1 << 4);
    /// Those that the device has. It has no system cache line size and no direct peer-to-peer.
    pub(crate) const SUPPORTED: Self =
        Self(Self::NO_FW_UPDATE.0 | Self::LOCK_MSIX.0 | Self::ALL_REQUEST_REDIRECT.0);

    /// Takes the value as it is in a message, if the device has all of them.
    pub(crate) fn try_new(raw: u16) -> Option<Self> {
        (raw & !Self::SUPPORTED.0 == 0).then_some(Self(raw))
    }

    /// Returns the value as it is in a message.
    pub(crate) const fn raw(self) -> u16 {
        self.0
    }

    /// Tells whether all flags of `other` are among these.
    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What an interface was locked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lock {
    /// The session that it was locked over.
    pub(crate) session: SessionNumber,
    /// What was asked for.
    pub(crate) flags: Flags,
    /// The default stream, if the device has a link.
    pub(crate) stream: u8,
    /// What is added to addresses in the report.
    pub(crate) offset: u64,
    /// What the interface is started with. There is none any more once it has left CONFIG_LOCKED.
    pub(crate) nonce: Option<Nonce>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_flags_that_the_device_has() {
        for raw in 0..0x40 {
            let flags = Flags::try_new(raw);
            assert_eq!(flags.is_some(), raw & !0x15 == 0);
            assert!(flags.is_none_or(|flags| flags.raw() == raw));
        }
    }
}
