// SPDX-License-Identifier: GPL-2.0

//! A box that is kept, because it takes long to make another one.

use core::{
    marker::PhantomData,
    ptr::{
        null_mut,
        NonNull, //
    }, //
};

use kernel::{
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Full, //
    }, //
};

/// Caches at most one box, for the next caller. No caller waits.
///
/// # Invariants
///
/// The pointer is null or comes from [`KBox::into_raw`], and then the box belongs to `self`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::cached_box::CachedBox;
///
/// let cache = CachedBox::default();
/// let buffer = cache.take_or(|| Ok(KBox::new([0; 64], GFP_KERNEL)?))?;
///
/// // For the next one.
/// cache.put(buffer);
/// # Ok::<(), Error>(())
/// ```
pub struct CachedBox<T> {
    value: Atomic<*mut T>,
    _owned: PhantomData<T>,
}

// SAFETY: A `CachedBox` owns a `T`, which may be moved to another thread.
unsafe impl<T: Send> Send for CachedBox<T> {}

// SAFETY: A shared reference lets a thread take the `T` that another one has put in, and gives out no
// reference to it, so `T: Send` is enough.
unsafe impl<T: Send> Sync for CachedBox<T> {}

impl<T> Default for CachedBox<T> {
    /// Makes an empty cache.
    fn default() -> Self {
        // INVARIANT: The pointer is null.
        Self {
            value: Atomic::new(null_mut()),
            _owned: PhantomData,
        }
    }
}

impl<T> CachedBox<T> {
    /// Takes the value, if there is one.
    pub fn take(&self) -> Option<KBox<T>> {
        // INVARIANT: Null. Acquired, so that what was done to the value before it was put in is seen.
        let value = NonNull::new(self.value.xchg(null_mut(), Acquire))?;

        // SAFETY: By the type invariant, the pointer comes from `into_raw`, and the box is now
        // ours.
        Some(unsafe { KBox::from_raw(value.as_ptr()) })
    }

    /// Takes the value, or makes one if there is none.
    pub fn take_or(&self, make: impl FnOnce() -> Result<KBox<T>>) -> Result<KBox<T>> {
        match self.take() {
            Some(value) => Ok(value),
            None => make(),
        }
    }

    /// Puts a value in. One that is there already is dropped.
    pub fn put(&self, value: KBox<T>) {
        // INVARIANT: The pointer comes from `into_raw`.
        let old = self.value.xchg(KBox::into_raw(value), Full);

        if let Some(old) = NonNull::new(old) {
            // SAFETY: By the type invariant, the pointer comes from `into_raw`, and the box is now
            // ours.
            drop(unsafe { KBox::from_raw(old.as_ptr()) });
        }
    }
}

impl<T> Drop for CachedBox<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}
