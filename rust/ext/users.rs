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

    /// Counts one more user. The caller is one, or keeps one from giving up its count meanwhile.
    pub fn get(&self) {
        self.count.inc();
    }

    /// Gives up the count of a user. The object may be freed right after.
    pub fn put(&self) {
        if self.count.dec_and_test() {
            self.none.complete_all();
        }
    }

    /// Gives up the count of the owner, and waits until there are no other users. To be called once.
    pub fn drain(&self) {
        self.put();
        self.none.wait_for_completion();
    }
}
