// SPDX-License-Identifier: GPL-2.0

//! A requester. It does no I/O: it says what to send, and is given what was received.
//!
//! | state | event | next |
//! |---|---|---|
//! | idle, lost | connect | asking |
//! | asking | answer | asking, waiting, ready or idle |
//! | waiting | time passed | asking |
//! | waiting for a vendor-defined response | give up | ready |
//! | ready | read a slot, measure, vendor-defined, disconnect | asking |
//! | asking for a slot, measurements or vendor-defined | a refusal | ready |
//! | any | an error | lost |
//!
//! What handles a response is never inlined: all in one, it would have a stack frame of 3 KiB, and a kernel task
//! has 16 KiB. For the same reason what is large, keys and the transcript, stays in the requester.

mod challenge;
mod exchange;
mod identify;
mod link;
mod measure;
mod negotiate;
mod peer;
mod phase;
mod retry;
mod vendor;

pub use peer::Peer;

use self::{
    identify::AskDigests,
    link::Link,
    measure::AskMeasurements,
    negotiate::AskVersion,
    phase::{
        Next,
        Phase, //
    },
    retry::Retry,
    vendor::AskVendor, //
};
use super::{
    key_exchange::SessionId,
    key_schedule::Keys,
    secret,
    secured,
    transcript::{
        Evidence,
        Part,
        Transcript, //
    },
    vendor_defined::VendorDefined,
    Error,
    Nonce,
    Padding,
    Request as _,
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
pub enum Event<'a> {
    /// The user wants a connection that the chain in a slot authenticates.
    Connect(Slot),
    /// The payload of the response is in the buffer, so many bytes.
    Answer(usize),
    /// The time of [`Action::Wait`] passed.
    TimePassed,
    /// The user does not want the vendor-defined response any more that [`Action::Wait`] is about. The device has the
    /// request, and may do what it asks for.
    GiveUp,
    /// The user wants the chain in another slot.
    Read(Slot),
    /// The user wants measurements, signed with this random number.
    Measure(Nonce),
    /// The user wants the response to a vendor-defined message, in the session.
    Vendor(VendorDefined<'a>),
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
    /// Nothing: the payload of the vendor-defined response is in the buffer.
    Payload {
        /// Where it begins.
        start: usize,
        /// Its bytes.
        len: usize,
    },
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

    /// Overwrites the request, which may have a key of the user.
    fn clear(&mut self) {
        secret::clear(&mut self.bytes);
        self.len = 0;
    }
}

/// Where the requester is.
enum State<S: Suite> {
    Idle,
    Asking(Phase<S>),
    Ready(Peer),
    Lost,
}

/// Why an event is not handled.
enum Stop {
    /// The event is not possible or is refused: nothing else changes.
    Stays(Error),
    /// The connection is lost.
    Lost(Error),
}

impl From<Error> for Stop {
    fn from(err: Error) -> Self {
        Self::Lost(err)
    }
}

/// A requester of one device.
///
/// It is large, and has keys: it stays where it is.
pub struct Requester<S: Suite> {
    suite: S,
    config: Config,
    state: State<S>,
    /// Whether the request is to be repeated after some time.
    waits: bool,
    keys: Keys,
    session: Option<SessionId>,
    /// The transcript of what is going on. It is large, and moves with no phase.
    transcript: Option<Transcript<S>>,
    sent: Sent,
    retry: Retry,
}

impl<S: Suite> Requester<S> {
    /// Makes a requester that is idle. It can be made where it is to stay: it is all zeros but for a few fields.
    pub const fn new(suite: S, config: Config) -> Self {
        Self {
            suite,
            config,
            state: State::Idle,
            waits: false,
            keys: Keys::empty(),
            session: None,
            transcript: None,
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
    /// measurements that anything would authenticate or there is no session for a vendor-defined message,
    /// [`Error::TooLarge`] when such a message is too long; nothing changes then.
    ///
    /// [`Error::EmptySlot`] or [`Error::Peer`] when the device refuses a slot, measurements or a vendor-defined
    /// message. The connection stays, and there is no evidence of what was refused. The same with [`Error::Withdrawn`],
    /// but the device may have done what such a message asks for.
    ///
    /// After any other error the connection is lost and its keys are cleared, see [`Requester::is_lost`].
    pub fn step(
        &mut self,
        event: Event<'_>,
        buffer: &mut [u8],
        evidence: &mut impl Evidence,
    ) -> Result<Action> {
        self.advance(event, buffer, evidence)
            .map_err(|stop| match stop {
                Stop::Stays(err) => err,
                Stop::Lost(err) => {
                    self.close(State::Lost);
                    err
                }
            })
    }

    /// The transition relation.
    fn advance(
        &mut self,
        event: Event<'_>,
        buffer: &mut [u8],
        evidence: &mut impl Evidence,
    ) -> Result<Action, Stop> {
        let has_session = self.session.is_some();

        match (&self.state, event) {
            (State::Idle | State::Lost, Event::Connect(slot)) => {
                self.close(State::Lost);
                clear_all(evidence);
                self.ask(Phase::Version(AskVersion::new(slot)), buffer)
            }
            (State::Asking(_), Event::Answer(len)) if !self.waits => {
                self.answered(len, buffer, evidence)
            }
            (State::Asking(_), Event::TimePassed) if self.waits => self.ask_again(buffer),
            // The numbers of records agree: the device has answered, only not with the response.
            (State::Asking(Phase::Vendor(phase)), Event::GiveUp) if self.waits => {
                self.state = State::Ready(phase.peer());
                self.sent.clear();
                Ok(Action::Done)
            }
            (State::Ready(peer), Event::Read(slot)) => self.read(*peer, slot, buffer),
            // Outside of a session only a signature authenticates measurements.
            (State::Ready(peer), Event::Measure(nonce))
                if peer.signs_measurements() || peer.measures() && has_session =>
            {
                self.measure(*peer, nonce, buffer, evidence)
            }
            (State::Ready(_), Event::Measure(_)) => Err(Stop::Stays(Error::Incapable)),
            (State::Ready(peer), Event::Vendor(message)) if has_session => {
                self.ask_vendor(*peer, &message, buffer)
            }
            (State::Ready(_), Event::Vendor(_)) => Err(Stop::Stays(Error::Incapable)),
            (State::Ready(peer), Event::Disconnect) if has_session => {
                let phase = Phase::End(*peer);
                self.ask(phase, buffer)
            }
            (_, Event::Disconnect) => {
                self.close(State::Idle);
                Ok(Action::Done)
            }
            _ => Err(Stop::Stays(Error::State)),
        }
    }

    /// Reads the chain in a slot.
    #[inline(never)]
    fn read(&mut self, peer: Peer, slot: Slot, buffer: &mut [u8]) -> Result<Action, Stop> {
        self.ask(Phase::Digests(AskDigests::read(peer, slot)), buffer)
    }

    /// Gets measurements.
    #[inline(never)]
    fn measure(
        &mut self,
        peer: Peer,
        nonce: Nonce,
        buffer: &mut [u8],
        evidence: &mut impl Evidence,
    ) -> Result<Action, Stop> {
        let phase = AskMeasurements::new(peer, nonce, evidence);

        self.ask(Phase::Measurements(phase), buffer)
    }

    /// Sends a message of the user. Its phase could not write it once more.
    #[inline(never)]
    fn ask_vendor(
        &mut self,
        peer: Peer,
        message: &VendorDefined<'_>,
        buffer: &mut [u8],
    ) -> Result<Action, Stop> {
        let written = message.encode(&peer.layout, &mut self.sent.bytes);

        self.sent.len = written.map_err(Stop::Stays)?;
        self.enter(Phase::Vendor(AskVendor::new(peer, message.protocol)));
        Ok(self.send(None, buffer)?)
    }

    /// Begins with a phase.
    fn enter(&mut self, phase: Phase<S>) {
        self.state = State::Asking(phase);
        self.waits = false;
        self.retry = Retry::new();
    }

    /// Drops the session and its keys.
    fn close(&mut self, state: State<S>) {
        self.keys.clear();
        self.sent.clear();
        self.session = None;
        self.transcript = None;
        self.state = state;
    }

    /// Writes the request of a phase.
    #[inline(never)]
    fn ask(&mut self, phase: Phase<S>, buffer: &mut [u8]) -> Result<Action, Stop> {
        self.enter(phase);
        if let State::Asking(phase) = &mut self.state {
            let (suite, config, keys) = (&self.suite, &self.config, &self.keys);
            let (transcript, bytes) = (&mut self.transcript, &mut self.sent.bytes);
            self.sent.len = phase.write(suite, config, keys, transcript, bytes)?;
        }
        Ok(self.send(None, buffer)?)
    }

    /// Sends the last request again, or RESPOND_IF_READY for it.
    fn ask_again(&mut self, buffer: &mut [u8]) -> Result<Action, Stop> {
        let respond_if_ready = self.retry.request(self.sent.as_bytes());

        self.waits = false;
        Ok(self.send(respond_if_ready, buffer)?)
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

    /// Handles the response to the request of the phase.
    #[inline(never)]
    fn answered(
        &mut self,
        len: usize,
        buffer: &mut [u8],
        evidence: &mut impl Evidence,
    ) -> Result<Action, Stop> {
        match self.handle(len, buffer, evidence)? {
            Some(Next::Ask(phase)) => return self.ask(phase, buffer),
            Some(Next::Ready(peer)) => self.state = State::Ready(peer),
            Some(Next::Payload(peer, payload)) => {
                self.sent.clear();
                self.state = State::Ready(peer);
                return Ok(Action::Payload {
                    start: secured::MESSAGE + payload.start,
                    len: payload.len(),
                });
            }
            Some(Next::Refused(peer, err)) => {
                self.sent.clear();
                self.state = State::Ready(peer);
                return Err(Stop::Stays(err));
            }
            Some(Next::Ended) => self.close(State::Idle),
            None => {}
        }
        Ok(match self.waits {
            true => Action::Wait(self.retry.last_delay()),
            false => Action::Done,
        })
    }

    /// Has the phase handle the response; what follows, unless that is to wait.
    #[inline(never)]
    fn handle(
        &mut self,
        len: usize,
        buffer: &mut [u8],
        evidence: &mut impl Evidence,
    ) -> Result<Option<Next<S>>> {
        let received = buffer.get_mut(..len).ok_or(Error::TooLarge)?;
        let (response, padding) = match self.session {
            None => (&*received, Padding::Dword),
            Some(session) => {
                let direction = &mut self.keys.response;
                let message = direction.open(&self.suite, session, received)?;
                (&*message, Padding::None)
            }
        };

        self.waits = self.retry.has_to_wait(self.sent.as_bytes(), response)?;
        let phase = match &mut self.state {
            State::Asking(phase) if !self.waits => phase,
            _ => return Ok(None),
        };
        let mut link = Link {
            suite: &self.suite,
            config: &self.config,
            keys: &mut self.keys,
            session: &mut self.session,
            transcript: &mut self.transcript,
            evidence,
            request: self.sent.as_bytes(),
            response,
            padding,
            is_accepted: self.retry.is_accepted(),
        };
        phase.handle(&mut link).map(Some)
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
