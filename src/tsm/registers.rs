// SPDX-License-Identifier: GPL-2.0

//! Measurement registers: `/sys/kernel/tsm/<provider>/`.
//!
//! A register is a file `<mr>`, or `<mr>/<hash>/digest`; registers of one name and several hashes
//! share the directory `<mr>`.

use kernel::{
    prelude::*,
    static_lock_class,
    str::{
        CStr,
        CString, //
    },
    sync::Arc, //
};
use tsm_ext::{
    mutex::KillableMutex,
    sysfs::{
        BinFile,
        BinFileOps,
        Directory,
        Mode, //
    },
    tsm::{
        Flags,
        Measurement,
        MeasurementId,
        Register, //
    }, //
};

/// All that is published.
pub(crate) struct Tree {
    root: Directory,
    providers: KVec<Provider>,
}

/// What one provider has published.
struct Provider {
    id: MeasurementId,
    name: CString,
    /// They hold the [`Bank`], so it is gone when they are.
    _files: KVec<BinFile<RegisterFile>>,
    _dir: Directory,
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
        let name = CString::try_from(measurement.name())?;
        let dir = self.root.new_child(&name)?;
        let files = publish(&dir, measurement)?;

        self.providers.push(
            Provider {
                id,
                name,
                _files: files,
                _dir: dir,
            },
            GFP_KERNEL,
        )?;
        Ok(())
    }

    /// Takes the registers of a provider back, and waits for those who use them.
    ///
    /// # Errors
    ///
    /// [`ENOENT`] if there is no provider `name`, [`EINVAL`] if it is another than `id`.
    pub(crate) fn unregister(&mut self, name: &CStr, id: MeasurementId) -> Result {
        let index = self.find(name).ok_or(ENOENT)?;

        if self.providers.get(index).is_none_or(|p| p.id != id) {
            return Err(EINVAL);
        }
        drop(self.providers.remove(index));
        Ok(())
    }

    fn find(&self, name: &CStr) -> Option<usize> {
        self.providers.iter().position(|p| *p.name == *name)
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

/// Makes the files of all registers of `measurement` in `dir`.
fn publish(dir: &Directory, measurement: Measurement) -> Result<KVec<BinFile<RegisterFile>>> {
    let count = measurement.registers().count();
    let bank = Arc::pin_init(Bank::new(measurement), GFP_KERNEL)?;
    let mut files = KVec::with_capacity(count, GFP_KERNEL)?;
    let mut directories: KVec<(CString, Directory)> = KVec::new();

    for index in 0..count {
        let bank_of_file = bank.clone();
        let guard = bank.state.lock_killable()?;
        let register = guard.measurement.register(index)?;
        let file = RegisterFile::new(bank_of_file, index, register);
        let mode = mode(register.flags());
        // Where a write is possible, the limit is left to the file: sysfs would cut a write off
        // there, and a register would be extended with the first part of what was meant.
        let size = match register.flags().contains(Flags::WRITABLE) {
            true => 0,
            false => register.size(),
        };

        let Some(hash) = register.hash() else {
            files.push(
                BinFile::new(dir, register.name(), mode, size, file)?,
                GFP_KERNEL,
            )?;
            continue;
        };
        let known = directories
            .iter()
            .find(|(name, _)| **name == *register.name());
        let directory = match known {
            Some((_, directory)) => directory.clone(),
            None => {
                let directory = dir.new_child(register.name())?;
                let name = CString::try_from(register.name())?;

                directories.push((name, directory.clone()), GFP_KERNEL)?;
                directory
            }
        };
        let directory = directory.new_child(hash.name())?;

        files.push(
            BinFile::new(&directory, c"digest", mode, size, file)?,
            GFP_KERNEL,
        )?;
    }
    Ok(files)
}

fn mode(flags: Flags) -> Mode {
    let mut mode = Mode::NONE;

    if flags.contains(Flags::READABLE) {
        mode = mode.with(Mode::READ_ALL);
    }
    if flags.contains(Flags::WRITABLE) {
        mode = mode.with(Mode::WRITE_GROUP);
    }
    mode
}

/// The registers of a provider, used by one file at a time.
#[pin_data]
struct Bank {
    #[pin]
    state: KillableMutex<State>,
}

struct State {
    measurement: Measurement,
    /// Whether a live register may have changed since the last refresh.
    stale: bool,
}

impl Bank {
    fn new(measurement: Measurement) -> impl PinInit<Self> {
        let state = State {
            measurement,
            stale: false,
        };

        pin_init!(Self {
            state <- KillableMutex::new(state, c"tsm::Bank::state", static_lock_class!()),
        })
    }
}

/// The file of one register.
struct RegisterFile {
    bank: Arc<Bank>,
    index: usize,
    size: usize,
    flags: Flags,
}

impl RegisterFile {
    fn new(bank: Arc<Bank>, index: usize, register: Register<'_>) -> Self {
        Self {
            bank,
            index,
            size: register.size(),
            flags: register.flags(),
        }
    }
}

impl BinFileOps for RegisterFile {
    fn read(&self, offset: usize, out: &mut [u8]) -> Result<usize> {
        // Root opens files that are not readable, too.
        if !self.flags.contains(Flags::READABLE) {
            return Err(EACCES);
        }
        if offset >= self.size {
            return Ok(0);
        }
        let mut state = self.bank.state.lock_killable()?;

        if state.stale && self.flags.contains(Flags::LIVE) {
            state.measurement.refresh(Some(self.index))?;
            state.stale = false;
        }
        let value = state.measurement.value(self.index)?;
        let value = value.get(offset..).unwrap_or_default();
        let len = value.len().min(out.len());

        for (to, from) in out.iter_mut().zip(value) {
            *to = *from;
        }
        Ok(len)
    }

    fn write(&self, offset: usize, data: &[u8]) -> Result {
        if !self.flags.contains(Flags::WRITABLE) {
            return Err(EACCES);
        }
        if offset != 0 || data.len() != self.size {
            return Err(EINVAL);
        }
        let mut state = self.bank.state.lock_killable()?;

        if !self.flags.contains(Flags::EXTENSIBLE) {
            return state.measurement.replace(self.index, data);
        }
        // After a failure, too, it is the provider that knows the value.
        state.stale = true;
        state.measurement.extend(self.index, data)
    }
}
