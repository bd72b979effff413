// SPDX-License-Identifier: GPL-2.0

//! Devices that come and go.
//!
//! C header: [`include/linux/device/bus.h`](srctree/include/linux/device/bus.h)

use core::ptr::NonNull;

use kernel::{
    bindings,
    container_of,
    error::to_result,
    ffi,
    new_mutex,
    prelude::*,
    sync::Mutex,
    types::Opaque, //
};

use super::{
    pci_device_of,
    Device, //
};

/// Watches the devices of the machine.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::pci::{
///     notifier::{
///         Registration,
///         Watch, //
///     },
///     Device, //
/// };
///
/// struct Everything;
///
/// impl Watch for Everything {
///     type Data = Device;
///
///     fn added(&self, device: &Device) -> Option<Device> {
///         Some(device.clone())
///     }
///
///     fn close(&self, _device: &Device) {}
/// }
///
/// // From here on, there is an item for each device, until it is removed.
/// let registration = Registration::new(Everything)?;
/// # Ok::<(), Error>(())
/// ```
pub trait Watch: Send + Sync + 'static {
    /// What is kept for a device. It is dropped before the device is removed, which waits for that.
    type Data: Send + 'static;

    /// A device was added, or was there at the registration. Returns what to keep for it, if it matters.
    fn added(&self, device: &Device) -> Option<Self::Data>;

    /// The data of all devices is about to be dropped, that of one after the other. What they wait for can end
    /// at the same time.
    fn close(&self, data: &Self::Data);
}

/// A device that is watched, and what is kept for it.
struct WatchedDevice<T> {
    data: Option<T>,
    device: Device,
}

impl<T> Drop for WatchedDevice<T> {
    fn drop(&mut self) {
        // The data is the last that uses the device on purpose. What is left over fails.
        drop(self.data.take());
        self.device.revoke();
    }
}

/// The registration of a [`Watch`], undone when dropped.
///
/// # Invariants
///
/// The block of `Inner` is registered with the PCI bus.
///
/// # Examples
///
/// See [`Watch`].
pub struct Registration<T: Watch>(Pin<KBox<Inner<T>>>);

#[pin_data]
struct Inner<T: Watch> {
    #[pin]
    block: Opaque<bindings::notifier_block>,
    #[pin]
    watched: Mutex<KVec<WatchedDevice<T::Data>>>,
    watch: T,
}

// SAFETY: The notifier chain locks what it changes in `block`; the rest is `Send`.
unsafe impl<T: Watch> Send for Inner<T> {}

// SAFETY: A shared reference gives out `&T`, which is `Sync`, and `T::Data` only under a lock.
unsafe impl<T: Watch> Sync for Inner<T> {}

impl<T: Watch> Registration<T> {
    /// Begins to watch. Devices that are there are added before this returns.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    pub fn new(watch: T) -> Result<Self> {
        let inner = KBox::pin_init(
            pin_init!(Inner {
                block: Opaque::new(pin_init::zeroed()),
                watched <- new_mutex!(KVec::new(), "tsm::pci::notifier::watched"),
                watch,
            }),
            GFP_KERNEL,
        )?;
        let block = inner.block.get();

        // SAFETY: `block` is valid, and no other thread has its address yet.
        unsafe { (*block).notifier_call = Some(Inner::<T>::notified) };

        // No device comes or goes between the registration and the look at what is there.
        let locked = RescanRemoveLock::new();
        // SAFETY: `block` is pinned, and stays until it is unregistered.
        to_result(unsafe {
            bindings::bus_register_notifier(&raw const bindings::pci_bus_type, block)
        })?;
        // INVARIANT: The block was registered just now.
        let registration = Self(inner);

        let context: *const Inner<T> = &*registration.0;
        // SAFETY: The callback gets the address of an `Inner<T>` that is registered, and devices of
        // this bus, none of which can be removed while `locked` is held.
        let found = to_result(unsafe {
            bindings::bus_for_each_dev(
                &raw const bindings::pci_bus_type,
                core::ptr::null_mut(),
                context.cast_mut().cast(),
                Some(Inner::<T>::found),
            )
        });

        // First: to drop the registration takes the lock.
        drop(locked);
        found.map(|()| registration)
    }

    /// Closes the data of all devices, which is about to be dropped.
    #[cfg(CONFIG_PCI_TSM)]
    pub(super) fn close(&self) {
        self.0.close(&self.0.watched.lock());
    }

    /// Calls `look` with what is kept for each device. Meanwhile no device comes or goes.
    #[cfg(CONFIG_PM_SLEEP)]
    pub fn for_each(&self, look: impl FnMut(&T::Data)) {
        let watched = self.0.watched.lock();

        watched
            .iter()
            .filter_map(|one| one.data.as_ref())
            .for_each(look);
    }

    /// Calls `look` with what is kept for a device, if there is any. Meanwhile no device comes or goes.
    #[cfg(CONFIG_PCI_TSM)]
    pub(super) fn with<R>(
        &self,
        raw: NonNull<bindings::pci_dev>,
        look: impl FnOnce(&T::Data) -> R,
    ) -> Option<R> {
        let watched = self.0.watched.lock();
        let found = watched.iter().find(|one| one.device.is(raw))?;

        found.data.as_ref().map(look)
    }
}

impl<T: Watch> Drop for Registration<T> {
    fn drop(&mut self) {
        let _locked = RescanRemoveLock::new();

        // SAFETY: By the type invariant, the block is registered. This waits for calls of it.
        unsafe {
            bindings::bus_unregister_notifier(&raw const bindings::pci_bus_type, self.0.block.get())
        };
        // While no device can be removed, of which only the notifier would have known.
        let watched = core::mem::replace(&mut *self.0.watched.lock(), KVec::new());

        self.0.close(&watched);
        drop(watched);
    }
}

impl<T: Watch> Inner<T> {
    fn close(&self, watched: &[WatchedDevice<T::Data>]) {
        for data in watched.iter().filter_map(|one| one.data.as_ref()) {
            self.watch.close(data);
        }
    }

    /// Keeps a device, if it matters and is not kept already. Without memory it is not.
    ///
    /// # Safety
    ///
    /// The device must be on its bus, and [`Self::remove`] must be called before it is removed.
    unsafe fn add(&self, raw: NonNull<bindings::pci_dev>) -> Result {
        let mut watched = self.watched.lock();

        if watched.iter().any(|one| one.device.is(raw)) {
            return Ok(());
        }
        watched.reserve(1, GFP_KERNEL)?;
        // SAFETY: By the safety requirement, the device is on its bus, and `remove` is called
        // before it is removed; that, and the end of the registration, revoke it.
        let device = unsafe { Device::new(raw) }?;
        // From here on, dropping it revokes the device.
        let mut item = WatchedDevice { data: None, device };
        item.data = self.watch.added(&item.device);

        if item.data.is_some() {
            watched.push(item, GFP_KERNEL)?;
        }
        Ok(())
    }

    /// Drops what is kept for a device.
    fn remove(&self, raw: NonNull<bindings::pci_dev>) {
        let mut watched = self.watched.lock();
        let found = watched.iter().position(|one| one.device.is(raw));
        let item = found.and_then(|index| watched.remove(index).ok());

        // Without the lock: this waits for exchanges with the device.
        drop(watched);
        drop(item);
    }

    /// # Safety
    ///
    /// To be called by the notifier chain of the PCI bus only, for the block of an `Inner<T>` that is
    /// registered; `data` is the device.
    unsafe extern "C" fn notified(
        block: *mut bindings::notifier_block,
        event: ffi::c_ulong,
        data: *mut ffi::c_void,
    ) -> ffi::c_int {
        let block = Opaque::cast_from(block);
        // SAFETY: By the safety requirement, the block is this field of an `Inner<T>`.
        let this = unsafe { container_of!(block, Self, block) };
        // SAFETY: By the safety requirement, the `Inner` is registered. It is freed after that
        // ends, which waits for calls.
        let this = unsafe { &*this };
        // SAFETY: By the safety requirement, `data` is a device of the PCI bus.
        let device = unsafe { pci_device_of(data.cast()) };

        match (u32::try_from(event), device) {
            (Ok(bindings::bus_notifier_event_BUS_NOTIFY_ADD_DEVICE), Some(device)) => {
                // SAFETY: The device was added to its bus, and a removal is notified as well.
                let _ = unsafe { this.add(device) };
            }
            (Ok(bindings::bus_notifier_event_BUS_NOTIFY_DEL_DEVICE), Some(device)) => {
                this.remove(device);
            }
            _ => {}
        }
        // CAST: 0.
        bindings::NOTIFY_DONE as ffi::c_int
    }

    /// # Safety
    ///
    /// To be called for devices of the PCI bus only, with the address of an `Inner<T>` that is registered, while
    /// no device can be removed.
    unsafe extern "C" fn found(
        device: *mut bindings::device,
        context: *mut ffi::c_void,
    ) -> ffi::c_int {
        // SAFETY: By the safety requirement, `context` is the address of an `Inner<T>` that is
        // registered.
        let this = unsafe { &*context.cast_const().cast::<Self>() };
        // SAFETY: By the safety requirement, `device` is one of the PCI bus.
        if let Some(device) = unsafe { pci_device_of(device) } {
            // SAFETY: By the safety requirement, the device can't be removed now, and a later
            // removal is notified.
            let _ = unsafe { this.add(device) };
        }
        0
    }
}

/// Keeps devices from coming and going.
///
/// # Invariants
///
/// The current task holds the lock.
pub(super) struct RescanRemoveLock {
    /// The task that took the lock has to release it.
    _not_send: core::marker::PhantomData<*mut ()>,
}

impl RescanRemoveLock {
    pub(super) fn new() -> Self {
        // SAFETY: The lock may not be taken by a task that holds it. Only this file and `tsm.rs`
        // take it, for the time of a registration or its end.
        unsafe { bindings::pci_lock_rescan_remove() };
        // INVARIANT: The lock was taken just now.
        Self {
            _not_send: core::marker::PhantomData,
        }
    }
}

impl Drop for RescanRemoveLock {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the current task holds the lock.
        unsafe { bindings::pci_unlock_rescan_remove() };
    }
}
