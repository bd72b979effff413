// SPDX-License-Identifier: GPL-2.0

//! K_SET_GO and K_SET_STOP, and K_GOSTOP_ACK, which answers both.

use super::{
    KeySlot,
    ObjectId,
    Result, //
};
use crate::spdm::Writer;

/// What is done with keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// They are used from now on.
    Go,
    /// They are not used any more.
    Stop,
}

/// The request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySet {
    /// Whether the device starts or stops to use the key.
    pub usage: Use,
    /// The key.
    pub slot: KeySlot,
}

impl KeySet {
    /// Writes the request to the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// [`Error::Message`](super::Error::Message) when there is no room.
    pub fn encode(&self, buffer: &mut [u8]) -> Result<usize> {
        let mut writer = Writer::new(buffer);
        let object = match self.usage {
            Use::Go => ObjectId::K_SET_GO,
            Use::Stop => ObjectId::K_SET_STOP,
        };

        self.slot.write(object, &mut writer)?;
        Ok(writer.len())
    }

    /// Parses the response.
    ///
    /// # Errors
    ///
    /// [`Error::UnexpectedObject`](super::Error::UnexpectedObject) when it is no such response,
    /// [`Error::Mismatch`](super::Error::Mismatch) when it is about other keys,
    /// [`Error::Message`](super::Error::Message) when it is shorter or longer.
    pub fn parse(&self, message: &[u8]) -> Result {
        self.slot
            .acknowledged(ObjectId::K_GOSTOP_ACK, message)
            .map(|_reserved| ())
    }
}
