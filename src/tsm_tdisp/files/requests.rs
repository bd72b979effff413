// SPDX-License-Identifier: GPL-2.0

//! `connect` and `disconnect`.

use kernel::{
    prelude::*,
    sync::Arc, //
};
use tsm_ext::sysfs::BinFileOps;
use tsm_proto::spdm::Slot;

use crate::device::Device;

/// Parses a digit, which a line feed may follow, as all of what is written.
///
/// # Errors
///
/// [`EINVAL`] if it is none.
fn digit(offset: usize, data: &[u8]) -> Result<u8> {
    match (offset, data) {
        (0, [digit @ b'0'..=b'9'] | [digit @ b'0'..=b'9', b'\n']) => Ok(digit - b'0'),
        _ => Err(EINVAL),
    }
}

/// `connect`: a slot.
pub(super) struct ConnectFile(pub(super) Arc<Device>);

impl BinFileOps for ConnectFile {
    fn write(&self, offset: usize, data: &[u8]) -> Result {
        let slot = Slot::new(digit(offset, data)?)?;

        self.0.connect(slot)
    }
}

/// `disconnect`: 1.
pub(super) struct DisconnectFile(pub(super) Arc<Device>);

impl BinFileOps for DisconnectFile {
    fn write(&self, offset: usize, data: &[u8]) -> Result {
        match digit(offset, data)? {
            1 => self.0.disconnect(),
            _ => Err(EINVAL),
        }
    }
}
