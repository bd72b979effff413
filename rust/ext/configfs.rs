// SPDX-License-Identifier: GPL-2.0

//! configfs: kernel objects that user space makes with `mkdir`.
//!
//! C header: [`include/linux/configfs.h`](srctree/include/linux/configfs.h)
//!
//! A [`Subsystem`] is a directory in the root of configfs with another one in it, a group, in which
//! user space makes items; an [`ItemType`] says which files an item has. Compared with
//! `kernel::configfs`, items need not be groups, may have binary files, and files have modes; and
//! what an item holds must be `Send` and `Sync`.

mod attribute;
mod group;
mod item;
mod item_type;

pub use attribute::{
    BinaryFile,
    Commit,
    Show,
    Snapshot,
    Store,
    TextFile, //
};
pub use group::MakeItem;
pub use item_type::{
    Files,
    ItemType, //
};

use core::pin::Pin;

use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    static_lock_class,
    str::CStr,
    types::Opaque, //
};

use crate::module::this_module;
use group::Group;

/// A directory in the root of configfs, with a group in it that makes items by `M`.
///
/// Dropping it waits until user space has removed all items; meanwhile none can be made. An item keeps
/// the module from being unloaded, so a module that drops this on exit does not wait. One that makes it
/// last, so that its initializer can't fail any more, never does.
///
/// # Invariants
///
/// The subsystem is registered.
///
/// # Examples
///
/// ```
/// use kernel::{
///     fmt::Write,
///     prelude::*,
///     str::CStr, //
/// };
/// use tsm_ext::configfs::{
///     BinaryFile,
///     Files,
///     ItemType,
///     MakeItem,
///     Show,
///     Subsystem,
///     TextFile, //
/// };
///
/// /// What `mkdir` makes.
/// #[pin_data]
/// struct Report {
///     number: u64,
/// }
///
/// /// A file in it.
/// struct Number;
///
/// impl Show<Report> for Number {
///     const NAME: &'static CStr = c"number";
///
///     fn show(report: &Report, out: &mut impl Write) -> Result {
///         Ok(writeln!(out, "{}", report.number)?)
///     }
/// }
///
/// struct ReportFiles;
///
/// impl Files<Report> for ReportFiles {
///     const TEXT: &'static [TextFile<Report>] = &[TextFile::shown::<Number>(), TextFile::END];
///     const BINARY: &'static [BinaryFile<Report>] = &[BinaryFile::END];
/// }
///
/// struct Reports;
///
/// impl MakeItem for Reports {
///     type Item = Report;
///
///     fn make_item(&self, _name: &CStr) -> Result<impl PinInit<Report, Error>> {
///         Ok(try_pin_init!(Report { number: 7 }? Error))
///     }
/// }
///
/// /// Makes `/sys/kernel/config/tsm/report`.
/// fn register() -> Result<Subsystem<Reports>> {
///     Subsystem::new(c"tsm", c"report", ItemType::new::<ReportFiles>()?, Reports)
/// }
/// ```
pub struct Subsystem<M: MakeItem>(Pin<KBox<Inner<M>>>);

#[pin_data]
struct Inner<M: MakeItem> {
    #[pin]
    subsystem: Opaque<bindings::configfs_subsystem>,
    /// What `subsystem` points to.
    #[pin]
    item_type: Opaque<bindings::config_item_type>,
    /// What `subsystem` points to, too. It goes with the subsystem, for which configfs waits until no task
    /// is in a `mkdir` any more; for a group that comes later and goes earlier, it does not.
    #[pin]
    group: Group<M>,
}

// SAFETY: configfs locks what it changes in a subsystem, and any thread may unregister it; `group` is
// `Send`.
unsafe impl<M: MakeItem> Send for Inner<M> {}

// SAFETY: A shared reference is only used by configfs, which takes its locks, and for `group`, which
// is `Sync`.
unsafe impl<M: MakeItem> Sync for Inner<M> {}

impl<M: MakeItem> Subsystem<M> {
    /// Makes the directory `name`, and in it `group`, for items of `item_type`.
    ///
    /// # Errors
    ///
    /// [`EEXIST`] if there is one already.
    pub fn new(
        name: &'static CStr,
        group: &'static CStr,
        item_type: ItemType<M::Item>,
        make: M,
    ) -> Result<Self> {
        let mut subsystem_type: bindings::config_item_type = pin_init::zeroed();
        subsystem_type.ct_owner = this_module();

        let inner = KBox::pin(
            Inner {
                subsystem: Opaque::new(pin_init::zeroed()),
                item_type: Opaque::new(subsystem_type),
                group: Group::new(item_type, make),
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
        // SAFETY: `subsystem` is pinned; the name and the lock class live forever.
        unsafe {
            bindings::__mutex_init(
                &raw mut (*subsystem).su_mutex,
                name.as_char_ptr(),
                static_lock_class!().as_ptr(),
            )
        };
        // SAFETY: The group is pinned and has not been added yet. The group that the subsystem is was
        // just initialized, no other pointer to it exists, and both go at the same time.
        unsafe { inner.group.add_to(&raw mut (*subsystem).su_group, group) };
        // SAFETY: `subsystem` was just initialized; it and its group stay until it is unregistered.
        to_result(unsafe { bindings::configfs_register_subsystem(subsystem) })?;

        // INVARIANT: The subsystem was registered just now.
        Ok(Self(inner))
    }
}

impl<M: MakeItem> Drop for Subsystem<M> {
    fn drop(&mut self) {
        let (subsystem, group) = (self.0.subsystem.get(), &self.0.group);

        // configfs holds the mutex while it makes an item, so that is made before this or not at
        // all.
        // SAFETY: `new` initialized the mutex, and this task does not hold it.
        unsafe { bindings::mutex_lock(&raw mut (*subsystem).su_mutex) };
        // SAFETY: The mutex was taken just now.
        unsafe { group.close() };
        // SAFETY: This task took the mutex above.
        unsafe { bindings::mutex_unlock(&raw mut (*subsystem).su_mutex) };
        // SAFETY: The group was closed just now, the mutex is released, and a subsystem is dropped
        // once.
        unsafe { group.wait_for_items() };

        // SAFETY: By the type invariant, it is registered, and there are no items in it. Afterwards
        // nothing uses it or its group.
        unsafe { bindings::configfs_unregister_subsystem(subsystem) };
        // SAFETY: `new` initialized the mutex, and configfs uses it no more.
        unsafe { bindings::mutex_destroy(&raw mut (*subsystem).su_mutex) };
    }
}
