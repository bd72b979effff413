// SPDX-License-Identifier: GPL-2.0

//! A security manager for devices (TSM), which user space chooses by `tsm/connect`.
//!
//! C headers: [`include/linux/pci-tsm.h`](srctree/include/linux/pci-tsm.h),
//! [`include/linux/tsm.h`](srctree/include/linux/tsm.h)
//!
//! Only a "link" TSM, of endpoints: it connects function 0 of a device. It has no TDIs.
//!
//! # Locks
//!
//! The PCI core calls with `pci_tsm_rwsem` held for write, one semaphore for all devices, and the lock of the
//! context within it. It takes that semaphore while a device is removed as well, before the PCI bus tells a
//! [`notifier`], with the lock of rescans outside. So a callback may take the lock of what a [`notifier`]
//! keeps, and nothing that is done with that lock held may wait for `tsm/connect`.

mod files;

use core::ptr::{
    null_mut,
    NonNull, //
};

use kernel::{
    bindings,
    container_of,
    error::{
        from_err_ptr,
        from_result, //
    },
    ffi,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
    types::Opaque, //
};
use tsm_bindings::{
    kvm,
    pci_tdi,
    pci_tsm,
    pci_tsm_ops,
    pci_tsm_ops__bindgen_ty_1_pci_tsm_link_ops as pci_tsm_link_ops,
    pci_tsm_pf0,
    pci_tsm_req_scope,
    tsm_dev, //
};

use super::notifier::{
    self,
    RescanRemoveLock,
    Watch, //
};
use crate::error::errno;

/// Connects devices that are watched.
///
/// # Examples
///
/// ```
/// use kernel::{
///     prelude::*,
///     sync::Arc, //
/// };
/// use tsm_ext::pci::{
///     notifier::{
///         self,
///         Watch, //
///     },
///     tsm::{
///         Link,
///         Registration, //
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
/// impl Link for Everything {
///     type Context = Device;
///
///     fn probe(device: &Device) -> Result<Device> {
///         Ok(device.clone())
///     }
///
///     fn connect(device: &Device) -> Result {
///         match device.answers() {
///             true => Ok(()),
///             false => Err(ENXIO),
///         }
///     }
///
///     fn disconnect(_device: &Device) {}
/// }
///
/// let devices = Arc::new(notifier::Registration::new(Everything)?, GFP_KERNEL)?;
/// // From here on, `tsm/connect` of a device works.
/// let registration = Registration::new(devices)?;
/// # Ok::<(), Error>(())
/// ```
pub trait Link: Watch {
    /// What the PCI core has of a device, from before it is connected until it is disconnected, removed, or
    /// the registration ends. It is dropped then, also if [`Self::connect`] fails.
    type Context: Send;

    /// Makes a context. A failure is `ENXIO` to user space.
    fn probe(data: &Self::Data) -> Result<Self::Context>;

    /// Connects the device.
    fn connect(context: &Self::Context) -> Result;

    /// Disconnects the device. It may be about to be removed.
    fn disconnect(context: &Self::Context);
}

#[pin_data]
struct Inner<T: Link> {
    #[pin]
    ops: Opaque<pci_tsm_ops>,
    devices: Arc<notifier::Registration<T>>,
    /// Whether devices get no context any more, if not 0.
    closed: Atomic<u32>,
}

/// What the PCI core has a pointer to, of a device.
struct Context<C> {
    pf0: Opaque<pci_tsm_pf0>,
    data: C,
}

/// The registration of a [`Link`], undone when dropped, which closes and disconnects the devices.
///
/// # Invariants
///
/// `raw` is registered with the operations in `inner`, and belongs to `self`.
///
/// # Examples
///
/// See [`Link`].
pub struct Registration<T: Link> {
    raw: NonNull<tsm_dev>,
    /// Freed after `raw` is unregistered.
    inner: Pin<KBox<Inner<T>>>,
}

// SAFETY: The PCI core and the driver core lock what they change; `Inner` has nothing else but `devices`, which
// is `Send` and `Sync`.
unsafe impl<T: Link> Send for Registration<T> {}

// SAFETY: A shared reference allows nothing.
unsafe impl<T: Link> Sync for Registration<T> {}

impl<T: Link> Registration<T> {
    /// Registers a TSM for `devices`.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    pub fn new(devices: Arc<notifier::Registration<T>>) -> Result<Self> {
        let inner = KBox::pin_init(
            pin_init!(Inner {
                ops: Opaque::zeroed(),
                devices,
                closed: Atomic::new(0),
            }),
            GFP_KERNEL,
        )?;
        let ops = inner.ops.get();

        // SAFETY: `ops` is valid, and no other thread has its address yet. Each field of this view of the union
        // is a pointer to a function.
        unsafe {
            (*ops).__bindgen_anon_1.link_ops = pci_tsm_link_ops {
                probe: Some(Inner::<T>::probe),
                remove: Some(Inner::<T>::remove),
                connect: Some(Inner::<T>::connect),
                disconnect: Some(Inner::<T>::disconnect),
                bind: Some(bind),
                unbind: Some(unbind),
                guest_req: Some(guest_req),
            };
        }
        // SAFETY: There need not be a parent. `ops` is pinned, and stays until it is unregistered.
        let raw = from_err_ptr(unsafe { tsm_bindings::tsm_register(null_mut(), ops) })?;

        // INVARIANT: The TSM was registered just now.
        Ok(Self {
            raw: NonNull::new(raw).ok_or(ENOMEM)?,
            inner,
        })
    }
}

impl<T: Link> Drop for Registration<T> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, the TSM is registered, so its device is there.
        let device = unsafe { &raw mut (*self.raw.as_ptr()).dev };
        // SAFETY: By the type invariant, the TSM is registered, so its device is there.
        unsafe { bindings::get_device(device) };
        let locked = RescanRemoveLock::new();

        self.inner.closed.store(1, Relaxed);
        // What runs of `tsm/connect` ends soon. It is waited for.
        self.inner.devices.close();
        // SAFETY: By the type invariant, the TSM is registered. `locked` keeps devices from coming and
        // going.
        unsafe { files::remove(self.raw) };
        // SAFETY: By the type invariant, the TSM is registered. This disconnects its devices.
        unsafe { tsm_bindings::tsm_unregister(self.raw.as_ptr()) };
        drop(locked);

        // The core releases its semaphore first, and removes the TSM from its class after that. If there is another
        // TSM, a writer of `tsm/connect` may have found this one in between, and be in `probe`. It has a reference
        // until it is back, soon: `probe` only returns then. Nothing tells of the end of a reference.
        // SAFETY: The reference that was taken above keeps the device.
        while unsafe { tsm_bindings::tsm_helper_device_references(device) } > 1 {
            fsleep(Delta::from_millis(1));
        }
        // SAFETY: The reference was taken above, and is not used any more.
        unsafe { bindings::put_device(device) };
    }
}

impl<T: Link> Inner<T> {
    /// # Safety
    ///
    /// To be called by the PCI core only, with a TSM whose operations are in an `Inner<T>`, and a device that is
    /// on its bus.
    unsafe extern "C" fn probe(tsm: *mut tsm_dev, device: *mut bindings::pci_dev) -> *mut pci_tsm {
        // SAFETY: By the safety requirement, `tsm` is a TSM whose operations are in an `Inner<T>`.
        let ops = Opaque::cast_from(unsafe { (*tsm).pci_ops });
        // SAFETY: By the safety requirement, `ops` is this field of an `Inner<T>`.
        let this = unsafe { container_of!(ops, Self, ops) };
        // SAFETY: The `Inner` is freed after the TSM is unregistered and calls have ended.
        let this = unsafe { &*this };

        // First: see `Registration::drop`.
        if this.closed.load(Relaxed) != 0 {
            return null_mut();
        }
        // SAFETY: By the safety requirement, `device` is on its bus. Other functions, and those
        // below a switch, have no context, which is for TDIs.
        if !unsafe { tsm_bindings::tsm_helper_is_pci_tsm_endpoint(device) } {
            return null_mut();
        }
        let data = NonNull::new(device).and_then(|raw| this.devices.with(raw, T::probe));

        match data {
            // SAFETY: By the safety requirement, `tsm` has the operations of a link TSM, and
            // `device` is on its bus. `closed` is not set, so the TSM is still registered.
            Some(Ok(data)) => unsafe { Context::make(data, tsm, device) },
            Some(Err(_)) | None => null_mut(),
        }
    }

    /// # Safety
    ///
    /// To be called by the PCI core only, at last, with what [`Self::probe`] has returned.
    unsafe extern "C" fn remove(tsm: *mut pci_tsm) {
        // SAFETY: By the safety requirement, `probe` has returned `tsm`, which is the `base_tsm` of a
        // context.
        let context = unsafe { Context::<T::Context>::from_raw(tsm) }.cast_mut();
        // SAFETY: By the safety requirement, `probe` has returned `tsm`, so `Context::make` has
        // constructed the context.
        unsafe { tsm_bindings::pci_tsm_pf0_destructor((*context).pf0.get()) };

        // SAFETY: By the safety requirement, this is what `Context::make` has returned, and there
        // is no other reference to it.
        drop(unsafe { KBox::from_raw(context) });
    }

    /// # Safety
    ///
    /// To be called by the PCI core only, with a device whose `tsm` is what [`Self::probe`] has returned.
    unsafe extern "C" fn connect(device: *mut bindings::pci_dev) -> ffi::c_int {
        from_result(|| {
            // SAFETY: By the safety requirement, `device` has a context of `probe`, which the PCI
            // core keeps while it calls.
            T::connect(unsafe { Context::<T::Context>::of(device) })?;
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// As for [`Self::connect`].
    unsafe extern "C" fn disconnect(device: *mut bindings::pci_dev) {
        // SAFETY: By the safety requirement, `device` has a context of `probe`, which the PCI core
        // keeps while it calls.
        T::disconnect(unsafe { Context::<T::Context>::of(device) });
    }
}

impl<C> Context<C> {
    /// Makes a context, or returns null.
    ///
    /// # Safety
    ///
    /// `tsm` must be a link TSM that is registered, and `device` on its bus.
    unsafe fn make(data: C, tsm: *mut tsm_dev, device: *mut bindings::pci_dev) -> *mut pci_tsm {
        let context = Self {
            pf0: Opaque::zeroed(),
            data,
        };
        let Ok(context) = KBox::new(context, GFP_KERNEL) else {
            return null_mut();
        };
        let context = KBox::into_raw(context);
        // SAFETY: `context` was allocated just now.
        let pf0 = unsafe { (*context).pf0.get() };

        // SAFETY: By the safety requirement, `tsm` is a link TSM that is registered, and `device`
        // is on its bus. The context stays where it is until it is freed.
        match unsafe { tsm_bindings::pci_tsm_pf0_constructor(device, pf0, tsm) } {
            // SAFETY: `pf0` is a field of the context, and this only computes an address in it.
            0 => unsafe { &raw mut (*pf0).base_tsm },
            _ => {
                // SAFETY: The box was given up above. What is left of the lock in it needs no end.
                drop(unsafe { KBox::from_raw(context) });
                null_mut()
            }
        }
    }

    /// Returns the context that `tsm` is part of.
    ///
    /// # Safety
    ///
    /// `tsm` must be the `base_tsm` of a context of this type.
    unsafe fn from_raw(tsm: *mut pci_tsm) -> *const Self {
        // SAFETY: By the safety requirement, `tsm` is part of a context, so the result is in the
        // same allocation.
        let pf0 = unsafe { container_of!(tsm, pci_tsm_pf0, base_tsm) };

        // SAFETY: By the safety requirement, `tsm` is part of a context, so the result is in the
        // same allocation.
        unsafe { container_of!(Opaque::cast_from(pf0.cast_const()), Self, pf0) }
    }

    /// Returns the context of a device.
    ///
    /// # Safety
    ///
    /// `device` must have one of this type, and keep it for `'a`.
    unsafe fn of<'a>(device: *mut bindings::pci_dev) -> &'a C {
        // SAFETY: By the safety requirement, `device` has a context, so it is valid.
        let tsm = unsafe { (*device).tsm };
        // SAFETY: By the safety requirement, the context is one of this type.
        let context = unsafe { Self::from_raw(tsm.cast()) };

        // SAFETY: By the safety requirement, the context is one of this type, and is kept for `'a`.
        unsafe { &(*context).data }
    }
}

/// # Safety
///
/// None; the PCI core has a pointer to an `unsafe` function.
unsafe extern "C" fn bind(
    _device: *mut bindings::pci_dev,
    _kvm: *mut kvm,
    _id: u32,
) -> *mut pci_tdi {
    errno(bindings::EOPNOTSUPP).to_ptr()
}

/// Is not called, because [`bind`] makes no TDI.
///
/// # Safety
///
/// As for [`bind`].
unsafe extern "C" fn unbind(_tdi: *mut pci_tdi) {}

/// Is not called, because [`bind`] makes no TDI.
///
/// # Safety
///
/// As for [`bind`].
unsafe extern "C" fn guest_req(
    _tdi: *mut pci_tdi,
    _scope: pci_tsm_req_scope,
    _request: bindings::sockptr_t,
    _request_len: usize,
    _response: bindings::sockptr_t,
    _response_len: usize,
    _code: *mut u64,
) -> isize {
    // CAST: An errno fits.
    errno(bindings::EOPNOTSUPP).to_errno() as isize
}
