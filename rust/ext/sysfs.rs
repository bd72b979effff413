// SPDX-License-Identifier: GPL-2.0

//! Directories and binary files in sysfs.
//!
//! C headers: [`include/linux/kobject.h`](srctree/include/linux/kobject.h),
//! [`include/linux/sysfs.h`](srctree/include/linux/sysfs.h)

mod bin_file;
mod notify;

pub use bin_file::{
    BinFile,
    BinFileOps,
    Mark,
    Mode,
    BIN_FILE_MAX, //
};

use core::ptr::NonNull;

use kernel::{
    bindings,
    prelude::*,
    str::CStr,
    sync::Arc, //
};

/// A directory. It is removed when the last clone of it is dropped and nothing is left in it.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::sysfs::Directory;
///
/// // `/sys/kernel/tsm/tdx` is there until both are dropped.
/// let tsm = Directory::new_in_kernel(c"tsm")?;
/// let tdx = tsm.new_child(c"tdx")?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

/// # Invariants
///
/// `kobj` is valid and in sysfs, and one reference to it belongs to `self`.
struct Inner {
    kobj: NonNull<bindings::kobject>,
    /// What is above stays longer, or removing it would remove this one with it.
    _parent: Option<Directory>,
}

// SAFETY: The reference count of a kobject is atomic, and kernfs locks what it changes, so a
// directory may be used and given up on any thread.
unsafe impl Send for Inner {}

// SAFETY: As for `Send`: what a shared reference allows is to make children, which kernfs locks.
unsafe impl Sync for Inner {}

impl Directory {
    /// Makes the directory `/sys/kernel/<name>`.
    ///
    /// The kernel complains in its log when `name` is there already.
    pub fn new_in_kernel(name: &CStr) -> Result<Self> {
        // SAFETY: `kernel_kobj` is set before any module is loaded and never changes or goes away.
        let parent = unsafe { bindings::kernel_kobj };

        // SAFETY: `kernel_kobj` is set before any module is loaded, so it is valid, and never goes
        // away.
        unsafe { Self::new(name, parent, None) }
    }

    /// Makes the directory `name` in another one that C code has made.
    ///
    /// The kernel complains in its log when `name` is there already.
    ///
    /// # Safety
    ///
    /// `parent` must be null, which is refused, or valid and in sysfs for as long as the directory.
    pub unsafe fn new_in(parent: *mut bindings::kobject, name: &CStr) -> Result<Self> {
        if parent.is_null() {
            return Err(EINVAL);
        }
        // SAFETY: By the safety requirement, `parent`, which is not null, is valid.
        unsafe { Self::new(name, parent, None) }
    }

    /// Makes the directory `name` in this one.
    ///
    /// The kernel complains in its log when `name` is there already.
    pub fn new_child(&self, name: &CStr) -> Result<Self> {
        // SAFETY: By the type invariant of `Inner`, the parent is valid.
        unsafe { Self::new(name, self.as_raw(), Some(self.clone())) }
    }

    /// # Safety
    ///
    /// `kobj` must be valid.
    unsafe fn new(
        name: &CStr,
        kobj: *mut bindings::kobject,
        parent: Option<Directory>,
    ) -> Result<Self> {
        // SAFETY: `name` is copied; `kobj` is valid by the safety requirement.
        let kobj = unsafe { bindings::kobject_create_and_add(name.as_char_ptr(), kobj) };
        let kobj = NonNull::new(kobj).ok_or(ENOMEM)?;

        // INVARIANT: The object was added to sysfs and comes with a reference for the caller. When
        // there is no memory for the `Arc`, `Inner` is dropped, which undoes both.
        Ok(Self(Arc::new(
            Inner {
                kobj,
                _parent: parent,
            },
            GFP_KERNEL,
        )?))
    }

    /// Returns the C object.
    fn as_raw(&self) -> *mut bindings::kobject {
        self.0.kobj.as_ptr()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the object is valid and in sysfs.
        unsafe { bindings::kobject_del(self.kobj.as_ptr()) };
        // SAFETY: By the type invariant, the reference is ours to give up.
        unsafe { bindings::kobject_put(self.kobj.as_ptr()) };
    }
}
