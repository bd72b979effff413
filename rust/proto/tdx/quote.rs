// SPDX-License-Identifier: GPL-2.0

//! The buffer of `TDG.VP.VMCALL<GetQuote>`.
//!
//! GHCI, section `TDG.VP.VMCALL<GetQuote>`: a header, then
//! the TDREPORT on the way to the VMM and the quote on the way back.
//!
//! The buffer is shared with the VMM, which may change it at any time. What is parsed here is a
//! private copy of it, made once.

use core::mem::offset_of;

use zerocopy::{
    little_endian::{
        U32,
        U64, //
    },
    FromBytes as _, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use crate::{
    open_enum::open_enum,
    tdx::{
        self,
        TdReport, //
    },
    Answer,
    PlatformStatus, //
};

open_enum! {
    /// How far a quote request got, as the VMM says. Unknown values are kept.
    pub struct Status(u64) {
        /// The quote is there.
        SUCCESS = 0,
        /// The VMM works on it.
        IN_FLIGHT = 0xFFFF_FFFF_FFFF_FFFF,
        /// The VMM could not get a quote for this report.
        ERROR = 0x8000_0000_0000_0000,
        /// The VMM has no quoting service.
        SERVICE_UNAVAILABLE = 0x8000_0000_0000_0001,
    }
}

impl PlatformStatus for Status {
    fn answer(&self) -> Option<Answer> {
        Some(Answer {
            source: c"quote",
            status: self.raw(),
        })
    }
}

/// Why there is no request, or no quote, in a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The buffer ends before what it has to hold.
    Truncated,
    /// The header has a version whose layout is not known.
    UnknownVersion,
    /// What the guest sent is not a report.
    Report(tdx::Error),
    /// The VMM still owns the buffer.
    InFlight,
    /// The VMM ended the request with this status.
    Failed(Status),
    /// The VMM reported success and no quote.
    Empty,
    /// The VMM claims a quote that is larger than the buffer.
    TooLarge,
}

impl From<tdx::Error> for Error {
    fn from(err: tdx::Error) -> Self {
        Self::Report(err)
    }
}

impl PlatformStatus for Error {
    fn answer(&self) -> Option<Answer> {
        match self {
            Self::Failed(status) => status.answer(),
            _ => None,
        }
    }
}

/// What the buffer begins with.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Header {
    version: U64,
    status: U64,
    in_len: U32,
    out_len: U32,
}

const _: () = {
    assert!(size_of::<Header>() == Header::SIZE);
    assert!(offset_of!(Header, version) == 0);
    assert!(offset_of!(Header, status) == 8);
    assert!(offset_of!(Header, in_len) == 16);
    assert!(offset_of!(Header, out_len) == 20);
};

impl Header {
    /// Size in bytes.
    pub const SIZE: usize = 24;

    /// The only version that there is.
    pub const VERSION: u64 = 1;

    /// Makes the header of a request. The [`TdReport`] follows it.
    pub const fn request() -> Self {
        Self {
            version: U64::new(Self::VERSION),
            status: U64::new(0),
            // CAST: 1024 fits.
            in_len: U32::new(TdReport::SIZE as u32),
            out_len: U32::new(0),
        }
    }

    /// Returns the header that answers `self`.
    pub const fn answer(self, status: Status, out_len: u32) -> Self {
        Self {
            status: U64::new(status.0),
            out_len: U32::new(out_len),
            ..self
        }
    }

    /// Copies the header that `buffer` begins with.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] when there is not one, [`Error::UnknownVersion`] when it is of another
    /// version.
    pub fn parse(buffer: &[u8]) -> Result<Self, Error> {
        let (header, _) = Self::read_from_prefix(buffer).map_err(|_| Error::Truncated)?;

        if header.version.get() != Self::VERSION {
            return Err(Error::UnknownVersion);
        }
        Ok(header)
    }

    /// Returns how far the request got, whatever else `buffer` says: that alone tells whether it is
    /// still the VMM's.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] when there is no header.
    pub fn peek_status(buffer: &[u8]) -> Result<Status, Error> {
        let (header, _) = Self::read_from_prefix(buffer).map_err(|_| Error::Truncated)?;

        Ok(header.status())
    }

    /// Returns how far the request got.
    pub const fn status(&self) -> Status {
        Status(self.status.get())
    }

    /// Returns the length of what the guest sent.
    pub const fn in_len(&self) -> u32 {
        self.in_len.get()
    }

    /// Returns the length of the quote that follows the header in a buffer of `buffer_len` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::InFlight`] while the VMM works on it, [`Error::Failed`] when it gave up,
    /// [`Error::Empty`] and [`Error::TooLarge`] when its length is none that a quote in
    /// this buffer can have.
    pub fn quote_len(&self, buffer_len: usize) -> Result<usize, Error> {
        match self.status() {
            Status::SUCCESS => {}
            Status::IN_FLIGHT => return Err(Error::InFlight),
            status => return Err(Error::Failed(status)),
        }
        let room = buffer_len.saturating_sub(Self::SIZE);
        let len = usize::try_from(self.out_len.get()).map_err(|_| Error::TooLarge)?;

        match len {
            0 => Err(Error::Empty),
            len if len > room => Err(Error::TooLarge),
            len => Ok(len),
        }
    }
}

/// Borrows the report in a request, as the VMM does.
///
/// # Errors
///
/// Those of [`Header::parse`] and [`TdReport::parse`].
pub fn parse_request(buffer: &[u8]) -> Result<&TdReport, Error> {
    let len = usize::try_from(Header::parse(buffer)?.in_len()).map_err(|_| Error::Truncated)?;

    Ok(TdReport::parse(data(buffer, len).ok_or(Error::Truncated)?)?)
}

/// Borrows the quote from a private copy of the whole buffer.
///
/// # Errors
///
/// Those of [`Header::parse`] and [`Header::quote_len`].
pub fn parse_answer(buffer: &[u8]) -> Result<&[u8], Error> {
    let len = Header::parse(buffer)?.quote_len(buffer.len())?;

    data(buffer, len).ok_or(Error::TooLarge)
}

/// Returns the `len` bytes after the header.
fn data(buffer: &[u8], len: usize) -> Option<&[u8]> {
    buffer.get(Header::SIZE..)?.get(..len)
}
