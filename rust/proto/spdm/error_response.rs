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
use crate::open_enum::open_enum;

open_enum! {
    /// Why the responder refuses. DSP0274 1.4, table "Error code and error data".
    pub struct ErrorCode(u8) {
        /// A field of the request is invalid.
        INVALID_REQUEST = 0x01,
        /// No session has the ID of the record.
        INVALID_SESSION = 0x02,
        /// The responder is busy; the same request may succeed later.
        BUSY = 0x03,
        /// The request is not possible in the present state.
        UNEXPECTED_REQUEST = 0x04,
        /// Another reason.
        UNSPECIFIED = 0x05,
        /// A record could not be decrypted.
        DECRYPT_ERROR = 0x06,
        /// The responder does not know the request.
        UNSUPPORTED_REQUEST = 0x07,
        /// The response does not fit a message.
        RESPONSE_TOO_LARGE = 0x0d,
        /// The response has to be fetched in chunks.
        LARGE_RESPONSE = 0x0f,
        /// The request has another version than was negotiated.
        VERSION_MISMATCH = 0x41,
        /// The response will be ready later, see [`NotReady`].
        RESPONSE_NOT_READY = 0x42,
        /// The negotiation has to start again.
        REQUEST_RESYNCH = 0x43,
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
    /// Tells whether the responder only refuses the request. Otherwise it has also lost the session, or the
    /// negotiation.
    ///
    /// A responder that was reset answers anything but GET_VERSION with UnexpectedRequest. Within a session the
    /// error is authenticated, so that the responder was not reset.
    pub const fn is_refusal(&self, has_session: bool) -> bool {
        match self.code {
            ErrorCode::INVALID_SESSION
            | ErrorCode::DECRYPT_ERROR
            | ErrorCode::VERSION_MISMATCH
            | ErrorCode::REQUEST_RESYNCH => false,
            ErrorCode::UNEXPECTED_REQUEST => has_session,
            _ => true,
        }
    }

    /// Reads what follows the header. Its version is not checked: what is refused may be the version, and
    /// E sends 1.0 before the negotiation. Extended data of other codes is ignored.
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
    pub fn delay(&self) -> Option<u32> {
        1_u32.checked_shl(u32::from(self.exponent))
    }

    /// Writes RESPOND_IF_READY for the request that is not answered yet. Its response is that of the
    /// request.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when there is no room.
    pub fn respond_if_ready(&self, layout: &Layout, buffer: &mut [u8]) -> Result<usize> {
        let mut writer = Writer::new(buffer);
        let code = self.request.raw();

        Header::new(layout.version, Code::RESPOND_IF_READY, code, self.token).write(&mut writer)?;
        Ok(writer.len())
    }
}

impl From<ErrorResponse> for Error {
    fn from(response: ErrorResponse) -> Self {
        Self::Peer(response)
    }
}
