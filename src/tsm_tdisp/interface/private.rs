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
        PrivateMmio, //
    }, //
};
use tsm_proto::tdisp::ranges::BarSet;

/// What there can't be any of: this kernel has no DMA operations of a device.
#[cfg(not(CONFIG_ARCH_HAS_DMA_OPS))]
enum PrivateDma {}

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

    /// Begins. The caller keeps drivers away.
    pub(super) fn begin(
        &self,
        function: &pci::Device,
        config: PrivateConfig,
        bars: BarSet,
    ) -> Result {
        let held = PrivateResources {
            dma: match config.dma {
                Some(module) => Some(begin_dma(function, module)?),
                None => None,
            },
            mmio: match config.mmio && !bars.is_empty() {
                true => Some(PrivateMmio::new(function, bars)?),
                false => None,
            },
        };

        if held.dma.is_some() || held.mmio.is_some() {
            *self.held.lock() = Some(held);
        }
        Ok(())
    }

    /// Ends. The caller keeps drivers away.
    pub(super) fn end(&self) {
        *self.held.lock() = None;
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

#[cfg(CONFIG_ARCH_HAS_DMA_OPS)]
fn begin_dma(function: &pci::Device, module: &'static ThisModule) -> Result<PrivateDma> {
    PrivateDma::new(function, module)
}

#[cfg(not(CONFIG_ARCH_HAS_DMA_OPS))]
fn begin_dma(_function: &pci::Device, _module: &'static ThisModule) -> Result<PrivateDma> {
    Err(errno(bindings::EOPNOTSUPP))
}
