// SPDX-License-Identifier: GPL-2.0

//! TIO_MSG_TDI_INFO_REQ and TIO_MSG_TDI_INFO_RSP. TIO, tables 60 and 61; the bits are those of RFC 2026.

use core::mem::offset_of;

use zerocopy::little_endian::{
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
    algorithms::Algorithms,
    request::{
        encode,
        Split, //
    },
    Error,
    MessageVersion,
    Request,
    Result,
    Tdi, //
};
use crate::{
    open_enum::open_enum,
    snp::message::MessageType,
    tdisp::lock::Flags,
    Digest384, //
};

open_enum! {
    /// What the firmware says of a TDI.
    pub struct TdiStatus(u16) {
        /// It is bound to the guest.
        BOUND = 0,
        /// There is no such TDI.
        INVALID = 1,
        /// It is not bound.
        UNBOUND = 2,
    }
}

/// The request: what the firmware knows of a TDI.
///
/// [`Error::NotBound`] when it is not bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TdiInfo;

/// What follows the name and the status in the answer.
#[derive(Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Body {
    measurement_flags: U32,
    lock_flags: U32,
    algorithms: U64,
    certificates: Digest384,
    measurements: Digest384,
    report: Digest384,
    report_count: U64,
    reserved: [u8; 8],
}

impl Body {
    /// The digest of the measurements is valid.
    const VALID: u32 = 1 << 0;
    /// It is fresh.
    const FRESH: u32 = 1 << 1;
}

const _: () = {
    /// Bytes of the name and the status.
    const HEAD: usize = 16;

    assert!(HEAD + size_of::<Body>() == 192);
    assert!(HEAD + offset_of!(Body, measurement_flags) == 16);
    assert!(HEAD + offset_of!(Body, lock_flags) == 20);
    assert!(HEAD + offset_of!(Body, algorithms) == 24);
    assert!(HEAD + offset_of!(Body, certificates) == 32);
    assert!(HEAD + offset_of!(Body, measurements) == 80);
    assert!(HEAD + offset_of!(Body, report) == 128);
    assert!(HEAD + offset_of!(Body, report_count) == 176);
    assert!(HEAD + offset_of!(Body, reserved) == 184);
};

impl<T: Tdi> Request<T> for TdiInfo {
    const TYPE: MessageType = MessageType::TDI_INFO_REQUEST;
    const SIZE: usize = 16;
    const ANSWER_SIZE: usize = 192;
    type Answer<'a> = Info<'a>;

    fn encode(&self, tdi: T, buffer: &mut [u8]) -> Result<usize> {
        encode(tdi, &(), buffer)
    }

    fn parse<'a>(&self, tdi: T, version: MessageVersion, payload: &'a [u8]) -> Result<Info<'a>> {
        let answer = Split::<T, Body>::new(version, payload)?;

        match TdiStatus::new(answer.status) {
            // INVARIANT: The status says that the TDI is bound, and `about` returns answers on the
            // TDI of the request only.
            TdiStatus::BOUND => answer.about(tdi).map(Info),
            status => Err(Error::NotBound(status)),
        }
    }
}

/// What the firmware has a digest of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The certificates of the device.
    Certificates,
    /// Its measurements.
    Measurements,
    /// The report of the interface.
    Report,
}

/// What the firmware knows of a TDI.
///
/// # Invariants
///
/// It is from an answer that says that the TDI of the request is bound.
#[derive(Debug, Clone, Copy)]
pub struct Info<'a>(&'a Body);

impl<'a> Info<'a> {
    /// Returns this digest, if it is valid.
    pub fn digest(&self, kind: Kind) -> Option<&'a Digest384> {
        match kind {
            Kind::Certificates => Some(&self.0.certificates),
            Kind::Measurements => self.has(Body::VALID).then_some(&self.0.measurements),
            Kind::Report => Some(&self.0.report),
        }
    }

    /// Tells whether the firmware calls the digest of the measurements fresh.
    pub fn is_fresh(&self) -> bool {
        self.has(Body::FRESH)
    }

    /// Returns what the device was asked for when it was locked.
    pub fn lock_flags(&self) -> Flags {
        // CAST: The flags of TDISP have 16 bits; the upper ones are reserved.
        Flags::new(self.0.lock_flags.get() as u16)
    }

    /// Returns what the firmware and the device agreed on.
    pub fn algorithms(&self) -> Algorithms {
        Algorithms::new(self.0.algorithms.get())
    }

    /// Returns the firmware's count of reports of the interface.
    pub fn report_count(&self) -> u64 {
        self.0.report_count.get()
    }

    fn has(&self, flag: u32) -> bool {
        self.0.measurement_flags.get() & flag != 0
    }
}
