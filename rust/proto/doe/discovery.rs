// SPDX-License-Identifier: GPL-2.0

//! DOE Discovery. Section 6.30.1.1, tables "DOE Discovery Request Data Object" and "DOE Discovery
//! Response Data Object".

use super::{
    Error,
    ObjectType,
    Result,
    Vendor, //
};

/// An object type that a mailbox speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    /// The vendor that defined the type.
    pub vendor: Vendor,
    /// The type.
    pub object_type: ObjectType,
}

/// A discovery in progress: the index that is asked for next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discovery(u8);

impl Discovery {
    /// The request for the first feature.
    pub const FIRST: Self = Self(0);

    /// Returns the index that this request asks for.
    pub const fn index(self) -> u8 {
        self.0
    }

    /// Returns the payload of the request.
    pub const fn request(self) -> [u8; 4] {
        [self.0, 0, 0, 0]
    }

    /// Parses the payload of the answer. Returns the feature, and the request for the next one, if any.
    ///
    /// Each next index has to be above the last one, so a discovery ends after 256 answers.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] or [`Error::Trailing`] when the payload is not a dword,
    /// [`Error::DiscoveryLoop`] when the next index is not above this one.
    pub fn parse(self, payload: &[u8]) -> Result<(Feature, Option<Self>)> {
        let (vendor_low, vendor_high, object_type, next) = match payload {
            [a, b, c, d] => (*a, *b, *c, *d),
            [_, _, _, _, ..] => return Err(Error::Trailing),
            _ => return Err(Error::Truncated),
        };
        let feature = Feature {
            vendor: Vendor::new(u16::from_le_bytes([vendor_low, vendor_high])),
            object_type: ObjectType::new(object_type),
        };

        match next {
            0 => Ok((feature, None)),
            next if next > self.0 => Ok((feature, Some(Self(next)))),
            next => Err(Error::DiscoveryLoop(next)),
        }
    }
}
