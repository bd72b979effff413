// SPDX-License-Identifier: GPL-2.0

//! `certificates/slot<N>`.

use kernel::{
    prelude::*,
    sync::Arc, //
};
use tsm_ext::{
    capability::has_sys_admin,
    output_buffer::OutputBuffer,
    sysfs::Mark, //
};
use tsm_proto::spdm::Slot;

use super::{
    evidence::{
        no_data,
        Read, //
    },
    file::FileOps, //
};
use crate::device::Device;

/// The certificates in a slot. Those that did not authenticate the device are read from it at first.
pub(super) struct CertificatesFile {
    device: Arc<Device>,
    slot: Slot,
}

impl CertificatesFile {
    pub(super) fn new(device: Arc<Device>, slot: Slot) -> Self {
        Self { device, slot }
    }
}

impl FileOps for CertificatesFile {
    fn read<'a>(&self, mark: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        let mut snapshot = self.device.published().snapshot().ok_or_else(no_data)?;

        if !snapshot.peer().slots.has(self.slot) {
            return Err(no_data());
        }
        if snapshot.certificates(self.slot).is_none() {
            // The mailbox is not for each task that can open a file.
            if !has_sys_admin() {
                return Err(EPERM);
            }
            self.device.read_slot(self.slot)?;
            snapshot = self.device.published().snapshot().ok_or_else(no_data)?;
        }
        let (serial, certificates) = snapshot.certificates(self.slot).ok_or_else(no_data)?;

        Read { mark, offset, out }.bytes(serial, [certificates, &[]])
    }
}
