// SPDX-License-Identifier: GPL-2.0

//! Items: what user space makes.

use kernel::{
    bindings,
    container_of,
    prelude::*,
    sync::atomic::Atomic,
    types::Opaque, //
};

/// An item with its contents.
#[pin_data]
pub(super) struct Item<T> {
    #[pin]
    pub(super) item: Opaque<bindings::config_item>,
    /// How many readers of binary files have begun. Each open file begins once at most, so that no more
    /// hold a copy of the contents.
    pub(super) readers: Atomic<u64>,
    #[pin]
    pub(super) data: T,
}

impl<T> Item<T> {
    /// Returns an item.
    ///
    /// # Safety
    ///
    /// `item` must have been made by `allocate()` of `item_type.rs` for this `T`, and must live as long as `'a`.
    pub(super) unsafe fn of<'a>(item: *mut bindings::config_item) -> &'a Self {
        // SAFETY: By the safety requirement, `allocate()` made `item`, so it is this field of an
        // `Item<T>`.
        let this = unsafe { container_of!(Opaque::cast_from(item), Self, item) };

        // SAFETY: By the safety requirement, the item lives as long as `'a`.
        unsafe { &*this }
    }
}

/// Returns the contents of an item.
///
/// # Safety
///
/// That of [`Item::of`].
pub(super) unsafe fn data<'a, T>(item: *mut bindings::config_item) -> &'a T {
    // SAFETY: By the safety requirement, `item` is as `Item::of` demands it.
    unsafe { &Item::of(item).data }
}
