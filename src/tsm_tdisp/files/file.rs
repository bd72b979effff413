// SPDX-License-Identifier: GPL-2.0

//! A file, whatever it does.
//!
//! There is one type of them, so that the module has the code once that makes and removes a file, and that
//! kernfs calls.

use kernel::prelude::*;
use tsm_ext::{
    output_buffer::OutputBuffer,
    sysfs::{
        BinFileOps,
        Mark, //
    }, //
};

/// What a file does, as [`BinFileOps`] has it. The mark of a reader is kept.
pub(crate) trait FileOps: Send + Sync {
    /// Does a read. By default the file can't be read.
    fn read<'a>(&self, mark: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        let _ = (mark, offset, out);
        Err(EPERM)
    }

    /// Takes a write. By default the file can't be written.
    fn write(&self, offset: usize, data: &[u8]) -> Result {
        let _ = (offset, data);
        Err(EPERM)
    }
}

/// A file.
pub(super) struct File(pub(super) KBox<dyn FileOps>);

impl BinFileOps for File {
    const KEEPS_MARK: bool = true;

    fn read<'a>(&self, mark: &mut Mark, offset: usize, out: OutputBuffer<'a>) -> Result<&'a [u8]> {
        self.0.read(mark, offset, out)
    }

    fn write(&self, offset: usize, data: &[u8]) -> Result {
        self.0.write(offset, data)
    }
}
