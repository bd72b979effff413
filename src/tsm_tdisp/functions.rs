// SPDX-License-Identifier: GPL-2.0

//! Which functions are of the same device, and the mailbox by which all of them are reached: that of function 0.

use kernel::{
    new_mutex,
    new_spinlock,
    prelude::*,
    sync::{
        Arc,
        Mutex,
        SpinLock, //
    }, //
};
use tsm_ext::pci::Location;

use crate::{
    device::Device,
    interface::Interface, //
};

/// Function 0 of a device, as long as it is there.
struct First {
    device: Option<Arc<Device>>,
    /// Generations of evidence that there were before this one came.
    past: u64,
}

/// The functions of one device.
#[pin_data]
pub(crate) struct Functions {
    location: Location,
    #[pin]
    first: SpinLock<First>,
    #[pin]
    interfaces: Mutex<KVec<Arc<Interface>>>,
}

impl Functions {
    fn new(location: Location) -> Result<Arc<Self>> {
        let first = First {
            device: None,
            past: 0,
        };

        Arc::pin_init(
            pin_init!(Self {
                location,
                first <- new_spinlock!(first, "tsm_tdisp::Functions::first"),
                interfaces <- new_mutex!(KVec::new(), "tsm_tdisp::Functions::interfaces"),
            }),
            GFP_KERNEL,
        )
    }

    /// Returns function 0.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] when it is not there.
    pub(crate) fn device(&self) -> Result<Arc<Device>> {
        self.first.lock().device.clone().ok_or(ENXIO)
    }

    /// Returns a number that grows with each generation of the evidence of function 0, also when it is removed and
    /// found again.
    pub(crate) fn generation(&self) -> u64 {
        let first = self.first.lock();

        first.past.wrapping_add(first.device.as_ref().map_or(0, generation_of))
    }

    /// Function 0 is there from now on.
    pub(crate) fn begin(&self, device: Arc<Device>) {
        self.first.lock().device = Some(device);
    }

    /// A function whose mailbox this is, is about to be removed.
    pub(crate) fn end(&self, device: &Arc<Device>) {
        let mut first = self.first.lock();
        let is_first = |found: &mut Arc<Device>| Arc::ptr_eq(found, device);
        let Some(device) = first.device.take_if(is_first) else {
            return;
        };

        first.past = first.past.wrapping_add(generation_of(&device)).wrapping_add(1);
        drop(first);
        drop(device);
        self.notify();
    }

    fn is_empty(&self) -> bool {
        self.first.lock().device.is_none() && self.interfaces.lock().is_empty()
    }

    /// Tells those who wait for it that the generation has changed.
    pub(crate) fn notify(&self) {
        for interface in &*self.interfaces.lock() {
            interface.notify_generation();
        }
    }

    /// Adds an interface.
    pub(crate) fn add(&self, interface: Arc<Interface>) -> Result {
        Ok(self.interfaces.lock().push(interface, GFP_KERNEL)?)
    }

    /// Removes an interface.
    pub(crate) fn remove(&self, interface: &Arc<Interface>) {
        self.interfaces
            .lock()
            .retain(|found| !Arc::ptr_eq(found, interface));
    }
}

fn generation_of(device: &Arc<Device>) -> u64 {
    device.published().generation().number()
}

/// All devices of which a function is watched.
#[pin_data]
pub(crate) struct All {
    #[pin]
    list: Mutex<KVec<Arc<Functions>>>,
}

impl All {
    /// Has none yet.
    pub(crate) fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                list <- new_mutex!(KVec::new(), "tsm_tdisp::All::list"),
            }),
            GFP_KERNEL,
        )
    }

    /// Returns the functions of the device of which there is one at `location`. Those of which nothing is left are
    /// forgotten.
    pub(crate) fn at(&self, location: Location) -> Result<Arc<Functions>> {
        let mut list = self.list.lock();

        list.retain(|functions| functions.location.is_same_device(location) || !functions.is_empty());
        let found = list
            .iter()
            .find(|functions| functions.location.is_same_device(location));
        match found {
            Some(functions) => Ok(functions.clone()),
            None => {
                let functions = Functions::new(location)?;
                list.push(functions.clone(), GFP_KERNEL)?;
                Ok(functions)
            }
        }
    }
}
