// SPDX-License-Identifier: GPL-2.0

//! Capabilities of the requester, and those that both sides need.

use super::{
    super::version::Version,
    message::{
        Failure,
        Reader,
        Result, //
    }, //
};

/// ENCRYPT_CAP: encrypts records.
pub(super) const ENCRYPT: u32 = 1 << 6;
/// MAC_CAP: authenticates records.
pub(super) const MAC: u32 = 1 << 7;
/// KEY_EX_CAP: has sessions.
pub(super) const KEY_EX: u32 = 1 << 9;

/// The largest message that the device takes or sends. It has no chunks.
pub(super) const TRANSFER_SIZE: u32 = 0x1200;
/// The smallest `DataTransferSize` there is: `MinDataTransferSize`.
const MIN_TRANSFER_SIZE: u32 = 42;

/// What the requester is able to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Requester {
    /// Its flags. There are none in version 1.0.
    pub(super) flags: u32,
    /// The largest response that it takes.
    pub(super) transfer_size: u32,
}

impl Default for Requester {
    fn default() -> Self {
        Self {
            flags: 0,
            transfer_size: u32::MAX,
        }
    }
}

impl Requester {
    /// Reads GET_CAPABILITIES, whose size depends on the version.
    pub(super) fn read(reader: &mut Reader<'_>, version: Version) -> Result<Self> {
        if version == Version::V1_0 {
            return Ok(Self::default());
        }
        reader.bytes(4)?;
        let flags = reader.u32()?;

        if flags & KEY_EX != 0 && flags & (ENCRYPT | MAC) == 0 {
            return Err(Failure::InvalidRequest);
        }
        if version < Version::V1_2 {
            return Ok(Self {
                flags,
                ..Self::default()
            });
        }
        let transfer_size = reader.u32()?;
        let largest = reader.u32()?;
        // Only chunks make a longer message fit.
        if transfer_size < MIN_TRANSFER_SIZE || largest < transfer_size {
            return Err(Failure::InvalidRequest);
        }
        Ok(Self {
            flags,
            transfer_size,
        })
    }
}
