// SPDX-License-Identifier: GPL-2.0

//! `TDG.VP.VMCALL<TDCM>`: asks the VMM to do something with a device. All of it is from Intel.
//!
//! The request is in shared pages, and so is the answer, in the same ones. The VMM answers when it has set the status
//! to something else than [`TdcmStatus::WAIT`], which may be after the call. It may write at any time: what it wrote is
//! parsed in a private copy.

use core::mem::offset_of;

use zerocopy::{
    little_endian::{
        U16,
        U32, //
    },
    FromBytes as _,
    IntoBytes as _, //
};
use zerocopy_derive::{
    FromBytes,
    Immutable,
    IntoBytes,
    KnownLayout,
    Unaligned, //
};

use super::{
    Error,
    Kind,
    Result,
    Unchecked, //
};
use crate::{
    open_enum::open_enum,
    tdx::{
        call::{
            Arguments,
            Call,
            Leaf,
            Results,
            SharedGpa, //
        },
        VmcallStatus, //
    }, //
};

open_enum! {
    /// What the VMM is asked to do.
    pub struct Operation(u16) {
        /// Says whether the device has TEE-IO.
        CHECK_TEE_IO = 1,
        /// Binds the TDI to the TD, and locks it.
        BIND = 2,
        /// Gives what attests the device.
        GET_DEVICE_INFO = 3,
        /// Gives the report of the interface.
        GET_TDI_REPORT = 4,
        /// Starts the TDI.
        START_TDI = 5,
        /// Gives the state of the TDI.
        GET_TDI_STATE = 6,
        /// Unbinds the TDI.
        UNBIND = 7,
    }
}

open_enum! {
    /// How far the VMM is.
    pub struct TdcmStatus(u8) {
        /// It has not answered yet.
        WAIT = 0,
        /// It has done it.
        COMPLETED = 1,
        /// It has not done it; the error says why.
        ERROR = 2,
    }
}

open_enum! {
    /// Where the error is.
    pub struct TdcmError(u8) {
        /// In the TDX module.
        TDX_MODULE = 10,
        /// In the device.
        DEVICE = 11,
        /// In a message of SPDM.
        SPDM_MESSAGE = 12,
        /// In a message of IDE_KM.
        IDE_KM_MESSAGE = 13,
        /// In a message of TDISP.
        TDISP_MESSAGE = 14,
        /// In the state, in which this can't be done.
        INVALID_STATE = 15,
    }
}

/// What a request and an answer begin with.
#[derive(Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Header {
    operation: U16,
    version: u8,
    reserved0: u8,
    reserved1: U32,
    status: u8,
    error: u8,
    reserved2: U16,
    reserved3: U32,
    /// Bytes of the data behind it.
    length: U32,
}

const _: () = {
    assert!(size_of::<Header>() == Tdcm::HEADER);
    assert!(offset_of!(Header, operation) == 0);
    assert!(offset_of!(Header, version) == 2);
    assert!(offset_of!(Header, reserved0) == 3);
    assert!(offset_of!(Header, reserved1) == 4);
    assert!(offset_of!(Header, status) == Tdcm::STATUS);
    assert!(offset_of!(Header, error) == 9);
    assert!(offset_of!(Header, reserved2) == 10);
    assert!(offset_of!(Header, reserved3) == 12);
    assert!(offset_of!(Header, length) == 16);
};

/// A request, which names its answer. None of them has data.
pub trait Request {
    /// What the VMM is asked to do.
    const OPERATION: Operation;
    /// The answer.
    type Answer<'a>;

    /// Parses the data of the answer.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] or [`Error::Trailing`] when they have not the length that they must have; those of the
    /// request.
    fn read(data: &[u8]) -> Result<Self::Answer<'_>>;

    /// Writes the request to the start of `pages` and returns its length. What follows is not part of it.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when there is no room.
    fn encode(&self, pages: &mut [u8]) -> Result<usize> {
        let header = Header {
            operation: Self::OPERATION.raw().into(),
            version: 0,
            reserved0: 0,
            reserved1: U32::ZERO,
            status: TdcmStatus::WAIT.raw(),
            error: 0,
            reserved2: U16::ZERO,
            reserved3: U32::ZERO,
            length: U32::ZERO,
        };

        header.write_to_prefix(pages).map_err(|_| Error::TooLarge)?;
        Ok(Tdcm::HEADER)
    }

    /// Parses a private copy of the pages. Whether the VMM leaves the operation there is not known, so it is ignored,
    /// as is what is reserved and what follows the data.
    ///
    /// # Errors
    ///
    /// [`Error::Pending`] when the VMM has not answered yet, [`Error::Refused`] when it did not do it,
    /// [`Error::UnknownStatus`] when it says something else, [`Error::Truncated`] when the copy ends before the data;
    /// those of [`Request::read`].
    fn parse<'a>(&self, copy: &'a [u8]) -> Result<Self::Answer<'a>> {
        let (header, rest) = Header::ref_from_prefix(copy).map_err(|_| Error::Truncated)?;

        match TdcmStatus::new(header.status) {
            TdcmStatus::WAIT => return Err(Error::Pending),
            TdcmStatus::COMPLETED => {}
            TdcmStatus::ERROR => return Err(Error::Refused(TdcmError::new(header.error))),
            status => return Err(Error::UnknownStatus(status)),
        }
        let data = usize::try_from(header.length.get())
            .ok()
            .and_then(|len| rest.get(..len))
            .ok_or(Error::Truncated)?;

        Self::read(data)
    }
}

/// Checks that there are no data.
fn nothing(data: &[u8]) -> Result {
    match data {
        [] => Ok(()),
        _ => Err(Error::Trailing),
    }
}

/// Returns data as evidence, of which there has to be some.
fn evidence(kind: Kind, data: &[u8]) -> Result<Unchecked<'_>> {
    match data {
        [] => Err(Error::Empty(kind)),
        _ => Ok(Unchecked::new(kind, data)),
    }
}

/// Asks whether the device has TEE-IO, as the VMM says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckTeeIo;

impl Request for CheckTeeIo {
    const OPERATION: Operation = Operation::CHECK_TEE_IO;
    type Answer<'a> = bool;

    fn read(data: &[u8]) -> Result<bool> {
        match data {
            [supported] => Ok(*supported != 0),
            [] => Err(Error::Truncated),
            _ => Err(Error::Trailing),
        }
    }
}

/// Has the TDI bound and locked. [`ReadState`](super::ReadState) tells whether it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bind;

impl Request for Bind {
    const OPERATION: Operation = Operation::BIND;
    type Answer<'a> = ();

    fn read(data: &[u8]) -> Result {
        nothing(data)
    }
}

/// Asks for what attests the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetDeviceInfo;

impl Request for GetDeviceInfo {
    const OPERATION: Operation = Operation::GET_DEVICE_INFO;

    /// [`Error::Empty`] when there is nothing.
    type Answer<'a> = Unchecked<'a>;

    fn read(data: &[u8]) -> Result<Unchecked<'_>> {
        evidence(Kind::DeviceInfo, data)
    }
}

/// Asks for the report of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetReport;

impl Request for GetReport {
    const OPERATION: Operation = Operation::GET_TDI_REPORT;

    /// [`Error::Empty`] when there is nothing.
    type Answer<'a> = Unchecked<'a>;

    fn read(data: &[u8]) -> Result<Unchecked<'_>> {
        evidence(Kind::Report, data)
    }
}

/// Has the TDI started, after [`Start`](super::Start). [`ReadState`](super::ReadState) tells whether it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartTdi;

impl Request for StartTdi {
    const OPERATION: Operation = Operation::START_TDI;
    type Answer<'a> = ();

    fn read(data: &[u8]) -> Result {
        nothing(data)
    }
}

/// Has the TDI unbound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unbind;

impl Request for Unbind {
    const OPERATION: Operation = Operation::UNBIND;
    type Answer<'a> = ();

    fn read(data: &[u8]) -> Result {
        nothing(data)
    }
}

/// The PCI requester ID of a device in the TD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceId(u16);

impl DeviceId {
    /// Takes the number.
    pub const fn new(raw: u16) -> Self {
        Self(raw)
    }
}

/// The call: hands a request to the VMM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tdcm {
    /// The device.
    pub device: DeviceId,
    /// The pages, aligned to a page.
    pub pages: SharedGpa,
    /// Their size in bytes, whole pages.
    pub size: u64,
    /// The vector of the interrupt that says that the answer is there; 0 for none.
    pub vector: u8,
}

impl Tdcm {
    /// The sub-function.
    pub const FUNCTION: u64 = 0x10007;

    /// The registers that the VMM sees and writes: `R10` to `R15`, which the call needs.
    pub const EXPOSED: u64 = 0b11_1111 << 10;

    /// Bytes before the data of an answer.
    pub const HEADER: usize = 20;

    /// Where the status is, a byte.
    pub const STATUS: usize = 8;
}

impl Call for Tdcm {
    const LEAF: Leaf = Leaf::VP_VMCALL;
    type Reply = VmcallStatus;

    fn arguments(&self) -> Arguments {
        Arguments {
            rcx: Self::EXPOSED,
            // A call that the GHCI defines.
            r10: 0,
            r11: Self::FUNCTION,
            r12: self.device.0.into(),
            r13: self.pages.raw(),
            r14: self.size,
            r15: self.vector.into(),
            ..Arguments::default()
        }
    }

    fn reply(results: &Results) -> VmcallStatus {
        VmcallStatus::new(results.r10)
    }
}
