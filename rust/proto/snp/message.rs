// SPDX-License-Identifier: GPL-2.0

//! What guest and firmware send each other: the payloads of guest messages, decrypted. ABI, chapter
//! "Guest Messages".
//!
//! A request names its answer.

use core::mem::offset_of;

use zerocopy::{
    little_endian::{
        U32,
        U64, //
    },
    FromBytes as _,
    Immutable,
    IntoBytes, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use crate::{
    length::whole,
    open_enum::open_enum,
    snp::{
        Error,
        FirmwareStatus,
        Report,
        Vmpl, //
    },
    ReportData, //
};

open_enum! {
    /// What kind of message it is. ABI, table "Message Type Encodings". The answer to a request has the
    /// number after it.
    pub struct MessageType(u8) {
        /// `MSG_KEY_REQ`.
        KEY_REQUEST = 3,
        /// `MSG_REPORT_REQ`.
        REPORT_REQUEST = 5,
        /// `MSG_TSC_INFO_REQ`.
        TSC_INFO_REQUEST = 17,
        /// `TIO_MSG_TDI_INFO_REQ`. This one and those after it are of [`tio`](crate::snp::tio).
        TDI_INFO_REQUEST = 19,
        /// `TIO_MSG_MMIO_VALIDATE_REQ`.
        MMIO_VALIDATE_REQUEST = 21,
        /// `TIO_MSG_MMIO_CONFIG_REQ`.
        MMIO_CONFIG_REQUEST = 23,
        /// `TIO_MSG_SDTE_WRITE_REQ`.
        SDTE_WRITE_REQUEST = 25,
    }
}

impl MessageType {
    /// Returns the type of the answer, if there can be one.
    pub const fn answer(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(raw) => Some(Self(raw)),
            None => None,
        }
    }
}

/// The payload of a request.
pub trait Request: IntoBytes + Immutable {
    /// The type of the message.
    const TYPE: MessageType;
    /// The version of the message that has this layout. The firmware answers another one with an
    /// error of the whole request, after which the kernel wipes the key.
    const VERSION: u8;
    /// How many bytes a driver hands out of the answer, padded with zeros. It may be shorter.
    const ANSWER_SIZE: usize;
}

/// The payload of `MSG_REPORT_REQ`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct ReportRequest {
    /// What the report is to bind.
    pub report_data: ReportData,
    /// The privilege level to put into the report.
    pub vmpl: U32,
    /// Which key is to sign in bits 0 and 1: 0 the VLEK if there is one, 1 the VCEK, 2 the VLEK.
    pub key_select: U32,
    reserved: [u8; 24],
}

impl ReportRequest {
    /// Size in bytes.
    pub const SIZE: usize = 96;

    /// Makes a request for a report that binds `report_data`.
    pub const fn new(report_data: ReportData, vmpl: Vmpl) -> Self {
        Self {
            report_data,
            // CAST: 8 bits fit 32.
            vmpl: U32::new(vmpl.number() as u32),
            key_select: U32::new(0),
            reserved: [0; 24],
        }
    }
}

impl Request for ReportRequest {
    const TYPE: MessageType = MessageType::REPORT_REQUEST;
    const VERSION: u8 = 1;
    const ANSWER_SIZE: usize = 4000;
}

/// What the payload of `MSG_REPORT_RSP` begins with; the report follows.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct ReportAnswer {
    status: U32,
    report_size: U32,
    reserved: [u8; 24],
}

impl ReportAnswer {
    /// Size in bytes.
    pub const SIZE: usize = 32;

    /// Makes what goes before a report of `report_size` bytes.
    pub const fn new(status: FirmwareStatus, report_size: u32) -> Self {
        Self {
            status: U32::new(status.raw()),
            report_size: U32::new(report_size),
            reserved: [0; 24],
        }
    }

    /// Borrows the report from `payload`, which may be padded. A report of later firmware may be
    /// longer than [`Report::SIZE`].
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] when `payload` can't have the header or the report, or a report is too
    /// short to be one; [`Error::Refused`] when the firmware made none.
    pub fn parse(payload: &[u8]) -> Result<&[u8], Error> {
        let (header, rest) = Self::ref_from_prefix(payload).map_err(|_| Error::Truncated)?;

        match FirmwareStatus::new(header.status.get()) {
            FirmwareStatus::SUCCESS => {}
            status => return Err(Error::Refused(status)),
        }
        let size = usize::try_from(header.report_size.get()).map_err(|_| Error::Truncated)?;

        rest.get(..size)
            .filter(|report| report.len() >= Report::SIZE)
            .ok_or(Error::Truncated)
    }
}

/// The payload of `MSG_KEY_REQ`, version 1. ABI, table "MSG_KEY_REQ Message Structure".
///
/// Version 2 has the mitigations at launch behind it, which bit 6 of
/// [`KeyRequest::guest_field_select`] mixes in; `linux/sev-guest.h` has no room for them.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct KeyRequest {
    /// Which key to derive from, in bit 0: 0 the VCEK or VLEK, 1 the VMRK. Bits 1 and 2 say which of the
    /// former two.
    pub root_key_select: U32,
    /// Must be zero.
    pub reserved: U32,
    /// What to mix into the key, a bit for each: 0 the policy, 1 the image ID, 2 the family ID, 3 the
    /// measurement, 4 and 5 what [`KeyRequest::guest_svn`] and [`KeyRequest::tcb_version`] say.
    pub guest_field_select: U64,
    /// The privilege level to mix in, as a number not below that of the guest.
    pub vmpl: U32,
    /// The guest's security version number to mix in, not above its own.
    pub guest_svn: U32,
    /// The TCB version to mix in, not above the committed one.
    pub tcb_version: U64,
}

impl KeyRequest {
    /// Size in bytes.
    pub const SIZE: usize = 32;
}

impl Request for KeyRequest {
    const TYPE: MessageType = MessageType::KEY_REQUEST;
    const VERSION: u8 = 1;
    const ANSWER_SIZE: usize = KeyAnswer::SIZE;
}

/// The payload of `MSG_KEY_RSP`. It is a secret.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct KeyAnswer {
    status: U32,
    reserved: [u8; 28],
    key: [u8; 32],
}

impl KeyAnswer {
    /// Size in bytes.
    pub const SIZE: usize = 64;

    /// Makes an answer.
    pub const fn new(status: FirmwareStatus, key: [u8; 32]) -> Self {
        Self {
            status: U32::new(status.raw()),
            reserved: [0; 28],
            key,
        }
    }

    /// Borrows the key from `payload`.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] or [`Error::Trailing`] when `payload` is not as long as an answer,
    /// [`Error::Refused`] when the firmware derived none.
    pub fn parse(payload: &[u8]) -> Result<&[u8; 32], Error> {
        let answer: &Self = whole(payload)?;

        match FirmwareStatus::new(answer.status.get()) {
            FirmwareStatus::SUCCESS => Ok(&answer.key),
            status => Err(Error::Refused(status)),
        }
    }
}

const _: () = {
    assert!(size_of::<ReportRequest>() == ReportRequest::SIZE);
    assert!(offset_of!(ReportRequest, report_data) == 0);
    assert!(offset_of!(ReportRequest, vmpl) == 64);
    assert!(offset_of!(ReportRequest, key_select) == 68);
    assert!(offset_of!(ReportRequest, reserved) == 72);

    assert!(size_of::<ReportAnswer>() == ReportAnswer::SIZE);
    assert!(offset_of!(ReportAnswer, status) == 0);
    assert!(offset_of!(ReportAnswer, report_size) == 4);
    assert!(offset_of!(ReportAnswer, reserved) == 8);

    assert!(size_of::<KeyRequest>() == KeyRequest::SIZE);
    assert!(offset_of!(KeyRequest, root_key_select) == 0);
    assert!(offset_of!(KeyRequest, reserved) == 4);
    assert!(offset_of!(KeyRequest, guest_field_select) == 8);
    assert!(offset_of!(KeyRequest, vmpl) == 16);
    assert!(offset_of!(KeyRequest, guest_svn) == 20);
    assert!(offset_of!(KeyRequest, tcb_version) == 24);

    assert!(size_of::<KeyAnswer>() == KeyAnswer::SIZE);
    assert!(offset_of!(KeyAnswer, status) == 0);
    assert!(offset_of!(KeyAnswer, reserved) == 4);
    assert!(offset_of!(KeyAnswer, key) == 32);
};
