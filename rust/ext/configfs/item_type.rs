// SPDX-License-Identifier: GPL-2.0

//! Types of items: which files an item has, and how an item is made and freed.

use core::{
    marker::PhantomData,
    ptr, //
};

use kernel::{
    bindings,
    container_of,
    ffi,
    prelude::*,
    str::CStr,
    types::Opaque,
    ThisModule, //
};

use crate::users::Users;

use super::{
    attribute::{
        self,
        Commit,
        Show,
        Snapshot,
        Store, //
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

/// Decides, when an item is made, which files it gets.
///
/// Files are counted from zero in the order in which they were added, text and binary ones apart.
///
/// # Examples
///
/// ```
/// use tsm_ext::configfs::Visible;
///
/// struct Report {
///     has_manifest: bool,
/// }
///
/// struct VisibleFiles;
///
/// impl Visible<Report> for VisibleFiles {
///     fn text(_report: &Report, _index: i32) -> bool {
///         true
///     }
///
///     /// The third binary file is the manifest.
///     fn binary(report: &Report, index: i32) -> bool {
///         index != 2 || report.has_manifest
///     }
/// }
/// ```
pub trait Visible<T> {
    /// Says whether `item` has a text file.
    fn text(item: &T, index: i32) -> bool;

    /// Says whether `item` has a binary file.
    fn binary(item: &T, index: i32) -> bool;
}

/// # Safety
///
/// To be called by configfs only: `item` is one of an `ItemType<T>`.
unsafe extern "C" fn is_visible<T, V: Visible<T>>(
    item: *mut bindings::config_item,
    _attr: *mut bindings::configfs_attribute,
    index: ffi::c_int,
) -> bool {
    // SAFETY: By the safety requirement, `item` is one of an `ItemType<T>`; configfs keeps it while
    // it calls.
    V::text(unsafe { data::<T>(item) }, index)
}

/// # Safety
///
/// To be called by configfs only: `item` is one of an `ItemType<T>`.
unsafe extern "C" fn is_bin_visible<T, V: Visible<T>>(
    item: *mut bindings::config_item,
    _attr: *mut bindings::configfs_bin_attribute,
    index: ffi::c_int,
) -> bool {
    // SAFETY: By the safety requirement, `item` is one of an `ItemType<T>`; configfs keeps it while
    // it calls.
    V::binary(unsafe { data::<T>(item) }, index)
}

struct VisibleOperations<T, V>(PhantomData<(T, V)>);

impl<T, V: Visible<T>> VisibleOperations<T, V> {
    /// configfs looks for these in the operations of a group, although an item is none.
    const TABLE: bindings::configfs_group_operations = bindings::configfs_group_operations {
        make_item: None,
        make_group: None,
        disconnect_notify: None,
        drop_item: None,
        is_visible: Some(is_visible::<T, V>),
        is_bin_visible: Some(is_bin_visible::<T, V>),
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

/// Which files the items of a group have. `T` is what an item holds.
///
/// # Invariants
///
/// `raw` points to `attrs` and `bin_attrs`, which end with a null pointer after pointers to the
/// elements of `text` and `bin`. None of them changes any more.
///
/// # Examples
///
/// See [`Subsystem`](super::Subsystem).
pub struct ItemType<T> {
    raw: Pin<KBox<RawType>>,
    _attrs: KVec<*mut bindings::configfs_attribute>,
    _bin_attrs: KVec<*mut bindings::configfs_bin_attribute>,
    _text: KVec<bindings::configfs_attribute>,
    _bin: KVec<bindings::configfs_bin_attribute>,
    _item: PhantomData<fn(&T)>,
}

// SAFETY: By the type invariant, the lists do not change, and the pointers are to memory that
// `self` owns; `Users` is `Send`.
unsafe impl<T> Send for ItemType<T> {}

// SAFETY: By the type invariant, the lists do not change, and the pointers are to memory that
// `self` owns; `Users` is `Sync`.
unsafe impl<T> Sync for ItemType<T> {}

impl<T: Send + Sync + 'static> ItemType<T> {
    /// Starts a type without files; `module` is the one whose code the files are.
    pub fn builder(module: &'static ThisModule) -> Builder<T> {
        Builder {
            module,
            group_ops: ptr::null(),
            text: KVec::new(),
            bin: KVec::new(),
            _item: PhantomData,
        }
    }

    /// Returns the module whose code the files are.
    pub(super) fn owner(&self) -> *mut bindings::module {
        // SAFETY: By the type invariant, `raw` does not change, and it is a box of `self`.
        unsafe { (*self.raw.item_type.get()).ct_owner }
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

/// Collects the files of an [`ItemType`].
///
/// # Examples
///
/// See [`Subsystem`](super::Subsystem).
pub struct Builder<T> {
    module: &'static ThisModule,
    group_ops: *const bindings::configfs_group_operations,
    text: KVec<bindings::configfs_attribute>,
    bin: KVec<bindings::configfs_bin_attribute>,
    _item: PhantomData<fn(&T)>,
}

impl<T: Send + Sync + 'static> Builder<T> {
    /// Adds a text file that all may read.
    pub fn show<A: Show<T>>(mut self) -> Result<Self> {
        let attr = attribute::shown::<T, A>(self.module);

        self.text.push(attr, GFP_KERNEL)?;
        Ok(self)
    }

    /// Adds a text file that its owner may write.
    pub fn store<A: Store<T>>(mut self) -> Result<Self> {
        let attr = attribute::stored::<T, A>(self.module);

        self.text.push(attr, GFP_KERNEL)?;
        Ok(self)
    }

    /// Has `V` decide which of the files an item gets.
    pub fn visible<V: Visible<T>>(mut self) -> Self {
        self.group_ops = &VisibleOperations::<T, V>::TABLE;
        self
    }

    /// Adds a binary file that all may read.
    pub fn snapshot<A: Snapshot<T>>(mut self) -> Result<Self> {
        let attr = attribute::readable::<T, A>(self.module);

        self.bin.push(attr, GFP_KERNEL)?;
        Ok(self)
    }

    /// Adds a binary file that its owner may write.
    pub fn commit<A: Commit<T>>(mut self) -> Result<Self> {
        let attr = attribute::writable::<T, A>(self.module);

        self.bin.push(attr, GFP_KERNEL)?;
        Ok(self)
    }

    /// Finishes the type.
    pub fn build(mut self) -> Result<ItemType<T>> {
        let mut attrs = KVec::with_capacity(self.text.len() + 1, GFP_KERNEL)?;
        for attr in &mut self.text {
            attrs.push(ptr::from_mut(attr), GFP_KERNEL)?;
        }
        attrs.push(ptr::null_mut(), GFP_KERNEL)?;

        let mut bin_attrs = KVec::with_capacity(self.bin.len() + 1, GFP_KERNEL)?;
        for attr in &mut self.bin {
            bin_attrs.push(ptr::from_mut(attr), GFP_KERNEL)?;
        }
        bin_attrs.push(ptr::null_mut(), GFP_KERNEL)?;

        let mut raw: bindings::config_item_type = pin_init::zeroed();
        raw.ct_owner = self.module.as_ptr();
        raw.ct_item_ops = &Operations::<T>::TABLE;
        raw.ct_group_ops = self.group_ops;
        raw.ct_attrs = attrs.as_mut_ptr();
        raw.ct_bin_attrs = bin_attrs.as_mut_ptr();

        // INVARIANT: The lists were just made so; moving the vectors does not move their elements.
        Ok(ItemType {
            raw: KBox::pin_init(
                pin_init!(RawType {
                    item_type: Opaque::new(raw),
                    users <- Users::new(),
                }),
                GFP_KERNEL,
            )?,
            _attrs: attrs,
            _bin_attrs: bin_attrs,
            _text: self.text,
            _bin: self.bin,
            _item: PhantomData,
        })
    }
}
