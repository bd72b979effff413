// SPDX-License-Identifier: GPL-2.0

//! The files of single measurements, which come and go with the measurements.

use kernel::{
    prelude::*,
    str::CString,
    sync::Arc, //
};
use tsm_ext::sysfs::{
    BinFile,
    Directory, //
};
use tsm_proto::spdm::measurements::Index;

use crate::{
    evidence::{
        Published,
        Snapshot, //
    },
    files::{
        Evidence,
        MeasurementFile, //
    }, //
};

/// The files, one for each index.
pub(super) struct MeasurementFiles {
    directory: Directory,
    published: Arc<Published>,
    files: KVec<(Index, BinFile<Evidence>)>,
}

impl MeasurementFiles {
    /// Has none yet.
    pub(super) fn new(directory: Directory, published: Arc<Published>) -> Self {
        Self {
            directory,
            published,
            files: KVec::new(),
        }
    }

    /// Makes the files of measurements in `snapshot` that have none yet, all of them or none.
    pub(super) fn add(&mut self, snapshot: &Snapshot) -> Result {
        let before = self.files.len();

        self.add_each(snapshot)
            .inspect_err(|_| self.files.truncate(before))
    }

    fn add_each(&mut self, snapshot: &Snapshot) -> Result {
        for block in snapshot.measurements() {
            if self.files.iter().all(|(index, _)| *index != block.index) {
                let file = self.file(block.index)?;
                self.files.push((block.index, file), GFP_KERNEL)?;
            }
        }
        Ok(())
    }

    /// Removes the files of measurements that are not in `snapshot`.
    pub(super) fn keep(&mut self, snapshot: &Snapshot) {
        self.files
            .retain(|(index, _)| snapshot.measurement(*index).is_some());
    }

    fn file(&self, index: Index) -> Result<BinFile<Evidence>> {
        let name = CString::try_from_fmt(fmt!("{:03}", index.number()))?;
        let item = KBox::new(MeasurementFile(index), GFP_KERNEL)?;

        Evidence::publish(&self.directory, &name, &self.published, item)
    }

    /// Removes all files.
    pub(super) fn clear(&mut self) {
        self.files.clear();
    }
}
