// SPDX-License-Identifier: GPL-2.0

//! A semaphore that a killed task stops waiting for.
//!
//! C header: [`include/linux/semaphore.h`](srctree/include/linux/semaphore.h)
//!
//! Unlike a mutex, it may be released by another task than the one that took it.

use kernel::{
    bindings,
    error::to_result,
    ffi,
    prelude::*,
    types::Opaque, //
};

/// A count that can be waited for.
///
/// # Invariants
///
/// The C semaphore is initialized.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::semaphore::Semaphore;
///
/// let semaphore = KBox::pin_init(Semaphore::new(1), GFP_KERNEL)?;
///
/// semaphore.down_killable()?;
/// // Any task may do this.
/// semaphore.up();
/// # Ok::<(), Error>(())
/// ```
#[pin_data]
pub struct Semaphore {
    #[pin]
    inner: Opaque<bindings::semaphore>,
}

// SAFETY: A C semaphore has no owner: any task may call down() and up().
unsafe impl Send for Semaphore {}

// SAFETY: A C semaphore changes its count under its own spinlock.
unsafe impl Sync for Semaphore {}

impl Semaphore {
    /// Makes an initializer of a semaphore that can be taken `count` times.
    pub fn new(count: ffi::c_int) -> impl PinInit<Self> {
        // INVARIANT: The helper initializes the C semaphore.
        pin_init!(Self {
            // SAFETY: `slot` is valid for writes and pinned.
            inner <- Opaque::ffi_init(|slot| unsafe {
                tsm_bindings::tsm_helper_sema_init(slot, count)
            }),
        })
    }

    /// Waits for the semaphore and takes it.
    ///
    /// # Errors
    ///
    /// [`EINTR`] when the task is killed while it waits.
    pub fn down_killable(&self) -> Result {
        // SAFETY: By the type invariant, the C semaphore is initialized.
        to_result(unsafe { bindings::down_killable(self.inner.get()) })
    }

    /// Waits for the semaphore and takes it. Nothing ends the wait.
    pub(crate) fn down(&self) {
        // SAFETY: By the type invariant, the C semaphore is initialized.
        unsafe { bindings::down(self.inner.get()) };
    }

    /// Releases the semaphore.
    pub fn up(&self) {
        // SAFETY: By the type invariant, the C semaphore is initialized.
        unsafe { bindings::up(self.inner.get()) };
    }
}
