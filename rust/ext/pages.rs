// SPDX-License-Identifier: GPL-2.0

//! Pages in one piece, whose address a party outside the kernel gets.
//!
//! C header: [`include/linux/gfp.h`](srctree/include/linux/gfp.h)

use core::{
    ptr::NonNull,
    slice, //
};

use kernel::{
    bindings,
    page::PAGE_SIZE,
    prelude::*, //
};

/// The most pages that the page allocator gives in one piece. More than that have to be made free.
const MOST: usize = 1 << tsm_bindings::TSM_HELPER_MAX_PAGE_ORDER;

/// Pages of the direct map, in one piece. Another party may write to them, so there is no way to look at
/// what is in them; [`PrivatePages`] has one.
///
/// # Invariants
///
/// `start` is the address of `count` pages, which are initialized and belong to `self`. They come from
/// `alloc_pages_exact()` if they are not more than [`MOST`], otherwise from `alloc_contig_pages()`.
///
/// # Examples
///
/// ```
/// use kernel::page::PAGE_SIZE;
/// use tsm_ext::pages::Pages;
///
/// let pages = Pages::zeroed(4)?;
/// assert_eq!(pages.size(), 4 * PAGE_SIZE);
/// # Ok::<(), kernel::error::Error>(())
/// ```
pub struct Pages {
    start: NonNull<u8>,
    count: usize,
}

// SAFETY: The pages are memory that no other part of the kernel knows.
unsafe impl Send for Pages {}

// SAFETY: A shared reference only tells where they are, and how many.
unsafe impl Sync for Pages {}

impl Pages {
    /// Allocates `count` pages of zeros. May sleep.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`]; for more than [`MOST`] always, on a kernel without `CONFIG_CONTIG_ALLOC`.
    pub fn zeroed(count: usize) -> Result<Self> {
        const FLAGS: bindings::gfp_t = tsm_bindings::TSM_HELPER_GFP_MANY;
        let size = count.checked_mul(PAGE_SIZE).ok_or(EINVAL)?;

        let start = if count <= MOST {
            // SAFETY: This may sleep, as this function documents; the size is a matter of what there is.
            unsafe { tsm_bindings::tsm_helper_alloc_pages_exact(size, FLAGS) }
        } else {
            // SAFETY: This may sleep, as this function documents; the count is a matter of what
            // there is.
            unsafe { tsm_bindings::tsm_helper_alloc_contig_pages(count, FLAGS) }
        };
        let start = NonNull::new(start.cast()).ok_or(ENOMEM)?;

        // INVARIANT: The pages were allocated just now, and are zeros.
        Ok(Self { start, count })
    }

    /// Returns how many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> usize {
        self.count * PAGE_SIZE
    }

    /// Returns where they are.
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// Returns their physical address.
    pub(crate) fn physical(&self) -> u64 {
        // SAFETY: By the type invariant, this is the address of pages of the direct map.
        unsafe { tsm_bindings::tsm_helper_virt_to_phys(self.start.as_ptr().cast()) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        let start = self.start.as_ptr().cast();

        if self.count <= MOST {
            // SAFETY: By the type invariant, the pages belong to `self`, and come from
            // `alloc_pages_exact()`, as there are at most `MOST`.
            unsafe { bindings::free_pages_exact(start, self.size()) };
        } else {
            // SAFETY: By the type invariant, the pages belong to `self`, and come from
            // `alloc_contig_pages()`, as there are more than `MOST`.
            unsafe { tsm_bindings::tsm_helper_free_contig_pages(start, self.count) };
        }
    }
}

/// Pages that nothing writes to but what has the only reference to them.
///
/// # Invariants
///
/// The pages are private memory of the guest. Between two uses of `&mut self`, their contents do not change.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::pages::PrivatePages;
///
/// let pages = PrivatePages::zeroed(1)?;
/// assert!(pages.bytes().iter().all(|byte| *byte == 0));
/// # Ok::<(), Error>(())
/// ```
pub struct PrivatePages(Pages);

impl PrivatePages {
    /// Allocates `count` pages of zeros. May sleep.
    ///
    /// # Errors
    ///
    /// Those of [`Pages::zeroed`].
    pub fn zeroed(count: usize) -> Result<Self> {
        // INVARIANT: The pages were allocated just now, and no other party has their address.
        Ok(Self(Pages::zeroed(count)?))
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> usize {
        self.0.size()
    }

    /// Returns what is in them.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: By the invariant of `Pages`, there are as many initialized bytes. By that of this type,
        // nothing writes to them while there is a shared reference to `self`.
        unsafe { slice::from_raw_parts(self.0.start().as_ptr(), self.size()) }
    }

    /// Returns their physical address, at which another party may write for as long as the caller has
    /// `self` to itself.
    pub(crate) fn physical(&mut self) -> u64 {
        self.0.physical()
    }
}
