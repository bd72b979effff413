// SPDX-License-Identifier: GPL-2.0

//! Measurement registers: `/sys/kernel/tsm/<provider>/`.
//!
//! A register is a file `<mr>`, or `<mr>/<hash>/digest`; registers of one name and several hashes
//! share the directory `<mr>`.

use kernel::{
    prelude::*,
    str::{
        CStr,
        CString, //
    },
    sync::Arc, //
};
use tsm_ext::sysfs::{
    BinFile,
    Directory, //
};

use crate::measurement::{
    Measurement,
    MeasurementId, //
};

use register_set::{
    RegisterFile,
    RegisterSet, //
};

mod register_set;

/// All that is published.
pub(crate) struct Tree {
    root: Directory,
    providers: KVec<Provider>,
}

/// What one provider has published.
pub(crate) struct Provider {
    id: MeasurementId,
    _files: KVec<BinFile<RegisterFile>>,
    /// The same registers in another place.
    shown: Option<(KVec<BinFile<RegisterFile>>, Directory)>,
    _dir: Directory,
    /// Of what others have, all is gone before this is.
    registers: Arc<RegisterSet>,
}

impl Tree {
    pub(crate) fn new(root: Directory) -> Self {
        Self {
            root,
            providers: KVec::new(),
        }
    }

    /// Publishes the registers of a provider, all of them or none.
    pub(crate) fn register(&mut self, mut measurement: Measurement) -> Result {
        if self.find(measurement.name()).is_some() {
            return Err(EEXIST);
        }
        check_paths(&measurement)?;
        // Registers that are not live get their value here, and never again.
        measurement.refresh(None)?;

        let id = measurement.id();
        let dir = self.root.new_child(measurement.name())?;
        let registers = Arc::pin_init(RegisterSet::new(measurement)?, GFP_KERNEL)?;
        let files = publish(&dir, &registers)?;

        self.providers.push(
            Provider {
                id,
                _files: files,
                shown: None,
                _dir: dir,
                registers,
            },
            GFP_KERNEL,
        )?;
        Ok(())
    }

    /// Takes the registers of a provider back, and waits for tasks that use them.
    ///
    /// # Errors
    ///
    /// [`ENOENT`] if there is no provider `name`, [`EINVAL`] if it is another than `id`.
    pub(crate) fn unregister(&mut self, name: &CStr, id: MeasurementId) -> Result {
        self.provider(name, id)?;
        self.providers.retain(|provider| provider.id != id);
        Ok(())
    }

    /// Returns a provider.
    ///
    /// # Errors
    ///
    /// Those of [`Tree::unregister`].
    #[inline(never)]
    pub(crate) fn provider(&mut self, name: &CStr, id: MeasurementId) -> Result<&mut Provider> {
        let index = self.find(name).ok_or(ENOENT)?;

        self.providers
            .get_mut(index)
            .filter(|provider| provider.id == id)
            .ok_or(EINVAL)
    }

    fn find(&self, name: &CStr) -> Option<usize> {
        self.providers
            .iter()
            .position(|p| *p.registers.name == *name)
    }
}

impl Provider {
    /// Says whether [`Provider::show_in`] has been done.
    pub(crate) fn is_shown(&self) -> bool {
        self.shown.is_some()
    }

    /// Shows the registers in `dir` as well, as files `<register>[:<hash>]`.
    pub(crate) fn show_in(&mut self, dir: Directory) -> Result {
        let files =
            RegisterFile::publish_all(&self.registers, &mut |entry, file| match entry.hash {
                Some(hash) => {
                    let (name, hash) = (entry.name.to_str()?, hash.name().to_str()?);

                    file.publish(&dir, &CString::try_from_fmt(fmt!("{name}:{hash}"))?)
                }
                None => file.publish(&dir, &entry.name),
            })?;

        self.shown = Some((files, dir));
        Ok(())
    }
}

/// Checks that no two registers would have the same path, and that none has too many hashes.
fn check_paths(measurement: &Measurement) -> Result {
    let registers = measurement.registers();

    for (index, register) in registers.clone().enumerate() {
        let mut banks = 1;

        for other in registers.clone().take(index) {
            if other.name() != register.name() {
                continue;
            }
            // A flat file can't be a directory as well.
            if other.hash().is_none() || register.hash().is_none() {
                return Err(EEXIST);
            }
            if other.hash() == register.hash() {
                return Err(EEXIST);
            }
            banks += 1;
        }
        if banks > Measurement::MAX_BANKS {
            return Err(ENOSPC);
        }
    }
    Ok(())
}

/// Makes the files of all registers in `dir`.
fn publish(dir: &Directory, registers: &Arc<RegisterSet>) -> Result<KVec<BinFile<RegisterFile>>> {
    let mut directories: KVec<(&CStr, Directory)> = KVec::new();

    RegisterFile::publish_all(registers, &mut |entry, file| {
        let Some(hash) = entry.hash else {
            return file.publish(dir, &entry.name);
        };
        let name: &CStr = &entry.name;
        let known = directories.iter().find(|(known, _)| **known == *name);
        let parent = match known {
            Some((_, parent)) => parent.clone(),
            None => {
                let parent = dir.new_child(name)?;

                directories.push((name, parent.clone()), GFP_KERNEL)?;
                parent
            }
        };

        file.publish(&parent.new_child(hash.name())?, c"digest")
    })
}
