// SPDX-License-Identifier: GPL-2.0

//! Groups: directories in which user space makes items.

use kernel::{
    bindings,
    container_of,
    ffi,
    prelude::*,
    str::CStr,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
    types::Opaque, //
};

use crate::module::this_module;

use super::item_type::{
    allocate,
    ItemType, //
};

/// Makes the items of a [`Subsystem`](super::Subsystem).
///
/// # Examples
///
/// See [`Subsystem`](super::Subsystem).
pub trait MakeItem: Send + Sync + 'static {
    /// What an item holds.
    type Item: Send + Sync + 'static;

    /// Answers the `mkdir` of `name` with the contents of the new item or an error.
    fn make_item(&self, name: &CStr) -> Result<impl PinInit<Self::Item, Error>>;
}

/// A directory in which `mkdir` makes items.
#[pin_data]
pub(super) struct Group<M: MakeItem> {
    #[pin]
    group: Opaque<bindings::config_group>,
    /// What `group` points to.
    #[pin]
    group_type: Opaque<bindings::config_item_type>,
    item_type: ItemType<M::Item>,
    make: M,
    /// Whether items can be made. Changes with the mutex of the subsystem held.
    open: Atomic<bool>,
}

// SAFETY: configfs locks what it changes in `group`; `group_type` does not change; the rest is
// `Send`.
unsafe impl<M: MakeItem> Send for Group<M> {}

// SAFETY: A shared reference gives out `&M` and the address of the item type, both `Sync`.
unsafe impl<M: MakeItem> Sync for Group<M> {}

impl<M: MakeItem> Group<M> {
    /// Makes a group for items of `item_type`.
    pub(super) fn new(item_type: ItemType<M::Item>, make: M) -> Self {
        let mut group_type: bindings::config_item_type = pin_init::zeroed();
        group_type.ct_owner = this_module();
        group_type.ct_group_ops = &Self::OPERATIONS;

        Self {
            group: Opaque::new(pin_init::zeroed()),
            group_type: Opaque::new(group_type),
            item_type,
            make,
            open: Atomic::new(true),
        }
    }

    /// Gives it a name and adds it to `parent`, with which it is registered and unregistered.
    ///
    /// # Safety
    ///
    /// To be called once, when `self` is pinned. `parent` must be initialized, not registered, used by
    /// nothing else, and as long as it is registered, `self` must stay.
    pub(super) unsafe fn add_to(&self, parent: *mut bindings::config_group, name: &'static CStr) {
        // SAFETY: `group` is zeroed, and by the safety requirement pinned, and so is its type.
        unsafe {
            bindings::config_group_init_type_name(
                self.group.get(),
                name.as_char_ptr(),
                self.group_type.get(),
            )
        };
        // SAFETY: By the safety requirement, `parent` is initialized, not registered and used by
        // nothing else; `group` was just initialized.
        unsafe { tsm_bindings::tsm_helper_configfs_add_default_group(self.group.get(), parent) };
    }

    /// Has `mkdir` make no more items.
    ///
    /// # Safety
    ///
    /// The mutex of the subsystem must be held.
    pub(super) unsafe fn close(&self) {
        self.open.store(false, Relaxed);
    }

    /// Waits until there are no items.
    ///
    /// # Safety
    ///
    /// This must be called once at most, after [`Self::close`], and without the mutex.
    pub(super) unsafe fn wait_for_items(&self) {
        // SAFETY: By the safety requirement, `close` has cleared `open` with the mutex held, with
        // which `make_item` is called, and this is called once at most.
        unsafe { self.item_type.wait_for_items() };
    }

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
    /// To be called by configfs only, for the registered group of a `Group<M>`, and with a C string.
    unsafe extern "C" fn make_item(
        group: *mut bindings::config_group,
        name: *const ffi::c_char,
    ) -> *mut bindings::config_item {
        let group = Opaque::cast_from(group);

        // SAFETY: By the safety requirement, `group` is this field of a `Group<M>`.
        let this = unsafe { container_of!(group, Self, group) };
        // SAFETY: By the safety requirement of `add_to`, the group stays as long as it is
        // registered; configfs has the directory locked, which unregistering it waits for.
        let this = unsafe { &*this };
        // SAFETY: By the safety requirement, `name` is a C string.
        let name = unsafe { CStr::from_char_ptr(name) };

        if !this.open.load(Relaxed) {
            return err_ptr(ENODEV);
        }
        let made = this.make.make_item(name).and_then(|init| {
            // SAFETY: `open` was set, and configfs holds the mutex of the subsystem, with which it is
            // cleared before there is a wait for items.
            unsafe { allocate(name, &this.item_type, init) }
        });

        match made {
            Ok(item) => item,
            Err(err) => err_ptr(err),
        }
    }
}

fn err_ptr(err: Error) -> *mut bindings::config_item {
    // CAST: C code takes an errno for a pointer in the last page of the address space.
    err.to_errno() as isize as *mut bindings::config_item
}
