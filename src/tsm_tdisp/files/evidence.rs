// SPDX-License-Identifier: GPL-2.0

//! Files that show evidence, and never wait for the device.

use core::pin::Pin;

use kernel::{
    bindings,
    fmt,
    prelude::*,
    static_lock_class,
    str::CStr,
    sync::{
        Arc,
        LockClassKey, //
    }, //
};
use tsm_ext::{
    error::errno,
    output_buffer::OutputBuffer,
    sysfs::{
        BinFile,
        BinFileOps,
        Directory,
        Mark,
        Mode, //
    }, //
};

use crate::evidence::{
    Published,
    Snapshot, //
};

/// A read of a file.
pub(crate) struct Read<'m, 'a> {
    pub(super) mark: &'m mut Mark,
    pub(super) offset: usize,
    pub(super) out: OutputBuffer<'a>,
}

impl<'a> Read<'_, 'a> {
    /// Returns what is read of the contents, which are `parts` one after the other. `serial` is a number that no
    /// other contents of the file have.
    ///
    /// # Errors
    ///
    /// `ESTALE` when the reader has read of other contents before.
    pub(super) fn bytes(mut self, serial: usize, parts: [&[u8]; 2]) -> Result<&'a [u8]> {
        self.check(serial)?;
        let [first, second] = parts;
        // A read ends where a part does, and the next one goes on.
        let rest = match first.get(self.offset..) {
            Some(rest) if !rest.is_empty() => rest,
            _ => self
                .offset
                .checked_sub(first.len())
                .and_then(|offset| second.get(offset..))
                .unwrap_or_default(),
        };

        self.out.limit(rest.len()).fill(rest)
    }

    /// The same, of text.
    pub(super) fn text(mut self, serial: usize, text: fmt::Arguments<'_>) -> Result<&'a [u8]> {
        self.check(serial)?;
        self.out.text(self.offset, text)
    }

    fn check(&mut self, serial: usize) -> Result {
        match self.mark.is(serial, self.offset) {
            true => Ok(()),
            false => Err(errno(bindings::ESTALE)),
        }
    }
}

/// What a file shows of the evidence.
pub(crate) trait Show: Send + Sync {
    /// Does a read.
    ///
    /// # Errors
    ///
    /// `ENODATA` when there is no such evidence.
    fn show<'a>(&self, snapshot: &Snapshot, read: Read<'_, 'a>) -> Result<&'a [u8]>;
}

/// A file that shows evidence.
pub(crate) struct Evidence {
    published: Arc<Published>,
    item: KBox<dyn Show>,
}

impl Evidence {
    /// Makes the file.
    pub(crate) fn publish(
        directory: &Directory,
        name: &CStr,
        published: &Arc<Published>,
        item: KBox<dyn Show>,
    ) -> Result<BinFile<Self>> {
        let this = Self {
            published: published.clone(),
            item,
        };

        BinFile::new(directory, name, Mode::READ_ALL, 0, this)
    }
}

/// Returns the error of evidence that there is none of.
pub(super) fn no_data() -> Error {
    errno(bindings::ENODATA)
}

impl BinFileOps for Evidence {
    const KEEPS_MARK: bool = true;

    /// Such a file may be removed by a worker that other files wait for.
    fn lock_class() -> Pin<&'static LockClassKey> {
        static_lock_class!()
    }

    fn read<'a>(&self, mark: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        let snapshot = self.published.snapshot().ok_or_else(no_data)?;

        self.item.show(&snapshot, Read { mark, offset, out })
    }
}
