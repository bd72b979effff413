// SPDX-License-Identifier: GPL-2.0

//! KEY_PROG and KP_ACK.

use super::{
    Error,
    KeySlot,
    ObjectId,
    Result,
    Status, //
};
use crate::spdm::Writer;

/// The request: a key of AES-256-GCM, and its IV.
///
/// The caller clears the buffer that it was encoded to, which has the key in it.
pub struct KeyProgram<'k> {
    /// The slot of the key.
    pub slot: KeySlot,
    /// The key.
    pub key: &'k [u8; 32],
    /// The IV as it is in the message.
    pub iv: &'k [u8; 8],
}

impl KeyProgram<'_> {
    /// Bytes of the request.
    pub const SIZE: usize = 47;

    /// Writes the request to the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// [`Error::Message`] when there is no room.
    pub fn encode(&self, buffer: &mut [u8]) -> Result<usize> {
        let mut writer = Writer::new(buffer);

        self.slot.write(ObjectId::KEY_PROG, &mut writer)?;
        writer.bytes(self.key)?;
        writer.bytes(self.iv)?;
        Ok(writer.len())
    }

    /// Parses the response.
    ///
    /// # Errors
    ///
    /// [`Error::UnexpectedObject`] when it is no such response, [`Error::Mismatch`] when it is about other keys,
    /// [`Error::Refused`] when the device did not take the key, [`Error::Message`] when it is shorter or longer.
    pub fn parse(&self, message: &[u8]) -> Result {
        let status = self.slot.acknowledged(ObjectId::KP_ACK, message)?;

        match Status::new(status) {
            Status::SUCCESS => Ok(()),
            status => Err(Error::Refused(status)),
        }
    }
}
