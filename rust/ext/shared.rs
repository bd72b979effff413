// SPDX-License-Identifier: GPL-2.0

//! Memory that a confidential guest shares with its host.
//!
//! C header: [`include/linux/set_memory.h`](srctree/include/linux/set_memory.h)
//!
//! The host may change the memory at any time. There is no reference to it: it is copied out, and
//! the copy is what gets parsed. What is read twice may differ.

use core::{
    mem::ManuallyDrop,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    page::PAGE_SIZE,
    prelude::*, //
};
use tsm_proto::tdx::call::Gpa;

use crate::pages::Pages;

/// The unit in which the memory is accessed.
const WORD: usize = size_of::<u64>();

/// Pages that the host can read and write.
///
/// # Invariants
///
/// The pages are shared, and there is no reference to what is in them.
pub struct SharedBuffer(ManuallyDrop<Pages>);

impl SharedBuffer {
    /// Shares `pages` new pages, for which it may sleep. What they contain is up to the host.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`], or [`EIO`] if the host does not take part.
    #[inline]
    pub fn new(pages: usize) -> Result<Self> {
        let count = i32::try_from(pages)?;
        // Not given back when that fails: some of it may be shared by then.
        let new = ManuallyDrop::new(Pages::zeroed(pages)?);

        // SAFETY: The pages were just allocated, and nobody uses them.
        let ret = unsafe { tsm_bindings::set_memory_decrypted(address(new.start()), count) };
        if ret != 0 {
            pr_err!("failed to share {pages} pages with the host, leaked\n");
            return Err(EIO);
        }

        // INVARIANT: They were shared just now.
        Ok(Self(new))
    }

    /// Returns the size in bytes.
    #[inline]
    pub fn size(&self) -> usize {
        self.0.size()
    }

    /// Returns the address, for telling the host about it.
    #[inline]
    pub(crate) fn gpa(&self) -> Gpa {
        Gpa::new(self.0.physical())
    }

    /// Returns where it is, for a function of the kernel that tells the host.
    #[cfg(CONFIG_AMD_MEM_ENCRYPT)]
    #[inline]
    pub(crate) fn as_mut_ptr(&mut self) -> *mut u8 {
        self.0.start().as_ptr()
    }

    /// Writes zeros to the first `pages` pages.
    #[inline]
    pub fn clear(&mut self, pages: usize) {
        let words = pages.min(self.0.count()) * (PAGE_SIZE / WORD);

        for word in 0..words {
            // SAFETY: There are as many words in the pages.
            let at = unsafe { self.0.start().add(word * WORD) }.cast::<u64>();
            // SAFETY: As above; pages are aligned. The write is volatile because the host reads.
            unsafe { at.write_volatile(0) };
        }
    }

    /// Gives the pages up for ever, because the host may still use them.
    #[inline]
    pub fn leak(self) {
        core::mem::forget(self);
    }

    /// Checks that there are `len` bytes from `offset` on, and that they start at a whole word.
    #[inline]
    fn check(&self, offset: usize, len: usize) -> Result {
        let end = offset.checked_add(len).ok_or(EINVAL)?;

        if offset % WORD == 0 && end <= self.size() {
            Ok(())
        } else {
            Err(EINVAL)
        }
    }

    /// Returns the words from `offset` on, a multiple of eight, that have `len` bytes.
    ///
    /// The host may write meanwhile; words are not torn.
    #[inline]
    fn words(&self, offset: usize, len: usize) -> Result<impl Iterator<Item = [u8; WORD]> + '_> {
        self.check(offset, len)?;

        Ok((0..len.div_ceil(WORD)).map(move |word| {
            // SAFETY: `check` found this word to begin within the pages, and a word that begins in
            // a page ends in it.
            let at = unsafe { self.0.start().add(offset + word * WORD) }.cast::<u64>();

            // SAFETY: As above; pages are aligned. The read is volatile because the host may write,
            // and the compiler must not read again.
            unsafe { at.read_volatile() }.to_ne_bytes()
        }))
    }

    /// Copies the bytes from `offset` on to `out`. `offset` is a multiple of eight.
    ///
    /// The host may write meanwhile; words are not torn.
    #[inline]
    pub fn read(&self, offset: usize, out: &mut [u8]) -> Result {
        let words = self.words(offset, out.len())?;

        for (out, word) in out.chunks_mut(WORD).zip(words) {
            out.copy_from_slice(word.get(..out.len()).unwrap_or_default());
        }
        Ok(())
    }

    /// Returns a copy of the `len` bytes from `offset` on, a multiple of eight.
    ///
    /// The host may write meanwhile, and words may be torn.
    #[inline]
    pub fn copy(&self, offset: usize, len: usize) -> Result<KVVec<u8>> {
        self.check(offset, len)?;
        let mut copy: KVVec<u8> = KVVec::with_capacity(len, GFP_KERNEL)?;

        // SAFETY: `check` found these bytes to be in the pages.
        let from = unsafe { self.0.start().add(offset) };
        // SAFETY: As above, and there is room for as many. It is C code that copies, for which it does
        // not matter that the host may write.
        unsafe { bindings::memcpy(copy.as_mut_ptr().cast(), from.as_ptr().cast(), len) };
        // SAFETY: So many were copied just now.
        unsafe { copy.inc_len(len) };
        Ok(copy)
    }

    /// Copies `data` to `offset`, a multiple of eight.
    #[inline]
    pub fn write(&mut self, offset: usize, data: &[u8]) -> Result {
        self.check(offset, data.len())?;

        // SAFETY: `check` found these bytes to be in the pages.
        let to = unsafe { self.0.start().add(offset) };
        // SAFETY: As above. It is C code that copies, for which it does not matter that the host may
        // read and write.
        unsafe { bindings::memcpy(to.as_ptr().cast(), data.as_ptr().cast(), data.len()) };
        Ok(())
    }
}

impl Drop for SharedBuffer {
    #[inline]
    fn drop(&mut self) {
        let start = self.0.start();
        // CAST: `new` had it as an `i32`.
        let count = self.0.count() as i32;

        // SAFETY: By the type invariant, the pages are ours.
        if unsafe { tsm_bindings::set_memory_encrypted(address(start), count) } != 0 {
            // The host may still have access, so nobody else must get this memory.
            pr_err!("failed to take {count} pages back from the host, leaked\n");
            return;
        }
        // SAFETY: This is the last use.
        unsafe { ManuallyDrop::drop(&mut self.0) };
    }
}

#[inline]
fn address(start: NonNull<u8>) -> usize {
    start.as_ptr().expose_provenance()
}
