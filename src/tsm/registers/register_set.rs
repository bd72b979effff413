// SPDX-License-Identifier: GPL-2.0

//! The values of a provider's registers, and the files in which they are read and written.

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
    hash::HashAlgo,
    mutex::KillableMutex,
    output_buffer::OutputBuffer,
    seq_bytes::{
        CurrentVersion,
        SeqBytes,
        Version,
        Writer, //
    },
    sysfs::{
        BinFile,
        BinFileOps,
        Directory,
        Mark,
        Mode, //
    }, //
};
use tsm_provider::Flags;

use crate::{
    measurement::{
        Measurement,
        Register, //
    },
    trace, //
};

/// A register, without what the provider has of it, which [`RegisterSet::source`] protects.
pub(super) struct Entry {
    index: usize,
    size: usize,
    flags: Flags,
    pub(super) name: CString,
    pub(super) hash: Option<HashAlgo>,
    /// How the hash is called in a trace, kept because to ask for it measures its length.
    hash_name: &'static CStr,
    /// Changes when the register does, if it is not live. Changes with the lock held.
    version: CurrentVersion,
    /// The value, for a reader that does not hold the lock.
    copy: Arc<SeqBytes>,
}

impl Entry {
    fn new(index: usize, register: Register<'_>, copy: Arc<SeqBytes>) -> Result<Self> {
        Ok(Self {
            index,
            size: register.size(),
            flags: register.flags(),
            name: CString::try_from(register.name())?,
            hash: register.hash(),
            hash_name: register.hash().map_or(c"data", HashAlgo::name),
            version: CurrentVersion::default(),
            copy,
        })
    }
}

/// The registers of a provider.
///
/// Their values are kept twice: by the provider, protected by [`RegisterSet::source`], and in each
/// [`Entry::copy`], where they are read without one.
#[pin_data]
pub(super) struct RegisterSet {
    #[pin]
    source: KillableMutex<Source>,
    pub(super) entries: KVec<Arc<Entry>>,
    /// The provider.
    pub(super) name: CString,
    /// [`Source::live`], for readers without the lock.
    live: CurrentVersion,
}

/// What the provider has.
struct Source {
    measurement: Measurement,
    /// What writes each [`Entry::copy`].
    copies: KVec<Writer>,
    /// Changes when a live register may have changed.
    live: Version,
    /// Of which version of the live registers the values are.
    refreshed: Version,
}

impl RegisterSet {
    /// Takes a provider of which the values are up to date.
    pub(super) fn new(measurement: Measurement) -> Result<impl PinInit<Self>> {
        let name = CString::try_from(measurement.name())?;
        let mut entries = KVec::with_capacity(measurement.count(), GFP_KERNEL)?;
        let mut copies = KVec::with_capacity(measurement.count(), GFP_KERNEL)?;

        for (index, register) in measurement.registers().enumerate() {
            let copy = Writer::new(register.size())?;
            let entry = Arc::new(Entry::new(index, register, copy.reader())?, GFP_KERNEL)?;

            entries.push_within_capacity(entry)?;
            copies.push_within_capacity(copy)?;
        }
        let source = Source {
            measurement,
            copies,
            live: Version::default(),
            refreshed: Version::default(),
        };

        Ok(pin_init!(Self {
            source <- KillableMutex::new(source, c"tsm::RegisterSet::source", static_lock_class!()),
            entries,
            name,
            live: CurrentVersion::default(),
        }))
    }
}

/// A file of one register.
pub(super) struct RegisterFile {
    registers: Arc<RegisterSet>,
    entry: Arc<Entry>,
}

impl RegisterFile {
    /// Makes a file of each register, by `publish`.
    //
    // Not generic, so that there is one loop.
    pub(super) fn publish_all<'a>(
        registers: &'a Arc<RegisterSet>,
        publish: &mut dyn FnMut(&'a Entry, Self) -> Result<BinFile<Self>>,
    ) -> Result<KVec<BinFile<Self>>> {
        let mut files = KVec::with_capacity(registers.entries.len(), GFP_KERNEL)?;

        for entry in &registers.entries {
            let file = Self {
                registers: registers.clone(),
                entry: entry.clone(),
            };

            files.push_within_capacity(publish(entry, file)?)?;
        }
        Ok(files)
    }

    /// Makes the file.
    pub(super) fn publish(self, dir: &Directory, name: &CStr) -> Result<BinFile<Self>> {
        let flags = self.entry.flags;
        let mut mode = Mode::NONE;
        let mut size = self.entry.size;

        if flags.contains(Flags::READABLE) {
            mode = mode.with(match flags.contains(Flags::PRIVATE) {
                true => Mode::READ_OWNER,
                false => Mode::READ_ALL,
            });
        }
        if flags.contains(Flags::WRITABLE) {
            mode = mode.with(Mode::WRITE_OWNER);
            // This leaves the limit to us. Otherwise sysfs would cut a write off at the size, and
            // a register would be extended with the first part of what was meant.
            size = 0;
        }
        BinFile::new(dir, name, mode, size, self)
    }

    /// Returns how the register is called in a trace.
    fn label(&self) -> trace::Label<'_> {
        trace::Label {
            provider: &self.registers.name,
            name: &self.entry.name,
            hash: self.entry.hash_name,
        }
    }

    fn is_live(&self) -> bool {
        self.entry.flags.contains(Flags::LIVE)
    }

    /// Returns what changes when the register may have.
    fn version(&self) -> &CurrentVersion {
        match self.is_live() {
            true => &self.registers.live,
            false => &self.entry.version,
        }
    }

    /// Brings the value and its copy up to date, and fills `out` from `offset` on.
    //
    // Inlined into its one caller: the call costs 40 instructions, as the result is returned in memory.
    #[inline(always)]
    fn read_source<'a>(&self, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        let mut guard = self.registers.source.lock_killable()?;
        let source = &mut *guard;
        let version = match self.is_live() {
            true => source.live,
            false => self.entry.version.get(),
        };

        // The task that held the lock may already have done it.
        if self.is_live() && source.refreshed != version {
            let result = source.measurement.refresh(Some(self.entry.index));

            trace::register_refresh(self.label(), result);
            result?;
            source.refreshed = version;
        }
        let value = source.measurement.value(self.entry.index)?;
        let rest = value.get(offset..).ok_or(EINVAL)?;

        let copy = source.copies.get_mut(self.entry.index).ok_or(EINVAL)?;
        copy.write(version, value)?;
        out.fill(rest)
    }

    /// Says that live registers may have changed.
    fn next_live(&self, source: &mut Source) {
        source.live = source.live.next();
        self.registers.live.set(source.live);
    }

    /// Says that this register may have changed, which is not live.
    fn next_own(&self, _source: &mut Source) {
        self.entry.version.set(self.entry.version.get().next());
    }

    /// Replaces the value, which says nothing of other registers.
    fn replace(&self, source: &mut Source, data: &[u8]) -> Result {
        source.measurement.replace(self.entry.index, data)?;
        if self.is_live() {
            let fresh = source.refreshed == source.live;

            self.next_live(source);
            if fresh {
                source.refreshed = source.live;
            }
        } else {
            self.next_own(source);
        }
        Ok(())
    }
}

impl BinFileOps for RegisterFile {
    #[inline]
    fn read<'a>(&self, _: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        let out = out.limit(self.entry.size.saturating_sub(offset));

        if out.is_empty() {
            return out.fill(&[]);
        }
        let data = match self.entry.copy.read(self.version().get(), offset, out) {
            Ok(data) => data,
            Err(out) => self.read_source(offset, out)?,
        };

        trace::register_read(self.label(), data);
        Ok(data)
    }

    #[inline]
    fn write(&self, offset: usize, data: &[u8]) -> Result {
        if offset != 0 || data.len() != self.entry.size {
            return Err(EINVAL);
        }
        let mut source = self.registers.source.lock_killable()?;

        let result = if self.entry.flags.contains(Flags::EXTENSIBLE) {
            // Before the register changes, so that no reader takes the old value for the new one; and
            // whether it fails or not, since only the provider knows what is left.
            self.next_live(&mut source);
            if !self.is_live() {
                self.next_own(&mut source);
            }
            source.measurement.extend(self.entry.index, data)
        } else {
            self.replace(&mut source, data)
        };

        trace::register_write(self.label(), data, result);
        result
    }
}
