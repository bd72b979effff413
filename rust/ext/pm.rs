// SPDX-License-Identifier: GPL-2.0

//! Suspend and hibernation of the machine.
//!
//! C header: [`include/linux/suspend.h`](srctree/include/linux/suspend.h)

use kernel::{
    bindings,
    container_of,
    error::to_result,
    ffi,
    prelude::*,
    types::Opaque, //
};

/// Is notified when the machine sleeps.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::pm::{
///     Registration,
///     Sleep, //
/// };
///
/// struct Secrets;
///
/// impl Sleep for Secrets {
///     fn will_sleep(&self) {
///         // Clear them.
///     }
///
///     fn has_slept(&self) {}
/// }
///
/// let registration = Registration::new(Secrets)?;
/// # Ok::<(), Error>(())
/// ```
pub trait Sleep: Send + Sync + 'static {
    /// The machine is about to sleep. Tasks of user space still run, and may do so for long. The machine waits for
    /// this.
    fn will_sleep(&self);

    /// The machine has slept, or could not. Tasks of user space run again. If the registration was made meanwhile,
    /// there was no [`Self::will_sleep`] before.
    fn has_slept(&self);
}

/// The registration of a [`Sleep`], undone when dropped.
///
/// # Invariants
///
/// The block of `Inner` is registered with the PM core.
///
/// # Examples
///
/// See [`Sleep`].
pub struct Registration<T: Sleep>(Pin<KBox<Inner<T>>>);

#[pin_data]
struct Inner<T> {
    #[pin]
    block: Opaque<bindings::notifier_block>,
    sleep: T,
}

// SAFETY: The notifier chain locks what it changes in `block`; the rest is `Send`.
unsafe impl<T: Sleep> Send for Inner<T> {}

// SAFETY: A shared reference gives out `&T`, which is `Sync`.
unsafe impl<T: Sleep> Sync for Inner<T> {}

impl<T: Sleep> Registration<T> {
    /// From here on, `sleep` is notified.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    pub fn new(sleep: T) -> Result<Self> {
        let inner = KBox::pin_init(
            pin_init!(Inner {
                block: Opaque::new(pin_init::zeroed()),
                sleep,
            }),
            GFP_KERNEL,
        )?;
        let block = inner.block.get();

        // SAFETY: `block` is a field of `inner`, and no other thread has its address yet.
        unsafe { (*block).notifier_call = Some(Inner::<T>::notified) };
        // SAFETY: `block` is pinned, and stays until it is unregistered.
        to_result(unsafe { tsm_bindings::register_pm_notifier(block) })?;
        // INVARIANT: The block was registered just now.
        Ok(Self(inner))
    }
}

impl<T: Sleep> Drop for Registration<T> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the block is registered. This waits for calls of it.
        unsafe { tsm_bindings::unregister_pm_notifier(self.0.block.get()) };
    }
}

impl<T: Sleep> Inner<T> {
    /// # Safety
    ///
    /// To be called by the notifier chain of the PM core only, for the block of an `Inner<T>` that is registered.
    unsafe extern "C" fn notified(
        block: *mut bindings::notifier_block,
        event: ffi::c_ulong,
        _data: *mut ffi::c_void,
    ) -> ffi::c_int {
        let block = Opaque::cast_from(block);
        // SAFETY: By the safety requirement, the block is this field of an `Inner<T>`.
        let this = unsafe { container_of!(block, Self, block) };

        // SAFETY: By the safety requirement, the `Inner` is registered. It is freed after that
        // ends, which waits for calls.
        let sleep = &unsafe { &*this }.sleep;

        match u32::try_from(event) {
            Ok(
                tsm_bindings::PM_SUSPEND_PREPARE
                | tsm_bindings::PM_HIBERNATION_PREPARE
                | tsm_bindings::PM_RESTORE_PREPARE,
            ) => sleep.will_sleep(),
            Ok(
                tsm_bindings::PM_POST_SUSPEND
                | tsm_bindings::PM_POST_HIBERNATION
                | tsm_bindings::PM_POST_RESTORE,
            ) => sleep.has_slept(),
            _ => {}
        }
        // CAST: 0.
        bindings::NOTIFY_DONE as ffi::c_int
    }
}
