// SPDX-License-Identifier: GPL-2.0

//! A sleep that ends when an object is closed.
//!
//! C header: [`include/linux/completion.h`](srctree/include/linux/completion.h)

use kernel::{
    bindings,
    prelude::*,
    time::{
        msecs_to_jiffies,
        Delta, //
    },
    types::Opaque, //
};

/// Whether an object was closed, for tasks that sleep until it is.
///
/// # Invariants
///
/// `closed` is initialized, and complete once the object was closed.
///
/// # Examples
///
/// ```
/// use kernel::{
///     prelude::*,
///     time::Delta, //
/// };
/// use tsm_ext::closing::Closing;
///
/// let closing = KBox::pin_init(Closing::new(), GFP_KERNEL)?;
///
/// assert_eq!(closing.sleep(Delta::from_millis(5)), Ok(()));
/// assert!(!closing.is_closed());
/// closing.close();
/// assert!(closing.is_closed());
/// assert_eq!(closing.sleep(Delta::from_secs(3600)), Err(ENXIO));
/// # Ok::<(), Error>(())
/// ```
#[pin_data]
pub struct Closing {
    #[pin]
    closed: Opaque<bindings::completion>,
}

// SAFETY: A C completion has no owner: any task may complete it and wait for it.
unsafe impl Send for Closing {}

// SAFETY: A C completion changes under its own spinlock.
unsafe impl Sync for Closing {}

impl Closing {
    /// Makes an initializer for an object that is not closed.
    pub fn new() -> impl PinInit<Self> {
        // INVARIANT: The C function initializes the completion.
        pin_init!(Self {
            // SAFETY: `slot` is valid for writes and pinned.
            closed <- Opaque::ffi_init(|slot| unsafe { bindings::init_completion(slot) }),
        })
    }

    /// Tells whether the object was closed.
    pub fn is_closed(&self) -> bool {
        // SAFETY: By the type invariant, the completion is initialized.
        unsafe { bindings::completion_done(self.closed.get()) }
    }

    /// Says that the object was closed, and wakes the tasks that sleep.
    pub fn close(&self) {
        // SAFETY: By the type invariant, the completion is initialized.
        unsafe { bindings::complete_all(self.closed.get()) };
    }

    /// Sleeps for `delta` at least, to the precision of a jiffy.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] when the object was closed, [`EINTR`] when the task was killed.
    pub fn sleep(&self, delta: Delta) -> Result {
        let milliseconds = u32::try_from(delta.as_millis().max(0) + 1)?;
        // The first jiffy has begun before.
        let jiffies = msecs_to_jiffies(milliseconds).saturating_add(1);

        // SAFETY: By the type invariant, the completion is initialized.
        let left =
            unsafe { bindings::wait_for_completion_killable_timeout(self.closed.get(), jiffies) };
        match left {
            0 => Ok(()),
            1.. => Err(ENXIO),
            _ => Err(EINTR),
        }
    }
}
