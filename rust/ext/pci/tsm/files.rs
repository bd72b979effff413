// SPDX-License-Identifier: GPL-2.0

//! The end of the files `tsm/` that the PCI core has for TSMs.
//!
//! The core removes them with its semaphore held, when the last TSM is unregistered, and waits for their
//! readers and writers. These wait for the semaphore: if there is one, neither goes on. Besides, a writer
//! that waits for the semaphore may connect by a TSM that the core is done with and that is not unregistered
//! yet. So the files are removed before, without the semaphore.

use core::ptr::NonNull;

use kernel::{
    bindings,
    container_of,
    ffi,
    str::{
        as_char_ptr_in_const_context,
        CStr, //
    }, //
};
use tsm_bindings::tsm_dev;

/// The files, and the directory they are in.
const FILES: [(&CStr, Option<&CStr>); 5] = [
    (c"connect", Some(c"tsm")),
    (c"disconnect", Some(c"tsm")),
    (c"bound", Some(c"tsm")),
    (c"dsm", Some(c"tsm")),
    (c"authenticated", None),
];

/// Removes the files, and waits for their readers and writers, if `tsm` is the only TSM that they are for.
///
/// # Safety
///
/// `tsm` must be registered, and the caller must keep devices from coming and going.
pub(super) unsafe fn remove(tsm: NonNull<tsm_dev>) {
    // SAFETY: By the safety requirement, `tsm` is registered, so it has a class.
    let class = unsafe { (*tsm.as_ptr()).dev.class };

    // SAFETY: The class has devices of TSMs only, and the callback wants one to compare them with.
    let others = unsafe {
        bindings::class_for_each_device(
            class,
            core::ptr::null(),
            tsm.as_ptr().cast(),
            Some(is_another),
        )
    };
    if others == 0 {
        // SAFETY: The callback wants devices of this bus, none of which can be removed. It returns no error.
        unsafe {
            bindings::bus_for_each_dev(
                &raw const bindings::pci_bus_type,
                core::ptr::null_mut(),
                core::ptr::null_mut(),
                Some(remove_of),
            )
        };
    }
}

/// Returns 1 for a "link" TSM that is not `tsm`. For one of another kind the core has no files.
///
/// A TSM that is being registered at this time is in its class before it has operations. It is taken for none,
/// and gets no files: the core does not make them again while `tsm` is registered.
///
/// # Safety
///
/// `device` must be that of a TSM.
unsafe extern "C" fn is_another(
    device: *mut bindings::device,
    tsm: *mut ffi::c_void,
) -> ffi::c_int {
    // SAFETY: By the safety requirement, `device` is that of a TSM.
    let other = unsafe { container_of!(device, tsm_dev, dev) };
    // SAFETY: By the safety requirement, `device` is that of a TSM, so `other` is valid.
    let ops = NonNull::new(unsafe { (*other).pci_ops }.cast_mut());
    let is_link = match ops {
        // SAFETY: A TSM has operations as long as it is in its class. Each field of this view of the union is a
        // pointer, or null.
        Some(ops) => unsafe { (*ops.as_ptr()).__bindgen_anon_1.link_ops.probe.is_some() },
        None => false,
    };

    (is_link && other.cast::<ffi::c_void>() != tsm).into()
}

/// Removes the files of a device, of which there may be none.
///
/// # Safety
///
/// `device` must be a PCI device that can't be removed.
unsafe extern "C" fn remove_of(
    device: *mut bindings::device,
    _context: *mut ffi::c_void,
) -> ffi::c_int {
    // SAFETY: By the safety requirement, `device` is that of a PCI device.
    let pci_device = unsafe { container_of!(device, bindings::pci_dev, dev) };

    // SAFETY: By the safety requirement, the device can't be removed, so it is valid. Only these
    // devices have the files for being themselves; others have them for being functions of a device
    // that a TSM has connected, which ours have not.
    if unsafe { tsm_bindings::tsm_helper_is_pci_tsm_pf0(pci_device) } {
        for (name, directory) in FILES {
            let attribute = bindings::attribute {
                name: as_char_ptr_in_const_context(name),
                ..pin_init::zeroed()
            };
            let directory = directory.map_or(core::ptr::null(), as_char_ptr_in_const_context);

            // SAFETY: By the safety requirement, the device can't be removed, so it is in sysfs. Of
            // the attribute only the name is used, in this call.
            unsafe {
                bindings::sysfs_remove_file_from_group(
                    &raw mut (*device).kobj,
                    &raw const attribute,
                    directory,
                )
            };
        }
    }
    0
}
