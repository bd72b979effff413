// SPDX-License-Identifier: GPL-2.0

//! GET_TDISP_CAPABILITIES and TDISP_CAPABILITIES.

use super::{
    lock::Flags,
    MessageType,
    Request,
    Result, //
};
use crate::spdm::{
    Reader,
    Writer, //
};

/// The request. This side has no capabilities, of which none is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetCapabilities;

/// What a device can do. Which messages it has is left out: a peer had these bits in another order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// What the device can be asked for when it is locked.
    pub lock_flags: Flags,
    /// Bits of its addresses.
    pub address_width: u8,
    /// How many requests this interface takes at once, and how many all of the device do.
    pub requests: (u8, u8),
}

/// Bytes of REQ_MSGS_SUPPORTED.
const MESSAGES: usize = 16;

impl Request for GetCapabilities {
    const TYPE: MessageType = MessageType::GET_CAPABILITIES;
    type Response<'a> = Capabilities;

    fn write(&self, writer: &mut Writer<'_>) -> Result {
        Ok(writer.u32(0)?)
    }

    fn read(&self, reader: &mut Reader<'_>) -> Result<Capabilities> {
        let _capabilities = reader.u32()?;
        reader.bytes(MESSAGES)?;
        let lock_flags = Flags::new(reader.u16()?);
        let [_, _, _, address_width, of_interface, of_device] = *reader.array()?;

        Ok(Capabilities {
            lock_flags,
            address_width,
            requests: (of_interface, of_device),
        })
    }
}
