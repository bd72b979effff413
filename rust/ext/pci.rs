// SPDX-License-Identifier: GPL-2.0

//! PCI devices that are used without being their driver.
//!
//! C header: [`include/linux/pci.h`](srctree/include/linux/pci.h)
//!
//! `kernel::pci` gives a device to the driver that is bound to it. Here, a device is watched by a
//! [`notifier`], and may be bound to any driver or none.

pub mod doe;
mod function;
pub mod ide;
pub mod notifier;
#[cfg(CONFIG_ARCH_HAS_DMA_OPS)]
mod private_dma;
mod private_mmio;
#[cfg(CONFIG_PCI_TSM)]
pub mod tsm;

pub use function::{
    Enabled,
    Location,
    Unbound, //
};
#[cfg(CONFIG_ARCH_HAS_DMA_OPS)]
pub use private_dma::PrivateDma;
pub use private_mmio::PrivateMmio;

use core::ptr::NonNull;

use kernel::{
    bindings,
    container_of,
    error::to_result,
    new_mutex,
    prelude::*,
    str::CStr,
    sync::{
        Arc,
        Mutex, //
    }, //
};

use crate::sysfs::Directory;

/// The environment variables of an event, at most, with the null pointer that ends them.
const EVENT_VARIABLES: usize = 4;

/// A reference to a device.
///
/// The device may be removed at any time. What needs it to be there fails with [`ENXIO`] from then on.
///
/// # Examples
///
/// See [`notifier::Watch`].
#[derive(Clone)]
pub struct Device(Arc<Inner>);

/// # Invariants
///
/// `raw` is valid, and one reference to it belongs to `self`. While `is_present` is true and locked, the
/// device is not removed from its bus.
#[pin_data(PinnedDrop)]
struct Inner {
    raw: NonNull<bindings::pci_dev>,
    location: Location,
    #[pin]
    is_present: Mutex<bool>,
}

// SAFETY: The reference count of a device is atomic, and a reference may be given up on any thread.
unsafe impl Send for Inner {}

// SAFETY: A shared reference allows only calls that the PCI core, the driver core and kernfs lock.
unsafe impl Sync for Inner {}

impl Device {
    /// Takes a reference to the device `raw`.
    ///
    /// # Safety
    ///
    /// `raw` must be valid and on its bus, and must stay there until [`Device::revoke`] returns.
    unsafe fn new(raw: NonNull<bindings::pci_dev>) -> Result<Self> {
        // SAFETY: By the safety requirement, the device is valid.
        unsafe { bindings::get_device(&raw mut (*raw.as_ptr()).dev) };

        // SAFETY: By the safety requirement, the device is valid and on its bus.
        let location = unsafe { Location::of(raw) };

        // INVARIANT: The reference was taken just now; by the safety requirement, the device stays
        // on its bus until `revoke` clears `is_present`. If there is no memory for the `Arc`,
        // nothing was moved into it, and the reference is given up here.
        Arc::pin_init(
            pin_init!(Inner {
                raw,
                location,
                is_present <- new_mutex!(true, "tsm::pci::Device::is_present"),
            }),
            GFP_KERNEL,
        )
        .map(Self)
        .inspect_err(|_| {
            // SAFETY: The reference was taken above, and `Inner` was not made of it.
            unsafe { bindings::put_device(&raw mut (*raw.as_ptr()).dev) };
        })
    }

    /// Waits for calls that need the device to be there, and fails later ones.
    fn revoke(&self) {
        *self.0.is_present.lock() = false;
    }

    /// Runs `call` while the device can't be removed from its bus.
    fn while_present<R>(
        &self,
        call: impl FnOnce(NonNull<bindings::pci_dev>) -> Result<R>,
    ) -> Result<R> {
        let is_present = self.0.is_present.lock();

        match *is_present {
            true => call(self.0.raw),
            false => Err(ENXIO),
        }
    }

    /// Returns the C device of the driver core. It is valid as long as `self` is.
    pub fn as_raw_device(&self) -> *mut bindings::device {
        // SAFETY: By the type invariant, the device is valid; this only computes an address.
        unsafe { &raw mut (*self.0.raw.as_ptr()).dev }
    }

    /// Tells whether `other` is the same device.
    fn is(&self, other: NonNull<bindings::pci_dev>) -> bool {
        self.0.raw == other
    }

    /// Tells whether the device answers. It does not if it is gone, turned off or in a bus reset.
    pub fn answers(&self) -> bool {
        // SAFETY: `while_present` passes a device that is valid and on its bus.
        self.while_present(|raw| Ok(unsafe { is_answering(raw) }))
            .unwrap_or(false)
    }

    /// Tells whether a TSM of the PCI core has connected the device. It may do so right after.
    pub fn has_tsm(&self) -> bool {
        #[cfg(CONFIG_PCI_TSM)]
        // SAFETY: By the type invariant, the device is valid. The PCI core writes the pointer as a whole, and
        // it is not followed.
        return !unsafe { (&raw const (*self.0.raw.as_ptr()).tsm).read_volatile() }.is_null();
        #[cfg(not(CONFIG_PCI_TSM))]
        false
    }

    /// Makes the directory `name` in that of the device.
    ///
    /// The kernel complains in its log when `name` is there already.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] when the device was removed, [`ENOMEM`].
    pub fn new_directory(&self, name: &CStr) -> Result<Directory> {
        self.while_present(|_| {
            // SAFETY: The device is on its bus, so its object is in sysfs. The directory has a reference to
            // the object, and kernfs permits to remove a directory after its parent.
            unsafe { Directory::new_in(&raw mut (*self.as_raw_device()).kobj, name) }
        })
    }

    /// Tells user space that the device has changed, with these variables, three at most.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] when the device was removed, [`ENOMEM`].
    pub fn changed(&self, variables: &[&CStr]) -> Result {
        let mut environment = [core::ptr::null_mut(); EVENT_VARIABLES];

        // The last one stays null.
        for (to, from) in environment
            .iter_mut()
            .take(EVENT_VARIABLES - 1)
            .zip(variables)
        {
            *to = from.as_char_ptr().cast_mut();
        }
        self.while_present(|_| {
            // SAFETY: The device is on its bus, so its object is in sysfs; the strings are valid, end with a
            // null pointer and are only read.
            to_result(unsafe {
                bindings::kobject_uevent_env(
                    &raw mut (*self.as_raw_device()).kobj,
                    bindings::kobject_action_KOBJ_CHANGE,
                    environment.as_mut_ptr(),
                )
            })
        })
    }

    /// Keeps the device, and the bridges above it, in a state in which it can be reached.
    pub fn wake(&self) -> Awake {
        // SAFETY: By the type invariant, the device is valid.
        unsafe { tsm_bindings::tsm_helper_pm_runtime_get_sync(self.as_raw_device()) };
        // INVARIANT: The use was counted just now. If the device did not wake up, it does not
        // answer either.
        Awake(self.clone())
    }
}

#[pinned_drop]
impl PinnedDrop for Inner {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariant, the reference is ours to give up.
        unsafe { bindings::put_device(&raw mut (*self.raw.as_ptr()).dev) };
    }
}

/// Keeps a device from being suspended while it is idle, until it is dropped.
///
/// # Invariants
///
/// One of the uses that runtime power management counts for the device belongs to `self`.
///
/// # Examples
///
/// ```
/// use tsm_ext::pci::Device;
///
/// fn is_there(device: &Device) -> bool {
///     let _awake = device.wake();
///
///     device.answers()
/// }
/// ```
pub struct Awake(Device);

impl Drop for Awake {
    fn drop(&mut self) {
        // SAFETY: By the invariant of `pci::Inner`, the device is valid. By that of this type, the
        // use is ours to give up.
        unsafe { tsm_bindings::tsm_helper_pm_runtime_put(self.0.as_raw_device()) };
    }
}

/// Tells whether a device answers.
///
/// # Safety
///
/// `raw` must be valid and on its bus.
unsafe fn is_answering(raw: NonNull<bindings::pci_dev>) -> bool {
    // SAFETY: By the safety requirement, the device is valid and on its bus. This reads its vendor
    // ID, or that of the physical function if the device is a virtual one.
    unsafe { bindings::pci_device_is_present(raw.as_ptr()) }
}

/// Returns the PCI device that `device` is part of.
///
/// # Safety
///
/// `device` must be that of a PCI device.
unsafe fn pci_device_of(device: *mut bindings::device) -> Option<NonNull<bindings::pci_dev>> {
    // SAFETY: By the safety requirement, `device` is that of a PCI device.
    NonNull::new(unsafe { container_of!(device, bindings::pci_dev, dev) })
}
