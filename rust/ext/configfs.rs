// SPDX-License-Identifier: GPL-2.0

//! configfs: kernel objects that user space makes with `mkdir`.
//!
//! C header: [`include/linux/configfs.h`](srctree/include/linux/configfs.h)
//!
//! A [`Subsystem`] is a directory in the root of configfs, a [`Group`] one in a subsystem, in which
//! user space makes items; an [`ItemType`] says which files an item has. Compared with
//! `kernel::configfs`, items need not be groups, may have binary files, and files have modes; and
//! what an item holds must be `Send` and `Sync`.

mod attribute;
mod group;
mod item;

pub use attribute::{
    Commit,
    Show,
    Snapshot,
    Store, //
};
pub use group::{
    Group,
    MakeItem, //
};
pub use item::{
    ItemType,
    Visible, //
};

use core::pin::Pin;

use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    static_lock_class,
    str::CStr,
    sync::Arc,
    types::Opaque,
    ThisModule, //
};

/// A directory in the root of configfs. It is removed when the last clone and the last [`Group`] in
/// it are dropped.
#[derive(Clone)]
pub struct Subsystem(Arc<Registered>);

/// # Invariants
///
/// The subsystem is registered.
struct Registered(Pin<KBox<Inner>>);

#[pin_data]
struct Inner {
    #[pin]
    subsystem: Opaque<bindings::configfs_subsystem>,
    /// What `subsystem` points to.
    #[pin]
    item_type: Opaque<bindings::config_item_type>,
}

// SAFETY: configfs locks what it changes in a subsystem, and any thread may unregister it.
unsafe impl Send for Inner {}

// SAFETY: A shared reference is only used to register groups, for which configfs takes its locks.
unsafe impl Sync for Inner {}

impl Subsystem {
    /// Makes the directory `name`.
    ///
    /// # Errors
    ///
    /// [`EEXIST`] if there is one already.
    #[inline]
    pub fn new(name: &'static CStr, module: &'static ThisModule) -> Result<Self> {
        let mut item_type: bindings::config_item_type = pin_init::zeroed();
        item_type.ct_owner = module.as_ptr();

        let inner = KBox::pin(
            Inner {
                subsystem: Opaque::new(pin_init::zeroed()),
                item_type: Opaque::new(item_type),
            },
            GFP_KERNEL,
        )?;
        let subsystem = inner.subsystem.get();

        // SAFETY: `subsystem` is zeroed and pinned, and so is the item type.
        unsafe {
            bindings::config_group_init_type_name(
                &raw mut (*subsystem).su_group,
                name.as_char_ptr(),
                inner.item_type.get(),
            )
        };
        // SAFETY: `subsystem` is pinned; name and lock class live forever.
        unsafe {
            bindings::__mutex_init(
                &raw mut (*subsystem).su_mutex,
                name.as_char_ptr(),
                static_lock_class!().as_ptr(),
            )
        };
        // SAFETY: `subsystem` was just initialized, and `Registered` keeps it until it is
        // unregistered.
        to_result(unsafe { bindings::configfs_register_subsystem(subsystem) })?;

        // INVARIANT: It was registered just now.
        Ok(Self(Arc::new(Registered(inner), GFP_KERNEL)?))
    }

    /// Calls `f` with the mutex held that configfs holds while it makes items.
    #[inline]
    fn locked(&self, f: impl FnOnce()) {
        let subsystem = self.0 .0.subsystem.get();

        // SAFETY: `new` initialized the mutex, and it is unregistered when the last clone is gone.
        unsafe { bindings::mutex_lock(&raw mut (*subsystem).su_mutex) };
        f();
        // SAFETY: As above, and it was taken just now.
        unsafe { bindings::mutex_unlock(&raw mut (*subsystem).su_mutex) };
    }

    /// Returns the group that the subsystem is.
    #[inline]
    fn as_group(&self) -> *mut bindings::config_group {
        let subsystem = self.0 .0.subsystem.get();

        // SAFETY: The pointer is valid, and this only computes an address.
        unsafe { &raw mut (*subsystem).su_group }
    }
}

impl Drop for Registered {
    #[inline]
    fn drop(&mut self) {
        let subsystem = self.0.subsystem.get();

        // SAFETY: By the type invariant, it is registered. Groups hold a clone of the `Subsystem`,
        // so none is left in it.
        unsafe { bindings::configfs_unregister_subsystem(subsystem) };
        // SAFETY: `Subsystem::new` initialized the mutex, and configfs uses it no more.
        unsafe { bindings::mutex_destroy(&raw mut (*subsystem).su_mutex) };
    }
}
