// SPDX-License-Identifier: GPL-2.0

//! Types of items: which files an item has, and how an item is made and freed.

use core::marker::PhantomData;

use kernel::{
    bindings,
    container_of,
    ffi,
    prelude::*,
    str::CStr,
    sync::atomic::Atomic,
    types::Opaque, //
};

use crate::{
    module::this_module,
    users::Users, //
};

use super::{
    attribute::{
        BinaryFile,
        TextFile, //
    },
    item::{
        data,
        Item, //
    }, //
};

/// Makes an item that configfs frees with the last reference.
///
/// # Safety
///
/// [`ItemType::wait_for_items`] must not be called for `item_type` before this returns.
pub(super) unsafe fn allocate<T: Send + Sync + 'static>(
    name: &CStr,
    item_type: &ItemType<T>,
    data: impl PinInit<T, Error>,
) -> Result<*mut bindings::config_item> {
    let item = KBox::try_pin_init(
        try_pin_init!(Item {
            item: Opaque::new(pin_init::zeroed()),
            readers: Atomic::new(0),
            data <- data,
        }? Error),
        GFP_KERNEL,
    )?;
    let raw = item.item.get();

    // SAFETY: `item` is zeroed and pinned, the name is copied, and the group that has the type
    // outlives its items.
    unsafe {
        bindings::config_item_init_type_name(raw, name.as_char_ptr(), item_type.raw.item_type.get())
    };
    // The call above ignores that there may be no memory for a long name.
    // SAFETY: `raw` is a field of `item`, which is still a box.
    if unsafe { (*raw).ci_name.is_null() } {
        return Err(ENOMEM);
    }

    // SAFETY: By the safety requirement, `wait_for_items` is not called meanwhile, so the group
    // keeps its count.
    unsafe { item_type.raw.users.get() };
    // `release` takes it back.
    // SAFETY: The item is not moved: only its address is remembered, until `release`.
    let _ = KBox::into_raw(unsafe { Pin::into_inner_unchecked(item) });
    Ok(raw)
}

/// # Safety
///
/// To be called by configfs only, with the last reference to an item of [`allocate`] for this `T`.
unsafe extern "C" fn release<T>(item: *mut bindings::config_item) {
    // SAFETY: By the safety requirement, `item` is this field of an `Item<T>`.
    let this = unsafe { container_of!(Opaque::cast_from(item), Item<T>, item) };

    // SAFETY: By the safety requirement, `allocate` made `item` and counted it, and its type lives
    // until that count is given up below.
    let item_type = unsafe { RawType::of(item) };

    // SAFETY: `allocate` leaked it from a box, and by the safety requirement there is no other use of it.
    drop(unsafe { KBox::from_raw(this.cast_mut()) });
    // Last, because the type may be freed then.
    // SAFETY: `allocate` has counted this item, of which this was the last reference.
    unsafe { item_type.users.put() };
}

/// The files of items that hold a `T`. Each list ends with `END`.
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
///     Show,
///     TextFile, //
/// };
///
/// struct Report {
///     level: Option<u32>,
/// }
///
/// struct Level;
///
/// impl Show<Report> for Level {
///     const NAME: &'static CStr = c"level";
///
///     fn show(report: &Report, out: &mut impl Write) -> Result {
///         Ok(writeln!(out, "{}", report.level.ok_or(EINVAL)?)?)
///     }
/// }
///
/// struct ReportFiles;
///
/// impl Files<Report> for ReportFiles {
///     const TEXT: &'static [TextFile<Report>] = &[TextFile::shown::<Level>(), TextFile::END];
///     const BINARY: &'static [BinaryFile<Report>] = &[BinaryFile::END];
///
///     fn has_text(report: &Report, _index: i32) -> bool {
///         report.level.is_some()
///     }
/// }
/// ```
pub trait Files<T: 'static> {
    /// The text files.
    const TEXT: &'static [TextFile<T>];
    /// The binary files.
    const BINARY: &'static [BinaryFile<T>];

    /// Says whether `item`, which is being made, gets the text file at `index` of the list.
    fn has_text(item: &T, index: i32) -> bool {
        let _ = (item, index);
        true
    }

    /// Says whether `item`, which is being made, gets the binary file at `index` of the list.
    fn has_binary(item: &T, index: i32) -> bool {
        let _ = (item, index);
        true
    }
}

/// # Safety
///
/// To be called by configfs only: `item` is one of an `ItemType<T>`.
unsafe extern "C" fn is_visible<T: 'static, F: Files<T>>(
    item: *mut bindings::config_item,
    _attr: *mut bindings::configfs_attribute,
    index: ffi::c_int,
) -> bool {
    // SAFETY: By the safety requirement, `item` is one of an `ItemType<T>`; configfs keeps it while
    // it calls.
    F::has_text(unsafe { data::<T>(item) }, index)
}

/// # Safety
///
/// To be called by configfs only: `item` is one of an `ItemType<T>`.
unsafe extern "C" fn is_bin_visible<T: 'static, F: Files<T>>(
    item: *mut bindings::config_item,
    _attr: *mut bindings::configfs_bin_attribute,
    index: ffi::c_int,
) -> bool {
    // SAFETY: By the safety requirement, `item` is one of an `ItemType<T>`; configfs keeps it while
    // it calls.
    F::has_binary(unsafe { data::<T>(item) }, index)
}

struct VisibleOperations<T, F>(PhantomData<(T, F)>);

impl<T: 'static, F: Files<T>> VisibleOperations<T, F> {
    /// configfs looks for these in the operations of a group, although an item is none.
    const TABLE: bindings::configfs_group_operations = bindings::configfs_group_operations {
        make_item: None,
        make_group: None,
        disconnect_notify: None,
        drop_item: None,
        is_visible: Some(is_visible::<T, F>),
        is_bin_visible: Some(is_bin_visible::<T, F>),
    };
}

struct Operations<T>(PhantomData<T>);

impl<T> Operations<T> {
    const TABLE: bindings::configfs_item_operations = bindings::configfs_item_operations {
        release: Some(release::<T>),
        allow_link: None,
        drop_link: None,
    };
}

/// What items point to.
#[pin_data]
struct RawType {
    #[pin]
    item_type: Opaque<bindings::config_item_type>,
    /// The group that makes items of this type, and each item.
    #[pin]
    users: Users,
}

impl RawType {
    /// Returns the type of an item.
    ///
    /// # Safety
    ///
    /// `item` must have been made by [`allocate`], and its type must live as long as `'a`.
    unsafe fn of<'a>(item: *mut bindings::config_item) -> &'a Self {
        // SAFETY: By the safety requirement, `allocate` made `item`, so it is valid.
        let item_type = Opaque::cast_from(unsafe { (*item).ci_type });

        // SAFETY: By the safety requirement, `allocate` made `item`, so its type is this field of a
        // `RawType`.
        let this = unsafe { container_of!(item_type, Self, item_type) };
        // SAFETY: By the safety requirement, the type lives as long as `'a`.
        unsafe { &*this }
    }
}

/// The type of the items of a group. `T` is what an item holds.
///
/// # Invariants
///
/// The lists of files that `raw` points to end with a null pointer, and live forever. `raw` does not
/// change any more.
///
/// # Examples
///
/// See [`Subsystem`](super::Subsystem).
pub struct ItemType<T> {
    raw: Pin<KBox<RawType>>,
    _item: PhantomData<fn(&T)>,
}

// SAFETY: By the type invariant, what `raw` points to lives forever and does not change; `Users` is
// `Send`.
unsafe impl<T> Send for ItemType<T> {}

// SAFETY: By the type invariant, what `raw` points to lives forever and does not change; `Users` is
// `Sync`.
unsafe impl<T> Sync for ItemType<T> {}

impl<T: Send + Sync + 'static> ItemType<T> {
    /// Makes a type of items that have these files.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    pub fn new<F: Files<T>>() -> Result<Self> {
        const {
            assert!(matches!(F::TEXT, [.., end] if end.is_end()));
            assert!(matches!(F::BINARY, [.., end] if end.is_end()));
        }
        // A `TextFile` and a `BinaryFile` are a pointer each. configfs does not write to what it points to.
        let raw = bindings::config_item_type {
            ct_owner: this_module(),
            ct_item_ops: &Operations::<T>::TABLE,
            ct_group_ops: &VisibleOperations::<T, F>::TABLE,
            ct_attrs: F::TEXT.as_ptr().cast_mut().cast(),
            ct_bin_attrs: F::BINARY.as_ptr().cast_mut().cast(),
        };

        // INVARIANT: The lists are constants, of which the last element was found to be `END` when this
        // was compiled, a null pointer.
        Ok(Self {
            raw: KBox::pin_init(
                pin_init!(RawType {
                    item_type: Opaque::new(raw),
                    users <- Users::new(),
                }),
                GFP_KERNEL,
            )?,
            _item: PhantomData,
        })
    }

    /// Waits until there are no items of this type.
    ///
    /// # Safety
    ///
    /// This must be called once at most, and no item of this type may be made from then on.
    pub(super) unsafe fn wait_for_items(&self) {
        // SAFETY: By the safety requirement, this is called once at most.
        unsafe { self.raw.users.drain() };
    }
}
