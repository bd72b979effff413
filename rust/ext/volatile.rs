// SPDX-License-Identifier: GPL-2.0

//! Memory that another party may access at the same time: the VMM, a device, or another CPU.
//!
//! The compiler knows `memcpy()` as a builtin, and may assume that memory which is copied by it does not
//! change meanwhile. Of what an assembly block or a volatile access does, it assumes nothing.

use core::{
    arch::asm,
    marker::PhantomData,
    ptr::NonNull,
    slice, //
};

#[cfg(CONFIG_KCSAN)]
use kernel::ffi;
use kernel::prelude::*;

use crate::output_buffer::OutputBuffer;

/// The unit of the accesses that are not torn.
pub const WORD: usize = size_of::<u64>();

/// Bytes that another party may read and write at the same time.
///
/// Each access copies. What is read twice may differ, so the copy is what gets parsed.
///
/// # Invariants
///
/// For as long as `'a`, the `len` bytes at `start` can be read and written, and there is no reference to
/// them.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::{
///     output_buffer::OutputBuffer,
///     volatile::VolatileSlice, //
/// };
///
/// let mut memory = [1, 2, 3, 4];
/// let bytes = VolatileSlice::from(&mut memory[..]);
///
/// let mut copy = [0; 2];
/// let copy = bytes.part(1, 2)?.read(OutputBuffer::from(&mut copy[..])).map_err(|_| EINVAL)?;
/// assert_eq!(copy, &[2, 3]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct VolatileSlice<'a> {
    start: NonNull<u8>,
    len: usize,
    _memory: PhantomData<&'a ()>,
}

impl<'a> VolatileSlice<'a> {
    /// Takes the `len` bytes at `start`.
    ///
    /// # Safety
    ///
    /// For as long as `'a`, they must be readable and writable, and there must be no reference to them.
    #[inline]
    pub unsafe fn new(start: NonNull<u8>, len: usize) -> Self {
        // INVARIANT: By the safety requirement, the bytes can be read and written, and there is no
        // reference to them, for as long as `'a`.
        Self {
            start,
            len,
            _memory: PhantomData,
        }
    }

    /// Returns how many bytes there are.
    #[inline]
    pub fn len(self) -> usize {
        self.len
    }

    /// Says whether there are none.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Returns the `len` bytes from `offset` on.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there are not as many.
    #[inline]
    pub fn part(self, offset: usize, len: usize) -> Result<Self> {
        let end = offset.checked_add(len).ok_or(EINVAL)?;

        if end > self.len {
            return Err(EINVAL);
        }
        // INVARIANT: The bytes are some of those that `self` has.
        Ok(Self {
            // SAFETY: By the type invariant, there are `self.len` bytes at `start`, and `offset` is
            // not more.
            start: unsafe { self.start.add(offset) },
            len,
            ..self
        })
    }

    /// Fills `out` with the first bytes, and returns the copy.
    ///
    /// What another party writes meanwhile may be copied in part.
    ///
    /// # Errors
    ///
    /// `out`, if there are fewer.
    #[inline]
    pub fn read<'b>(self, out: OutputBuffer<'b>) -> Result<&'b mut [u8], OutputBuffer<'b>> {
        let (to, len) = (out.start(), out.len());

        if self.len < len {
            return Err(out);
        }
        // SAFETY: By both type invariants, there are so many bytes, and they do not overlap: `out` is
        // exclusive.
        unsafe { copy(self.start.as_ptr(), to, len) };
        // SAFETY: The bytes were written just now, and `out` was given up for the reference.
        Ok(unsafe { slice::from_raw_parts_mut(to, len) })
    }

    /// Copies `data` to the first bytes.
    ///
    /// Another party that reads meanwhile may see a part of it.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there are fewer.
    #[inline]
    pub fn write(self, data: &[u8]) -> Result {
        if self.len < data.len() {
            return Err(EINVAL);
        }
        // SAFETY: By the type invariant, there are so many bytes, and no reference to them, hence `data`
        // is elsewhere.
        unsafe { copy(data.as_ptr(), self.start.as_ptr(), data.len()) };
        Ok(())
    }

    /// Returns copies of the words that the bytes have, none of which is torn. Bytes at the end that are
    /// less than a word are left out.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if the bytes do not start at the address of a word.
    #[inline]
    pub fn words(self) -> Result<impl Iterator<Item = [u8; WORD]> + use<'a>> {
        let start = self.first_word()?;

        Ok((0..self.len / WORD).map(move |index| {
            // SAFETY: By the type invariant, there are `self.len` bytes, and so as many words.
            let word = unsafe { start.add(index) };

            // SAFETY: By the type invariant, the word can be read; it is aligned, since the first
            // one is.
            unsafe { word.read_volatile() }.to_ne_bytes()
        }))
    }

    /// Writes zeros to all bytes, which are whole words.
    ///
    /// Another party that reads meanwhile may see a part of it.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if the bytes do not start and end at the address of a word.
    #[inline]
    pub fn clear(self) -> Result {
        let start = self.first_word()?;

        if self.len % WORD != 0 {
            return Err(EINVAL);
        }
        // SAFETY: By the type invariant, there are so many words, and no reference to them.
        unsafe { clear(start.as_ptr(), self.len / WORD) };
        Ok(())
    }

    /// Returns where the first word is, which is aligned, and so are those after it.
    #[inline]
    fn first_word(self) -> Result<NonNull<u64>> {
        let start = self.start.cast::<u64>();

        if !start.is_aligned() {
            return Err(EINVAL);
        }
        Ok(start)
    }
}

impl<'a> From<&'a mut [u8]> for VolatileSlice<'a> {
    fn from(bytes: &'a mut [u8]) -> Self {
        let len = bytes.len();

        // SAFETY: The reference was exclusive for `'a`, and is given up for this.
        unsafe { Self::new(NonNull::from(bytes).cast(), len) }
    }
}

/// Copies `len` bytes, each once. What another party writes meanwhile may be copied in part.
///
/// # Safety
///
/// `from` must be readable and `to` writable for `len` bytes, which must not overlap. No reference may
/// exist to memory that another party may write at the same time, nor to what is written here.
#[inline]
unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    #[cfg(CONFIG_KCSAN)]
    {
        show_to_kcsan(from, len, 0);
        show_to_kcsan(to, len, tsm_bindings::KCSAN_ACCESS_WRITE);
    }
    // SAFETY: By the safety requirements, the instruction reads and writes memory that it may. The
    // direction flag is clear on entry, as the ABI has it.
    unsafe {
        asm!(
            "rep movsb",
            inout("rcx") len => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags),
        )
    };
}

/// Writes zeros to `count` words.
///
/// # Safety
///
/// They must be writable, and no reference to them may exist.
#[inline]
unsafe fn clear(words: *mut u64, count: usize) {
    #[cfg(CONFIG_KCSAN)]
    show_to_kcsan(words.cast(), count * WORD, tsm_bindings::KCSAN_ACCESS_WRITE);
    // SAFETY: By the safety requirements, the instruction writes memory that it may. The direction flag is
    // clear on entry, as the ABI has it.
    unsafe {
        asm!(
            "rep stosq",
            inout("rcx") count => _,
            inout("rdi") words => _,
            in("rax") 0_u64,
            options(nostack, preserves_flags),
        )
    };
}

/// Has KCSAN know of an access that an assembly block makes. It counts as atomic, as volatile ones do: what
/// races with it is a plain access.
#[cfg(CONFIG_KCSAN)]
fn show_to_kcsan(start: *const u8, len: usize, kind: u32) {
    // CAST: Flags, of which none is the sign.
    let kind = (kind | tsm_bindings::KCSAN_ACCESS_ATOMIC) as ffi::c_int;

    // SAFETY: For an atomic access, KCSAN looks at the address only.
    unsafe { tsm_bindings::__kcsan_check_access(start.cast(), len, kind) };
}
