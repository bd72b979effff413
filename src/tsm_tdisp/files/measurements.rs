// SPDX-License-Identifier: GPL-2.0

//! `measurements/`.

use kernel::{
    prelude::*,
    sync::Arc, //
};
use tsm_ext::{
    output_buffer::OutputBuffer,
    sysfs::Mark, //
};
use tsm_proto::spdm::{
    measurements::Index,
    transcript::Part,
    Nonce, //
};

use super::{
    evidence::{
        no_data,
        Read,
        Show, //
    },
    file::FileOps, //
};
use crate::{
    device::Device,
    evidence::Snapshot, //
};

/// `measurements/<index>`: the value of a block.
pub(crate) struct MeasurementFile(pub(crate) Index);

impl Show for MeasurementFile {
    fn show<'a>(&self, snapshot: &Snapshot, read: Read<'_, 'a>) -> Result<&'a [u8]> {
        let record = snapshot.part(Part::Record).ok_or_else(no_data)?;
        let block = snapshot.measurement(self.0).ok_or_else(no_data)?;

        read.bytes(record.serial(), [block.value, &[]])
    }
}

/// `measurements/record`: all blocks.
pub(super) struct RecordFile;

impl Show for RecordFile {
    fn show<'a>(&self, snapshot: &Snapshot, read: Read<'_, 'a>) -> Result<&'a [u8]> {
        let record = snapshot.part(Part::Record).ok_or_else(no_data)?;

        read.bytes(record.serial(), [record.as_slice(), &[]])
    }
}

/// `measurements/nonce`.
pub(super) struct NonceFile(pub(super) Arc<Device>);

impl FileOps for NonceFile {
    fn read<'a>(&self, mark: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        let snapshot = self.0.published().snapshot().ok_or_else(no_data)?;
        let nonce = snapshot.nonce().ok_or_else(no_data)?;
        // There may be no record: the device may have signed that it has no measurements.
        let signature = snapshot.part(Part::MeasurementsSignature);
        let serial = signature.ok_or_else(no_data)?.serial();

        Read { mark, offset, out }.bytes(serial, [nonce, &[]])
    }

    fn write(&self, offset: usize, data: &[u8]) -> Result {
        let nonce = Nonce::try_from(data).map_err(|_| EINVAL)?;

        match offset {
            0 => self.0.measure(nonce),
            _ => Err(EINVAL),
        }
    }
}
