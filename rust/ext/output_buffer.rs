// SPDX-License-Identifier: GPL-2.0

//! Memory for the bytes that a caller asks for.

use core::{
    marker::PhantomData,
    mem::MaybeUninit,
    slice, //
};

use kernel::{
    fmt,
    prelude::*, //
};

/// Memory to be filled, which may be uninitialized.
///
/// # Invariants
///
/// The `len` bytes at `start` are writable, and no other reference to them is used, for as long as `'a`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::output_buffer::OutputBuffer;
///
/// let mut memory = [0; 8];
/// let out = OutputBuffer::from(&mut memory[..]).limit(3);
///
/// assert_eq!(out.fill(&[1, 2, 3, 4])?, &[1, 2, 3]);
/// # Ok::<(), Error>(())
/// ```
pub struct OutputBuffer<'a> {
    start: *mut u8,
    len: usize,
    _memory: PhantomData<&'a mut [u8]>,
}

impl<'a> OutputBuffer<'a> {
    /// Takes the `len` bytes at `start`.
    ///
    /// # Safety
    ///
    /// They must be writable, and no other reference to them may be used, for as long as `'a`.
    #[inline]
    pub(crate) unsafe fn new(start: *mut u8, len: usize) -> Self {
        // INVARIANT: By the safety requirement, the bytes are writable, and no other reference to
        // them is used, for as long as `'a`.
        Self {
            start,
            len,
            _memory: PhantomData,
        }
    }

    /// Returns the address.
    #[inline]
    pub(crate) fn start(&self) -> *mut u8 {
        self.start
    }

    /// Returns the size in bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Says whether the size is zero.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the part for the first `len` bytes, if there is more.
    #[must_use]
    #[inline]
    pub fn limit(self, len: usize) -> Self {
        // INVARIANT: The bytes are the first of those that `self` has.
        Self {
            len: self.len.min(len),
            ..self
        }
    }

    /// Fills all of it with the first of `bytes`, and returns it.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there are fewer.
    #[inline]
    pub fn fill(self, bytes: &[u8]) -> Result<&'a [u8]> {
        if bytes.len() < self.len {
            return Err(EINVAL);
        }
        // SAFETY: By the type invariant, there is room for so many, and `bytes` are elsewhere, as
        // no other reference to what is written is used.
        unsafe {
            self.start
                .copy_from_nonoverlapping(bytes.as_ptr(), self.len)
        };
        // SAFETY: All of the bytes were written just now.
        Ok(unsafe { self.assume_filled() })
    }

    /// Writes what `text` has from the byte `offset` on, and returns what there was room for. The text takes no
    /// memory of its own, however long it is.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it can't be formatted.
    pub fn text(self, offset: usize, text: fmt::Arguments<'_>) -> Result<&'a [u8]> {
        let mut window = Window {
            skip: offset,
            filled: 0,
            out: self,
        };

        if fmt::Write::write_fmt(&mut window, text).is_err() && window.filled < window.out.len {
            return Err(EINVAL);
        }
        // SAFETY: By its type invariant, so many bytes of the window were written.
        Ok(unsafe { window.out.limit(window.filled).assume_filled() })
    }

    /// Returns the bytes.
    ///
    /// # Safety
    ///
    /// All of them must have been written.
    #[inline]
    pub(crate) unsafe fn assume_filled(self) -> &'a [u8] {
        // SAFETY: By the type invariant, no other reference to the bytes is used, and by the safety
        // requirement all of them were written.
        unsafe { slice::from_raw_parts(self.start, self.len) }
    }
}

impl<'a> From<&'a mut [u8]> for OutputBuffer<'a> {
    #[inline]
    fn from(bytes: &'a mut [u8]) -> Self {
        // SAFETY: The reference is exclusive for `'a`, so the bytes are writable and no other
        // reference to them is used.
        unsafe { Self::new(bytes.as_mut_ptr(), bytes.len()) }
    }
}

impl<'a> From<&'a mut [MaybeUninit<u8>]> for OutputBuffer<'a> {
    #[inline]
    fn from(bytes: &'a mut [MaybeUninit<u8>]) -> Self {
        // SAFETY: The reference is exclusive for `'a`, so the bytes are writable and no other
        // reference to them is used.
        unsafe { Self::new(bytes.as_mut_ptr().cast(), bytes.len()) }
    }
}

/// A part of a text that is being formatted.
///
/// # Invariants
///
/// The first `filled` bytes of `out` were written, and it has as many at least.
struct Window<'a> {
    /// Bytes that are still before the part.
    skip: usize,
    filled: usize,
    out: OutputBuffer<'a>,
}

impl fmt::Write for Window<'_> {
    /// Fails once there is more than there is room for, so that the rest is not formatted.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let Some(bytes) = text.as_bytes().get(self.skip..) else {
            self.skip -= text.len();
            return Ok(());
        };
        let room = self.out.len - self.filled;
        let len = bytes.len().min(room);

        self.skip = 0;
        // SAFETY: By the type invariants, there is room for `len` more bytes behind those that were written, and
        // `bytes` are elsewhere, as no other reference to what is written is used.
        unsafe {
            let end = self.out.start.add(self.filled);

            end.copy_from_nonoverlapping(bytes.as_ptr(), len);
        }
        // INVARIANT: So many more were written just now.
        self.filled += len;
        match bytes.len() <= room {
            true => Ok(()),
            false => Err(fmt::Error),
        }
    }
}
