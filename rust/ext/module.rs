// SPDX-License-Identifier: GPL-2.0

//! The module that this crate is linked into, and what a module says of itself.
//!
//! C header: [`include/linux/module.h`](srctree/include/linux/module.h)

use kernel::{
    bindings,
    prelude::*,
    str::CStr, //
};

#[cfg(MODULE)]
extern "C" {
    /// The `struct module` of the module that this crate is linked into, of which the address matters.
    static __this_module: u8;
}

/// Returns the module that this crate is linked into, or null in the kernel itself.
pub(crate) const fn this_module() -> *mut bindings::module {
    #[cfg(MODULE)]
    {
        (&raw const __this_module).cast_mut().cast()
    }
    #[cfg(not(MODULE))]
    {
        core::ptr::null_mut()
    }
}

/// Returns the version of a module, which `MODULE_VERSION()` in one of its C files has set.
///
/// It is `None` if there is none, and if the module is part of the kernel image.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::module;
///
/// fn greet(module: &'static ThisModule) {
///     if let Some(version) = module::version(module) {
///         pr_info!("version {version}\n");
///     }
/// }
/// ```
pub fn version(module: &'static ThisModule) -> Option<&'static str> {
    let module = module.as_ptr();

    if module.is_null() {
        return None;
    }
    // SAFETY: If it is not null, it is `struct module`, which lasts as long as the module's code. The loader set this field
    // before any of that code ran, and nothing changes it after.
    let version = unsafe { (*module).version };
    if version.is_null() {
        return None;
    }
    // SAFETY: The loader's copy of a string in `.modinfo`, which it frees when none of the module's code runs any more.
    let version = unsafe { CStr::from_char_ptr(version) };

    version.to_str().ok()
}
