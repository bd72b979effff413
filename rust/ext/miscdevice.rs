// SPDX-License-Identifier: GPL-2.0

//! Character devices for which there is nothing but an ioctl.
//!
//! C header: [`include/linux/miscdevice.h`](srctree/include/linux/miscdevice.h)
//!
//! Compared with `kernel::miscdevice`, a device has data of its own, an open file of it keeps its
//! module from being unloaded on 7.2 as well, and the command of an ioctl is known before its
//! argument is looked at.

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
    types::Opaque, //
};

use crate::{
    module::this_module,
    users::Users, //
};

/// What a device does.
///
/// # Examples
///
/// ```
/// use kernel::{
///     ioctl::_IO,
///     prelude::*,
///     str::CStr, //
/// };
/// use tsm_ext::miscdevice::{
///     Ioctl,
///     MiscDevice, //
/// };
///
/// const GET_NUMBER: u32 = _IO(b'S' as u32, 0);
///
/// enum Command {
///     GetNumber,
/// }
///
/// struct Device(isize);
///
/// impl Ioctl for Device {
///     const NAME: &'static CStr = c"number";
///
///     type Command = Command;
///
///     fn command(number: u32) -> Option<Command> {
///         (number == GET_NUMBER).then_some(Command::GetNumber)
///     }
///
///     fn ioctl(&self, command: Command, _arg: usize) -> Result<isize> {
///         match command {
///             Command::GetNumber => Ok(self.0),
///         }
///     }
/// }
///
/// // `/dev/number` is there until this is dropped.
/// let device = MiscDevice::new(Device(7))?;
/// # Ok::<(), Error>(())
/// ```
pub trait Ioctl: Send + Sync + 'static {
    /// Its name, in `/dev` and in `/sys/class/misc`.
    const NAME: &'static CStr;

    /// The ioctls that it has.
    type Command;

    /// Returns the ioctl with this number. For [`None`], the caller gets [`ENOTTY`].
    fn command(number: u32) -> Option<Self::Command>;

    /// Does an ioctl. `arg` is its argument, most often an address in user space.
    fn ioctl(&self, command: Self::Command, arg: usize) -> Result<isize>;
}

/// A device, removed when dropped.
///
/// An open file keeps the module from being unloaded, so a module that drops the device on exit does not
/// wait. Elsewhere, dropping it waits until the last file is closed.
///
/// # Invariants
///
/// The device is registered.
///
/// # Examples
///
/// See [`Ioctl`].
pub struct MiscDevice<T: Ioctl>(Pin<KBox<Inner<T>>>);

#[pin_data]
struct Inner<T> {
    #[pin]
    misc: Opaque<bindings::miscdevice>,
    /// The registration, and each open file.
    #[pin]
    users: Users,
    data: T,
}

// SAFETY: The misc core locks what it changes in `misc`, and `T` is `Send`; the rest may be used by any
// thread.
unsafe impl<T: Send> Send for Inner<T> {}

// SAFETY: A shared reference gives out `&T`, and `T` is `Sync`; the rest may be used by several threads.
unsafe impl<T: Sync> Sync for Inner<T> {}

impl<T: Ioctl> MiscDevice<T> {
    /// Makes the device, for its owner only.
    pub fn new(data: T) -> Result<Self> {
        let inner = KBox::pin_init(
            pin_init!(Inner {
                misc: Opaque::new(pin_init::zeroed()),
                users <- Users::new(),
                data,
            }),
            GFP_KERNEL,
        )?;
        let misc = inner.misc.get();

        // SAFETY: `misc` is a field of `inner`, and no other thread has its address yet.
        unsafe {
            misc.write(bindings::miscdevice {
                // CAST: 255.
                minor: bindings::MISC_DYNAMIC_MINOR as ffi::c_int,
                name: as_char_ptr_in_const_context(T::NAME),
                fops: &Inner::<T>::OPERATIONS,
                ..pin_init::zeroed()
            })
        };
        // SAFETY: `misc` is pinned, and stays until it is deregistered and no file of it is left. The
        // name and the operations stay as long as the module, which an open file keeps loaded.
        to_result(unsafe { bindings::misc_register(misc) })?;

        // INVARIANT: The device was registered just now.
        Ok(Self(inner))
    }

    /// Returns the directory of the device in sysfs. It is valid as long as `self` is.
    pub fn kobj(&self) -> *mut bindings::kobject {
        // SAFETY: By the type invariant, the device is registered, and registering has set this.
        let device = unsafe { (*self.0.misc.get()).this_device };

        // SAFETY: By the type invariant, the device is registered, so `this_device` is valid; this
        // only computes an address.
        unsafe { &raw mut (*device).kobj }
    }
}

impl<T: Ioctl> Drop for MiscDevice<T> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the device is registered. Afterwards it can't be opened.
        unsafe { bindings::misc_deregister(self.0.misc.get()) };
        // SAFETY: Nothing else drains `users`, and a device is dropped once.
        unsafe { self.0.users.drain() };
    }
}

impl<T: Ioctl> Inner<T> {
    /// A constant, so that it is in the module's memory: the kernel reads `owner` after it has called
    /// `release`, and only the module is sure to be there then.
    const OPERATIONS: bindings::file_operations = bindings::file_operations {
        owner: this_module(),
        open: Some(Self::open),
        release: Some(Self::release),
        unlocked_ioctl: Some(Self::ioctl),
        ..pin_init::zeroed()
    };

    /// # Safety
    ///
    /// `file` must be open, or about to be, and one of a `MiscDevice<T>`, which is not freed during
    /// `'a`.
    unsafe fn of<'a>(file: *mut bindings::file) -> &'a Self {
        // SAFETY: By the safety requirement, `file` is open, or about to be, so it is valid.
        let private = unsafe { (*file).private_data };
        // The misc core has put the device there, and nothing changes it.
        let misc = Opaque::cast_from(private.cast::<bindings::miscdevice>());

        // SAFETY: By the safety requirement, `file` is one of a `MiscDevice<T>`, so the misc core
        // has put there this field of an `Inner<T>`.
        let this = unsafe { container_of!(misc, Self, misc) };
        // SAFETY: By the safety requirement, the device is not freed during `'a`.
        unsafe { &*this }
    }

    /// # Safety
    ///
    /// To be called by the misc core only, when `file` of a `MiscDevice<T>` is opened.
    unsafe extern "C" fn open(
        _inode: *mut bindings::inode,
        file: *mut bindings::file,
    ) -> ffi::c_int {
        // SAFETY: By the safety requirement, `file` is being opened, and is one of a
        // `MiscDevice<T>`. The misc core does not let the device be deregistered meanwhile, which
        // has to be before it is freed.
        let this = unsafe { Self::of(file) };

        // SAFETY: The misc core does not let the device be deregistered meanwhile, so the
        // registration is still counted.
        unsafe { this.users.get() };
        0
    }

    /// # Safety
    ///
    /// To be called for the last reference to `file` only, which is one of a `MiscDevice<T>`.
    unsafe extern "C" fn release(
        _inode: *mut bindings::inode,
        file: *mut bindings::file,
    ) -> ffi::c_int {
        // SAFETY: By the safety requirement, `file` is one of a `MiscDevice<T>`. `open` has counted
        // it, so the device is not freed before that count is given up below.
        let this = unsafe { Self::of(file) };

        // SAFETY: `open` has counted this file, and a file is released once.
        unsafe { this.users.put() };
        0
    }

    /// # Safety
    ///
    /// To be called for an open `file` of a `MiscDevice<T>` only.
    unsafe extern "C" fn ioctl(
        file: *mut bindings::file,
        command: ffi::c_uint,
        arg: ffi::c_ulong,
    ) -> ffi::c_long {
        // SAFETY: By the safety requirement, `file` is an open one of a `MiscDevice<T>`. `open` has
        // counted it, so the device is not freed meanwhile.
        let this = unsafe { Self::of(file) };

        from_result(|| this.data.ioctl(T::command(command).ok_or(ENOTTY)?, arg))
    }
}
