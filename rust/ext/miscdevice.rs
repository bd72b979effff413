// SPDX-License-Identifier: GPL-2.0

//! Character devices for which there is nothing but an ioctl.
//!
//! C header: [`include/linux/miscdevice.h`](srctree/include/linux/miscdevice.h)
//!
//! Compared with `kernel::miscdevice`, a device has data of its own, and what it opens keeps its
//! module from being unloaded on 7.2 as well.

use core::pin::Pin;

use kernel::{
    bindings,
    container_of,
    error::{
        from_result,
        to_result, //
    },
    ffi,
    prelude::*,
    str::{
        as_char_ptr_in_const_context,
        CStr, //
    },
    sync::atomic::{
        Acquire,
        Atomic,
        Relaxed,
        Release, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
    types::Opaque,
    ThisModule, //
};

/// What a device does.
pub trait Ioctl: Send + Sync + 'static {
    /// Its name, in `/dev` and in `/sys/class/misc`.
    const NAME: &'static CStr;

    /// Answers an ioctl. `arg` is what user space passed, most often an address of its own.
    ///
    /// # Errors
    ///
    /// [`ENOTTY`] for a command that is not known.
    fn ioctl(&self, command: u32, arg: usize) -> Result<isize>;
}

/// A device, removed when dropped.
///
/// Who has it open keeps the module from being unloaded, so a module that drops it on exit does not wait.
/// An initializer has to make it last, so that it can't fail any more: what drops it waits until it is
/// closed, but the kernel looks at the module once more after that.
///
/// # Invariants
///
/// The device is registered.
pub struct MiscDevice<T: Ioctl>(Pin<KBox<Inner<T>>>);

#[pin_data]
struct Inner<T> {
    #[pin]
    misc: Opaque<bindings::miscdevice>,
    /// What `misc` points to.
    #[pin]
    operations: Opaque<bindings::file_operations>,
    /// How many files there are of it.
    open: Atomic<u32>,
    data: T,
}

// SAFETY: The misc core locks what it changes in `misc`; `operations` does not change; `T` is
// `Send`.
unsafe impl<T: Send> Send for Inner<T> {}

// SAFETY: A shared reference gives out `&T`, and `T` is `Sync`.
unsafe impl<T: Sync> Sync for Inner<T> {}

impl<T: Ioctl> MiscDevice<T> {
    /// Makes the device, for its owner only.
    pub fn new(module: &'static ThisModule, data: T) -> Result<Self> {
        let mut operations: bindings::file_operations = pin_init::zeroed();
        operations.owner = module.as_ptr();
        operations.open = Some(Inner::<T>::open);
        operations.release = Some(Inner::<T>::release);
        operations.unlocked_ioctl = Some(Inner::<T>::ioctl);

        let inner = KBox::pin(
            Inner {
                misc: Opaque::new(pin_init::zeroed()),
                operations: Opaque::new(operations),
                open: Atomic::new(0),
                data,
            },
            GFP_KERNEL,
        )?;
        let misc = inner.misc.get();

        // SAFETY: `misc` is valid, and nobody else knows it yet.
        unsafe {
            misc.write(bindings::miscdevice {
                // CAST: 255.
                minor: bindings::MISC_DYNAMIC_MINOR as ffi::c_int,
                name: as_char_ptr_in_const_context(T::NAME),
                fops: inner.operations.get(),
                ..pin_init::zeroed()
            })
        };
        // SAFETY: `misc` and all it points to is pinned, and stays until it is deregistered and no
        // file of it is left.
        to_result(unsafe { bindings::misc_register(misc) })?;

        // INVARIANT: It was registered just now.
        Ok(Self(inner))
    }

    /// Returns the directory of the device in sysfs. It is valid as long as `self` is.
    #[inline]
    pub(crate) fn kobj(&self) -> *mut bindings::kobject {
        // SAFETY: By the type invariant, the device is registered, and registering has set this.
        let device = unsafe { (*self.0.misc.get()).this_device };

        // SAFETY: The device is valid, and this only computes an address.
        unsafe { &raw mut (*device).kobj }
    }
}

impl<T: Ioctl> Drop for MiscDevice<T> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, it is registered. Afterwards it can't be opened.
        unsafe { bindings::misc_deregister(self.0.misc.get()) };
        while self.0.open.load(Acquire) > 0 {
            fsleep(Delta::from_millis(100));
        }
    }
}

impl<T: Ioctl> Inner<T> {
    /// # Safety
    ///
    /// `file` must be one of a `MiscDevice<T>`, and not released yet.
    unsafe fn of<'a>(file: *mut bindings::file) -> &'a Self {
        // SAFETY: By the safety requirement, `file` is valid.
        let private = unsafe { (*file).private_data };
        // The misc core has put the device there, and nobody changes it.
        let misc = Opaque::cast_from(private.cast::<bindings::miscdevice>());

        // SAFETY: By the safety requirement, it is this field of an `Inner<T>`.
        let this = unsafe { container_of!(misc, Self, misc) };
        // SAFETY: It is not freed as long as there is a file.
        unsafe { &*this }
    }

    /// # Safety
    ///
    /// To be called by the misc core only, when `file` is opened.
    unsafe extern "C" fn open(
        _inode: *mut bindings::inode,
        file: *mut bindings::file,
    ) -> ffi::c_int {
        // SAFETY: By the safety requirement; the device can't be deregistered meanwhile.
        unsafe { Self::of(file) }.open.fetch_add(1, Relaxed);
        0
    }

    /// # Safety
    ///
    /// To be called for the last reference to `file` only.
    unsafe extern "C" fn release(
        _inode: *mut bindings::inode,
        file: *mut bindings::file,
    ) -> ffi::c_int {
        // SAFETY: By the safety requirement.
        unsafe { Self::of(file) }.open.fetch_sub(1, Release);
        0
    }

    /// # Safety
    ///
    /// To be called for an open `file` only.
    unsafe extern "C" fn ioctl(
        file: *mut bindings::file,
        command: ffi::c_uint,
        arg: ffi::c_ulong,
    ) -> ffi::c_long {
        // SAFETY: By the safety requirement.
        let this = unsafe { Self::of(file) };

        from_result(|| this.data.ioctl(command, arg))
    }
}
