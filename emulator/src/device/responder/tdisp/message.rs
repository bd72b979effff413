// SPDX-License-Identifier: GPL-2.0

//! The header of messages, and TDISP_ERROR: PCIe r6 11.3, table 11-6.

use super::{
    ERROR,
    VERSION, //
};
use crate::device::{
    misbehaviour::Wrong,
    tdi::{
        self,
        FunctionId, //
    }, //
};

/// Why a request is refused: the code of TDISP_ERROR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A field of the request is invalid.
    InvalidRequest,
    /// There is no time for the request now.
    Busy,
    /// The request is not legal in the state of the interface.
    InvalidInterfaceState,
    /// For a reason that has no code.
    Unspecified,
    /// There is no such request, whose code is this.
    UnsupportedRequest(u8),
    /// The request has another version.
    VersionMismatch,
    /// For a reason of the vendor.
    VendorSpecific,
    /// There is no such interface.
    InvalidInterface,
    /// The nonce is not that of the lock.
    InvalidNonce,
    /// There are not enough random bytes for a nonce.
    InsufficientEntropy,
    /// The function is not set up as a locked one has to be.
    InvalidDeviceConfiguration,
    /// For a reason that the specification does not have.
    Unknown,
}

impl Refusal {
    /// Returns why all requests are refused, if that is what is wrong.
    pub(super) const fn of_all(wrong: Wrong) -> Option<Self> {
        let refusal = match wrong {
            Wrong::TdispErrorRequest => Self::InvalidRequest,
            Wrong::TdispErrorBusy => Self::Busy,
            Wrong::TdispErrorState => Self::InvalidInterfaceState,
            Wrong::TdispErrorUnspecified => Self::Unspecified,
            Wrong::TdispErrorUnsupported => Self::UnsupportedRequest(0),
            Wrong::TdispErrorVersion => Self::VersionMismatch,
            Wrong::TdispErrorVendor => Self::VendorSpecific,
            Wrong::TdispErrorInterface => Self::InvalidInterface,
            Wrong::TdispErrorNonce => Self::InvalidNonce,
            Wrong::TdispErrorEntropy => Self::InsufficientEntropy,
            Wrong::TdispErrorConfiguration => Self::InvalidDeviceConfiguration,
            Wrong::TdispErrorUnknown => Self::Unknown,
            _ => return None,
        };

        Some(refusal)
    }

    /// Returns ERROR_CODE and ERROR_DATA.
    const fn parts(self) -> (u32, u32) {
        match self {
            Self::InvalidRequest => (0x01, 0),
            Self::Busy => (0x03, 0),
            Self::InvalidInterfaceState => (0x04, 0),
            Self::Unspecified => (0x05, 0),
            // CAST: Widens.
            Self::UnsupportedRequest(code) => (0x07, code as u32),
            Self::VersionMismatch => (0x41, 0),
            Self::VendorSpecific => (0xff, 0),
            Self::InvalidInterface => (0x101, 0),
            Self::InvalidNonce => (0x102, 0),
            Self::InsufficientEntropy => (0x103, 0),
            Self::InvalidDeviceConfiguration => (0x104, 0),
            Self::Unknown => (0x8000_0001, 0),
        }
    }
}

impl From<tdi::Refusal> for Refusal {
    fn from(refusal: tdi::Refusal) -> Self {
        match refusal {
            tdi::Refusal::State => Self::InvalidInterfaceState,
            tdi::Refusal::Session | tdi::Refusal::Stream => Self::InvalidRequest,
            tdi::Refusal::Nonce => Self::InvalidNonce,
            tdi::Refusal::Configuration => Self::InvalidDeviceConfiguration,
        }
    }
}

/// What a request begins with: version, type, two reserved bytes, INTERFACE_ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Header {
    /// The version.
    pub(super) version: u8,
    /// The type.
    pub(super) kind: u8,
    /// FUNCTION_ID, and 8 reserved bytes.
    interface: [u8; 12],
}

impl Header {
    /// Bytes of a header.
    pub(super) const SIZE: usize = 16;

    /// Splits a request into its header and the rest. There is none behind a part of a header.
    pub(super) fn split(request: &[u8]) -> (Self, Option<&[u8]>) {
        let Some((header, body)) = request.split_first_chunk::<{ Self::SIZE }>() else {
            return (Self::default(), None);
        };
        let [version, kind, _, _, interface @ ..] = *header;

        let header = Self {
            version,
            kind,
            interface,
        };
        (header, Some(body))
    }

    /// Returns which interface the request is about.
    pub(super) fn function(&self) -> FunctionId {
        let [a, b, c, d, ..] = self.interface;

        FunctionId::new(u32::from_le_bytes([a, b, c, d]))
    }

    /// Makes a message about the same interface.
    fn message(&self, kind: u8, body: &[u8]) -> Vec<u8> {
        [&[VERSION, kind, 0, 0], &self.interface[..], body].concat()
    }

    /// Makes the response.
    pub(super) fn response(&self, body: &[u8]) -> Vec<u8> {
        self.message(self.kind & 0x7f, body)
    }

    /// Makes TDISP_ERROR.
    pub(super) fn refusal(&self, refusal: Refusal) -> Vec<u8> {
        let (code, data) = refusal.parts();

        self.message(ERROR, &[code.to_le_bytes(), data.to_le_bytes()].concat())
    }
}
