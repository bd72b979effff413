// SPDX-License-Identifier: GPL-2.0

//! Private memory for a function whose interface runs: its DMA goes there, and drivers map its BARs so.

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
    pci::{
        self,
        PrivateMmio,
        Unbound, //
    }, //
};
use tsm_proto::tdisp::ranges::BarSet;

/// What there can't be any of: this kernel has no DMA operations of a device.
#[cfg(not(CONFIG_ARCH_HAS_DMA_OPS))]
enum PrivateDma {}

#[cfg(not(CONFIG_ARCH_HAS_DMA_OPS))]
impl PrivateDma {
    fn new(_unbound: &Unbound<'_>, _module: &'static ThisModule) -> Result<Self> {
        Err(errno(bindings::EOPNOTSUPP))
    }

    fn end(self, _unbound: &Unbound<'_>) {
        match self {}
    }
}

/// What the user of the module wants to be private.
#[derive(Clone, Copy)]
pub(crate) struct PrivateConfig {
    /// The module, whose functions map the memory, if DMA is.
    dma: Option<&'static ThisModule>,
    /// Whether BARs are.
    mmio: bool,
}

impl PrivateConfig {
    /// Takes what the parameters of the module say.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` when DMA is wanted, and this kernel has no DMA operations of a device.
    pub(crate) fn new(dma: bool, mmio: bool, module: &'static ThisModule) -> Result<Self> {
        match dma && !cfg!(CONFIG_ARCH_HAS_DMA_OPS) {
            true => Err(errno(bindings::EOPNOTSUPP)),
            false => Ok(Self {
                dma: dma.then_some(module),
                mmio,
            }),
        }
    }
}

/// What is private.
struct PrivateResources {
    dma: Option<PrivateDma>,
    mmio: Option<PrivateMmio>,
}

impl PrivateResources {
    fn end(self, unbound: &Unbound<'_>) {
        if let Some(dma) = self.dma {
            dma.end(unbound);
        }
        drop(self.mmio);
    }
}

/// Whether anything of a function is private.
///
/// It may begin and end only while no driver is bound. If one is bound when it is to end, it goes on until the next
/// opportunity.
#[pin_data]
pub(super) struct Private {
    #[pin]
    held: Mutex<Option<PrivateResources>>,
}

impl Private {
    pub(super) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            held <- new_mutex!(None, "tsm_tdisp::Private::held"),
        })
    }

    pub(super) fn is_some(&self) -> bool {
        self.held.lock().is_some()
    }

    /// Begins.
    pub(super) fn begin(
        &self,
        unbound: &Unbound<'_>,
        config: PrivateConfig,
        bars: BarSet,
    ) -> Result {
        self.end(unbound);

        let mmio = match config.mmio && !bars.is_empty() {
            true => Some(PrivateMmio::new(unbound.device(), bars)?),
            false => None,
        };
        // Last, because it does not end when it is dropped here, with the device locked.
        let dma = match config.dma {
            Some(module) => Some(PrivateDma::new(unbound, module)?),
            None => None,
        };

        if dma.is_some() || mmio.is_some() {
            *self.held.lock() = Some(PrivateResources { dma, mmio });
        }
        Ok(())
    }

    /// Ends.
    pub(super) fn end(&self, unbound: &Unbound<'_>) {
        let held = self.held.lock().take();

        if let Some(held) = held {
            held.end(unbound);
        }
    }

    /// Ends, if no driver is bound.
    pub(super) fn try_end(&self, function: &pci::Device) {
        if self.is_some() {
            let _ = function.without_driver(|unbound| {
                self.end(unbound);
                Ok(())
            });
        }
    }
}
