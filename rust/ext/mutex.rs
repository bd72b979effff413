// SPDX-License-Identifier: GPL-2.0

//! A mutex that a killed task stops waiting for.
//!
//! C header: [`include/linux/mutex.h`](srctree/include/linux/mutex.h)
//!
//! `kernel::sync::Mutex` can only be waited for without interruption, which is wrong for a lock
//! that is held while another party, such as a host, does its work.

use core::{
    cell::UnsafeCell,
    marker::PhantomData,
    ops::{
        Deref,
        DerefMut, //
    },
};

use kernel::{
    bindings,
    prelude::*,
    str::CStr,
    sync::LockClassKey,
    types::Opaque, //
};

// A macro with lockdep, and a function without.
#[cfg(not(CONFIG_DEBUG_LOCK_ALLOC))]
use kernel::bindings::mutex_lock_killable;
#[cfg(CONFIG_DEBUG_LOCK_ALLOC)]
use tsm_bindings::tsm_helper_mutex_lock_killable as mutex_lock_killable;

/// Mutual exclusion with a killable wait.
///
/// # Invariants
///
/// `lock` is an initialized `struct mutex`, and `data` is accessed only while it is held.
///
/// # Examples
///
/// ```
/// use kernel::{
///     prelude::*,
///     static_lock_class, //
/// };
/// use tsm_ext::mutex::KillableMutex;
///
/// let mutex = KBox::pin_init(
///     KillableMutex::new(7, c"example", static_lock_class!()),
///     GFP_KERNEL,
/// )?;
///
/// // `EINTR` if the task is killed while it waits.
/// let mut guard = mutex.lock_killable()?;
/// *guard += 1;
/// # Ok::<(), Error>(())
/// ```
#[pin_data]
pub struct KillableMutex<T> {
    #[pin]
    lock: Opaque<bindings::mutex>,
    data: UnsafeCell<T>,
}

// SAFETY: Moving the mutex moves the data, which `T: Send` allows; nothing else in it has a thread.
unsafe impl<T: Send> Send for KillableMutex<T> {}

// SAFETY: A shared reference gives access to the data to one thread at a time, so `T: Send` is
// enough.
unsafe impl<T: Send> Sync for KillableMutex<T> {}

impl<T> KillableMutex<T> {
    /// Makes an initializer of a mutex around `data`.
    pub fn new(
        data: T,
        name: &'static CStr,
        key: Pin<&'static LockClassKey>,
    ) -> impl PinInit<Self> {
        // INVARIANT: `__mutex_init` initializes `lock`.
        pin_init!(Self {
            // SAFETY: `slot` is valid for writes and pinned, `name` and `key` live forever.
            lock <- Opaque::ffi_init(|slot| unsafe {
                bindings::__mutex_init(slot, name.as_char_ptr(), key.as_ptr())
            }),
            data: UnsafeCell::new(data),
        })
    }

    /// Waits for the mutex and takes it.
    ///
    /// # Errors
    ///
    /// [`EINTR`] when the task is killed while it waits.
    pub fn lock_killable(&self) -> Result<Guard<'_, T>> {
        // SAFETY: By the type invariant, `lock` is initialized.
        let ret = unsafe { mutex_lock_killable(self.lock.get()) };
        if ret != 0 {
            return Err(EINTR);
        }

        // INVARIANT: The call above took the mutex.
        Ok(Guard {
            mutex: self,
            _not_send: PhantomData,
        })
    }
}

/// The right to use the data of a [`KillableMutex`].
///
/// # Invariants
///
/// The current task holds `mutex`.
///
/// # Examples
///
/// See [`KillableMutex`].
#[must_use = "the mutex is released when the guard is dropped"]
pub struct Guard<'a, T> {
    mutex: &'a KillableMutex<T>,
    /// A mutex has to be released by the task that took it.
    _not_send: PhantomData<*mut ()>,
}

// SAFETY: A shared `Guard` gives a `&T`, which `T: Sync` allows on any thread.
unsafe impl<T: Sync> Sync for Guard<'_, T> {}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: By the type invariant, this task holds the mutex, so no other changes the data.
        unsafe { &*self.mutex.data.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: By the type invariant, this task holds the mutex, and `&mut self` is the only
        // reference that was made through the one guard there can be.
        unsafe { &mut *self.mutex.data.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, this task holds the mutex.
        unsafe { bindings::mutex_unlock(self.mutex.lock.get()) };
    }
}
