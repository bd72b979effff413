// SPDX-License-Identifier: GPL-2.0

//! What readers see of a device.

use core::mem::replace;

use kernel::{
    bindings,
    new_spinlock,
    prelude::*,
    str::CStr,
    sync::{
        Arc,
        SpinLock, //
    }, //
};
use tsm_ext::{
    error::errno,
    pci,
    sysfs::Directory, //
};
use tsm_proto::Generation;

use super::Snapshot;

/// The state of a device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// There is no connection.
    Disconnected,
    /// The device is authenticated, and there is no session.
    Authenticated,
    /// The device is authenticated, and there is a session.
    Session,
    /// There was a connection. The device has lost it, or has broken the protocol.
    Lost,
}

impl State {
    fn of(snapshot: &Snapshot) -> Self {
        match snapshot.has_session() {
            true => Self::Session,
            false => Self::Authenticated,
        }
    }

    /// Returns the text of the file and of the event.
    fn texts(self) -> (&'static str, &'static CStr) {
        match self {
            Self::Disconnected => ("disconnected", c"SPDM_STATE=disconnected"),
            Self::Authenticated => ("authenticated", c"SPDM_STATE=authenticated"),
            Self::Session => ("session", c"SPDM_STATE=session"),
            Self::Lost => ("lost", c"SPDM_STATE=lost"),
        }
    }

    /// Returns the text of the file.
    pub(crate) fn text(self) -> &'static str {
        self.texts().0
    }

    /// Returns a number for each state that is not 0.
    pub(crate) fn number(self) -> usize {
        // CAST: One of four.
        self as usize + 1
    }

    /// Returns the state that has this number.
    pub(crate) fn with_number(number: usize) -> Option<Self> {
        let all = [
            Self::Disconnected,
            Self::Authenticated,
            Self::Session,
            Self::Lost,
        ];

        all.into_iter().find(|state| state.number() == number)
    }

    /// Checks that there is something to disconnect.
    ///
    /// # Errors
    ///
    /// `ENOTCONN` when there is not.
    pub(crate) fn needs_disconnect(self) -> Result {
        match self {
            Self::Disconnected => Err(errno(bindings::ENOTCONN)),
            Self::Authenticated | Self::Session | Self::Lost => Ok(()),
        }
    }
}

/// What is current.
struct Current {
    state: State,
    generation: Generation,
    snapshot: Option<Arc<Snapshot>>,
}

/// What readers see. They do not wait for the device.
#[pin_data]
pub(crate) struct Published {
    #[pin]
    current: SpinLock<Current>,
    device: pci::Device,
    directory: Directory,
}

impl Published {
    /// Begins without a connection. `directory` has the files `state` and `generation`.
    pub(crate) fn new(device: pci::Device, directory: Directory) -> Result<Arc<Self>> {
        let current = Current {
            state: State::Disconnected,
            generation: Generation::default(),
            snapshot: None,
        };

        Arc::pin_init(
            pin_init!(Self {
                current <- new_spinlock!(current, "tsm_tdisp::Published::current"),
                device,
                directory,
            }),
            GFP_KERNEL,
        )
    }

    /// Returns the state.
    pub(crate) fn state(&self) -> State {
        self.current.lock().state
    }

    /// Returns the generation of the evidence.
    pub(crate) fn generation(&self) -> Generation {
        self.current.lock().generation
    }

    /// Returns the evidence, if there is a connection.
    pub(crate) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.current.lock().snapshot.clone()
    }

    /// Shows other evidence.
    pub(crate) fn replace(&self, snapshot: Arc<Snapshot>) {
        self.set(State::of(&snapshot), Some(snapshot));
    }

    /// Shows evidence that has all that is shown already, and more. The generation stays.
    pub(crate) fn extend(&self, snapshot: Arc<Snapshot>) {
        let old = self.current.lock().snapshot.replace(snapshot);

        // Without the lock.
        drop(old);
    }

    /// Shows no evidence.
    pub(crate) fn clear(&self, state: State) {
        self.set(state, None);
    }

    fn set(&self, state: State, snapshot: Option<Arc<Snapshot>>) {
        let mut current = self.current.lock();
        let has_moved = current.state != state;
        let has_changed = current.snapshot.is_some() || snapshot.is_some();
        let old = replace(&mut current.snapshot, snapshot);

        current.state = state;
        if has_changed {
            // It does not get to the end in practice.
            current.generation = current.generation.next().unwrap_or(current.generation);
        }
        drop(current);
        drop(old);

        if has_changed {
            self.directory.notify(c"generation");
        }
        if has_moved {
            self.directory.notify(c"state");
            // Without memory the event is lost; poll(2) works nevertheless.
            let _ = self.device.changed(&[state.texts().1]);
        }
    }
}
