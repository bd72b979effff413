// SPDX-License-Identifier: GPL-2.0

//! Fields of messages. All numbers are little-endian: DSP0274.

use super::super::version::Version;

/// Code of an ERROR response: DSP0274.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A field of the request is invalid.
    InvalidRequest,
    /// No session has this ID.
    InvalidSession,
    /// There is no time for the request now.
    Busy,
    /// The request is not legal now.
    UnexpectedRequest,
    /// A record could not be decrypted, or a MAC is wrong.
    DecryptError,
    /// The responder has no such request, whose code is this.
    UnsupportedRequest(u8),
    /// There are as many sessions as there can be.
    SessionLimitExceeded,
    /// For no reason that is said.
    Unspecified,
    /// The response would be longer than the requester can take.
    ResponseTooLarge(u32),
    /// The response to the request with this code will be ready after 2 to the power of the exponent, in microseconds.
    ResponseNotReady { code: u8, exponent: u8 },
    /// The connection is to start anew.
    RequestResynch,
    /// The version of the request is not the negotiated one.
    VersionMismatch,
}

impl Failure {
    /// The code of an error that says nothing else.
    pub(crate) const UNSPECIFIED: u8 = 0x05;

    /// Returns Param1, Param2 and the extended data.
    fn parts(self) -> (u8, u8, Vec<u8>) {
        match self {
            Self::InvalidRequest => (0x01, 0, vec![]),
            Self::InvalidSession => (0x02, 0, vec![]),
            Self::Busy => (0x03, 0, vec![]),
            Self::UnexpectedRequest => (0x04, 0, vec![]),
            Self::Unspecified => (Self::UNSPECIFIED, 0, vec![]),
            Self::DecryptError => (0x06, 0, vec![]),
            Self::UnsupportedRequest(code) => (0x07, code, vec![]),
            Self::SessionLimitExceeded => (0x0a, 0, vec![]),
            Self::ResponseTooLarge(size) => (0x0d, 0, size.to_le_bytes().to_vec()),
            // RDTExponent, RequestCode, Token, RDTM: twice that long.
            Self::ResponseNotReady { code, exponent } => (0x42, 0, vec![exponent, code, 0, 2]),
            Self::RequestResynch => (0x43, 0, vec![]),
            Self::VersionMismatch => (0x41, 0, vec![]),
        }
    }

    /// Makes the ERROR response.
    pub(crate) fn message(self, version: Version) -> Vec<u8> {
        let (code, data, extended) = self.parts();

        Writer::new(version, 0x7f, code, data)
            .bytes(&extended)
            .finish()
    }
}

/// Result of handling a request.
pub(crate) type Result<T = Vec<u8>> = core::result::Result<T, Failure>;

/// A request, of which fields are taken from the front.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Makes a reader of the fields behind the header.
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self { message, at: 4 }
    }

    /// Makes a reader of the fields from an offset on.
    pub(crate) fn behind(message: &'a [u8], at: usize) -> Self {
        Self { message, at }
    }

    /// Returns how many bytes have been taken, header included.
    pub(crate) fn taken(&self) -> usize {
        self.at
    }

    /// Returns what has been taken so far, header included.
    pub(crate) fn so_far(&self) -> &'a [u8] {
        // PANIC: `bytes` does not move past the end.
        &self.message[..self.at]
    }

    /// Takes bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count).ok_or(Failure::InvalidRequest)?;
        let bytes = self.message.get(self.at..end);
        let bytes = bytes.ok_or(Failure::InvalidRequest)?;

        self.at = end;
        Ok(bytes)
    }

    /// Takes a fixed number of bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.bytes(N)?;

        bytes.try_into().map_err(|_| Failure::InvalidRequest)
    }

    /// Takes a byte.
    pub(crate) fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    /// Takes a number of 16 bits.
    pub(crate) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// Takes a number of 32 bits.
    pub(crate) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// Takes a number of 64 bits.
    pub(crate) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// Takes data behind its length of 16 bits.
    pub(crate) fn counted(&mut self) -> Result<&'a [u8]> {
        let length = self.u16()?;

        self.bytes(length.into())
    }
}

/// A message that is being made.
#[derive(Debug, Clone)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// Starts a message with its header.
    pub(crate) fn new(version: Version, code: u8, param1: u8, param2: u8) -> Self {
        Self(vec![version.byte(), code, param1, param2])
    }

    /// Adds bytes.
    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Adds a byte.
    pub(crate) fn u8(self, value: u8) -> Self {
        self.bytes(&[value])
    }

    /// Adds a number of 16 bits.
    pub(crate) fn u16(self, value: u16) -> Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Adds a number of 32 bits.
    pub(crate) fn u32(self, value: u32) -> Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Adds data, its length of 16 bits first.
    pub(crate) fn counted(self, bytes: &[u8]) -> Self {
        self.u16(size_u16(bytes)).bytes(bytes)
    }

    /// Returns the message.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Returns the size of opaque data.
fn size_u16(bytes: &[u8]) -> u16 {
    // PANIC: The responder only sends a selected version.
    u16::try_from(bytes.len()).expect("size of 16 bits")
}
