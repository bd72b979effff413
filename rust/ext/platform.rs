// SPDX-License-Identifier: GPL-2.0

//! Platform devices that are there from the start and never go away.
//!
//! C header: [`include/linux/platform_device.h`](srctree/include/linux/platform_device.h)
//!
//! With `kernel::platform` a module loads even if there is no device, or it can't be used. Here, its
//! `init` takes the device and fails without.

use core::pin::Pin;

use kernel::{
    bindings,
    error::to_result,
    ffi,
    prelude::*,
    str::{
        as_char_ptr_in_const_context,
        CStr, //
    },
    types::Opaque,
    ThisModule, //
};

/// The right to be the driver of a device. It is given up when dropped; nothing can take it away.
///
/// # Invariants
///
/// The driver is registered and bound.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::platform::Claim;
///
/// /// Fails if there is no such device, or another driver has it.
/// fn claim(module: &'static ThisModule) -> Result<Claim> {
///     Claim::new(module, c"sev-guest")
/// }
/// ```
pub struct Claim(Pin<KBox<Opaque<bindings::platform_driver>>>);

// SAFETY: The driver core locks what it changes, and a driver may be unregistered by any thread.
unsafe impl Send for Claim {}

// SAFETY: A shared reference allows nothing.
unsafe impl Sync for Claim {}

impl Claim {
    /// Takes the device of this name.
    ///
    /// # Errors
    ///
    /// [`ENODEV`] if there is none, [`EBUSY`] if a driver of this name is loaded.
    pub fn new(module: &'static ThisModule, name: &'static CStr) -> Result<Self> {
        let mut driver: bindings::platform_driver = pin_init::zeroed();
        driver.driver.name = as_char_ptr_in_const_context(name);
        let driver = KBox::pin(Opaque::new(driver), GFP_KERNEL)?;

        // SAFETY: `driver` is pinned, stays until it is unregistered, and has no other callbacks.
        to_result(unsafe {
            bindings::__platform_driver_probe(
                driver.get(),
                Some(accept),
                module.as_ptr(),
                as_char_ptr_in_const_context(name),
            )
        })?;
        // INVARIANT: The driver was registered just now, which fails if it binds to no device; the
        // call above keeps user space from unbinding it.
        Ok(Self(driver))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the driver is registered.
        unsafe { bindings::platform_driver_unregister(self.0.get()) };
    }
}

/// # Safety
///
/// None; the driver core has a pointer to an `unsafe` function.
unsafe extern "C" fn accept(_device: *mut bindings::platform_device) -> ffi::c_int {
    0
}
