// SPDX-License-Identifier: GPL-2.0

//! DMA to private memory of a confidential guest.
//!
//! C header: [`include/linux/dma-map-ops.h`](srctree/include/linux/dma-map-ops.h)
//!
//! The kernel has the DMA of each device go through memory that the guest shares with its host. The operations here map
//! memory as it is: the address of a page on the bus is its guest-physical one, and what is allocated stays private. The
//! kernel does not know of it: only the device and the platform decide whether such DMA arrives.

use core::ptr::{
    null_mut,
    NonNull, //
};

use kernel::{
    bindings,
    error::Error,
    ffi,
    prelude::*, //
};

use super::{
    Device,
    Unbound, //
};
use crate::error::errno;

/// What a mapping returns that failed.
const FAILED: bindings::dma_addr_t = bindings::dma_addr_t::MAX;

/// Returns the operations. What is missing is not needed, or not possible. They are no static, which each module would
/// have.
fn operations() -> *mut bindings::dma_map_ops {
    let operations: &'static _ = const {
        &tsm_bindings::dma_map_ops {
            alloc: Some(alloc),
            free: Some(free),
            map_phys: Some(map_phys),
            unmap_phys: Some(unmap_phys),
            map_sg: Some(map_sg),
            unmap_sg: Some(unmap_sg),
            // SAFETY: All else are pointers to functions, which may be null.
            ..unsafe { core::mem::zeroed() }
        }
    };

    (&raw const *operations).cast_mut().cast()
}

/// Has the DMA of a function go to private memory, until [`Self::end`]. It begins and ends while no driver is bound,
/// because a mapping has to end as it began.
///
/// The module can't be unloaded meanwhile.
///
/// # Invariants
///
/// While there is a `module`, the operations of the function are [`operations()`], and one reference to the module
/// belongs to `self`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::pci::Device;
/// #[cfg(CONFIG_ARCH_HAS_DMA_OPS)]
/// use tsm_ext::pci::PrivateDma;
///
/// #[cfg(CONFIG_ARCH_HAS_DMA_OPS)]
/// fn begin(device: &Device, module: &'static ThisModule) -> Result<PrivateDma> {
///     device.without_driver(|unbound| PrivateDma::new(unbound, module))
/// }
///
/// #[cfg(CONFIG_ARCH_HAS_DMA_OPS)]
/// fn end(device: &Device, private: PrivateDma) -> Result {
///     device.without_driver(|unbound| {
///         private.end(unbound);
///         Ok(())
///     })
/// }
/// ```
pub struct PrivateDma {
    device: Device,
    module: Option<&'static ThisModule>,
}

impl PrivateDma {
    /// Begins.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` when the kernel maps the DMA of the function by an IOMMU, and so asks no operations, [`EBUSY`] when it
    /// has operations of its own, or the module is being unloaded, [`ENXIO`] when the function was removed.
    pub fn new(unbound: &Unbound<'_>, module: &'static ThisModule) -> Result<Self> {
        let device = unbound.device();

        device.while_present(|raw| {
            // SAFETY: The device is valid, and the helper reads a flag of it atomically.
            if unsafe { tsm_bindings::tsm_helper_use_dma_iommu(device.as_raw_device()) } {
                return Err(errno(bindings::EOPNOTSUPP));
            }
            // SAFETY: `while_present` passes a device that is valid; this only computes an address.
            let field = unsafe { &raw mut (*raw.as_ptr()).dev.dma_ops };
            // SAFETY: The device is valid. The driver core changes the field only while it binds, has
            // bound or unbinds a driver; by the invariant of `Unbound`, it does none of these.
            if !unsafe { *field }.is_null() {
                return Err(EBUSY);
            }
            // SAFETY: The pointer is that of this module, which is running.
            if !unsafe { bindings::try_module_get(module.as_ptr()) } {
                return Err(EBUSY);
            }
            // SAFETY: The device is valid. By the invariant of `Unbound`, no driver has a mapping, and
            // nothing else accesses the field. The operations are there as long as the module, which
            // is not unloaded before they are taken back.
            unsafe { *field = operations() };
            // INVARIANT: The operations were set, and the reference to the module was taken, just
            // now.
            Ok(Self {
                device: device.clone(),
                module: Some(module),
            })
        })
    }

    /// Ends. With the token of another device, it ends as if it was dropped.
    pub fn end(mut self, unbound: &Unbound<'_>) {
        self.restore(unbound);
    }

    /// Takes the operations back, if `unbound` is of the same device.
    fn restore(&mut self, unbound: &Unbound<'_>) {
        if !self.device.is(unbound.device().0.raw) {
            return;
        }
        if let Some(module) = self.module.take() {
            // SAFETY: By the invariant of `pci::Inner`, the device is valid. By that of `Unbound`, no
            // driver has a mapping, and nothing else accesses the field. There was a module, so by the
            // invariant of this type, this undoes `new`.
            unsafe { (*self.device.as_raw_device()).dma_ops = null_mut() };
            // SAFETY: By the type invariant, the reference is ours to give up. There is no `module` any
            // more, so it is given up once.
            unsafe { bindings::module_put(module.as_ptr()) };
        }
    }
}

impl Drop for PrivateDma {
    /// Ends if no driver is bound. If one is, the operations stay, and so does the module.
    fn drop(&mut self) {
        if self.module.is_none() {
            return;
        }
        let device = self.device.clone();
        let ended = device.without_driver(|unbound| {
            self.restore(unbound);
            Ok(())
        });

        if ended.is_err() {
            pr_warn!("a function has a driver, and keeps its DMA operations\n");
        }
    }
}

/// Tells whether a function with this mask reaches memory.
fn reaches(mask: u64, address: u64, size: usize) -> bool {
    // CAST: Widens.
    let last = address.checked_add((size as u64).saturating_sub(1));

    last.is_some_and(|last| last <= mask)
}

/// # Safety
///
/// To be called by the DMA core only, for a valid device with [`operations()`], and with a `handle`
/// that can be written.
unsafe extern "C" fn alloc(
    dev: *mut bindings::device,
    size: usize,
    handle: *mut bindings::dma_addr_t,
    flags: bindings::gfp_t,
    _attributes: ffi::c_ulong,
) -> *mut ffi::c_void {
    // CAST: Flags have 32 bits.
    let flags = flags | bindings::__GFP_ZERO as bindings::gfp_t;
    // SAFETY: The helper has no conditions: by `flags`, the caller says whether it may sleep.
    let memory = unsafe { tsm_bindings::tsm_helper_alloc_pages_exact(size, flags) };
    if memory.is_null() {
        return memory;
    }
    // SAFETY: The page allocator gives memory of the kernel's linear mapping with these flags.
    let address = unsafe { tsm_bindings::tsm_helper_virt_to_phys(memory) };

    // SAFETY: By the safety requirement, `dev` is valid.
    if !reaches(unsafe { (*dev).coherent_dma_mask }, address, size) {
        // SAFETY: The memory was allocated above, with this size.
        unsafe { bindings::free_pages_exact(memory, size) };
        return null_mut();
    }
    // SAFETY: By the safety requirement, `handle` can be written.
    unsafe { *handle = address };
    memory
}

/// # Safety
///
/// As for [`map_phys`]; [`alloc`] has returned `memory` for this size.
unsafe extern "C" fn free(
    _dev: *mut bindings::device,
    size: usize,
    memory: *mut ffi::c_void,
    _handle: bindings::dma_addr_t,
    _attributes: ffi::c_ulong,
) {
    // SAFETY: By the safety requirement, `alloc` has returned `memory` for this size.
    unsafe { bindings::free_pages_exact(memory, size) };
}

/// # Safety
///
/// To be called by the DMA core only, for a valid device with [`operations()`].
unsafe extern "C" fn map_phys(
    dev: *mut bindings::device,
    address: bindings::phys_addr_t,
    size: usize,
    _direction: bindings::dma_data_direction,
    attributes: ffi::c_ulong,
) -> bindings::dma_addr_t {
    // CAST: A flag.
    let is_mmio = attributes & bindings::DMA_ATTR_MMIO as ffi::c_ulong != 0;

    // SAFETY: By the safety requirement, `dev` is valid and has `operations()`, so it is a PCI
    // function, which has a mask.
    match !is_mmio && reaches(unsafe { *(*dev).dma_mask }, address, size) {
        true => address,
        false => FAILED,
    }
}

/// # Safety
///
/// None.
unsafe extern "C" fn unmap_phys(
    _dev: *mut bindings::device,
    _handle: bindings::dma_addr_t,
    _size: usize,
    _direction: bindings::dma_data_direction,
    _attributes: ffi::c_ulong,
) {
}

/// # Safety
///
/// As for [`map_phys`]; `list` has `count` entries, which nothing else uses meanwhile.
unsafe extern "C" fn map_sg(
    dev: *mut bindings::device,
    list: *mut bindings::scatterlist,
    count: ffi::c_int,
    direction: bindings::dma_data_direction,
    attributes: ffi::c_ulong,
) -> ffi::c_int {
    let mut next = NonNull::new(list);

    for _ in 0..count {
        let Some(entry) = next else {
            return Error::to_errno(EINVAL);
        };
        // SAFETY: By the safety requirement, `entry` is one of the entries of `list`.
        let address = unsafe { tsm_bindings::tsm_helper_sg_phys(entry.as_ptr()) };
        // SAFETY: By the safety requirement, `entry` is one of the entries of `list`, which nothing
        // else uses meanwhile.
        let entry = unsafe { &mut *entry.as_ptr() };
        // CAST: Widens.
        // SAFETY: By the safety requirement, the DMA core calls for a valid device with
        // `operations()`.
        let handle =
            unsafe { map_phys(dev, address, entry.length as usize, direction, attributes) };
        if handle == FAILED {
            return Error::to_errno(EIO);
        }
        entry.dma_address = handle;
        entry.dma_length = entry.length;
        // SAFETY: By the safety requirement, `entry` is one of the entries of `list`, after which
        // there is another or none.
        next = NonNull::new(unsafe { bindings::sg_next(entry) });
    }
    count
}

/// # Safety
///
/// None.
unsafe extern "C" fn unmap_sg(
    _dev: *mut bindings::device,
    _list: *mut bindings::scatterlist,
    _count: ffi::c_int,
    _direction: bindings::dma_data_direction,
    _attributes: ffi::c_ulong,
) {
}
