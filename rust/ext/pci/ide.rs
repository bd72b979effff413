// SPDX-License-Identifier: GPL-2.0

//! The IDE extended capability of a function.
//!
//! C header: [`include/uapi/linux/pci_regs.h`](srctree/include/uapi/linux/pci_regs.h)

use core::ptr::NonNull;

use kernel::{
    bindings,
    error::Error,
    prelude::*, //
};
use tsm_proto::ide::{
    Capability,
    Registers,
    CAPABILITY, //
};

use super::Device;

/// The capability of a function, which is reached until the function is removed. An access fails with [`ENXIO`] then.
///
/// # Examples
///
/// ```
/// use tsm_ext::pci::{
///     ide::Ide,
///     Device, //
/// };
/// use tsm_proto::ide::Stream;
///
/// /// Tells whether the function has a stream that is not used.
/// fn has_free_stream(device: &Device) -> bool {
///     Ide::find(device).is_some_and(|ide| matches!(Stream::find(&ide, 1), Ok(Some(_))))
/// }
/// ```
pub struct Ide {
    device: Device,
    /// Where it is in configuration space.
    offset: u16,
}

impl Ide {
    /// Returns the capability, if there is one and it has selective streams with IDE_KM.
    pub fn find(device: &Device) -> Option<Self> {
        // CAST: It has 16 bits.
        const IDE: i32 = bindings::PCI_EXT_CAP_ID_IDE as i32;

        // SAFETY: `while_present` passes a device that is valid and on its bus.
        let find = |raw: NonNull<bindings::pci_dev>| unsafe {
            Ok(bindings::pci_find_ext_capability(raw.as_ptr(), IDE))
        };
        let offset = device
            .while_present(find)
            .ok()
            .filter(|offset| *offset != 0)?;
        let ide = Self {
            device: device.clone(),
            offset,
        };
        let capability = ide.read(CAPABILITY).ok()?;

        Capability::new(capability).has_streams().then_some(ide)
    }

    /// Returns where a register is in configuration space.
    fn place(&self, offset: u16) -> Result<i32> {
        // CAST: Configuration space has 4096 bytes.
        let last = bindings::PCI_CFG_SPACE_EXP_SIZE as u16 - 4;

        self.offset
            .checked_add(offset)
            .filter(|place| *place <= last)
            .map(i32::from)
            .ok_or(EIO)
    }
}

impl Registers for Ide {
    type Error = Error;

    fn read(&self, offset: u16) -> Result<u32> {
        let place = self.place(offset)?;
        let mut value = 0;

        self.device.while_present(|raw| {
            // SAFETY: `while_present` passes a device that is valid and on its bus.
            match unsafe { bindings::pci_read_config_dword(raw.as_ptr(), place, &mut value) } {
                0 => Ok(value),
                _ => Err(EIO),
            }
        })
    }

    fn write(&self, offset: u16, value: u32) -> Result {
        let place = self.place(offset)?;

        self.device.while_present(|raw| {
            // SAFETY: `while_present` passes a device that is valid and on its bus.
            match unsafe { bindings::pci_write_config_dword(raw.as_ptr(), place, value) } {
                0 => Ok(()),
                _ => Err(EIO),
            }
        })
    }
}
