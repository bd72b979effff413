// SPDX-License-Identifier: GPL-2.0

//! What can be asked of the interfaces of a device, and of its link. All of it needs a session, but to ask for the state.
//!
//! | request | while another one runs | in state |
//! |---|---|---|
//! | bind | refused while connect, measure, bind or validate runs | `unlocked` |
//! | validate | the same | `locked` |
//! | unbind | waits | any |
//! | state | waits | any |
//! | encrypt the link | refused as bind | no interface is bound |
//! | decrypt it | the same | the same |

use kernel::{
    prelude::*,
    sync::Arc, //
};
use tsm_proto::tdisp::{
    lock::Flags,
    state::State, //
};

use super::{
    Device,
    Origin,
    Request,
    RunningGuard, //
};
use crate::{
    backend::Link,
    interface::Interface, //
};

impl Device {
    /// Makes a request that is refused while another one runs that changes something.
    pub(super) fn change(&self, request: Request) -> Result {
        let running = RunningGuard::begin(&self.is_running)?;

        self.ask(Origin::Spdm, request, Some(running), None)
    }

    /// See [`Interface::bind`].
    pub(crate) fn bind(&self, interface: Arc<Interface>, flags: Flags) -> Result {
        self.change(Request::Bind(interface, flags))
    }

    /// See [`Interface::validate`].
    pub(crate) fn validate(&self, interface: Arc<Interface>, generation: u64) -> Result {
        self.change(Request::Validate(interface, generation))
    }

    /// See [`Interface::unbind`].
    pub(crate) fn unbind(&self, interface: Arc<Interface>) -> Result {
        self.ask(Origin::Spdm, Request::Unbind(interface), None, None)
    }

    /// See [`Interface::ask_state`].
    pub(crate) fn interface_state(&self, interface: Arc<Interface>) -> Result<Option<State>> {
        self.worker.call(
            |_| Ok(()),
            move |manager, _| manager.interface_state(&interface),
        )?
    }

    /// Encrypts the link, by a stream with this ID, or ends that.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` when there is no session, [`EBUSY`] when it is encrypted already, the stream is in use, an interface
    /// is bound, or another request runs that changes something, `EOPNOTSUPP` when the device has no such streams,
    /// [`EINTR`] when the task is killed, and those of the exchange.
    pub(crate) fn set_link(&self, stream: Option<u8>) -> Result {
        self.change(Request::SetLink(stream))
    }

    /// Returns what the link does.
    ///
    /// # Errors
    ///
    /// [`EINTR`] when the task is killed, [`EIO`] when the function does not answer.
    pub(crate) fn link(&self) -> Result<Link> {
        self.worker.call(|_| Ok(()), |manager, _| manager.link())?
    }

    /// See [`Interface::release`].
    pub(crate) fn release_interface(&self, interface: &Arc<Interface>) {
        self.worker
            .run(|manager| manager.release_interface(interface));
    }
}
