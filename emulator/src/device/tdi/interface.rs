// SPDX-License-Identifier: GPL-2.0

//! One interface: PCIe r6 11.2.
//!
//! | state | left by | for |
//! |---|---|---|
//! | CONFIG_UNLOCKED | LOCK_INTERFACE_REQUEST | CONFIG_LOCKED |
//! | CONFIG_LOCKED | START_INTERFACE_REQUEST | RUN |
//! | CONFIG_LOCKED, RUN | a change of what is locked, or the end of the session | ERROR |
//! | any | STOP_INTERFACE_REQUEST, a reset | CONFIG_UNLOCKED |

use super::{
    memory::Memory,
    Bars,
    Lock,
    Nonce,
    SessionNumber, //
};

/// The state of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// CONFIG_UNLOCKED: the host may change how the function is set up.
    Unlocked,
    /// CONFIG_LOCKED: a change is an error. The guest can look at the report.
    Locked,
    /// RUN: the guest has accepted the interface.
    Run,
    /// ERROR: what was locked has changed.
    Error,
}

impl State {
    /// Returns the value as it is in a message.
    pub(crate) const fn raw(self) -> u8 {
        match self {
            Self::Unlocked => 0,
            Self::Locked => 1,
            Self::Run => 2,
            Self::Error => 3,
        }
    }

    /// Returns the state after an event, if the event is possible.
    const fn after(self, event: Event) -> Option<Self> {
        match (self, event) {
            (_, Event::Stop) => Some(Self::Unlocked),
            (Self::Unlocked, Event::Lock) => Some(Self::Locked),
            (Self::Locked, Event::Start) => Some(Self::Run),
            (Self::Locked | Self::Run, Event::Fail) => Some(Self::Error),
            _ => None,
        }
    }
}

/// What changes a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// LOCK_INTERFACE_REQUEST.
    Lock,
    /// START_INTERFACE_REQUEST.
    Start,
    /// STOP_INTERFACE_REQUEST, or a reset.
    Stop,
    /// Something that must not happen to a locked interface.
    Fail,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The interface is in another state than the request needs.
    State,
    /// The session is not that of the lock.
    Session,
    /// The stream does not have all keys, or not by the session.
    Stream,
    /// The nonce is not that of the lock.
    Nonce,
    /// The function is not set up as a locked one has to be.
    Configuration,
}

/// How a function is set up, as far as it matters to its interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// The addresses of its BARs, as it reports them.
    pub(crate) bars: Bars,
    /// Message Control of MSI-X.
    pub(crate) msix_control: u16,
    /// Whether its power state is D0.
    pub(crate) is_powered: bool,
}

/// An interface.
#[derive(Debug)]
pub(super) struct Interface {
    state: State,
    /// There is one in CONFIG_LOCKED and RUN only.
    lock: Option<Lock>,
    /// The addresses of BARs that are reported whatever they are.
    host: Option<Bars>,
    configuration: Configuration,
    memory: Memory,
}

impl Interface {
    /// Makes one that is unlocked, and reports addresses of the host if there are any.
    pub(super) fn new(host: Option<Bars>) -> Self {
        Self {
            state: State::Unlocked,
            lock: None,
            host,
            configuration: Configuration {
                bars: host.unwrap_or_default(),
                msix_control: 0,
                is_powered: true,
            },
            memory: Memory::new(),
        }
    }

    /// Returns the state.
    pub(super) fn state(&self) -> State {
        self.state
    }

    /// Returns what it was locked with, if it is locked or runs.
    pub(super) fn lock(&self) -> Option<&Lock> {
        self.lock.as_ref()
    }

    /// Returns how its function is set up.
    pub(super) fn configuration(&self) -> Configuration {
        self.configuration
    }

    /// Returns its memory.
    pub(super) fn memory(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// Learns how its function is set up.
    pub(super) fn configure(&mut self, configuration: Configuration) {
        self.configuration = Configuration {
            bars: self.host.unwrap_or(configuration.bars),
            ..configuration
        };
    }

    /// Locks it.
    pub(super) fn enter_locked(&mut self, lock: Lock) -> Result<(), Refusal> {
        let next = self.state.after(Event::Lock).ok_or(Refusal::State)?;

        if !self.configuration.is_powered {
            return Err(Refusal::Configuration);
        }
        self.state = next;
        self.lock = Some(lock);
        Ok(())
    }

    /// Starts it. The nonce is gone then.
    pub(super) fn start(&mut self, session: SessionNumber, nonce: &Nonce) -> Result<(), Refusal> {
        let next = self.state.after(Event::Start).ok_or(Refusal::State)?;
        let lock = self.lock.as_mut().ok_or(Refusal::State)?;

        if lock.session != session {
            return Err(Refusal::Session);
        }
        if lock.nonce.as_ref() != Some(nonce) {
            return Err(Refusal::Nonce);
        }
        lock.nonce = None;
        self.state = next;
        Ok(())
    }

    /// Unlocks it. Nothing of what the guest had there remains.
    pub(super) fn stop(&mut self) {
        if let Some(next) = self.state.after(Event::Stop) {
            if self.state != next {
                self.memory.clear();
            }
            self.state = next;
            self.lock = None;
        }
    }

    /// Has it fail, if it is locked or runs.
    pub(super) fn fail(&mut self) {
        if let Some(next) = self.state.after(Event::Fail) {
            self.state = next;
            self.lock = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_no_other_transitions() {
        use State::{Error, Locked, Run, Unlocked};

        for (state, expected) in [
            (Unlocked, [Some(Locked), None, Some(Unlocked), None]),
            (Locked, [None, Some(Run), Some(Unlocked), Some(Error)]),
            (Run, [None, None, Some(Unlocked), Some(Error)]),
            (Error, [None, None, Some(Unlocked), None]),
        ] {
            let events = [Event::Lock, Event::Start, Event::Stop, Event::Fail];
            assert_eq!(events.map(|event| state.after(event)), expected);
        }
    }
}
