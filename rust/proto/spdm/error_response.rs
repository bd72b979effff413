// SPDX-License-Identifier: GPL-2.0

//! ERROR, and RESPOND_IF_READY. DSP0274 1.4, section "ERROR response message".

use super::{
    header::{
        Code,
        Header, //
    },
    Error,
    Layout,
    Reader,
    Result,
    Writer, //
};

/// Why the responder refuses. DSP0274 1.4, table "Error code and error data".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode(u8);

impl ErrorCode {
    /// A field of the request is invalid.
    pub const INVALID_REQUEST: Self = Self(0x01);
    /// The responder is busy; the same request may succeed later.
    pub const BUSY: Self = Self(0x03);
    /// The request is not possible in the present state.
    pub const UNEXPECTED_REQUEST: Self = Self(0x04);
    /// Another reason.
    pub const UNSPECIFIED: Self = Self(0x05);
    /// A record could not be decrypted.
    pub const DECRYPT_ERROR: Self = Self(0x06);
    /// The responder does not know the request.
    pub const UNSUPPORTED_REQUEST: Self = Self(0x07);
    /// The response does not fit a message.
    pub const RESPONSE_TOO_LARGE: Self = Self(0x0d);
    /// The response has to be fetched in chunks.
    pub const LARGE_RESPONSE: Self = Self(0x0f);
    /// The request has another version than was negotiated.
    pub const VERSION_MISMATCH: Self = Self(0x41);
    /// The response will be ready later, see [`NotReady`].
    pub const RESPONSE_NOT_READY: Self = Self(0x42);
    /// The negotiation has to start again.
    pub const REQUEST_RESYNCH: Self = Self(0x43);

    /// Takes the value of a message.
    #[inline]
    pub const fn new(raw: u8) -> Self {
        Self(raw)
    }

    /// Returns the value as it is in a message.
    #[inline]
    pub const fn raw(self) -> u8 {
        self.0
    }
}

/// An ERROR message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorResponse {
    /// Why the responder refuses.
    pub code: ErrorCode,
    /// Depends on the code.
    pub data: u8,
    /// When to ask again, with [`ErrorCode::RESPONSE_NOT_READY`].
    pub not_ready: Option<NotReady>,
}

impl ErrorResponse {
    /// Reads what follows the header. Its version is not checked: what is refused may be the version, and
    /// E sends 1.0 before the negotiation. Extended data of other codes is ignored.
    #[inline]
    pub(crate) fn read(header: &Header, reader: &mut Reader<'_>) -> Result<Self> {
        let code = ErrorCode(header.param1);
        let not_ready = match code {
            ErrorCode::RESPONSE_NOT_READY => Some(NotReady::read(reader)?),
            _ => None,
        };

        Ok(Self {
            code,
            data: header.param2,
            not_ready,
        })
    }
}

/// The extended data of ResponseNotReady. DSP0274 1.4, table "ResponseNotReady extended error data".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotReady {
    /// The response is expected after 2 to this power microseconds.
    pub exponent: u8,
    /// The request that is not answered yet.
    pub request: Code,
    /// Names the request to RESPOND_IF_READY.
    pub token: u8,
    /// The response is dropped after the expected time multiplied by this number.
    pub multiplier: u8,
}

impl NotReady {
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let [exponent, request, token, multiplier] = *reader.array()?;

        Ok(Self {
            exponent,
            request: Code::new(request),
            token,
            multiplier,
        })
    }

    /// Returns the expected time in microseconds, or [`None`] when it is no number of 32 bits.
    #[inline]
    pub fn delay(&self) -> Option<u32> {
        1_u32.checked_shl(u32::from(self.exponent))
    }

    /// Writes RESPOND_IF_READY for the request that is not answered yet. Its response is that of the
    /// request.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when there is no room.
    #[inline]
    pub fn respond_if_ready(&self, layout: &Layout, buffer: &mut [u8]) -> Result<usize> {
        let mut writer = Writer::new(buffer);
        let code = self.request.raw();

        Header::new(layout.version, Code::RESPOND_IF_READY, code, self.token).write(&mut writer)?;
        Ok(writer.len())
    }
}

impl From<ErrorResponse> for Error {
    #[inline]
    fn from(response: ErrorResponse) -> Self {
        Self::Peer(response)
    }
}
