// SPDX-License-Identifier: GPL-2.0

//! A count of users that can be waited for.
//!
//! C headers: [`include/linux/refcount.h`](srctree/include/linux/refcount.h),
//! [`include/linux/completion.h`](srctree/include/linux/completion.h)

use kernel::{
    prelude::*,
    sync::{
        Completion,
        Refcount, //
    }, //
};

/// Counts the users of an object, its owner included. The owner can wait until it is the last one.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::users::Users;
///
/// let users = KBox::pin_init(Users::new(), GFP_KERNEL)?;
///
/// // SAFETY: The owner gives up its count below.
/// unsafe { users.get() };
/// // SAFETY: The user was counted just now.
/// unsafe { users.put() };
/// // SAFETY: `drain` is called only here.
/// unsafe { users.drain() };
/// # Ok::<(), Error>(())
/// ```
#[pin_data]
pub struct Users {
    count: Refcount,
    /// `count` is zero.
    #[pin]
    none: Completion,
}

impl Users {
    /// Makes an initializer of a count for the owner alone.
    pub fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            count: Refcount::new(1),
            none <- Completion::new(),
        })
    }

    /// Counts one more user.
    ///
    /// # Safety
    ///
    /// There must be a user, the owner included, that does not give up its count before this returns.
    pub unsafe fn get(&self) {
        self.count.inc();
    }

    /// Gives up the count of a user. The object may be freed right after.
    ///
    /// # Safety
    ///
    /// The count must come from [`Self::get`], and must not have been given up before.
    pub unsafe fn put(&self) {
        self.give_up();
    }

    fn give_up(&self) {
        if self.count.dec_and_test() {
            self.none.complete_all();
        }
    }

    /// Gives up the count of the owner, and waits until there are no other users.
    ///
    /// # Safety
    ///
    /// This must be called once at most.
    pub unsafe fn drain(&self) {
        self.give_up();
        self.none.wait_for_completion();
    }
}
