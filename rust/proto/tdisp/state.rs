// SPDX-License-Identifier: GPL-2.0

//! GET_DEVICE_INTERFACE_STATE and DEVICE_INTERFACE_STATE.

use super::{
    Error,
    MessageType,
    Request,
    Result, //
};
use crate::spdm::{
    Reader,
    Writer, //
};

/// The state of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// CONFIG_UNLOCKED: the host configures it.
    Unlocked,
    /// CONFIG_LOCKED: the configuration stays, and the guest can look at it.
    Locked,
    /// RUN: it was accepted.
    Run,
    /// ERROR: it was changed, or a fault has occurred.
    Error,
}

impl TryFrom<u8> for State {
    type Error = Error;

    fn try_from(raw: u8) -> Result<Self> {
        match raw {
            0 => Ok(Self::Unlocked),
            1 => Ok(Self::Locked),
            2 => Ok(Self::Run),
            3 => Ok(Self::Error),
            _ => Err(Error::State(raw)),
        }
    }
}

/// The request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetState;

impl Request for GetState {
    const TYPE: MessageType = MessageType::GET_STATE;
    type Response<'a> = State;

    fn write(&self, _writer: &mut Writer<'_>) -> Result {
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::State`] when there is no such state.
    fn read(&self, reader: &mut Reader<'_>) -> Result<State> {
        reader.u8()?.try_into()
    }
}
