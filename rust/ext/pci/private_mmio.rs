// SPDX-License-Identifier: GPL-2.0

//! Private mappings of the memory of a function.
//!
//! C header: [`include/linux/ioport.h`](srctree/include/linux/ioport.h)
//!
//! The kernel of a confidential guest maps the BARs of a device as memory that is shared with the host, unless a region
//! was requested there that has a descriptor. A region inherits the descriptor of the BAR around it. So a BAR that is
//! given one is mapped as private memory by each driver that requests its region before it maps it. The descriptor is that
//! of memory of a device, by which nothing in the kernel looks for BARs.
//!
//! That is not possible for a part of a BAR: a resource within the BAR would have the kernel refuse the region of a driver
//! that requests all of it.

use kernel::{
    bindings,
    ffi,
    prelude::*, //
};
use tsm_proto::tdisp::ranges::BarSet;

use super::Device;

// CAST: Small numbers.
const NONE: ffi::c_ulong = bindings::IORES_DESC_NONE as ffi::c_ulong;
const PRIVATE: ffi::c_ulong = bindings::IORES_DESC_DEVICE_PRIVATE_MEMORY as ffi::c_ulong;

/// Has drivers map BARs of a function as private memory, until it is dropped. A mapping stays as it was made.
///
/// # Invariants
///
/// The BARs had no descriptor before.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::pci::{
///     Device,
///     PrivateMmio, //
/// };
/// use tsm_proto::tdisp::ranges::BarSet;
///
/// fn begin(device: &Device, bars: BarSet) -> Result<PrivateMmio> {
///     device.without_driver(|_| PrivateMmio::new(device, bars))
/// }
/// ```
pub struct PrivateMmio {
    device: Device,
    bars: BarSet,
}

impl PrivateMmio {
    /// Begins.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] when one of the BARs has a descriptor, [`ENXIO`] when the function was removed.
    pub fn new(device: &Device, bars: BarSet) -> Result<Self> {
        device.while_present(|raw| {
            for bar in bars.iter() {
                // SAFETY: `while_present` passes a device that is valid, which has more resources
                // than BARs. The kernel writes the field as a whole.
                let found =
                    unsafe { (&raw const (*raw.as_ptr()).resource[bar].desc).read_volatile() };
                if found != NONE {
                    return Err(EBUSY);
                }
            }
            // INVARIANT: The loop has found that none of the BARs has a descriptor.
            let private = Self {
                device: device.clone(),
                bars,
            };

            private.set(PRIVATE);
            Ok(private)
        })
    }

    fn set(&self, descriptor: ffi::c_ulong) {
        let raw = self.device.0.raw;

        for bar in self.bars.iter() {
            // SAFETY: By the invariant of `pci::Inner`, the device is valid; it has more resources
            // than BARs. A region that is requested meanwhile has the old descriptor or the new
            // one.
            unsafe { (&raw mut (*raw.as_ptr()).resource[bar].desc).write_volatile(descriptor) };
        }
    }
}

impl Drop for PrivateMmio {
    fn drop(&mut self) {
        // By the type invariant, this undoes `new`.
        self.set(NONE);
    }
}
