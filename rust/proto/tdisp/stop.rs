// SPDX-License-Identifier: GPL-2.0

//! STOP_INTERFACE_REQUEST and STOP_INTERFACE_RESPONSE.

use super::{
    MessageType,
    Request,
    Result, //
};
use crate::spdm::{
    Reader,
    Writer, //
};

/// The request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopInterface;

impl Request for StopInterface {
    const TYPE: MessageType = MessageType::STOP_INTERFACE;
    type Response<'a> = ();

    fn write(&self, _writer: &mut Writer<'_>) -> Result {
        Ok(())
    }

    fn read(&self, _reader: &mut Reader<'_>) -> Result {
        Ok(())
    }
}
