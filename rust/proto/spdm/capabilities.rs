// SPDX-License-Identifier: GPL-2.0

//! GET_CAPABILITIES and CAPABILITIES. DSP0274 1.4, tables "GET_CAPABILITIES request message format" and
//! "Successful CAPABILITIES response message format".

use super::{
    header::{
        Code,
        Header,
        Request, //
    },
    Error,
    Layout,
    Reader,
    Result,
    Writer, //
};
use crate::open_enum::open_enum;

open_enum! {
    /// What one side can do. DSP0274 1.4, tables "Flag fields definitions". Unknown bits are kept.
    pub struct Flags(u32) {
        /// Certificates can be read.
        CERT = 1 << 1,
        /// CHALLENGE is answered.
        CHAL = 1 << 2,
        /// Measurements without a signature. MEAS_CAP is this bit and the next one, of which one can be set.
        MEAS_NO_SIG = 1 << 3,
        /// Measurements with a signature.
        MEAS_SIG = 1 << 4,
        /// Measurements are taken anew for each request.
        MEAS_FRESH = 1 << 5,
        /// Messages of a session are encrypted.
        ENCRYPT = 1 << 6,
        /// Messages of a session are authenticated.
        MAC = 1 << 7,
        /// KEY_EXCHANGE is answered.
        KEY_EX = 1 << 9,
        /// FINISH may be outside of the session.
        HANDSHAKE_IN_THE_CLEAR = 1 << 15,
        /// Messages can be sent in chunks.
        CHUNK = 1 << 17,
    }
}

impl Flags {
    /// Returns the flags of both.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Tells whether each of `flags` is set.
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

/// The request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetCapabilities {
    /// The time that the requester needs for cryptography, as a power of 2 in microseconds.
    pub ct_exponent: u8,
    /// What the requester offers.
    pub flags: Flags,
    /// The longest message that the requester can receive at once.
    pub data_transfer_size: u32,
    /// The longest message that the requester can receive in chunks.
    pub max_message_size: u32,
}

/// The response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// The time that the responder needs for cryptography, as a power of 2 in microseconds.
    pub ct_exponent: u8,
    /// What the responder can do.
    pub flags: Flags,
    /// The longest message that the responder can receive at once; [`None`] before 1.2.
    pub data_transfer_size: Option<u32>,
}

impl Capabilities {
    /// The smallest DataTransferSize, "MinDataTransferSize" of the specification.
    pub const MIN_TRANSFER: u32 = 42;

    /// Tells whether the responder can have encrypted sessions that its certificate authenticates.
    pub const fn has_sessions(&self) -> bool {
        let session = Flags::ENCRYPT.with(Flags::MAC).with(Flags::KEY_EX);

        self.flags.has(Flags::CERT.with(session))
    }

    /// Tells whether the responder can authenticate itself without a session.
    pub const fn has_challenge(&self) -> bool {
        self.flags.has(Flags::CERT.with(Flags::CHAL))
    }

    fn read_sizes(reader: &mut Reader<'_>) -> Result<u32> {
        let transfer = reader.u32()?;
        let longest = reader.u32()?;

        match transfer >= Self::MIN_TRANSFER && longest >= transfer {
            true => Ok(transfer),
            false => Err(Error::Capabilities),
        }
    }
}

impl Request for GetCapabilities {
    const CODE: Code = Code::GET_CAPABILITIES;
    type Response<'a> = Capabilities;

    fn write(&self, layout: &Layout, writer: &mut Writer<'_>) -> Result {
        Header::new(layout.version, Self::CODE, 0, 0).write(writer)?;
        if layout.version.has_requester_capabilities() {
            writer.bytes(&[0, self.ct_exponent, 0, 0])?;
            writer.u32(self.flags.raw())?;
        }
        if layout.version.has_transfer_sizes() {
            writer.u32(self.data_transfer_size)?;
            writer.u32(self.max_message_size)?;
        }
        Ok(())
    }

    /// Fails with [`Error::Capabilities`] when the sizes are out of range, with [`Error::Reserved`] when
    /// MEAS_CAP is 11b: which of both it is decides whether measurements outside of a session are evidence.
    /// Unknown flags are no error: E sets some at each version.
    fn read(
        &self,
        layout: &Layout,
        _header: &Header,
        reader: &mut Reader<'_>,
    ) -> Result<Capabilities> {
        let [_, ct_exponent, _, _] = *reader.array()?;
        let flags = Flags::new(reader.u32()?);
        if flags.has(Flags::MEAS_NO_SIG.with(Flags::MEAS_SIG)) {
            return Err(Error::Reserved);
        }
        let data_transfer_size = match layout.version.has_transfer_sizes() {
            true => Some(Capabilities::read_sizes(reader)?),
            false => None,
        };

        Ok(Capabilities {
            ct_exponent,
            flags,
            data_transfer_size,
        })
    }
}
