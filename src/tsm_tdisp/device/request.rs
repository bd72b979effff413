// SPDX-License-Identifier: GPL-2.0

//! Requests that succeed or fail, and have no other answer.

use kernel::{
    bindings,
    prelude::*,
    sync::Arc, //
};
use tsm_ext::error::errno;
use tsm_proto::{
    spdm::{
        Nonce,
        Slot, //
    },
    tdisp::lock::Flags, //
};

use super::Managed;
use crate::{
    cancel::Cancel,
    interface::Interface, //
};

/// What is asked of a device, on its worker. All are of one type, so that the module has the code that waits for
/// the worker once.
#[derive(Clone)]
pub(super) enum Request {
    Connect(Slot),
    Disconnect {
        /// What [`Cancel::ended`] was before this ended other requests: to end one that connects is a success.
        since: u32,
    },
    Measure(Nonce),
    ReadSlot(Slot),
    Bind(Arc<Interface>, Flags),
    /// The number is the generation of the evidence.
    Validate(Arc<Interface>, u64),
    Unbind(Arc<Interface>),
    /// Encrypt the link by a stream with this ID, or decrypt it.
    SetLink(Option<u8>),
}

impl Request {
    /// Checks that it can be done now.
    pub(super) fn check(&self, manager: &Managed, cancel: &Cancel) -> Result {
        match self {
            Self::Connect(_) if manager.is_connected() => Err(EBUSY),
            Self::Measure(_) if !manager.is_connected() => Err(errno(bindings::ENOTCONN)),
            Self::Measure(_) => manager.can_sign_measurements(),
            Self::Disconnect { since } if cancel.ended() == *since => {
                manager.state().needs_disconnect()
            }
            Self::Connect(_) | Self::Disconnect { .. } | Self::ReadSlot(_) => Ok(()),
            Self::Bind(..) | Self::Validate(..) | Self::Unbind(_) | Self::SetLink(_) => {
                manager.needs_session()
            }
        }
    }

    pub(super) fn run(self, manager: &mut Managed) -> Result {
        match self {
            Self::Connect(slot) => manager.connect(slot),
            Self::Disconnect { .. } => {
                manager.disconnect();
                Ok(())
            }
            Self::Measure(nonce) => manager.measure(nonce),
            Self::ReadSlot(slot) => manager.read_slot(slot),
            Self::Bind(interface, flags) => manager.bind(&interface, flags),
            Self::Validate(interface, generation) => manager.validate(&interface, generation),
            Self::Unbind(interface) => manager.unbind(&interface),
            Self::SetLink(Some(id)) => manager.encrypt(id),
            Self::SetLink(None) => manager.decrypt(),
        }
    }
}
