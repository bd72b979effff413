// SPDX-License-Identifier: GPL-2.0

//! Memory that a confidential guest shares with the VMM.
//!
//! C header: [`include/linux/set_memory.h`](srctree/include/linux/set_memory.h)
//!
//! The VMM may change the memory at any time. There is no reference to it: it is copied out, and
//! the copy is what gets parsed. What is read twice may differ.

use core::{
    mem::ManuallyDrop,
    ptr::NonNull, //
};

use kernel::{
    page::PAGE_SIZE,
    prelude::*,
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};
use tsm_proto::Gpa;

use crate::{
    output_buffer::OutputBuffer,
    pages::Pages,
    ratelimit::may_log,
    volatile::{
        VolatileSlice,
        WORD, //
    }, //
};

/// Makes buffers that are shared with the VMM.
///
/// The pages of a conversion that failed are lost, since the VMM may have some of them. So after a
/// refusal, the VMM is not asked again for a while.
///
/// # Examples
///
/// See [`SharedBuffer`].
#[derive(Default)]
pub struct Sharing {
    refusal: Option<Refusal>,
}

/// The last refusal of the VMM.
struct Refusal {
    at: Instant<Monotonic>,
    /// How long after it no conversion is tried.
    pause: Delta,
}

impl Refusal {
    /// The pause after the first refusal. Each further one doubles it.
    const SHORTEST: Delta = Delta::from_secs(10);
    /// The longest pause, a day.
    const LONGEST: Delta = Delta::from_secs(24 * 60 * 60);
}

impl Sharing {
    /// Shares `pages` new pages, for which it may sleep. The VMM determines what they contain.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`], or [`EIO`] if the VMM refuses, or did so a while ago.
    pub fn share(&mut self, pages: usize) -> Result<SharedBuffer> {
        let pausing = |refusal: &Refusal| refusal.at.elapsed() < refusal.pause;

        if self.refusal.as_ref().is_some_and(pausing) {
            return Err(EIO);
        }
        let buffer = SharedBuffer::new(pages);

        if matches!(buffer, Err(err) if err == EIO) {
            self.refused(pages);
        }
        buffer
    }

    /// Notes that the VMM has refused, and logs the first time that it does.
    #[cold]
    fn refused(&mut self, pages: usize) {
        let pause = match &self.refusal {
            Some(refusal) => Delta::from_nanos(refusal.pause.as_nanos() * 2),
            None => {
                pr_err!("failed to share {pages} pages with the VMM, leaked\n");
                Refusal::SHORTEST
            }
        };

        self.refusal = Some(Refusal {
            at: Instant::now(),
            pause: pause.clamp(Refusal::SHORTEST, Refusal::LONGEST),
        });
    }
}

/// Pages that the VMM can read and write.
///
/// # Invariants
///
/// The pages are shared, and there is no reference to what is in them.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::shared::Sharing;
///
/// let mut sharing = Sharing::default();
/// let mut buffer = sharing.share(1)?;
///
/// buffer.write(0, b"request")?;
/// // The VMM may write meanwhile. What is parsed is the copy, which does not change.
/// let mut header = [0; 16];
/// buffer.read(0, &mut header)?;
/// # Ok::<(), Error>(())
/// ```
pub struct SharedBuffer(ManuallyDrop<Pages>);

impl SharedBuffer {
    /// Shares `pages` new pages, which are lost if that fails with [`EIO`].
    fn new(pages: usize) -> Result<Self> {
        let count = i32::try_from(pages)?;
        // Not given back when that fails: some of it may be shared by then.
        let new = ManuallyDrop::new(Pages::zeroed(pages)?);

        // SAFETY: The pages were just allocated, and are not in use.
        let ret = unsafe { tsm_bindings::set_memory_decrypted(address(new.start()), count) };
        if ret != 0 {
            return Err(EIO);
        }

        // INVARIANT: The pages were shared just now.
        Ok(Self(new))
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> usize {
        self.0.size()
    }

    /// Returns the address, for telling the VMM about it.
    pub(crate) fn gpa(&self) -> Gpa {
        Gpa::new(self.0.physical())
    }

    /// Returns where it is, for a function of the kernel that tells the VMM.
    #[cfg(CONFIG_AMD_MEM_ENCRYPT)]
    pub(crate) fn as_mut_ptr(&mut self) -> *mut u8 {
        self.0.start().as_ptr()
    }

    /// Returns all of the bytes.
    fn bytes(&self) -> VolatileSlice<'_> {
        // SAFETY: By the type invariant, the pages stay as long as `self`, and there is no reference to
        // what is in them.
        unsafe { VolatileSlice::new(self.0.start(), self.size()) }
    }

    /// Writes zeros to the first `pages` pages.
    pub fn clear(&mut self, pages: usize) {
        let size = pages.min(self.0.count()) * PAGE_SIZE;

        // There are as many bytes, and pages are whole words.
        let _ = self.bytes().part(0, size).and_then(VolatileSlice::clear);
    }

    /// Gives the pages up for ever, because the VMM may still use them.
    pub fn leak(self) {
        core::mem::forget(self);
    }

    /// Copies the bytes from `offset` on to `out`. `offset` is a multiple of eight.
    ///
    /// The VMM may write meanwhile; words are not torn.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there are not as many, or they start elsewhere.
    pub fn read(&self, offset: usize, out: &mut [u8]) -> Result {
        let bytes = self
            .bytes()
            .part(offset, out.len().next_multiple_of(WORD))?;

        for (out, word) in out.chunks_mut(WORD).zip(bytes.words()?) {
            out.copy_from_slice(word.get(..out.len()).unwrap_or_default());
        }
        Ok(())
    }

    /// Returns a copy of the `len` bytes from `offset` on.
    ///
    /// The VMM may write meanwhile, and words may be torn. The copy is accounted to the memory control
    /// group of the current task.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there are not as many, [`ENOMEM`].
    pub fn copy(&self, offset: usize, len: usize) -> Result<KVVec<u8>> {
        let bytes = self.bytes().part(offset, len)?;
        let mut copy: KVVec<u8> = KVVec::with_capacity(len, GFP_KERNEL_ACCOUNT)?;

        let read = bytes
            .read(OutputBuffer::from(copy.spare_capacity_mut()).limit(len))
            .map_err(|_| EINVAL)?
            .len();
        // SAFETY: `read` bytes were copied just now, to the start of the capacity.
        unsafe { copy.inc_len(read) };
        Ok(copy)
    }

    /// Copies `data` to `offset`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it does not fit.
    pub fn write(&mut self, offset: usize, data: &[u8]) -> Result {
        self.bytes().part(offset, data.len())?.write(data)
    }
}

impl Drop for SharedBuffer {
    fn drop(&mut self) {
        let start = self.0.start();
        // CAST: `new` had it as an `i32`.
        let count = self.0.count() as i32;

        // SAFETY: By the type invariant, the pages are shared and nothing refers to what is in
        // them; they belong to `self`.
        if unsafe { tsm_bindings::set_memory_encrypted(address(start), count) } != 0 {
            // The VMM may still have access, so this memory must not be used for anything else.
            if may_log() {
                pr_err!("failed to take {count} pages back from the VMM, leaked\n");
            }
            return;
        }
        // SAFETY: This is the last use of `self.0`.
        unsafe { ManuallyDrop::drop(&mut self.0) };
    }
}

fn address(start: NonNull<u8>) -> usize {
    start.as_ptr().expose_provenance()
}
