// SPDX-License-Identifier: GPL-2.0

//! Bytes that readers copy without a lock.
//!
//! C header: [`include/linux/seqlock.h`](srctree/include/linux/seqlock.h)
//!
//! As with a C seqlock, a reader copies while somebody may write, looks at a number before and after,
//! and throws a copy away during which that has changed. A reader writes nothing that others read, so
//! readers on several CPUs do not slow each other down.
//!
//! Unlike that of a C seqlock, the number says which version of the bytes it is, so that who knows
//! that there is a later one need not wait until somebody has written it.

use core::cell::UnsafeCell;

use kernel::{
    bindings,
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Relaxed,
        Release, //
    }, //
};

use crate::{
    room::Room,
    volatile, //
};

/// Which version of something it is. The default is the first one.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Version(u64);

impl Version {
    /// None that there is.
    const NONE: Self = Self(u64::MAX);

    /// Returns the next version.
    #[must_use]
    pub const fn next(self) -> Self {
        // It does not get to `NONE` in any time that there is.
        Self(self.0.wrapping_add(1))
    }
}

/// Which version is the current one, for many to read.
pub struct CurrentVersion(Atomic<u64>);

impl Default for CurrentVersion {
    /// Starts with the first version.
    fn default() -> Self {
        Self(Atomic::new(Version::default().0))
    }
}

impl CurrentVersion {
    /// Returns the current version.
    pub fn get(&self) -> Version {
        Version(self.0.load(Acquire))
    }

    /// Makes `version` the current one.
    pub fn set(&self, version: Version) {
        self.0.store(version.0, Release);
    }
}

/// Bytes that many read and, at a time, one writes.
pub struct SeqBytes {
    /// The version of the bytes, or [`Version::NONE`] while they are being written.
    version: Atomic<u64>,
    bytes: KVec<UnsafeCell<u8>>,
}

// SAFETY: There is no reference to the bytes: they are copied in both directions by `volatile::copy()`.
// A reader that copies during a write finds that out by the version.
unsafe impl Sync for SeqBytes {}

impl SeqBytes {
    /// Allocates `size` bytes, of no version.
    pub fn new(size: usize) -> Result<Self> {
        let mut bytes = KVec::with_capacity(size, GFP_KERNEL)?;

        for _ in 0..size {
            bytes.push(UnsafeCell::new(0), GFP_KERNEL)?;
        }
        Ok(Self {
            version: Atomic::new(Version::NONE.0),
            bytes,
        })
    }

    /// Writes all bytes, which become those of `version`. What is of one version is the same each time.
    ///
    /// The caller sees to it that there is one writer at a time. With two, readers could take a
    /// mixture for a value, but no worse.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there are more or fewer.
    pub fn write(&self, version: Version, bytes: &[u8]) -> Result {
        if bytes.len() != self.bytes.len() {
            return Err(EINVAL);
        }
        self.version.store(Version::NONE.0, Relaxed);
        // SAFETY: It has no conditions. The version has changed before a byte does.
        unsafe { bindings::smp_wmb() };

        let to = UnsafeCell::raw_get(self.bytes.as_ptr());
        // SAFETY: There are as many bytes, to which there is no reference.
        unsafe { volatile::copy(bytes.as_ptr(), to, bytes.len()) };

        // Released, so that all bytes have changed before.
        self.version.store(version.0, Release);
        Ok(())
    }

    /// Fills `room` with the bytes from `offset` on and returns them, if they are those of `version`.
    ///
    /// # Errors
    ///
    /// `room`, if they are not, or there are not as many.
    pub fn read<'a>(
        &self,
        version: Version,
        offset: usize,
        room: Room<'a>,
    ) -> Result<&'a [u8], Room<'a>> {
        if self.version.load(Acquire) != version.0 {
            return Err(room);
        }
        let Some(rest) = self.bytes.get(offset..) else {
            return Err(room);
        };
        if rest.len() < room.len() {
            return Err(room);
        }
        let from = UnsafeCell::raw_get(rest.as_ptr());
        // SAFETY: There are as many bytes, to which there is no reference; the room is the caller's. As
        // with a C seqlock, what is copied during a write is not looked at.
        unsafe { volatile::copy(from, room.start(), room.len()) };

        // SAFETY: It has no conditions. The bytes are copied before the version is looked at again.
        unsafe { bindings::smp_rmb() };
        if self.version.load(Relaxed) != version.0 {
            return Err(room);
        }
        // SAFETY: All of it was copied to.
        Ok(unsafe { room.assume_filled() })
    }
}
