// SPDX-License-Identifier: GPL-2.0

//! TIO_MSG_SDTE_WRITE_REQ and TIO_MSG_SDTE_WRITE_RSP. TIO, tables 67 and 69; the status codes are those of RFC 2026.

use super::{
    request::{
        encode,
        Split, //
    },
    Error,
    MessageVersion,
    Request,
    Result,
    Sdte,
    Tdi, //
};
use crate::{
    open_enum::open_enum,
    snp::message::MessageType, //
};

open_enum! {
    /// How the request ended.
    pub struct SdteStatus(u16) {
        /// The entry was written.
        SUCCESS = 0,
        /// There is no such TDI.
        INVALID_TDI = 1,
        /// The TDI is not bound.
        TDI_NOT_BOUND = 2,
        /// A reserved field is not 0.
        RESERVED = 3,
    }
}

/// The request: writes the entry of a TDI.
///
/// [`Error::SdteWrite`] when the firmware refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SdteWrite(pub Sdte);

impl<T: Tdi> Request<T> for SdteWrite {
    const TYPE: MessageType = MessageType::SDTE_WRITE_REQUEST;
    const SIZE: usize = 16 + Sdte::SIZE;
    const ANSWER_SIZE: usize = 16;
    type Answer<'a> = ();

    fn encode(&self, tdi: T, buffer: &mut [u8]) -> Result<usize> {
        encode(tdi, &self.0, buffer)
    }

    fn parse(&self, tdi: T, version: MessageVersion, payload: &[u8]) -> Result {
        let answer = Split::<T, ()>::new(version, payload)?;

        match SdteStatus::new(answer.status) {
            SdteStatus::SUCCESS => answer.about(tdi).copied(),
            status => Err(Error::SdteWrite(status)),
        }
    }
}
