// SPDX-License-Identifier: GPL-2.0

//! Groups: directories in which user space makes items.

use core::pin::Pin;

use kernel::{
    bindings,
    container_of,
    error::to_result,
    ffi,
    prelude::*,
    str::CStr,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
    types::Opaque, //
};

use super::{
    item,
    ItemType,
    Subsystem, //
};

/// Makes the items of a [`Group`].
pub trait MakeItem: Send + Sync + 'static {
    /// What an item holds.
    type Item: Send + Sync + 'static;

    /// Answers the `mkdir` of `name` with the contents of the new item or an error.
    fn make_item(&self, name: &CStr) -> Result<impl PinInit<Self::Item, Error>>;
}

/// A directory in a [`Subsystem`] in which `mkdir` makes items.
///
/// Dropping it waits until user space has removed all items; meanwhile none can be made. An item keeps
/// the module from being unloaded, so a module that drops its group on exit does not wait. One that
/// makes it last, so that its initializer can't fail any more, never does.
///
/// # Invariants
///
/// The group is registered.
pub struct Group<M: MakeItem>(Pin<KBox<Inner<M>>>);

#[pin_data]
struct Inner<M: MakeItem> {
    #[pin]
    group: Opaque<bindings::config_group>,
    /// What `group` points to.
    #[pin]
    group_type: Opaque<bindings::config_item_type>,
    item_type: ItemType<M::Item>,
    make: M,
    /// Whether items can be made. Changes with the mutex of the subsystem held.
    open: Atomic<bool>,
    subsystem: Subsystem,
}

// SAFETY: configfs locks what it changes in `group`; `group_type` does not change; the rest is
// `Send`.
unsafe impl<M: MakeItem> Send for Inner<M> {}

// SAFETY: A shared reference gives out `&M` and the address of the item type, both `Sync`.
unsafe impl<M: MakeItem> Sync for Inner<M> {}

impl<M: MakeItem> Group<M> {
    /// Makes the directory `name` in `subsystem`, for items of `item_type`.
    pub fn new(
        subsystem: &Subsystem,
        name: &'static CStr,
        item_type: ItemType<M::Item>,
        make: M,
    ) -> Result<Self> {
        let mut group_type: bindings::config_item_type = pin_init::zeroed();
        group_type.ct_owner = item_type.owner();
        group_type.ct_group_ops = &Inner::<M>::OPERATIONS;

        let inner = KBox::pin(
            Inner {
                group: Opaque::new(pin_init::zeroed()),
                group_type: Opaque::new(group_type),
                item_type,
                make,
                open: Atomic::new(true),
                subsystem: subsystem.clone(),
            },
            GFP_KERNEL,
        )?;

        // SAFETY: `group` is zeroed and pinned, and so is its type.
        unsafe {
            bindings::config_group_init_type_name(
                inner.group.get(),
                name.as_char_ptr(),
                inner.group_type.get(),
            )
        };
        // SAFETY: The subsystem is registered, and stays so as long as `inner` has its clone.
        // `inner` is only freed after `drop` has unregistered the group.
        to_result(unsafe {
            bindings::configfs_register_group(subsystem.as_group(), inner.group.get())
        })?;

        // INVARIANT: It was registered just now.
        Ok(Self(inner))
    }
}

impl<M: MakeItem> Drop for Group<M> {
    fn drop(&mut self) {
        let group = self.0.group.get();

        // configfs holds the mutex while it makes an item, so that is made before this or not at
        // all.
        self.0
            .subsystem
            .locked(|| self.0.open.store(false, Relaxed));
        while self.0.item_type.items() > 0 {
            fsleep(Delta::from_millis(100));
        }

        // SAFETY: By the type invariant, the group is registered, and it is empty.
        unsafe { bindings::configfs_unregister_group(group) };
    }
}

impl<M: MakeItem> Inner<M> {
    const OPERATIONS: bindings::configfs_group_operations = bindings::configfs_group_operations {
        make_item: Some(Self::make_item),
        make_group: None,
        disconnect_notify: None,
        drop_item: None,
        is_visible: None,
        is_bin_visible: None,
    };

    /// # Safety
    ///
    /// To be called by configfs only, for a registered group of a `Group<M>`, and with a C string.
    unsafe extern "C" fn make_item(
        group: *mut bindings::config_group,
        name: *const ffi::c_char,
    ) -> *mut bindings::config_item {
        let group = Opaque::cast_from(group);

        // SAFETY: By the safety requirement, `group` is this field of an `Inner<M>`.
        let this = unsafe { container_of!(group, Self, group) };
        // SAFETY: The group is registered, so it has not been dropped, and is not before `mkdir`
        // releases the directory.
        let this = unsafe { &*this };
        // SAFETY: By the safety requirement.
        let name = unsafe { CStr::from_char_ptr(name) };

        if !this.open.load(Relaxed) {
            return err_ptr(ENODEV);
        }
        let made = this
            .make
            .make_item(name)
            .and_then(|init| item::allocate(name, &this.item_type, init));

        match made {
            Ok(item) => item,
            Err(err) => err_ptr(err),
        }
    }
}

#[inline]
fn err_ptr(err: Error) -> *mut bindings::config_item {
    // CAST: C code takes an errno for a pointer in the last page of the address space.
    err.to_errno() as isize as *mut bindings::config_item
}
