// SPDX-License-Identifier: GPL-2.0

//! Files that show evidence, and never wait for the device.

use core::pin::Pin;

use kernel::{
    bindings,
    fmt,
    prelude::*,
    static_lock_class,
    str::CString,
    sync::{
        Arc,
        LockClassKey, //
    }, //
};
use tsm_ext::{
    error::errno,
    output_buffer::OutputBuffer,
    sysfs::{
        BinFileOps,
        Mark, //
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
    pub(super) fn bytes(self, serial: usize, parts: [&[u8]; 2]) -> Result<&'a [u8]> {
        if !self.mark.is(serial, self.offset) {
            return Err(errno(bindings::ESTALE));
        }
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
    pub(super) fn text(self, serial: usize, text: fmt::Arguments<'_>) -> Result<&'a [u8]> {
        let text = CString::try_from_fmt(text)?;

        self.bytes(serial, [text.to_bytes(), &[]])
    }
}

/// What a file shows of the evidence.
pub(crate) trait Show: Send + Sync + 'static {
    /// Does a read.
    ///
    /// # Errors
    ///
    /// `ENODATA` when there is no such evidence.
    fn show<'a>(&self, snapshot: &Snapshot, read: Read<'_, 'a>) -> Result<&'a [u8]>;
}

/// A file that shows evidence.
pub(crate) struct Evidence<T> {
    published: Arc<Published>,
    item: T,
}

impl<T> Evidence<T> {
    pub(crate) fn new(published: Arc<Published>, item: T) -> Self {
        Self { published, item }
    }
}

/// Returns the error of evidence that there is none of.
pub(super) fn no_data() -> Error {
    errno(bindings::ENODATA)
}

impl<T: Show> BinFileOps for Evidence<T> {
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
