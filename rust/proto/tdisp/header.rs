// SPDX-License-Identifier: GPL-2.0

//! What each message begins with, and what each request has.

use super::{
    error::ErrorResponse,
    Error,
    Result,
    VERSION, //
};
use crate::{
    open_enum::open_enum,
    spdm::{
        Reader,
        Writer, //
    }, //
};

open_enum! {
    /// What a message is.
    pub struct MessageType(u8) {
        /// `GET_TDISP_VERSION`.
        GET_VERSION = 0x81,
        /// `GET_TDISP_CAPABILITIES`.
        GET_CAPABILITIES = 0x82,
        /// `LOCK_INTERFACE_REQUEST`.
        LOCK_INTERFACE = 0x83,
        /// `GET_DEVICE_INTERFACE_REPORT`.
        GET_REPORT = 0x84,
        /// `GET_DEVICE_INTERFACE_STATE`.
        GET_STATE = 0x85,
        /// `START_INTERFACE_REQUEST`.
        START_INTERFACE = 0x86,
        /// `STOP_INTERFACE_REQUEST`.
        STOP_INTERFACE = 0x87,
        /// `TDISP_ERROR`, the response to any request.
        ERROR = 0x7f,
    }
}

impl MessageType {
    /// Returns the type of the response to this request.
    pub const fn response(self) -> Self {
        Self(self.0 & 0x7f)
    }
}

/// The function that an interface is, FUNCTION_ID of INTERFACE_ID: its requester ID as the device knows it, and its
/// segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionId(u32);

impl FunctionId {
    /// Bit that says that there is a segment.
    const HAS_SEGMENT: u32 = 1 << 24;

    /// Names a function where there is one segment.
    pub const fn new(requester_id: u16) -> Self {
        // CAST: Widens.
        Self(requester_id as u32)
    }

    /// Names a function of a segment.
    pub const fn in_segment(requester_id: u16, segment: u8) -> Self {
        // CAST: Both widen.
        Self(requester_id as u32 | ((segment as u32) << 16) | Self::HAS_SEGMENT)
    }

    /// Returns function `number` of the device whose function 0 this is. As in the arithmetic with requester IDs of PCIe r6
    /// chapter 9, a carry beyond 16 bits is dropped: the segment stays.
    pub const fn sibling(self, number: u8) -> Self {
        // CAST: The requester ID is in the lower 16 bits; the others widen.
        let requester_id = (self.0 as u16).wrapping_add(number as u16);

        Self((self.0 & !0xffff) | requester_id as u32)
    }

    /// Returns the value as it is in a message.
    pub const fn raw(self) -> u32 {
        self.0
    }
}

/// Bytes between the type and the FUNCTION_ID, and behind that.
const RESERVED: (usize, usize) = (2, 8);

/// A request, which names its response.
pub trait Request {
    /// What the request is.
    const TYPE: MessageType;
    /// The response.
    type Response<'a>;

    /// Writes what follows the header.
    ///
    /// # Errors
    ///
    /// [`Error::Message`] when there is no room.
    fn write(&self, writer: &mut Writer<'_>) -> Result;

    /// Reads what follows the header of the response.
    ///
    /// # Errors
    ///
    /// See the request.
    fn read<'a>(&self, reader: &mut Reader<'a>) -> Result<Self::Response<'a>>;

    /// Writes the request about an interface to the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// [`Error::Message`] when there is no room.
    fn encode(&self, function: FunctionId, buffer: &mut [u8]) -> Result<usize> {
        let mut writer = Writer::new(buffer);

        writer.bytes(&[VERSION, Self::TYPE.raw()])?;
        writer.zeros(RESERVED.0)?;
        writer.u32(function.raw())?;
        writer.zeros(RESERVED.1)?;
        self.write(&mut writer)?;
        Ok(writer.len())
    }

    /// Parses the response, which has to be about the same interface. Reserved bytes are ignored.
    ///
    /// # Errors
    ///
    /// [`Error::Peer`] when the message is TDISP_ERROR, [`Error::Version`], [`Error::UnexpectedType`] or
    /// [`Error::Interface`] when it is no response to this request, [`Error::Message`] when it is shorter or longer
    /// than it says; those of [`Request::read`].
    fn parse<'a>(&self, function: FunctionId, message: &'a [u8]) -> Result<Self::Response<'a>> {
        let mut reader = Reader::new(message);
        let [version, message_type] = *reader.array()?;
        reader.bytes(RESERVED.0)?;
        let found = FunctionId(reader.u32()?);
        reader.bytes(RESERVED.1)?;

        // Its version and interface are not checked: one of them may be what is refused.
        if MessageType(message_type) == MessageType::ERROR {
            return Err(Error::Peer(ErrorResponse::read(&mut reader)?));
        }
        if version != VERSION {
            return Err(Error::Version(version));
        }
        if MessageType(message_type) != Self::TYPE.response() {
            return Err(Error::UnexpectedType(MessageType(message_type)));
        }
        if found != function {
            return Err(Error::Interface(found));
        }
        let response = self.read(&mut reader)?;
        reader.end()?;
        Ok(response)
    }
}
