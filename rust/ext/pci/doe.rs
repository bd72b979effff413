// SPDX-License-Identifier: GPL-2.0

//! Data Object Exchange mailboxes.
//!
//! C header: [`include/linux/pci-doe.h`](srctree/include/linux/pci-doe.h)

use core::ptr::NonNull;

use kernel::{
    error::to_result,
    prelude::*, //
};
use tsm_proto::doe::{
    Error as DoeError,
    ObjectType,
    Padded,
    Vendor, //
};

use super::{
    is_answering,
    Device, //
};

/// Memory for a request, and then for its response.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::pci::doe::Buffer;
///
/// let mut buffer = Buffer::new(4096)?;
/// assert_eq!(buffer.as_mut_bytes().len(), 4096);
/// # Ok::<(), Error>(())
/// ```
pub struct Buffer(KVec<u32>);

impl Buffer {
    /// Allocates `size` bytes, rounded down to whole dwords.
    pub fn new(size: usize) -> Result<Self> {
        Ok(Self(KVec::from_elem(0, size / 4, GFP_KERNEL)?))
    }

    /// Returns the bytes.
    pub fn as_mut_bytes(&mut self) -> &mut [u8] {
        self.0.as_mut_slice().as_mut_bytes()
    }
}

/// A mailbox that speaks a type of objects.
///
/// # Invariants
///
/// `raw` is a mailbox of `device`, which is valid until the device was removed from its bus.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use tsm_ext::pci::{
///     doe::{
///         Buffer,
///         Mailbox, //
///     },
///     Device, //
/// };
/// use tsm_proto::doe::ObjectType;
///
/// /// Sends `GET_VERSION` and returns the length of the response.
/// fn get_version(device: &Device) -> Result<usize> {
///     let mailbox = Mailbox::find(device, ObjectType::CMA_SPDM).ok_or(ENXIO)?;
///     let mut buffer = Buffer::new(64)?;
///
///     buffer.as_mut_bytes()[..4].copy_from_slice(&[0x10, 0x84, 0, 0]);
///     mailbox.exchange(ObjectType::CMA_SPDM, &mut buffer, 4)
/// }
/// ```
pub struct Mailbox {
    device: Device,
    raw: NonNull<tsm_bindings::pci_doe_mb>,
}

// SAFETY: `pci_doe()` may be called by any thread, and queues the exchange.
unsafe impl Send for Mailbox {}

// SAFETY: `pci_doe()` queues exchanges, so several threads may call it at the same time.
unsafe impl Sync for Mailbox {}

impl Mailbox {
    /// Bytes of a buffer that a response leaves free, see [`Self::exchange`].
    pub const GUARD: usize = 4;

    /// Returns the mailbox of `device` that speaks this type, which the PCI-SIG has defined.
    pub fn find(device: &Device, object_type: ObjectType) -> Option<Self> {
        let find = |raw: NonNull<kernel::bindings::pci_dev>| {
            // SAFETY: `while_present` passes a device that is valid and on its bus.
            let mailbox = unsafe {
                tsm_bindings::pci_find_doe_mailbox(
                    raw.as_ptr(),
                    Vendor::PCI_SIG.raw(),
                    object_type.raw(),
                )
            };
            NonNull::new(mailbox).ok_or(ENXIO)
        };
        let raw = device.while_present(find).ok()?;

        // INVARIANT: The PCI core frees mailboxes after the device was removed from its bus.
        Some(Self {
            device: device.clone(),
            raw,
        })
    }

    /// Returns the device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Sends the first `len` bytes of `buffer`, and receives the response into it. Returns the length of the
    /// response, which is whole dwords.
    ///
    /// The kernel cuts a response that does not fit and does not tell. A response that leaves less than
    /// [`Self::GUARD`] bytes of the buffer may be such a one, and is refused.
    ///
    /// This can take as long as the device likes to send a response of 1 MiB, and no signal ends it.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] when the device is gone, [`EIO`] when the mailbox failed or there was no response within a
    /// second, [`EMSGSIZE`] when the response does not fit.
    pub fn exchange(
        &self,
        object_type: ObjectType,
        buffer: &mut Buffer,
        len: usize,
    ) -> Result<usize> {
        let request = Padded::new(len).fill(buffer.as_mut_bytes())?.len();
        let size = buffer.as_mut_bytes().len();
        let memory = buffer.as_mut_bytes().as_mut_ptr();

        let received = self.device.while_present(|raw| {
            // To the kernel, a device that does not answer has a busy mailbox, which is given up for good.
            // SAFETY: `while_present` passes a device that is valid and on its bus.
            if !unsafe { is_answering(raw) } {
                return Err(ENXIO);
            }
            // SAFETY: By the type invariant, the mailbox is valid while the device is there. The memory is
            // aligned to dwords and has `request` bytes to read and `size` to write; the request is sent as
            // a whole before the response is received.
            let received = unsafe {
                tsm_bindings::pci_doe(
                    self.raw.as_ptr(),
                    Vendor::PCI_SIG.raw(),
                    object_type.raw(),
                    memory.cast_const().cast(),
                    request,
                    memory.cast(),
                    size,
                )
            };
            to_result(received)?;
            usize::try_from(received).map_err(|_| EIO)
        });

        match received {
            Ok(received) if received + Self::GUARD > size => Err(DoeError::TooLarge.into()),
            Ok(received) => Ok(received),
            Err(_) if !self.device.answers() => Err(ENXIO),
            // To the kernel, a mailbox that stays busy is used by another requester.
            Err(_) => Err(EIO),
        }
    }
}
