// SPDX-License-Identifier: GPL-2.0

//! DMA to private memory, for a function whose interface runs.

use kernel::{
    bindings,
    new_mutex,
    prelude::*,
    sync::Mutex, //
};
#[cfg(CONFIG_ARCH_HAS_DMA_OPS)]
use tsm_ext::pci::PrivateDma;
use tsm_ext::{
    error::errno,
    pci, //
};

/// What there can't be any of: this kernel has no DMA operations of a device.
#[cfg(not(CONFIG_ARCH_HAS_DMA_OPS))]
enum PrivateDma {}

/// Checks that the kernel has DMA operations of a device.
///
/// # Errors
///
/// `EOPNOTSUPP` when it has not.
pub(crate) fn check() -> Result {
    match cfg!(CONFIG_ARCH_HAS_DMA_OPS) {
        true => Ok(()),
        false => Err(errno(bindings::EOPNOTSUPP)),
    }
}

/// Whether DMA of a function goes to private memory.
///
/// It may begin and end only while no driver is bound. If one is bound when it is to end, it goes on until the next
/// opportunity.
#[pin_data]
pub(super) struct Private {
    #[pin]
    dma: Mutex<Option<PrivateDma>>,
}

impl Private {
    pub(super) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            dma <- new_mutex!(None, "tsm_tdisp::Private::dma"),
        })
    }

    pub(super) fn is_some(&self) -> bool {
        self.dma.lock().is_some()
    }

    /// Begins. The caller keeps drivers away.
    #[cfg(CONFIG_ARCH_HAS_DMA_OPS)]
    pub(super) fn begin(&self, function: &pci::Device, module: &'static ThisModule) -> Result {
        let dma = PrivateDma::new(function, module)?;

        *self.dma.lock() = Some(dma);
        Ok(())
    }

    #[cfg(not(CONFIG_ARCH_HAS_DMA_OPS))]
    pub(super) fn begin(&self, _function: &pci::Device, _module: &'static ThisModule) -> Result {
        check()
    }

    /// Ends. The caller keeps drivers away.
    pub(super) fn end(&self) {
        *self.dma.lock() = None;
    }

    /// Ends, if no driver is bound.
    pub(super) fn try_end(&self, function: &pci::Device) {
        if self.is_some() {
            let _ = function.without_driver(|| {
                self.end();
                Ok(())
            });
        }
    }
}
