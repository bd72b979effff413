// SPDX-License-Identifier: GPL-2.0

//! TIO_MSG_MMIO_VALIDATE_REQ and TIO_MSG_MMIO_VALIDATE_RSP. TIO, tables 63 and 64; the status codes are those of RFC
//! 2026.

use core::mem::offset_of;

use zerocopy::little_endian::{
    U16,
    U32,
    U64, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use super::{
    request::{
        encode,
        Split, //
    },
    Error,
    MessageVersion,
    Request,
    Result,
    Subrange,
    Tdi, //
};
use crate::{
    open_enum::open_enum,
    snp::message::MessageType, //
};

open_enum! {
    /// How the request ended.
    pub struct MmioValidateStatus(u16) {
        /// The pages are as the request wants them.
        SUCCESS = 0,
        /// There is no such TDI.
        INVALID_TDI = 1,
        /// The TDI is not bound.
        TDI_UNBOUND = 2,
        /// A page is not assigned to the guest.
        NOT_ASSIGNED = 3,
        /// A page is not one of I/O.
        NOT_IO = 4,
        /// Some pages are validated and some are not.
        NOT_UNIFORM = 5,
        /// A page that is not validated is not immutable.
        NOT_IMMUTABLE = 6,
        /// A page is not at the address where the guest wants it.
        NOT_MAPPED = 7,
        /// The report of the interface does not have the range.
        NOT_REPORTED = 8,
        /// The pages are not all in the range.
        OUT_OF_RANGE = 9,
        /// A page is not one of 4 KiB.
        NOT_4K = 10,
    }
}

/// The request: validates or invalidates pages.
///
/// [`Error::MmioValidate`] when the firmware refuses, [`Error::Mismatch`] when the answer is about other pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MmioValidate {
    /// Which pages.
    pub subrange: Subrange,
    /// Whether they are to be validated.
    pub validated: bool,
    /// Whether pages of which some are validated and some are not are made so as well.
    pub force: bool,
}

/// What the firmware did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Validated {
    /// Whether that was a change. If not, the pages were so before.
    pub changed: bool,
}

/// What follows the name in the request, and the name and the status in the answer.
#[derive(Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Body {
    base: U64,
    pages: U32,
    offset: U32,
    flags: U16,
    range: U16,
    reserved: [u8; 12],
}

impl Body {
    /// In a request: the pages are to be validated.
    const VALIDATED: u16 = 1 << 0;
    /// In a request: see [`MmioValidate::force`].
    const FORCE: u16 = 1 << 1;
    /// In an answer: see [`Validated::changed`].
    const CHANGED: u16 = 1 << 0;

    /// Makes what names the pages.
    fn new<T: Tdi>(subrange: &Subrange, flags: u16) -> Self {
        Self {
            base: T::base(subrange.base()).into(),
            pages: subrange.pages().into(),
            offset: subrange.offset().into(),
            flags: flags.into(),
            range: subrange.range().raw().into(),
            reserved: [0; 12],
        }
    }

    /// Tells whether both are about the same pages.
    fn is_about(&self, other: &Self) -> bool {
        (self.base, self.pages, self.offset, self.range)
            == (other.base, other.pages, other.offset, other.range)
    }
}

const _: () = {
    /// Bytes of the name and the status.
    const HEAD: usize = 16;

    assert!(HEAD + size_of::<Body>() == 48);
    assert!(HEAD + offset_of!(Body, base) == 16);
    assert!(HEAD + offset_of!(Body, pages) == 24);
    assert!(HEAD + offset_of!(Body, offset) == 28);
    assert!(HEAD + offset_of!(Body, flags) == 32);
    assert!(HEAD + offset_of!(Body, range) == 34);
    assert!(HEAD + offset_of!(Body, reserved) == 36);
};

impl<T: Tdi> Request<T> for MmioValidate {
    const TYPE: MessageType = MessageType::MMIO_VALIDATE_REQUEST;
    const SIZE: usize = 48;
    const ANSWER_SIZE: usize = 48;
    type Answer<'a> = Validated;

    fn encode(&self, tdi: T, buffer: &mut [u8]) -> Result<usize> {
        let validated = if self.validated { Body::VALIDATED } else { 0 };
        let force = if self.force { Body::FORCE } else { 0 };

        encode(
            tdi,
            &Body::new::<T>(&self.subrange, validated | force),
            buffer,
        )
    }

    fn parse(&self, tdi: T, version: MessageVersion, payload: &[u8]) -> Result<Validated> {
        let answer = Split::<T, Body>::new(version, payload)?;

        match MmioValidateStatus::new(answer.status) {
            MmioValidateStatus::SUCCESS => {}
            status => return Err(Error::MmioValidate(status)),
        }
        let body = answer.about(tdi)?;

        match body.is_about(&Body::new::<T>(&self.subrange, 0)) {
            true => Ok(Validated {
                changed: body.flags.get() & Body::CHANGED != 0,
            }),
            false => Err(Error::Mismatch),
        }
    }
}
