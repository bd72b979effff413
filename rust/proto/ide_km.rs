// SPDX-License-Identifier: GPL-2.0

//! Key management of Integrity and Data Encryption. PCI Express Base Specification, revision 6, section 6.33.3.
//!
//! Each file is one message pair, or two, as in [`spdm`](crate::spdm), whose vendor-defined messages carry these. Some
//! devices answer outside of a session as well, which proves nothing. So the caller asks in a session only.

mod error;
pub mod key_program;
pub mod key_set;
pub mod query;
mod sub_stream;

pub use error::{
    Error,
    Result,
    Status, //
};
pub use sub_stream::{
    Direction,
    Keys,
    SubStream, //
};

use crate::{
    open_enum::open_enum,
    spdm::{
        Reader,
        Writer, //
    }, //
};

open_enum! {
    /// What a message is: its Object ID.
    pub struct ObjectId(u8) {
        /// `QUERY`.
        QUERY = 0,
        /// `QUERY_RESP`.
        QUERY_RESP = 1,
        /// `KEY_PROG`.
        KEY_PROG = 2,
        /// `KP_ACK`.
        KP_ACK = 3,
        /// `K_SET_GO`.
        K_SET_GO = 4,
        /// `K_SET_STOP`.
        K_SET_STOP = 5,
        /// `K_GOSTOP_ACK`.
        K_GOSTOP_ACK = 6,
    }
}

/// The key that a message is about: of which stream, port and sub-stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySlot {
    /// The stream.
    pub stream: u8,
    /// The port. The one of function 0 is 0.
    pub port: u8,
    /// Which keys of the stream.
    pub keys: Keys,
}

impl KeySlot {
    /// Writes the start of a request about these keys.
    fn write(&self, object: ObjectId, writer: &mut Writer<'_>) -> Result {
        let start = [
            object.raw(),
            0,
            0,
            self.stream,
            0,
            self.keys.raw(),
            self.port,
        ];

        Ok(writer.bytes(&start)?)
    }

    /// Reads an acknowledgement, which has to be about these keys. Returns the byte that some have a status in.
    fn acknowledged(&self, object: ObjectId, message: &[u8]) -> Result<u8> {
        let mut reader = Reader::new(message);

        expect(&mut reader, object)?;
        let [_, _, stream, status, keys, port] = *reader.array()?;
        reader.end()?;
        match (stream, keys, port) == (self.stream, self.keys.raw(), self.port) {
            true => Ok(status),
            false => Err(Error::Mismatch),
        }
    }
}

/// Reads the Object ID of an answer, which has to be this one.
fn expect(reader: &mut Reader<'_>, expected: ObjectId) -> Result {
    let found = ObjectId::new(reader.u8()?);

    match found == expected {
        true => Ok(()),
        false => Err(Error::UnexpectedObject(found)),
    }
}
