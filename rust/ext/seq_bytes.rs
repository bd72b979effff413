// SPDX-License-Identifier: GPL-2.0

//! Bytes that readers copy without a lock.
//!
//! C header: [`include/linux/seqlock.h`](srctree/include/linux/seqlock.h)
//!
//! As with a C seqlock, a reader copies while the writer may write, checks a number before and after, and
//! discards the copy if the number has changed. A reader does not write to shared memory, so readers on
//! several CPUs do not slow each other down.
//!
//! Unlike that of a C seqlock, the number is the version of the bytes. A reader that knows of a later version
//! does not have to wait until it is written.

use core::{
    cell::UnsafeCell,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc, //
    }, //
};

use crate::{
    output_buffer::OutputBuffer,
    volatile::VolatileSlice, //
};

/// The version of a value. The default is the first one.
///
/// # Examples
///
/// See [`SeqBytes`].
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u64);

impl Version {
    /// The version of no value.
    const NONE: Self = Self(u64::MAX);

    /// Returns the next version.
    #[must_use]
    #[inline]
    pub const fn next(self) -> Self {
        // This does not reach `NONE` in practice.
        Self(self.0.wrapping_add(1))
    }
}

/// The version that is current.
///
/// # Examples
///
/// See [`SeqBytes`].
pub struct CurrentVersion(Atomic<u64>);

impl Default for CurrentVersion {
    /// Starts with the first version.
    #[inline]
    fn default() -> Self {
        Self(Atomic::new(Version::default().0))
    }
}

impl CurrentVersion {
    /// Returns the current version.
    #[inline]
    pub fn get(&self) -> Version {
        Version(self.0.load(Acquire))
    }

    /// Makes `version` the current one.
    #[inline]
    pub fn set(&self, version: Version) {
        self.0.store(version.0, Release);
    }
}

/// Bytes that many tasks read. [`Writer`] writes them.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::{
///     output_buffer::OutputBuffer,
///     seq_bytes::{
///         CurrentVersion,
///         Writer, //
///     }, //
/// };
///
/// let current = CurrentVersion::default();
/// let mut writer = Writer::new(4)?;
/// let reader = writer.reader();
///
/// writer.write(current.get(), &[1, 2, 3, 4])?;
///
/// let mut memory = [0; 4];
/// let read = reader.read(current.get(), 0, OutputBuffer::from(&mut memory[..]));
/// assert!(read.is_ok_and(|bytes| bytes == [1, 2, 3, 4]));
///
/// // From here on, the bytes are those of an earlier version, and no reader takes them.
/// current.set(current.get().next());
/// let read = reader.read(current.get(), 0, OutputBuffer::from(&mut memory[..]));
/// assert!(read.is_err());
/// # Ok::<(), Error>(())
/// ```
pub struct SeqBytes {
    /// The version of the bytes, or [`Version::NONE`] while they are being written.
    version: Atomic<u64>,
    bytes: KVec<UnsafeCell<u8>>,
}

// SAFETY: There is no reference to the bytes: they are copied in both directions by `VolatileSlice`.
// A reader that copies during a write finds that out by the version.
unsafe impl Sync for SeqBytes {}

impl SeqBytes {
    /// Returns the bytes themselves.
    fn bytes(&self) -> VolatileSlice<'_> {
        // The vector of a size of zero has a pointer as well.
        let start = NonNull::from(self.bytes.as_slice()).cast();

        // SAFETY: There are as many, in cells, and they stay as long as `self`. No function of this type
        // makes a reference to the contents of a cell.
        unsafe { VolatileSlice::new(start, self.bytes.len()) }
    }

    /// Fills `out` with the bytes from `offset` on and returns them, if they are those of `version`.
    ///
    /// # Errors
    ///
    /// `out`, if they are not, or there are not as many.
    #[inline]
    pub fn read<'a>(
        &self,
        version: Version,
        offset: usize,
        out: OutputBuffer<'a>,
    ) -> Result<&'a [u8], OutputBuffer<'a>> {
        if self.version.load(Acquire) != version.0 {
            return Err(out);
        }
        let Ok(bytes) = self.bytes().part(offset, out.len()) else {
            return Err(out);
        };
        let copy = bytes.read(out)?;

        // SAFETY: `smp_rmb()` has no conditions. The bytes are copied before the version is looked
        // at again.
        unsafe { bindings::smp_rmb() };
        if self.version.load(Relaxed) != version.0 {
            // As with a C seqlock, what is copied during a write is not looked at.
            return Err(copy.into());
        }
        Ok(copy)
    }
}

/// The right to write [`SeqBytes`], of which there is one.
///
/// # Examples
///
/// See [`SeqBytes`].
pub struct Writer {
    bytes: Arc<SeqBytes>,
    /// The earliest version that the bytes may have next.
    next: Version,
}

impl Writer {
    /// Allocates `size` bytes, of no version.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    #[inline]
    pub fn new(size: usize) -> Result<Self> {
        let mut bytes = KVec::with_capacity(size, GFP_KERNEL)?;

        for _ in 0..size {
            bytes.push(UnsafeCell::new(0), GFP_KERNEL)?;
        }
        let bytes = SeqBytes {
            version: Atomic::new(Version::NONE.0),
            bytes,
        };

        Ok(Self {
            bytes: Arc::new(bytes, GFP_KERNEL)?,
            next: Version::default(),
        })
    }

    /// Returns the bytes, for a reader.
    pub fn reader(&self) -> Arc<SeqBytes> {
        self.bytes.clone()
    }

    /// Writes all bytes, which become those of `version`. If they are of that version already, they stay,
    /// so that no reader takes a mixture for a value.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there are more or fewer, or those of a later version were written before.
    #[inline]
    pub fn write(&mut self, version: Version, bytes: &[u8]) -> Result {
        let to = &*self.bytes;

        if bytes.len() != to.bytes.len() {
            return Err(EINVAL);
        }
        if version < self.next {
            return match version.next() == self.next {
                true => Ok(()),
                false => Err(EINVAL),
            };
        }
        to.version.store(Version::NONE.0, Relaxed);
        // SAFETY: `smp_wmb()` has no conditions. The version has changed before a byte does.
        unsafe { bindings::smp_wmb() };
        to.bytes().write(bytes)?;
        // Released, so that all bytes have changed before.
        to.version.store(version.0, Release);
        self.next = version.next();
        Ok(())
    }
}
