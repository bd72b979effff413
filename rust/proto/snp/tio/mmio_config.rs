// SPDX-License-Identifier: GPL-2.0

//! TIO_MSG_MMIO_CONFIG_REQ and TIO_MSG_MMIO_CONFIG_RSP, of version 1. TIO, tables 65 and 66; the status codes are those
//! of RFC 2025, which later ones do not have.

use core::mem::offset_of;

use zerocopy::little_endian::{
    U16,
    U32, //
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
        check,
        write, //
    },
    Error,
    GuestDeviceId,
    MessageVersion,
    RangeId,
    Request,
    Result, //
};
use crate::{
    length::whole,
    open_enum::open_enum,
    snp::message::MessageType,
    tdisp::report::Attributes, //
};

open_enum! {
    /// How the request ended.
    pub struct MmioConfigStatus(u16) {
        /// The attributes are those of the answer.
        SUCCESS = 0,
        /// There is no such TDI.
        INVALID_TDI = 1,
        /// The TDI is not bound.
        TDI_UNBOUND = 2,
        /// The report of the interface does not have the range.
        NOT_REPORTED = 3,
        /// An attribute could not be changed.
        COULD_NOT_CHANGE = 4,
    }
}

/// What is done with the attributes of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// They are read.
    Read,
    /// The range is made one for the guest alone.
    SetTee,
    /// The range is made one that may be shared memory as well. OpenVMM refuses this, by table 65; AMD's driver in
    /// linux-iommu does it, in code that is not compiled.
    SetNonTee,
}

/// The request: reads or writes the attributes of a range.
///
/// [`Error::MmioConfig`] when the firmware refuses, [`Error::Mismatch`] when the answer is about another range or
/// operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MmioConfig {
    /// Which range.
    pub range: RangeId,
    /// What is done.
    pub operation: Operation,
}

/// The request, and the answer.
#[derive(Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Message {
    guest_device_id: U16,
    /// Reserved in a request.
    status: U16,
    /// In a request, only whether the range is not for the guest alone.
    attributes: U16,
    range: U16,
    /// Bit 0; the others are reserved.
    write: U32,
    reserved: [u8; 4],
}

const _: () = {
    assert!(size_of::<Message>() == 16);
    assert!(offset_of!(Message, guest_device_id) == 0);
    assert!(offset_of!(Message, status) == 2);
    assert!(offset_of!(Message, attributes) == 4);
    assert!(offset_of!(Message, range) == 6);
    assert!(offset_of!(Message, write) == 8);
    assert!(offset_of!(Message, reserved) == 12);
};

impl MmioConfig {
    /// Makes the request.
    fn message(&self, tdi: GuestDeviceId) -> Message {
        let (attributes, write) = match self.operation {
            Operation::Read => (0, 0),
            Operation::SetTee => (0, 1),
            Operation::SetNonTee => (Attributes::NON_TEE.raw(), 1),
        };

        Message {
            guest_device_id: tdi.raw().into(),
            status: U16::ZERO,
            attributes: attributes.into(),
            range: self.range.raw().into(),
            write: write.into(),
            reserved: [0; 4],
        }
    }
}

impl Request<GuestDeviceId> for MmioConfig {
    const TYPE: MessageType = MessageType::MMIO_CONFIG_REQUEST;
    const SIZE: usize = 16;
    const ANSWER_SIZE: usize = 16;
    /// What the attributes are now.
    type Answer<'a> = Attributes;

    fn encode(&self, tdi: GuestDeviceId, buffer: &mut [u8]) -> Result<usize> {
        write(&self.message(tdi), buffer)
    }

    fn parse(
        &self,
        tdi: GuestDeviceId,
        version: MessageVersion,
        payload: &[u8],
    ) -> Result<Attributes> {
        check::<GuestDeviceId>(version)?;
        let answer: &Message = whole(payload)?;
        let request = self.message(tdi);

        match MmioConfigStatus::new(answer.status.get()) {
            MmioConfigStatus::SUCCESS => {}
            status => return Err(Error::MmioConfig(status)),
        }
        if answer.guest_device_id != request.guest_device_id {
            return Err(Error::OtherTdi);
        }
        if answer.range != request.range || (answer.write.get() ^ request.write.get()) & 1 != 0 {
            return Err(Error::Mismatch);
        }
        Ok(Attributes::new(answer.attributes.get()))
    }
}
