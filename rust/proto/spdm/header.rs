// SPDX-License-Identifier: GPL-2.0

//! What each message begins with, and what each request has. DSP0274 1.4, table "Generic SPDM message
//! field definitions".

use core::mem::offset_of;

use zerocopy::IntoBytes as _;
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use super::{
    error_response::ErrorResponse,
    Error,
    Layout,
    Reader,
    Result,
    Version,
    Writer, //
};
use crate::open_enum::open_enum;

open_enum! {
    /// What a message is. DSP0274 1.4, tables "SPDM request codes" and "SPDM response codes".
    pub struct Code(u8) {
        /// `ERROR`, the response to any request.
        ERROR = 0x7f,
        /// `GET_DIGESTS`.
        GET_DIGESTS = 0x81,
        /// `GET_CERTIFICATE`.
        GET_CERTIFICATE = 0x82,
        /// `CHALLENGE`.
        CHALLENGE = 0x83,
        /// `GET_VERSION`.
        GET_VERSION = 0x84,
        /// `GET_MEASUREMENTS`.
        GET_MEASUREMENTS = 0xe0,
        /// `GET_CAPABILITIES`.
        GET_CAPABILITIES = 0xe1,
        /// `NEGOTIATE_ALGORITHMS`.
        NEGOTIATE_ALGORITHMS = 0xe3,
        /// `KEY_EXCHANGE`.
        KEY_EXCHANGE = 0xe4,
        /// `FINISH`.
        FINISH = 0xe5,
        /// `END_SESSION`.
        END_SESSION = 0xec,
        /// `VENDOR_DEFINED_REQUEST`.
        VENDOR_DEFINED_REQUEST = 0xfe,
        /// `RESPOND_IF_READY`.
        RESPOND_IF_READY = 0xff,
    }
}

impl Code {
    /// Returns the code of the response to this request.
    pub const fn response(self) -> Self {
        Self(self.0 & 0x7f)
    }
}

/// The first four bytes of a message.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Header {
    /// The version, see [`Version::raw`].
    pub version: u8,
    code: u8,
    /// Depends on the message.
    pub param1: u8,
    /// Depends on the message.
    pub param2: u8,
}

impl Header {
    /// Size in bytes.
    pub const SIZE: usize = 4;

    /// Makes a header.
    pub const fn new(version: Version, code: Code, param1: u8, param2: u8) -> Self {
        Self {
            version: version.raw(),
            code: code.0,
            param1,
            param2,
        }
    }

    /// Returns what the message is.
    pub const fn code(&self) -> Code {
        Code(self.code)
    }

    /// Writes the header.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when there is no room.
    pub fn write(&self, writer: &mut Writer<'_>) -> Result {
        writer.bytes(self.as_bytes())
    }

    /// Reads a header of any message.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] when there is none.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let [version, code, param1, param2] = *reader.array()?;

        Ok(Self {
            version,
            code,
            param1,
            param2,
        })
    }
}

const _: () = {
    assert!(size_of::<Header>() == Header::SIZE);
    assert!(offset_of!(Header, version) == 0);
    assert!(offset_of!(Header, code) == 1);
    assert!(offset_of!(Header, param1) == 2);
    assert!(offset_of!(Header, param2) == 3);
};

/// What may follow a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Nothing: the message was in a record, which has its length.
    None,
    /// Up to three bytes of any value, to the next dword.
    Dword,
}

/// A request, which names its response.
pub trait Request {
    /// What the request is.
    const CODE: Code;
    /// The response.
    type Response<'a>;

    /// Writes the request.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when there is no room.
    fn write(&self, layout: &Layout, writer: &mut Writer<'_>) -> Result;

    /// Reads what follows the header of the response.
    ///
    /// # Errors
    ///
    /// See the request.
    fn read<'a>(
        &self,
        layout: &Layout,
        header: &Header,
        reader: &mut Reader<'a>,
    ) -> Result<Self::Response<'a>>;

    /// Returns the version in the headers of the request and of its response.
    fn version(&self, layout: &Layout) -> Version {
        layout.version
    }

    /// Writes the request to the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when there is no room.
    fn encode(&self, layout: &Layout, buffer: &mut [u8]) -> Result<usize> {
        let mut writer = Writer::new(buffer);

        self.write(layout, &mut writer)?;
        Ok(writer.len())
    }

    /// Parses the response. Returns it, and its bytes without padding, as they enter a transcript.
    ///
    /// # Errors
    ///
    /// [`Error::MessageVersion`] or [`Error::UnexpectedCode`] when the message is no response to this
    /// request, [`Error::Peer`] when it is ERROR, [`Error::Trailing`] when more follows than `padding`
    /// can be; those of [`Request::read`].
    fn parse<'a>(
        &self,
        layout: &Layout,
        message: &'a [u8],
        padding: Padding,
    ) -> Result<(Self::Response<'a>, &'a [u8])> {
        let mut reader = Reader::new(message);
        let header = Header::read(&mut reader)?;

        if header.code() == Code::ERROR {
            return Err(ErrorResponse::read(&header, &mut reader).map_or_else(|e| e, Error::Peer));
        }
        self.version(layout).check(header.version)?;
        if header.code() != Self::CODE.response() {
            return Err(Error::UnexpectedCode(header.code()));
        }
        let response = self.read(layout, &header, &mut reader)?;
        match (padding, reader.rest().len()) {
            (_, 0) | (Padding::Dword, 1..=3) => Ok((response, reader.consumed())),
            _ => Err(Error::Trailing),
        }
    }
}
