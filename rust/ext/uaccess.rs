// SPDX-License-Identifier: GPL-2.0

//! User memory that has the layout of a type.
//!
//! C header: [`include/linux/uaccess.h`](srctree/include/linux/uaccess.h)
//!
//! Compared with `kernel::uaccess`, the types are those that zerocopy knows, and a value is read to where
//! it is wanted. As there, a size that is constant is one that the kernel need not check.

use kernel::{
    bindings,
    prelude::*,
    uaccess::UserPtr, //
};
use zerocopy::{
    FromBytes,
    IntoBytes, //
};

/// Copies a value from user space, once.
///
/// # Errors
///
/// [`EFAULT`] if it is not there. Then some of `value` may have been copied.
///
/// # Examples
///
/// ```
/// use kernel::{
///     prelude::*,
///     uaccess::UserPtr, //
/// };
/// use tsm_ext::uaccess;
///
/// /// Adds one to a number of user space.
/// fn add_one(address: UserPtr) -> Result {
///     let mut number = 0_u64;
///
///     uaccess::check(address, size_of::<u64>())?;
///     uaccess::read(address, &mut number)?;
///     uaccess::write(address, &number.wrapping_add(1))
/// }
/// ```
#[inline]
pub fn read<T: FromBytes + IntoBytes>(from: UserPtr, value: &mut T) -> Result {
    let to: *mut T = value;

    // SAFETY: There is room for a `T`, which any bytes are, as `T: FromBytes`. What is not user memory is
    // refused.
    let left = unsafe { bindings::_copy_from_user(to.cast(), from.as_const_ptr(), size_of::<T>()) };

    copied(left)
}

/// Copies a value to user space.
///
/// # Errors
///
/// [`EFAULT`] if it can't be there. Then some of it may have been copied.
///
/// # Examples
///
/// See [`read`].
#[inline]
pub fn write<T: IntoBytes>(to: UserPtr, value: &T) -> Result {
    let from: *const T = value;

    // SAFETY: There is a `T`, all of which is initialized, as `T: IntoBytes`. What is not user memory is
    // refused.
    let left = unsafe { bindings::_copy_to_user(to.as_mut_ptr(), from.cast(), size_of::<T>()) };

    copied(left)
}

/// Refuses what can't be memory of user space, before something is done that its contents are for.
///
/// # Errors
///
/// [`EFAULT`] if `size` bytes from `start` are not all where user memory can be. Whether there is any is
/// not looked at.
///
/// # Examples
///
/// See [`read`].
#[inline]
pub fn check(start: UserPtr, size: usize) -> Result {
    // SAFETY: The helper compares numbers, and accesses no memory.
    match unsafe { tsm_bindings::tsm_helper_access_ok(start.as_const_ptr(), size) } {
        true => Ok(()),
        false => Err(EFAULT),
    }
}

#[inline]
fn copied(left: usize) -> Result {
    match left {
        0 => Ok(()),
        _ => Err(EFAULT),
    }
}
