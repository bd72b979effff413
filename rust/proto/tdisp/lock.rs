// SPDX-License-Identifier: GPL-2.0

//! LOCK_INTERFACE_REQUEST and LOCK_INTERFACE_RESPONSE. Sections 11.3.8 and 11.3.9.

use super::{
    MessageType,
    Request,
    Result,
    StartNonce, //
};
use crate::spdm::{
    Reader,
    Writer, //
};

/// What a device is asked for when it is locked. Table 11-10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags(u16);

impl Flags {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// The firmware can't be updated while the interface is locked.
    pub const NO_FW_UPDATE: Self = Self(1 << 0);
    /// The MSI-X table and its pending bits are locked, and in the report.
    pub const LOCK_MSIX: Self = Self(1 << 2);
    /// All requests of the device go upstream.
    pub const ALL_REQUEST_REDIRECT: Self = Self(1 << 4);

    /// Takes what a user asks for, if it is among the flags above. Others need more than a flag.
    pub const fn asked(raw: u16) -> Option<Self> {
        let all = Self::NO_FW_UPDATE
            .with(Self::LOCK_MSIX)
            .with(Self::ALL_REQUEST_REDIRECT);

        match all.has(Self(raw)) {
            true => Some(Self(raw)),
            false => None,
        }
    }

    /// Takes the value as it is in a message.
    pub const fn new(raw: u16) -> Self {
        Self(raw)
    }

    /// Returns the value as it is in a message.
    pub const fn raw(self) -> u16 {
        self.0
    }

    /// Returns `self` and the flags of `other`.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Tells whether all flags of `other` are among these.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The request. Addresses in the report have no offset, and no other device is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockInterface {
    /// What the device is asked for.
    pub flags: Flags,
    /// The default stream of Integrity and Data Encryption, where there is one.
    pub stream: u8,
}

impl Request for LockInterface {
    const TYPE: MessageType = MessageType::LOCK_INTERFACE;
    type Response<'a> = &'a StartNonce;

    fn write(&self, writer: &mut Writer<'_>) -> Result {
        writer.u16(self.flags.raw())?;
        writer.bytes(&[self.stream, 0])?;
        // MMIO_REPORTING_OFFSET, BIND_P2P_ADDRESS_MASK.
        Ok(writer.zeros(16)?)
    }

    fn read<'a>(&self, reader: &mut Reader<'a>) -> Result<&'a StartNonce> {
        Ok(reader.array()?)
    }
}
