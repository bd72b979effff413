// SPDX-License-Identifier: GPL-2.0

//! What a data object begins with.

use core::mem::offset_of;

use zerocopy::{
    little_endian::{
        U16,
        U32, //
    },
    FromBytes as _, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use super::{
    Error,
    Padded,
    Result, //
};
use crate::open_enum::open_enum;

open_enum! {
    /// The vendor that defined an object type.
    pub struct Vendor(u16) {
        /// The PCI-SIG.
        PCI_SIG = 0x0001,
    }
}

open_enum! {
    /// The type of a data object of the PCI-SIG. Table "PCI-SIG defined Data Object Types".
    pub struct ObjectType(u8) {
        /// DOE Discovery.
        DISCOVERY = 0,
        /// CMA-SPDM: a message in clear.
        CMA_SPDM = 1,
        /// Secured CMA-SPDM: a record of a session.
        SECURED_CMA_SPDM = 2,
    }
}

/// Data Object Header 1 and 2. Tables of the same names.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Header {
    vendor: U16,
    object_type: u8,
    reserved: u8,
    length: U32,
}

impl Header {
    /// Size in bytes.
    pub const SIZE: usize = 8;
    /// Dwords of the longest object, which a length of 0 stands for.
    const MAX_DWORDS: u32 = 1 << 18;
    /// The bits of the length that are not reserved.
    const LENGTH_MASK: u32 = Self::MAX_DWORDS - 1;

    /// Makes the header of an object of the PCI-SIG with this payload.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when no object has room for the payload.
    pub fn new(object_type: ObjectType, payload: Padded) -> Result<Self> {
        let dwords = u32::try_from(payload.dwords())
            .ok()
            .and_then(|dwords| dwords.checked_add(2))
            .filter(|dwords| *dwords <= Self::MAX_DWORDS)
            .ok_or(Error::TooLarge)?;

        Ok(Self {
            vendor: U16::new(Vendor::PCI_SIG.raw()),
            object_type: object_type.raw(),
            reserved: 0,
            length: U32::new(dwords & Self::LENGTH_MASK),
        })
    }

    /// Returns the vendor.
    pub const fn vendor(&self) -> Vendor {
        Vendor(self.vendor.get())
    }

    /// Returns the type of the object.
    pub const fn object_type(&self) -> ObjectType {
        ObjectType(self.object_type)
    }

    /// Returns the dwords of the object, the header counted. Reserved bits are ignored.
    pub const fn dwords(&self) -> u32 {
        match self.length.get() & Self::LENGTH_MASK {
            0 => Self::MAX_DWORDS,
            dwords => dwords,
        }
    }

    /// Borrows the payload of `object`, an answer to an object of type `asked`, with its padding.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] when `object` ends early, [`Error::Vendor`] or [`Error::Type`] when it is of
    /// another kind, [`Error::Length`] when its length is not the one that the header announces.
    pub fn parse(asked: ObjectType, object: &[u8]) -> Result<&[u8]> {
        let (header, payload) = Self::ref_from_prefix(object).map_err(|_| Error::Truncated)?;

        if header.vendor() != Vendor::PCI_SIG {
            return Err(Error::Vendor(header.vendor()));
        }
        if header.object_type() != asked {
            return Err(Error::Type(header.object_type()));
        }
        header.check_length(object.len())?;
        Ok(payload)
    }

    /// Checks that the object has as many bytes as the header announces.
    fn check_length(&self, len: usize) -> Result {
        let announced = u64::from(self.dwords()) * 4;
        let len = u64::try_from(len).map_err(|_| Error::TooLarge)?;

        match announced.cmp(&len) {
            _ if self.dwords() < 2 => Err(Error::Length(self.dwords())),
            core::cmp::Ordering::Equal => Ok(()),
            core::cmp::Ordering::Less => Err(Error::Length(self.dwords())),
            core::cmp::Ordering::Greater => Err(Error::Truncated),
        }
    }
}

const _: () = {
    assert!(size_of::<Header>() == Header::SIZE);
    assert!(offset_of!(Header, vendor) == 0);
    assert!(offset_of!(Header, object_type) == 2);
    assert!(offset_of!(Header, reserved) == 3);
    assert!(offset_of!(Header, length) == 4);
};
