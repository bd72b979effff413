// SPDX-License-Identifier: GPL-2.0

//! Which functions are of the same device, and the mailbox by which all of them are reached: that of function 0.
//!
//! Functions come and go in any order. A function is an interface from when function 0 is there, until it is removed
//! itself; without function 0, or after that was removed, nothing can be asked of it.

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
use tsm_ext::pci::{
    self,
    Location, //
};

use crate::{
    device::Device,
    files::Files,
    interface::{
        Interface,
        PrivateConfig, //
    }, //
};

/// Function 0 of a device, as long as it is there.
struct Function0 {
    device: Option<Arc<Device>>,
    /// Generations of evidence that there were before this one came.
    past: u64,
}

/// The functions of one device.
#[pin_data]
pub(crate) struct Functions {
    location: Location,
    private: PrivateConfig,
    #[pin]
    function_0: SpinLock<Function0>,
    #[pin]
    members: Mutex<KVec<Member>>,
}

/// A function that can be an interface.
struct Member {
    function: pci::Device,
    tdi: Option<Tdi>,
}

/// The right of a function to be an interface, given up when dropped.
pub(crate) struct Membership {
    functions: Arc<Functions>,
    location: Location,
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.functions.leave(self.location);
    }
}

/// An interface and its files.
struct Tdi {
    // First. Removing a file waits for the tasks that read or write it.
    files: Option<Files>,
    interface: Arc<Interface>,
}

impl Tdi {
    fn new(function: &pci::Device, functions: Arc<Functions>) -> Result<Self> {
        let directory = function.new_directory(c"tdi")?;
        let interface = Interface::new(function.clone(), functions, directory.clone())?;
        let files = Files::of_interface(&interface, &directory)?;

        Ok(Self {
            files: Some(files),
            interface,
        })
    }
}

impl Drop for Tdi {
    fn drop(&mut self) {
        // A removal does not wait for what is asked of the device.
        let device = self.interface.functions().device().ok();
        let _cancelling = device.as_ref().map(|device| device.cancel());

        drop(self.files.take());
        // To stop the interface takes function 0.
        self.interface.release();
    }
}

impl Functions {
    fn new(location: Location, private: PrivateConfig) -> Result<Arc<Self>> {
        let function_0 = Function0 {
            device: None,
            past: 0,
        };

        Arc::pin_init(
            pin_init!(Self {
                location,
                private,
                function_0 <- new_spinlock!(function_0, "tsm_tdisp::Functions::function_0"),
                members <- new_mutex!(KVec::new(), "tsm_tdisp::Functions::members"),
            }),
            GFP_KERNEL,
        )
    }

    /// Returns what of interfaces that run is to be private.
    pub(crate) fn private(&self) -> PrivateConfig {
        self.private
    }

    /// Returns function 0.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] when it is not there.
    pub(crate) fn device(&self) -> Result<Arc<Device>> {
        self.function_0.lock().device.clone().ok_or(ENXIO)
    }

    /// Returns a number that grows with each generation of the evidence of function 0, also when it is removed and
    /// found again.
    pub(crate) fn generation(&self) -> u64 {
        let function_0 = self.function_0.lock();

        function_0
            .past
            .wrapping_add(function_0.device.as_ref().map_or(0, generation_of))
    }

    /// Function 0 is there from now on: functions that came before it are interfaces.
    pub(crate) fn begin(self: &Arc<Self>, device: Arc<Device>) {
        self.function_0.lock().device = Some(device);
        for function in (0..8).filter_map(|number| self.without_interface(number)) {
            // Without the lock, as for a failure it waits for the tasks that have opened a file.
            if let Some(tdi) = self.new_tdi(&function) {
                self.show(&function, tdi);
            }
        }
    }

    /// Returns the function with this number, if it is no interface yet.
    fn without_interface(&self, number: u8) -> Option<pci::Device> {
        let members = self.members.lock();
        let found = members
            .iter()
            .find(|member| member.tdi.is_none() && member.function.location().function() == number);

        found.map(|member| member.function.clone())
    }

    /// Keeps the interface of a function, unless the function is gone.
    fn show(&self, function: &pci::Device, tdi: Tdi) {
        let mut tdi = Some(tdi);
        let mut members = self.members.lock();
        let found = members
            .iter_mut()
            .find(|member| member.function.location() == function.location());

        if let Some(member) = found {
            member.tdi = tdi.take();
        }
        // Without the lock, as above.
        drop(members);
        drop(tdi);
    }

    /// Makes an interface of a function, if function 0 is there.
    fn new_tdi(self: &Arc<Self>, function: &pci::Device) -> Option<Tdi> {
        self.device().ok()?;
        Tdi::new(function, self.clone())
            .inspect_err(|err| pr_err!("an interface is not shown: {err:?}\n"))
            .ok()
    }

    /// A function is there that can be an interface.
    pub(crate) fn join(self: &Arc<Self>, function: &pci::Device) -> Result<Membership> {
        self.members.lock().reserve(1, GFP_KERNEL)?;
        let member = Member {
            function: function.clone(),
            tdi: self.new_tdi(function),
        };
        let pushed = self.members.lock().push(member, GFP_KERNEL);

        pushed?;
        Ok(Membership {
            functions: self.clone(),
            location: function.location(),
        })
    }

    fn leave(&self, location: Location) {
        let mut members = self.members.lock();
        let place = members
            .iter()
            .position(|member| member.function.location() == location);
        let member = place.and_then(|place| members.remove(place).ok());

        // Without the lock: this waits for the tasks that use files of the interface.
        drop(members);
        drop(member);
    }

    /// A function whose mailbox this is, is about to be removed.
    pub(crate) fn end(&self, device: &Arc<Device>) {
        let mut function_0 = self.function_0.lock();
        let is_same = |found: &mut Arc<Device>| Arc::ptr_eq(found, device);
        let Some(device) = function_0.device.take_if(is_same) else {
            return;
        };

        function_0.past = function_0
            .past
            .wrapping_add(generation_of(&device))
            .wrapping_add(1);
        drop(function_0);
        drop(device);
        self.notify();
    }

    fn is_empty(&self) -> bool {
        self.function_0.lock().device.is_none() && self.members.lock().is_empty()
    }

    fn for_each(&self, look: impl FnMut(&Arc<Interface>)) {
        let members = self.members.lock();
        let tdis = members.iter().filter_map(|member| member.tdi.as_ref());

        tdis.map(|tdi| &tdi.interface).for_each(look);
    }

    /// Notifies poll(2) that the generation has changed.
    pub(crate) fn notify(&self) {
        self.for_each(|interface| interface.notify_generation());
    }

    /// The session has ended: nothing is known of the interfaces any more.
    pub(crate) fn forget(&self) {
        self.for_each(|interface| interface.set(None, None));
    }
}

fn generation_of(device: &Arc<Device>) -> u64 {
    device.published().generation().number()
}

/// All devices of which a function is watched.
#[pin_data]
pub(crate) struct WatchedDevices {
    private: PrivateConfig,
    #[pin]
    list: Mutex<KVec<Arc<Functions>>>,
}

impl WatchedDevices {
    /// Has none yet. See [`Functions::private`].
    pub(crate) fn new(private: PrivateConfig) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                private,
                list <- new_mutex!(KVec::new(), "tsm_tdisp::WatchedDevices::list"),
            }),
            GFP_KERNEL,
        )
    }

    /// Returns the functions of the device of which there is one at `location`. Those of which nothing is left are
    /// forgotten.
    pub(crate) fn at(&self, location: Location) -> Result<Arc<Functions>> {
        let mut list = self.list.lock();

        list.retain(|functions| {
            functions.location.is_same_device(location) || !functions.is_empty()
        });
        let found = list
            .iter()
            .find(|functions| functions.location.is_same_device(location));
        match found {
            Some(functions) => Ok(functions.clone()),
            None => {
                let functions = Functions::new(location, self.private)?;
                list.push(functions.clone(), GFP_KERNEL)?;
                Ok(functions)
            }
        }
    }
}
