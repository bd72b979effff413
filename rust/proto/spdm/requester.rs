// SPDX-License-Identifier: GPL-2.0

//! A requester. It does no I/O: it says what to send, and is given what was received.
//!
//! | state | event | next |
//! |---|---|---|
//! | idle, lost | connect | asking |
//! | asking | answer | asking, waiting, ready or idle |
//! | waiting | time passed | asking |
//! | ready | read a slot, measure, disconnect | asking |
//! | asking for a slot or measurements | a refusal | ready |
//! | any | an error | lost |

mod challenge;
mod exchange;
mod identify;
mod link;
mod measure;
mod negotiate;
mod peer;
mod phase;
mod retry;

pub use peer::Peer;

use core::mem::replace;

use self::{
    identify::AskDigests,
    link::Link,
    measure::AskMeasurements,
    negotiate::AskVersion,
    phase::{
        Next,
        Phase, //
    },
    retry::Retry, //
};
use super::{
    key_exchange::SessionId,
    key_schedule::Keys,
    secured,
    transcript::{
        Evidence,
        Part, //
    },
    Error,
    Nonce,
    Padding,
    Result,
    Slot,
    SlotMask,
    Suite,
    Version, //
};
use crate::doe::ObjectType;

/// What the user of the requester chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// The highest version to speak.
    pub highest: Version,
    /// The longest message that the buffer of the user has room for, in a record or not: DataTransferSize.
    pub transfer_size: u16,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The user wants a connection that the chain in a slot authenticates.
    Connect(Slot),
    /// The payload of the response is in the buffer, so many bytes.
    Answer(usize),
    /// The time of [`Action::Wait`] passed.
    TimePassed,
    /// The user wants the chain in another slot.
    Read(Slot),
    /// The user wants measurements, signed with this random number.
    Measure(Nonce),
    /// The user wants no connection.
    Disconnect,
}

/// What the user has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Send the first `len` bytes of the buffer as an object of this type, and receive the response into the
    /// buffer.
    Send {
        /// The type of the request and of its response.
        object_type: ObjectType,
        /// Bytes of the request.
        len: usize,
    },
    /// Wait for so many microseconds.
    Wait(u32),
    /// Nothing: what was wanted is done.
    Done,
}

/// A request, to be sent again when the responder is busy, and for transcripts.
struct Sent {
    bytes: [u8; Self::MAX],
    len: usize,
}

impl Sent {
    /// Bytes of the longest request, KEY_EXCHANGE with P-384.
    const MAX: usize = 192;

    /// Returns the request.
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Where the requester is.
enum State<S: Suite> {
    Idle,
    Asking(Phase<S>),
    Waiting(Phase<S>),
    Ready(Peer),
    Lost,
}

/// A requester of one device.
///
/// It is large, and has keys: it stays where it is.
pub struct Requester<S: Suite> {
    suite: S,
    config: Config,
    state: State<S>,
    keys: Keys,
    session: Option<SessionId>,
    sent: Sent,
    retry: Retry,
}

impl<S: Suite> Requester<S> {
    /// Makes a requester that is idle.
    pub fn new(suite: S, config: Config) -> Self {
        Self {
            suite,
            config,
            state: State::Idle,
            keys: Keys::empty(),
            session: None,
            sent: Sent {
                bytes: [0; Sent::MAX],
                len: 0,
            },
            retry: Retry::new(),
        }
    }

    /// Returns the device, if it is authenticated and no request is open.
    pub fn peer(&self) -> Option<&Peer> {
        match &self.state {
            State::Ready(peer) => Some(peer),
            _ => None,
        }
    }

    /// Returns the session, if there is one whose handshake is done.
    pub fn session(&self) -> Option<SessionId> {
        self.peer().and(self.session)
    }

    /// Tells whether the connection was lost.
    pub fn is_lost(&self) -> bool {
        matches!(self.state, State::Lost)
    }

    /// Goes on after `event`.
    ///
    /// # Errors
    ///
    /// [`Error::State`] when the event is not possible, [`Error::Incapable`] when the device has no
    /// measurements that anything would authenticate; nothing changes then.
    ///
    /// [`Error::EmptySlot`] or [`Error::Peer`] when the device refuses a slot or measurements. The connection
    /// stays, and there is no evidence of what was refused.
    ///
    /// After any other error the connection is lost and its keys are cleared, see [`Requester::is_lost`].
    pub fn step(
        &mut self,
        event: Event,
        buffer: &mut [u8],
        evidence: &mut impl Evidence,
    ) -> Result<Action> {
        let result = self.advance(event, buffer, evidence);

        // An event that is not possible, and a refusal, leave another state.
        if result.is_err() && self.is_lost() {
            self.close(State::Lost);
        }
        result
    }

    /// The transition relation.
    fn advance(
        &mut self,
        event: Event,
        buffer: &mut [u8],
        evidence: &mut impl Evidence,
    ) -> Result<Action> {
        match (replace(&mut self.state, State::Lost), event) {
            (State::Idle | State::Lost, Event::Connect(slot)) => {
                self.close(State::Lost);
                clear_all(evidence);
                self.ask(Phase::Version(AskVersion::new(slot)), buffer)
            }
            (State::Asking(phase), Event::Answer(len)) => {
                self.answered(phase, len, buffer, evidence)
            }
            (State::Waiting(phase), Event::TimePassed) => self.ask_again(phase, buffer),
            (State::Ready(peer), Event::Read(slot)) => {
                self.ask(Phase::Digests(AskDigests::read(peer, slot)), buffer)
            }
            // Outside of a session only a signature authenticates measurements.
            (State::Ready(peer), Event::Measure(nonce))
                if peer.signs_measurements() || peer.measures() && self.session.is_some() =>
            {
                let phase = AskMeasurements::new(peer, nonce, &self.suite, evidence);
                self.ask(Phase::Measurements(phase), buffer)
            }
            (State::Ready(peer), Event::Measure(_)) => {
                self.state = State::Ready(peer);
                Err(Error::Incapable)
            }
            (State::Ready(peer), Event::Disconnect) if self.session.is_some() => {
                self.ask(Phase::End(peer), buffer)
            }
            (_, Event::Disconnect) => {
                self.close(State::Idle);
                Ok(Action::Done)
            }
            (state, _) => {
                self.state = state;
                Err(Error::State)
            }
        }
    }

    /// Drops the session and its keys.
    fn close(&mut self, state: State<S>) {
        self.keys.clear();
        self.session = None;
        self.state = state;
    }

    /// Writes the request of a phase.
    fn ask(&mut self, mut phase: Phase<S>, buffer: &mut [u8]) -> Result<Action> {
        self.sent.len = phase.write(&self.suite, &self.config, &self.keys, &mut self.sent.bytes)?;
        self.retry = Retry::new();
        let action = self.send(None, buffer)?;
        self.state = State::Asking(phase);
        Ok(action)
    }

    /// Sends the last request again, or RESPOND_IF_READY for it.
    fn ask_again(&mut self, phase: Phase<S>, buffer: &mut [u8]) -> Result<Action> {
        let respond_if_ready = self.retry.request(self.sent.as_bytes());

        let action = self.send(respond_if_ready, buffer)?;
        self.state = State::Asking(phase);
        Ok(action)
    }

    /// Puts a request into the buffer: this one, or else the last one.
    fn send(&mut self, request: Option<[u8; 4]>, buffer: &mut [u8]) -> Result<Action> {
        let request = match &request {
            Some(request) => request,
            None => self.sent.as_bytes(),
        };
        let start = match self.session {
            Some(_) => secured::MESSAGE,
            None => 0,
        };
        let len = request.len();
        buffer
            .get_mut(start..)
            .and_then(|rest| rest.get_mut(..len))
            .ok_or(Error::TooLarge)?
            .copy_from_slice(request);

        let (object_type, len) = match self.session {
            None => (ObjectType::CMA_SPDM, len),
            Some(session) => {
                let direction = &mut self.keys.request;
                let len = direction.seal(&self.suite, session, buffer, len)?;
                (ObjectType::SECURED_CMA_SPDM, len)
            }
        };
        Ok(Action::Send { object_type, len })
    }

    /// Handles the response to the request of a phase.
    fn answered(
        &mut self,
        phase: Phase<S>,
        len: usize,
        buffer: &mut [u8],
        evidence: &mut impl Evidence,
    ) -> Result<Action> {
        let received = buffer.get_mut(..len).ok_or(Error::TooLarge)?;
        let (response, padding) = match self.session {
            None => (&*received, Padding::Dword),
            Some(session) => {
                let direction = &mut self.keys.response;
                let message = direction.open(&self.suite, session, received)?;
                (&*message, Padding::None)
            }
        };

        if let Some(delay) = self.retry.delay(self.sent.as_bytes(), response)? {
            self.state = State::Waiting(phase);
            return Ok(Action::Wait(delay));
        }
        let link = Link {
            suite: &self.suite,
            config: &self.config,
            keys: &mut self.keys,
            session: &mut self.session,
            evidence,
            request: self.sent.as_bytes(),
            response,
            padding,
        };
        match phase.handle(link)? {
            Next::Ask(phase) => return self.ask(phase, buffer),
            Next::Ready(peer) => self.state = State::Ready(peer),
            Next::Refused(peer, err) => {
                self.state = State::Ready(peer);
                return Err(err);
            }
            Next::Ended => self.close(State::Idle),
        }
        Ok(Action::Done)
    }
}

/// Drops the evidence of an earlier connection.
fn clear_all(evidence: &mut impl Evidence) {
    for part in [
        Part::Negotiation,
        Part::Challenge,
        Part::ChallengeSignature,
        Part::Session,
        Part::SessionSignature,
        Part::Measurements,
        Part::MeasurementsSignature,
        Part::Record,
    ] {
        evidence.clear(part);
    }
    for slot in SlotMask::new(0xff).slots() {
        evidence.clear(Part::Chain(slot));
    }
}
