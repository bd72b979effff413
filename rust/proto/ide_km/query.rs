// SPDX-License-Identifier: GPL-2.0

//! QUERY and QUERY_RESP.

use super::{
    expect,
    Error,
    ObjectId,
    Result, //
};
use crate::spdm::{
    Reader,
    Writer, //
};

/// The request: what there is at a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// The port.
    pub port: u8,
}

/// What there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port<'a> {
    /// The requester ID of the port, as the device knows it.
    pub requester_id: u16,
    /// The segment of the port, as the device knows it.
    pub segment: u8,
    /// The last port of the device.
    pub last: u8,
    /// The registers of its IDE extended capability from IDE Capability on, in dwords.
    registers: &'a [u8],
}

impl Port<'_> {
    /// Returns each register.
    pub fn registers(&self) -> impl Iterator<Item = u32> + '_ {
        let dwords = self.registers.chunks_exact(4);

        dwords.filter_map(|dword| dword.try_into().ok().map(u32::from_le_bytes))
    }
}

impl Query {
    /// Writes the request to the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// [`Error::Message`] when there is no room.
    pub fn encode(&self, buffer: &mut [u8]) -> Result<usize> {
        let mut writer = Writer::new(buffer);

        writer.bytes(&[ObjectId::QUERY.raw(), 0, self.port])?;
        Ok(writer.len())
    }

    /// Parses the response.
    ///
    /// # Errors
    ///
    /// [`Error::UnexpectedObject`] when it is no such response, [`Error::Mismatch`] when it is about another port,
    /// [`Error::Port`] when there is no such port, [`Error::Registers`] when they are no whole number of dwords,
    /// [`Error::Message`] when it is too short.
    pub fn parse<'a>(&self, message: &'a [u8]) -> Result<Port<'a>> {
        let mut reader = Reader::new(message);

        expect(&mut reader, ObjectId::QUERY_RESP)?;
        let [_reserved, port, function, bus, segment, last] = *reader.array()?;
        if port != self.port {
            return Err(Error::Mismatch);
        }
        if port > last {
            return Err(Error::Port);
        }
        if reader.rest().len() % 4 != 0 {
            return Err(Error::Registers);
        }
        Ok(Port {
            requester_id: u16::from_le_bytes([function, bus]),
            segment,
            last,
            registers: reader.rest(),
        })
    }
}
