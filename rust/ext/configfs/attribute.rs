// SPDX-License-Identifier: GPL-2.0

//! Attributes: the files of an item.
//!
//! A type without data stands for a file; its trait says what the file does for an item. configfs
//! does not tell a callback which file it is called for, so each file needs callbacks of its own,
//! which the type parameter makes.

use core::{
    marker::PhantomData,
    ops::Deref,
    slice, //
};

use kernel::{
    bindings,
    error::from_result,
    ffi,
    fmt::Write,
    page::PAGE_SIZE,
    prelude::*,
    str::{
        as_char_ptr_in_const_context,
        CStr,
        Formatter, //
    },
    sync::atomic::Relaxed, //
};

use super::item::{
    self,
    Item, //
};
use crate::{
    capability::has_sys_resource,
    module::this_module, //
};

/// A text file that can be read.
///
/// # Examples
///
/// See [`Subsystem`](super::Subsystem).
pub trait Show<T> {
    /// Its name.
    const NAME: &'static CStr;

    /// Writes the contents for `item`, at most a page.
    fn show(item: &T, out: &mut impl Write) -> Result;
}

/// A text file that can be written.
///
/// # Examples
///
/// ```
/// use kernel::{
///     prelude::*,
///     str::CStr,
///     sync::atomic::{
///         Atomic,
///         Relaxed, //
///     }, //
/// };
/// use tsm_ext::configfs::Store;
///
/// struct Report {
///     level: Atomic<u32>,
/// }
///
/// struct Level;
///
/// impl Store<Report> for Level {
///     const NAME: &'static CStr = c"privlevel";
///
///     fn store(report: &Report, text: &CStr) -> Result {
///         let level = text.to_str()?.trim().parse().map_err(|_| EINVAL)?;
///
///         report.level.store(level, Relaxed);
///         Ok(())
///     }
/// }
/// ```
pub trait Store<T> {
    /// Its name.
    const NAME: &'static CStr;

    /// Takes one write, with what is before the first null byte in it.
    fn store(item: &T, text: &CStr) -> Result;
}

/// A binary file that can be read.
///
/// # Examples
///
/// ```
/// use core::ops::Deref;
/// use kernel::{
///     prelude::*,
///     str::CStr, //
/// };
/// use tsm_ext::configfs::Snapshot;
///
/// struct Report {
///     blob: KVec<u8>,
/// }
///
/// struct Outblob;
///
/// impl Snapshot<Report> for Outblob {
///     const NAME: &'static CStr = c"outblob";
///     const MAX_SIZE: u32 = 4096;
///     const MAX_HELD: usize = 2 * 4096;
///
///     fn snapshot(report: &Report) -> Result<impl Deref<Target = [u8]>> {
///         Ok(report.blob.as_slice())
///     }
///
///     fn latest(report: &Report) -> Option<impl Deref<Target = [u8]>> {
///         Some(report.blob.as_slice())
///     }
/// }
/// ```
pub trait Snapshot<T> {
    /// Its name.
    const NAME: &'static CStr;
    /// The most bytes that it can have.
    const MAX_SIZE: u32;
    /// The most bytes that open files of it may hold, if a task without `CAP_SYS_RESOURCE` is to read
    /// it. configfs makes a copy of the contents for each open file, which no control group accounts.
    const MAX_HELD: usize;

    /// Returns the whole contents for `item`, which do not change as long as they are borrowed.
    /// configfs only takes their size.
    fn snapshot(item: &T) -> Result<impl Deref<Target = [u8]>>;

    /// Returns the same contents again, right after, or newer ones. configfs gives them to the
    /// reader, which gets [`EAGAIN`] if there are none or their size is another.
    ///
    /// This must not do anew what makes the contents, for the sake of which a read may be slow.
    fn latest(item: &T) -> Option<impl Deref<Target = [u8]>>;
}

/// A binary file that can be written.
///
/// # Examples
///
/// ```
/// use kernel::{
///     new_mutex,
///     prelude::*,
///     str::CStr,
///     sync::Mutex, //
/// };
/// use tsm_ext::configfs::Commit;
///
/// #[pin_data]
/// struct Report {
///     #[pin]
///     inblob: Mutex<KVec<u8>>,
/// }
///
/// struct Inblob;
///
/// impl Commit<Report> for Inblob {
///     const NAME: &'static CStr = c"inblob";
///     const MAX_SIZE: u32 = 64;
///
///     fn commit(report: &Report, data: &[u8]) -> Result {
///         let mut copy = KVec::new();
///
///         copy.extend_from_slice(data, GFP_KERNEL)?;
///         *report.inblob.lock() = copy;
///         Ok(())
///     }
/// }
/// ```
pub trait Commit<T> {
    /// Its name.
    const NAME: &'static CStr;
    /// The most bytes that it can have.
    const MAX_SIZE: u32;

    /// Takes what was written to the file, at the moment it is closed.
    ///
    /// configfs does not pass an error on to the writer. Where nothing could be written, because it
    /// was too large or empty, this is not called.
    fn commit(item: &T, data: &[u8]) -> Result;
}

/// A text file of items that hold a `T`, or the end of a list of them, which is a null pointer.
///
/// # Examples
///
/// See [`Files`](super::Files).
#[repr(transparent)]
pub struct TextFile<T>(
    Option<&'static bindings::configfs_attribute>,
    PhantomData<fn(&T)>,
);

impl<T> TextFile<T> {
    /// The end of a list.
    pub const END: Self = Self(None, PhantomData);

    /// Makes a file that all may read.
    pub const fn shown<A: Show<T>>() -> Self {
        Self(Some(Shown::<T, A>::ATTRIBUTE), PhantomData)
    }

    /// Makes a file that its owner may write.
    pub const fn stored<A: Store<T>>() -> Self {
        Self(Some(Stored::<T, A>::ATTRIBUTE), PhantomData)
    }

    pub(super) const fn is_end(&self) -> bool {
        self.0.is_none()
    }
}

/// A binary file of items that hold a `T`, or the end of a list of them, which is a null pointer.
///
/// # Examples
///
/// See [`Files`](super::Files).
#[repr(transparent)]
pub struct BinaryFile<T>(
    Option<&'static bindings::configfs_bin_attribute>,
    PhantomData<fn(&T)>,
);

impl<T> BinaryFile<T> {
    /// The end of a list.
    pub const END: Self = Self(None, PhantomData);

    /// Makes a file that all may read.
    pub const fn snapshot<A: Snapshot<T>>() -> Self {
        Self(Some(Readable::<T, A>::ATTRIBUTE), PhantomData)
    }

    /// Makes a file that its owner may write.
    pub const fn commit<A: Commit<T>>() -> Self {
        Self(Some(Writable::<T, A>::ATTRIBUTE), PhantomData)
    }

    pub(super) const fn is_end(&self) -> bool {
        self.0.is_none()
    }
}

struct Shown<T, A>(PhantomData<(T, A)>);

impl<T, A: Show<T>> Shown<T, A> {
    const ATTRIBUTE: &'static bindings::configfs_attribute = &bindings::configfs_attribute {
        show: Some(show::<T, A>),
        ..text(A::NAME, 0o444)
    };
}

struct Stored<T, A>(PhantomData<(T, A)>);

impl<T, A: Store<T>> Stored<T, A> {
    const ATTRIBUTE: &'static bindings::configfs_attribute = &bindings::configfs_attribute {
        store: Some(store::<T, A>),
        ..text(A::NAME, 0o200)
    };
}

struct Readable<T, A>(PhantomData<(T, A)>);

impl<T, A: Snapshot<T>> Readable<T, A> {
    const ATTRIBUTE: &'static bindings::configfs_bin_attribute =
        &bindings::configfs_bin_attribute {
            read: Some(read::<T, A>),
            ..binary(A::NAME, 0o444, A::MAX_SIZE)
        };
}

struct Writable<T, A>(PhantomData<(T, A)>);

impl<T, A: Commit<T>> Writable<T, A> {
    const ATTRIBUTE: &'static bindings::configfs_bin_attribute =
        &bindings::configfs_bin_attribute {
            write: Some(write::<T, A>),
            ..binary(A::NAME, 0o200, A::MAX_SIZE)
        };
}

const fn text(name: &'static CStr, mode: bindings::umode_t) -> bindings::configfs_attribute {
    bindings::configfs_attribute {
        ca_name: as_char_ptr_in_const_context(name),
        ca_owner: this_module(),
        ca_mode: mode,
        show: None,
        store: None,
    }
}

const fn binary(
    name: &'static CStr,
    mode: bindings::umode_t,
    max_size: u32,
) -> bindings::configfs_bin_attribute {
    bindings::configfs_bin_attribute {
        cb_attr: text(name, mode),
        // CAST: `usize` has at least 32 bits where configfs exists.
        cb_max_size: max_size as usize,
        ..pin_init::zeroed()
    }
}

/// # Safety
///
/// To be called by configfs only: `item` is one of an `ItemType<T>`, and `page` is writable for a
/// page.
unsafe extern "C" fn show<T, A: Show<T>>(
    item: *mut bindings::config_item,
    page: *mut ffi::c_char,
) -> isize {
    // SAFETY: By the safety requirement, `item` is one of an `ItemType<T>`; configfs keeps it while
    // it calls.
    let item = unsafe { item::data::<T>(item) };
    // SAFETY: By the safety requirement, `page` is writable for a page; configfs allocates it
    // zeroed.
    let page = unsafe { slice::from_raw_parts_mut(page.cast::<u8>(), PAGE_SIZE) };

    from_result(|| {
        let mut out = Formatter::new(page);

        A::show(item, &mut out)?;
        // What did not fit is counted as well, if `show` goes on.
        if out.bytes_written() > PAGE_SIZE {
            return Err(EIO);
        }
        // CAST: At most a page.
        Ok(out.bytes_written() as isize)
    })
}

/// # Safety
///
/// To be called by configfs only: `item` is one of an `ItemType<T>`, and `page` is readable for
/// `count` bytes and a null byte.
unsafe extern "C" fn store<T, A: Store<T>>(
    item: *mut bindings::config_item,
    page: *const ffi::c_char,
    count: usize,
) -> isize {
    // SAFETY: By the safety requirement, `item` is one of an `ItemType<T>`; configfs keeps it while
    // it calls.
    let item = unsafe { item::data::<T>(item) };
    // SAFETY: By the safety requirement, there is a null byte at `count` at the latest.
    let text = unsafe { CStr::from_char_ptr(page) };

    from_result(|| {
        A::store(item, text)?;
        Ok(isize::try_from(count)?)
    })
}

/// # Safety
///
/// To be called by configfs only: `item` is one of an `ItemType<T>`, and `buf` is null or writable
/// for `count` bytes.
unsafe extern "C" fn read<T, A: Snapshot<T>>(
    raw: *mut bindings::config_item,
    buf: *mut ffi::c_void,
    count: usize,
) -> isize {
    // SAFETY: By the safety requirement, `raw` is one of an `ItemType<T>`; configfs keeps it while
    // it calls.
    let this = unsafe { Item::<T>::of(raw) };
    let item = &this.data;

    from_result(|| {
        if buf.is_null() {
            let len = A::snapshot(item)?.len();
            // Of all files of the item, and of those that are closed by now, too. CAST: The architecture has
            // 64 bits.
            let readers = this.readers.fetch_add(1, Relaxed) as usize;
            let readers = readers.saturating_add(1);

            // In this order: each takes longer than the one before.
            if readers.saturating_mul(len) > A::MAX_HELD && !has_sys_resource() {
                // SAFETY: By the safety requirement, configfs calls, and it does so for the item
                // `raw`.
                let files = unsafe { open_files(raw, A::NAME) };
                if files.saturating_mul(len) > A::MAX_HELD {
                    return Err(EMFILE);
                }
            }
            return Ok(isize::try_from(len)?);
        }
        let contents = A::latest(item).ok_or(EAGAIN)?;
        // Once: the next time, `deref()` may return other bytes.
        let contents: &[u8] = &contents;
        // configfs has fixed the size by now: less would leave its buffer uninitialized at the end,
        // and more would be cut off.
        if contents.len() != count {
            return Err(EAGAIN);
        }

        // SAFETY: By the safety requirement, `buf` has `count` bytes, and so has `contents`; `buf`
        // is configfs's own.
        unsafe {
            contents
                .as_ptr()
                .copy_to_nonoverlapping(buf.cast::<u8>(), count)
        };
        Ok(isize::try_from(count)?)
    })
}

/// # Safety
///
/// To be called by configfs only: `item` is one of an `ItemType<T>`, and `buf` is null or readable
/// for `count` bytes.
unsafe extern "C" fn write<T, A: Commit<T>>(
    item: *mut bindings::config_item,
    buf: *const ffi::c_void,
    count: usize,
) -> isize {
    // SAFETY: By the safety requirement, `item` is one of an `ItemType<T>`; configfs keeps it while
    // it calls.
    let item = unsafe { item::data::<T>(item) };

    // After a write that it refused, configfs commits a null pointer.
    if buf.is_null() {
        return 0;
    }
    // SAFETY: By the safety requirement, `buf`, which is not null, is readable for `count` bytes;
    // it is configfs's own.
    let data = unsafe { slice::from_raw_parts(buf.cast::<u8>(), count) };

    from_result(|| {
        A::commit(item, data)?;
        Ok(isize::try_from(count)?)
    })
}

/// Returns how many open files there are of the file `name` of an item, that of the caller included.
/// Look-ups by path that go on count for a moment.
///
/// # Safety
///
/// configfs must be in a callback for `item`.
unsafe fn open_files(item: *mut bindings::config_item, name: &CStr) -> usize {
    // SAFETY: By the safety requirement, configfs is in a callback for the item, so the item has a
    // directory, and it stays.
    let count = unsafe { tsm_bindings::tsm_helper_configfs_open_files(item, name.as_char_ptr()) };

    // CAST: Widens.
    count as usize
}
