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
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Release, //
        },
        Arc, //
    }, //
};
use tsm_ext::{
    hash::HashAlgo,
    mutex::KillableMutex,
    seq_bytes::SeqBytes,
    sysfs::{
        BinFile,
        BinFileOps,
        Directory,
        Mode, //
    },
    tsm::{
        trace,
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
pub(crate) struct Provider {
    id: MeasurementId,
    name: CString,
    _files: KVec<BinFile<RegisterFile>>,
    /// The same registers in another place.
    shown: Option<(KVec<BinFile<RegisterFile>>, Directory)>,
    _dir: Directory,
    /// Of what others have, all is gone before this is.
    bank: Arc<Bank>,
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
        let bank = Arc::pin_init(Bank::new(measurement)?, GFP_KERNEL)?;
        let files = publish(&dir, &bank)?;

        self.providers.push(
            Provider {
                id,
                name,
                _files: files,
                shown: None,
                _dir: dir,
                bank,
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
        self.provider(name, id)?;
        self.providers.retain(|provider| provider.id != id);
        Ok(())
    }

    /// Returns a provider.
    ///
    /// # Errors
    ///
    /// Those of [`Tree::unregister`].
    pub(crate) fn provider(&mut self, name: &CStr, id: MeasurementId) -> Result<&mut Provider> {
        let index = self.find(name).ok_or(ENOENT)?;

        self.providers
            .get_mut(index)
            .filter(|provider| provider.id == id)
            .ok_or(EINVAL)
    }

    fn find(&self, name: &CStr) -> Option<usize> {
        self.providers.iter().position(|p| *p.name == *name)
    }
}

impl Provider {
    /// Says whether [`Provider::show_in`] has been done.
    pub(crate) fn is_shown(&self) -> bool {
        self.shown.is_some()
    }

    /// Shows the registers in `dir` as well, as files `<register>[:<hash>]`.
    pub(crate) fn show_in(&mut self, dir: Directory) -> Result {
        let mut files = KVec::new();

        for spec in self.bank.specs()? {
            let name = match spec.hash {
                Some(hash) => {
                    let (name, hash) = (spec.name.to_str()?, hash.name().to_str()?);

                    CString::try_from_fmt(fmt!("{name}:{hash}"))?
                }
                None => CString::try_from(&*spec.name)?,
            };
            let file = RegisterFile::new(&self.bank, spec);

            files.push(file.publish(&dir, &name, Mode::WRITE_OWNER)?, GFP_KERNEL)?;
        }
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
fn publish(dir: &Directory, bank: &Arc<Bank>) -> Result<KVec<BinFile<RegisterFile>>> {
    let mut files = KVec::new();
    let mut directories: KVec<(CString, Directory)> = KVec::new();

    for spec in bank.specs()? {
        let (dir, name) = match spec.hash {
            None => (dir.clone(), CString::try_from(&*spec.name)?),
            Some(hash) => {
                let known = directories.iter().find(|(known, _)| **known == *spec.name);
                let parent = match known {
                    Some((_, parent)) => parent.clone(),
                    None => {
                        let parent = dir.new_child(&spec.name)?;
                        let name = CString::try_from(&*spec.name)?;

                        directories.push((name, parent.clone()), GFP_KERNEL)?;
                        parent
                    }
                };
                (
                    parent.new_child(hash.name())?,
                    CString::try_from(c"digest")?,
                )
            }
        };
        let file = RegisterFile::new(bank, spec);

        files.push(file.publish(&dir, &name, Mode::WRITE_GROUP)?, GFP_KERNEL)?;
    }
    Ok(files)
}

/// What is to be known of a register without looking at what the provider has, which only who holds
/// the lock may do.
struct Spec {
    index: usize,
    /// Where in [`Bank::values`] it is.
    start: usize,
    size: usize,
    flags: Flags,
    name: CString,
    hash: Option<HashAlgo>,
    /// How the hash is called in a trace, kept because to ask for it measures its length.
    hash_name: &'static CStr,
}

impl Spec {
    fn new(index: usize, start: usize, register: Register<'_>) -> Result<Self> {
        Ok(Self {
            index,
            start,
            size: register.size(),
            flags: register.flags(),
            name: CString::try_from(register.name())?,
            hash: register.hash(),
            hash_name: register.hash().map_or(c"data", HashAlgo::name),
        })
    }
}

/// The registers of a provider.
///
/// Their values are kept twice: by the provider, for whoever holds the lock, and in `values`, where
/// they are read without one.
#[pin_data]
struct Bank {
    #[pin]
    measurement: KillableMutex<Measurement>,
    values: SeqBytes,
    /// For the trace.
    name: CString,
    /// Whether a live register may have changed since the last refresh. Changes with the lock held.
    stale: Atomic<bool>,
}

impl Bank {
    fn new(measurement: Measurement) -> Result<impl PinInit<Self>> {
        let size = slots(&measurement)
            .map(|(start, register)| start + register.size())
            .last()
            .unwrap_or(0);
        let values = SeqBytes::new(size)?;
        let name = CString::try_from(measurement.name())?;

        show_all(&values, &measurement);
        Ok(pin_init!(Self {
            measurement <- KillableMutex::new(
                measurement,
                c"tsm::Bank::measurement",
                static_lock_class!(),
            ),
            values,
            name,
            stale: Atomic::new(false),
        }))
    }
}

impl Bank {
    /// Returns what is to be known of the registers. The lock is not held any more then: who drops
    /// a file waits for its users, and they may wait for the lock.
    fn specs(&self) -> Result<KVec<Spec>> {
        let measurement = self.measurement.lock_killable()?;
        let mut specs = KVec::new();

        for (index, (start, register)) in slots(&measurement).enumerate() {
            specs.push(Spec::new(index, start, register)?, GFP_KERNEL)?;
        }
        Ok(specs)
    }
}

/// Returns the registers, and where in [`Bank::values`] each starts.
fn slots(measurement: &Measurement) -> impl Iterator<Item = (usize, Register<'_>)> {
    measurement.registers().scan(0, |end, register| {
        let start = *end;

        *end += SeqBytes::align(register.size());
        Some((start, register))
    })
}

/// Makes the provider's values those that are read.
fn show_all(values: &SeqBytes, measurement: &Measurement) {
    let starts = slots(measurement).map(|(start, _)| start);

    values.write(starts.zip(measurement.values()));
}

/// The file of one register.
struct RegisterFile {
    bank: Arc<Bank>,
    spec: Spec,
}

impl RegisterFile {
    fn new(bank: &Arc<Bank>, spec: Spec) -> Self {
        Self {
            bank: bank.clone(),
            spec,
        }
    }

    /// Makes the file; who may write a writable register is for `writers` to say.
    fn publish(self, dir: &Directory, name: &CStr, writers: Mode) -> Result<BinFile<Self>> {
        let flags = self.spec.flags;
        let mut mode = Mode::NONE;
        let mut size = self.spec.size;

        if flags.contains(Flags::READABLE) {
            mode = mode.with(Mode::READ_ALL);
        }
        if flags.contains(Flags::WRITABLE) {
            mode = mode.with(writers);
            // This leaves the limit to us. Otherwise sysfs would cut a write off at the size, and
            // a register would be extended with the first part of what was meant.
            size = 0;
        }
        BinFile::new(dir, name, mode, size, self)
    }

    /// Returns how the register is called in a trace.
    fn label(&self) -> trace::Label<'_> {
        trace::Label {
            provider: &self.bank.name,
            name: &self.spec.name,
            hash: self.spec.hash_name,
        }
    }

    /// Says whether the value has to be asked for before it is read.
    fn is_stale(&self) -> bool {
        self.spec.flags.contains(Flags::LIVE) && self.bank.stale.load(Acquire)
    }

    /// Brings the value up to date and copies it from `offset` on.
    fn read_fresh(&self, offset: usize, out: &mut [u8]) -> Result {
        let mut measurement = self.bank.measurement.lock_killable()?;

        // Who held the lock may have done it.
        if self.is_stale() {
            let result = measurement.refresh(Some(self.spec.index));

            trace::register_refresh(self.label(), result);
            result?;
            show_all(&self.bank.values, &measurement);
            self.bank.stale.store(false, Release);
        }
        // Writers are kept out by the lock.
        match self.bank.values.try_read(self.spec.start + offset, out) {
            true => Ok(()),
            false => Err(EAGAIN),
        }
    }
}

impl BinFileOps for RegisterFile {
    fn read(&self, offset: usize, out: &mut [u8]) -> Result<usize> {
        let len = out.len().min(self.spec.size.saturating_sub(offset));
        let out = out.get_mut(..len).unwrap_or_default();

        if out.is_empty() {
            return Ok(0);
        }
        if self.is_stale() || !self.bank.values.try_read(self.spec.start + offset, out) {
            self.read_fresh(offset, out)?;
        }
        trace::register_read(self.label(), out);
        Ok(len)
    }

    fn write(&self, offset: usize, data: &[u8]) -> Result {
        if offset != 0 || data.len() != self.spec.size {
            return Err(EINVAL);
        }
        let mut measurement = self.bank.measurement.lock_killable()?;

        let result = if self.spec.flags.contains(Flags::EXTENSIBLE) {
            // Before the register changes, so that nobody takes the old value for the new one; and
            // whether it fails or not, since only the provider knows what is left.
            self.bank.stale.store(true, Release);
            measurement.extend(self.spec.index, data)
        } else {
            measurement.replace(self.spec.index, data).inspect(|()| {
                self.bank
                    .values
                    .write(core::iter::once((self.spec.start, data)));
            })
        };

        trace::register_write(self.label(), data, result);
        result
    }
}
