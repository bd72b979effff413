// SPDX-License-Identifier: GPL-2.0

//! The registers of the DOE mailbox: PCIe r6 6.30.2, 7.9.24.
//!
//! | state | left by | for |
//! |---|---|---|
//! | `Idle` | Go with an object that has a response | `Busy` |
//! | `Idle` | Go with an object for a responder elsewhere | `Relayed` |
//! | `Relayed` | its response | `Busy` |
//! | `Busy` | time | `Waiting` |
//! | `Waiting` | time | `Ready` |
//! | `Ready` | the last DWORD is read | `Idle` |
//! | any | what the mailbox cannot take | `Error` |
//! | any but `Stuck` | Abort | `Idle` |
//! | any | a reset | `Idle` |
//!
//! Go in `Idle` with an object that is malformed, or that nothing responds to, discards the object.

use std::time::{
    Duration,
    Instant, //
};

use super::super::{
    doe::{
        self,
        Mailbox, //
    },
    misbehaviour::Wrong,
    socket::Relay, //
};

/// DOE Capabilities.
const CAPABILITIES: u64 = 0x04;
/// DOE Control.
const CONTROL: u64 = 0x08;
/// DOE Status.
const STATUS: u64 = 0x0c;
/// DOE Write Data Mailbox.
const WRITE: u64 = 0x10;
/// DOE Read Data Mailbox.
const READ: u64 = 0x14;

/// DOE Capabilities: there are interrupts. The message number is that of [`super::layout`]: 0.
const INTERRUPT_SUPPORT: u32 = 1 << 0;
/// DOE Control: Abort.
const ABORT: u32 = 1 << 0;
/// DOE Control: Interrupt Enable.
const INTERRUPT_ENABLE: u32 = 1 << 1;
/// DOE Control: Go.
const GO: u32 = 1 << 31;
/// DOE Status: Busy.
const BUSY: u32 = 1 << 0;
/// DOE Status: Interrupt Status.
const INTERRUPT_STATUS: u32 = 1 << 1;
/// DOE Status: Error.
const ERROR: u32 = 1 << 2;
/// DOE Status: Data Object Ready.
const READY: u32 = 1 << 31;

/// How often the response of a responder elsewhere is looked for, if there is to be an interrupt.
const RELAY_INTERVAL: Duration = Duration::from_millis(1);

/// How long the device takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Timing {
    /// How long it is busy after Go.
    pub(crate) busy: Duration,
    /// How long it is then neither busy nor ready.
    pub(crate) delay: Duration,
}

/// What the mailbox does.
#[derive(Debug)]
enum State {
    /// It takes a request.
    Idle,
    /// It has taken a request, to which the response comes from elsewhere.
    Relayed { wrong: Option<Wrong> },
    /// It has taken a request, and takes no other one until `end`.
    Busy {
        response: Vec<u8>,
        end: Instant,
        ready: Instant,
    },
    /// It will have a response, if ever.
    Waiting {
        response: Vec<u8>,
        ready: Option<Instant>,
    },
    /// It has a response, of which so many DWORDs were read.
    Ready { response: Vec<u8>, read: usize },
    /// It cannot go on.
    Error,
    /// It cannot go on, and does not abort. The status is always this.
    Stuck(u32),
}

/// What a function does because of an access to its mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    None,
    /// It resets itself.
    Reset,
    /// It is gone.
    Vanish,
}

/// What went through the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Traffic {
    /// Objects for which Go was set.
    pub(super) exchanges: u32,
    /// DWORDs of requests.
    pub(super) written: u32,
    /// DWORDs of responses.
    pub(super) read: u32,
}

/// A mailbox.
#[derive(Debug)]
pub(super) struct MailboxRegisters {
    objects: Mailbox,
    /// The responder, if it is another one than that of `objects`.
    relay: Option<Relay>,
    timing: Timing,
    request: Vec<u8>,
    state: State,
    interrupt_enable: bool,
    interrupt_status: bool,
    /// Whether an interrupt is to be sent.
    interrupt: bool,
    /// When one will be.
    due: Option<Instant>,
    traffic: Traffic,
    wrong: Option<Wrong>,
    /// How many objects are right before any is wrong.
    after: u32,
    /// How many objects with a message or a record there were.
    messages: u32,
}

impl MailboxRegisters {
    /// Makes a mailbox that does something wrong after so many objects, if it is for the mailbox to
    /// do wrong.
    pub(super) fn new(objects: Mailbox, timing: Timing, wrong: Option<Wrong>, after: u32) -> Self {
        Self {
            objects,
            relay: None,
            timing,
            request: vec![],
            state: State::Idle,
            interrupt_enable: false,
            interrupt_status: false,
            interrupt: false,
            due: None,
            traffic: Traffic::default(),
            wrong,
            after,
            messages: 0,
        }
    }

    /// Has another responder. What is wrong with the mailbox stays, what is wrong with objects does not count.
    pub(super) fn with_relay(self, relay: Option<Relay>) -> Self {
        Self { relay, ..self }
    }

    /// Does something else wrong from now on, or nothing.
    pub(super) fn set_wrong(&mut self, wrong: Option<Wrong>) {
        self.wrong = wrong;
        self.messages = 0;
        self.objects.set_wrong(wrong);
        self.reset();
    }

    /// Forgets all but what it counts.
    pub(super) fn reset(&mut self) {
        self.objects.reset();
        self.request.clear();
        self.state = State::Idle;
        self.interrupt_enable = false;
        self.interrupt_status = false;
        self.interrupt = false;
        self.due = None;
    }

    /// Returns what it does wrong.
    pub(super) fn wrong(&self) -> Option<Wrong> {
        self.wrong
    }

    /// Returns what went through.
    pub(super) fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Returns a register.
    pub(super) fn read(&self, offset: u64) -> u32 {
        match offset {
            CAPABILITIES => INTERRUPT_SUPPORT,
            CONTROL => flag(self.interrupt_enable, INTERRUPT_ENABLE),
            STATUS => self.status() | flag(self.interrupt_status, INTERRUPT_STATUS),
            READ => match &self.state {
                State::Ready { response, read } => dword(response, *read),
                _ => 0,
            },
            _ => 0,
        }
    }

    /// Returns the status but for that of the interrupt.
    fn status(&self) -> u32 {
        match self.state {
            State::Idle | State::Relayed { .. } | State::Waiting { .. } => 0,
            State::Busy { .. } => BUSY,
            State::Ready { .. } => READY,
            State::Error => ERROR,
            State::Stuck(status) => status,
        }
    }

    /// Writes the bits of a mask in a register.
    pub(super) fn write(&mut self, offset: u64, value: u32, mask: u32, now: Instant) -> Effect {
        match offset {
            CONTROL => return self.control(value, mask, now),
            STATUS if value & mask & INTERRUPT_STATUS != 0 => self.interrupt_status = false,
            WRITE => self.take(value & mask),
            READ => return self.advance(),
            _ => {}
        }
        Effect::None
    }

    /// Makes the transitions whose time has come.
    pub(super) fn poll(&mut self, now: Instant) {
        if let State::Relayed { wrong } = self.state {
            match self.relay.as_ref().and_then(Relay::receive) {
                Some(response) => return self.respond(response, wrong, now),
                None => self.due = self.interrupt_enable.then_some(now + RELAY_INTERVAL),
            }
        }
        if let State::Busy {
            response,
            end,
            ready,
        } = &mut self.state
        {
            if *end <= now {
                self.state = State::Waiting {
                    response: std::mem::take(response),
                    ready: Some(*ready),
                };
            }
        }
        if let State::Waiting {
            response,
            ready: Some(ready),
        } = &mut self.state
        {
            if *ready <= now {
                let response = std::mem::take(response);
                self.change(State::Ready { response, read: 0 });
            }
        }
    }

    /// Returns when an interrupt will be due, each time once.
    pub(super) fn take_due(&mut self) -> Option<Instant> {
        self.due.take()
    }

    /// Returns whether an interrupt is to be sent, once.
    pub(super) fn take_interrupt(&mut self) -> bool {
        std::mem::take(&mut self.interrupt)
    }

    /// Writes DOE Control.
    fn control(&mut self, value: u32, mask: u32, now: Instant) -> Effect {
        if mask & INTERRUPT_ENABLE != 0 {
            self.interrupt_enable = value & INTERRUPT_ENABLE != 0;
        }
        if value & mask & ABORT != 0 {
            self.abort();
            return Effect::None;
        }
        match value & mask & GO {
            0 => Effect::None,
            _ => self.go(now),
        }
    }

    /// Drops request and response.
    fn abort(&mut self) {
        self.request.clear();
        if !matches!(self.state, State::Stuck(_)) {
            self.state = State::Idle;
        }
    }

    /// Takes a DWORD of a request.
    fn take(&mut self, dword: u32) {
        match self.state {
            State::Error | State::Stuck(_) => {}
            _ if self.request.len() >= doe::MAX_SIZE => self.change(State::Error),
            _ => {
                self.traffic.written = self.traffic.written.wrapping_add(1);
                self.request.extend_from_slice(&dword.to_le_bytes());
            }
        }
    }

    /// Hands the request over.
    fn go(&mut self, now: Instant) -> Effect {
        let request = std::mem::take(&mut self.request);

        match self.state {
            State::Idle => {}
            State::Error | State::Stuck(_) => return Effect::None,
            // There is one response at a time.
            _ => {
                self.change(State::Error);
                return Effect::None;
            }
        }
        if !doe::is_whole(&request) {
            return Effect::None;
        }
        self.traffic.exchanges = self.traffic.exchanges.wrapping_add(1);
        let wrong = self.wrong_now(&request);
        let state = match wrong {
            Some(Wrong::MailboxReset) => return Effect::Reset,
            Some(Wrong::MailboxError) => State::Error,
            Some(Wrong::MailboxDead) => State::Stuck(ERROR),
            Some(Wrong::MailboxBusy) => State::Stuck(BUSY),
            _ => {
                self.exchange(request, wrong, now);
                return Effect::None;
            }
        };

        self.change(state);
        Effect::None
    }

    /// Has the responder respond.
    fn exchange(&mut self, request: Vec<u8>, wrong: Option<Wrong>, now: Instant) {
        match &mut self.relay {
            Some(relay) if !doe::is_discovery(&request) => {
                relay.send(request);
                self.state = State::Relayed { wrong };
                self.poll(now);
            }
            _ => {
                if let Some(response) = self.objects.exchange(&request) {
                    self.respond(response, wrong, now);
                }
            }
        }
    }

    /// Has a response, after its time.
    fn respond(&mut self, response: Vec<u8>, wrong: Option<Wrong>, now: Instant) {
        let end = now + self.timing.busy;

        self.state = match wrong {
            Some(Wrong::MailboxNeverReady) => State::Waiting {
                response,
                ready: None,
            },
            _ => State::Busy {
                response,
                end,
                ready: end + self.timing.delay,
            },
        };
        self.poll(now);
        if let State::Busy { ready, .. }
        | State::Waiting {
            ready: Some(ready), ..
        } = self.state
        {
            self.due = self.interrupt_enable.then_some(ready);
        }
    }

    /// Returns what is wrong with the mailbox for a request, if anything. Discovery is right.
    fn wrong_now(&mut self, request: &[u8]) -> Option<Wrong> {
        if doe::is_discovery(request) {
            return None;
        }
        let number = self.messages;
        self.messages = number.saturating_add(1);
        self.wrong.filter(|_| number >= self.after)
    }

    /// Goes on to the next DWORD of the response.
    fn advance(&mut self) -> Effect {
        let State::Ready { response, read } = &mut self.state else {
            return Effect::None;
        };
        self.traffic.read = self.traffic.read.wrapping_add(1);
        *read += 1;
        let dwords = response.len().div_ceil(4);
        let (half, done) = (*read == dwords / 2, *read >= dwords);

        if done {
            self.state = State::Idle;
        }
        match self.wrong {
            Some(Wrong::MailboxVanish) if half && self.messages > self.after => Effect::Vanish,
            _ => Effect::None,
        }
    }

    /// Enters a state that there is an interrupt for.
    fn change(&mut self, state: State) {
        self.state = state;
        if self.interrupt_enable {
            self.interrupt_status = true;
            self.interrupt = true;
        }
    }
}

/// Returns the bits if a flag is set.
fn flag(is_set: bool, bits: u32) -> u32 {
    match is_set {
        true => bits,
        false => 0,
    }
}

/// Returns a DWORD of bytes. What is missing of it is 0.
fn dword(bytes: &[u8], index: usize) -> u32 {
    let found = bytes.chunks(4).nth(index).unwrap_or_default();
    let mut dword = [0; 4];

    for (to, from) in dword.iter_mut().zip(found) {
        *to = *from;
    }
    u32::from_le_bytes(dword)
}

#[cfg(test)]
mod tests;
