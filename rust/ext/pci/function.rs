// SPDX-License-Identifier: GPL-2.0

//! A function of a device: where it is, what it can do, and what holds it as it is.
//!
//! C header: [`include/linux/pci.h`](srctree/include/linux/pci.h)

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};

use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};
use tsm_proto::tdisp::ranges::Bars;

use super::Device;

/// Where a function is: on which bus, and its numbers there.
///
/// # Examples
///
/// ```
/// use tsm_ext::pci::Device;
///
/// /// Tells whether `device` is function 0 of the device that `other` is a function of.
/// fn is_first(device: &Device, other: &Device) -> bool {
///     device.location().function() == 0 && device.location().is_same_device(other.location())
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Location {
    /// The address of the bus, which no other one has as long as there is a function on it.
    bus: usize,
    number: u8,
    devfn: u8,
}

impl Location {
    /// Returns that of a function.
    ///
    /// # Safety
    ///
    /// `raw` must be valid and on its bus.
    pub(super) unsafe fn of(raw: NonNull<bindings::pci_dev>) -> Self {
        // SAFETY: By the safety requirement, the function is valid and on its bus, and neither
        // field changes while it is there.
        let (bus, devfn) = unsafe { ((*raw.as_ptr()).bus, (*raw.as_ptr()).devfn) };
        // SAFETY: The bus is valid as long as there is a function on it, and keeps its number.
        let number = unsafe { (*bus).number };

        Self {
            bus: bus.addr(),
            number,
            // CAST: It has 8 bits.
            devfn: devfn as u8,
        }
    }

    /// Returns the number of the function, 0 to 7.
    pub const fn function(self) -> u8 {
        self.devfn & 7
    }

    /// Returns the ID with which the guest knows the function as a requester.
    pub const fn requester_id(self) -> u16 {
        u16::from_be_bytes([self.number, self.devfn])
    }

    /// Tells whether both are functions of the same device.
    pub const fn is_same_device(self, other: Self) -> bool {
        self.bus == other.bus && self.devfn >> 3 == other.devfn >> 3
    }
}

impl Device {
    /// Returns where the function is, or was before it was removed.
    pub fn location(&self) -> Location {
        self.0.location
    }

    /// Tells whether the function says that it can be a TEE device interface. That is read only once, by the PCI core.
    pub fn has_tee_io(&self) -> bool {
        // SAFETY: By the type invariant, the device is valid. The field does not change any more.
        let capabilities = unsafe { (*self.0.raw.as_ptr()).devcap };

        capabilities & bindings::PCI_EXP_DEVCAP_TEE != 0
    }

    /// Returns the sizes of the BARs that are memory.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] when the function was removed.
    pub fn bars(&self) -> Result<Bars> {
        self.while_present(|raw| {
            let mut sizes = [0; Bars::COUNT];

            for (size, index) in sizes.iter_mut().zip(0..) {
                // SAFETY: `while_present` passes a device that is valid, which has more resources
                // than BARs. The PCI core writes each field as a whole.
                *size = unsafe {
                    size_of_memory((&raw const (*raw.as_ptr()).resource[index]).read_volatile())
                };
            }
            Ok(Bars(sizes))
        })
    }

    /// Runs `call` while no driver is bound and none can be. It does not wait for a task that has the device locked, which
    /// may wait for the caller.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] when a driver is bound, or is being bound or unbound, and those of `call`.
    pub fn without_driver<R>(&self, call: impl FnOnce(&Unbound<'_>) -> Result<R>) -> Result<R> {
        let locked = Locked::try_new(self)?;

        match locked.has_driver() {
            true => Err(EBUSY),
            // INVARIANT: The condition was checked just now, and the lock keeps it so.
            false => call(&Unbound(locked)),
        }
    }

    /// Has the function respond to accesses of its memory, and lets it make requests, until the guard is dropped.
    /// Drivers that come and go meanwhile change neither.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] when the function was removed, and those of the PCI core.
    pub fn enable(&self) -> Result<Enabled> {
        self.while_present(|raw| {
            // SAFETY: `while_present` passes a device that is valid and on its bus.
            to_result(unsafe { bindings::pci_enable_device(raw.as_ptr()) })?;
            // SAFETY: `while_present` passes a device that is valid and on its bus.
            unsafe { bindings::pci_set_master(raw.as_ptr()) };
            // INVARIANT: The use was counted just now.
            Ok(Enabled(self.clone()))
        })
    }
}

/// Returns the size of a resource, or 0 if it is no memory.
fn size_of_memory(resource: bindings::resource) -> u64 {
    // CAST: Both have the width of an address, or are flags of 32 bits.
    match resource.flags as u64 & u64::from(bindings::IORESOURCE_MEM) {
        0 => 0,
        _ => resource.end.wrapping_sub(resource.start).wrapping_add(1),
    }
}

/// Keeps a function enabled, until it is dropped.
///
/// # Invariants
///
/// One of the uses that the PCI core counts for the function belongs to `self`.
///
/// # Examples
///
/// See [`Device::enable`].
pub struct Enabled(Device);

impl Drop for Enabled {
    fn drop(&mut self) {
        // A function that was removed needs no count.
        let _ = self.0.while_present(|raw| {
            // SAFETY: `while_present` passes a device that is valid and on its bus. By the type
            // invariant, the use is ours to give up.
            unsafe { bindings::pci_disable_device(raw.as_ptr()) };
            Ok(())
        });
    }
}

/// A device without a driver. It gets none as long as this is there.
///
/// # Invariants
///
/// No driver is bound to the device.
///
/// # Examples
///
/// See [`PrivateMmio`](super::PrivateMmio).
pub struct Unbound<'a>(Locked<'a>);

impl Unbound<'_> {
    /// Returns the device.
    pub fn device(&self) -> &Device {
        self.0.device
    }
}

/// Keeps drivers from being bound and unbound.
///
/// # Invariants
///
/// The current task holds the lock of the device.
struct Locked<'a> {
    device: &'a Device,
    /// The lock is that of a task.
    _not_send: PhantomData<*mut ()>,
}

impl<'a> Locked<'a> {
    fn try_new(device: &'a Device) -> Result<Self> {
        // SAFETY: By the invariant of `pci::Inner`, the device is valid as long as `device`.
        match unsafe { tsm_bindings::tsm_helper_device_trylock(device.as_raw_device()) } {
            // INVARIANT: The lock was taken just now.
            true => Ok(Self {
                device,
                _not_send: PhantomData,
            }),
            false => Err(EBUSY),
        }
    }

    fn has_driver(&self) -> bool {
        // SAFETY: By the invariant of `pci::Inner`, the device is valid. By that of this type, the
        // pointer does not change; it is not followed.
        unsafe { !(*self.device.as_raw_device()).driver.is_null() }
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the current task holds the lock of the device.
        unsafe { tsm_bindings::tsm_helper_device_unlock(self.device.as_raw_device()) };
    }
}
