// SPDX-License-Identifier: GPL-2.0

//! GET_TDISP_VERSION and TDISP_VERSION.

use super::{
    Error,
    MessageType,
    Request,
    Result,
    VERSION, //
};
use crate::spdm::{
    Reader,
    Writer, //
};

/// The request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetVersion;

impl Request for GetVersion {
    const TYPE: MessageType = MessageType::GET_VERSION;
    type Response<'a> = ();

    fn write(&self, _writer: &mut Writer<'_>) -> Result {
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::NoCommonVersion`] when [`VERSION`] is not among those of the device.
    fn read(&self, reader: &mut Reader<'_>) -> Result {
        let count = reader.u8()?;

        match reader.bytes(count.into())?.contains(&VERSION) {
            true => Ok(()),
            false => Err(Error::NoCommonVersion),
        }
    }
}
