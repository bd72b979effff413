// SPDX-License-Identifier: GPL-2.0

//! START_INTERFACE_REQUEST and START_INTERFACE_RESPONSE.

use super::{
    MessageType,
    Request,
    Result,
    StartNonce, //
};
use crate::spdm::{
    Reader,
    Writer, //
};

/// The request, with the nonce of the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartInterface<'n>(pub &'n StartNonce);

impl Request for StartInterface<'_> {
    const TYPE: MessageType = MessageType::START_INTERFACE;
    type Response<'a> = ();

    fn write(&self, writer: &mut Writer<'_>) -> Result {
        Ok(writer.bytes(self.0)?)
    }

    fn read(&self, _reader: &mut Reader<'_>) -> Result {
        Ok(())
    }
}
