// SPDX-License-Identifier: GPL-2.0

//! A connection: the requester, its keys, and the evidence that is collected.

use core::{
    mem::replace,
    ops::Range, //
};

use kernel::{
    prelude::*,
    sync::Arc, //
};
use tsm_ext::pci::doe::Buffer;
use tsm_proto::spdm::{
    requester::{
        Action,
        Config,
        Event,
        Peer,
        Requester, //
    },
    transcript::Part,
    Nonce,
    Slot,
    Suite as _,
    Version, //
};

use super::{
    dsm::Known,
    transport::Transport, //
};
use crate::{
    evidence::{
        Builder,
        Serial,
        Snapshot, //
    },
    failure::Failure,
    suite::KernelSuite, //
};

/// What the requester offers.
const CONFIG: Config = Config {
    highest: Version::V1_4,
    transfer_size: Transport::LONGEST,
};

/// A connection with a device, or an attempt at one.
pub(super) struct Connection {
    requester: Requester<KernelSuite>,
    evidence: Builder,
    buffer: Buffer,
    nonce: Option<Nonce>,
    /// What is known of interfaces from the session.
    pub(super) known: Known,
}

impl Connection {
    /// Makes a requester that is idle.
    pub(super) fn new() -> Result<KBox<Self>, Failure> {
        let buffer = Buffer::new(Transport::BUFFER)?;

        Ok(KBox::new(
            Self {
                requester: Requester::new(KernelSuite, CONFIG),
                evidence: Builder::new(),
                buffer,
                nonce: None,
                known: Known::default(),
            },
            GFP_KERNEL,
        )?)
    }

    /// Has the requester handle an event, and all that follows of it.
    pub(super) fn run(&mut self, event: Event<'_>, transport: &Transport) -> Result<(), Failure> {
        self.run_to_end(event, transport, false).map(drop)
    }

    /// The same, and returns the payload of a vendor-defined response.
    pub(super) fn payload(
        &mut self,
        event: Event<'_>,
        transport: &Transport,
    ) -> Result<&[u8], Failure> {
        // A request that has to end does so between two messages, and leaves the session.
        transport.check()?;
        let range = self.run_to_end(event, transport, true)?;

        Ok(self.buffer.as_mut_bytes().get(range).ok_or(EIO)?)
    }

    /// Returns where the payload is in the buffer. `is_checked` says whether the first exchange may begin. Once a message is
    /// in a record, it has to be sent, or the session is lost.
    fn run_to_end(
        &mut self,
        event: Event<'_>,
        transport: &Transport,
        is_checked: bool,
    ) -> Result<Range<usize>, Failure> {
        let mut event = event;
        let mut is_checked = is_checked;

        loop {
            event = match self.step(event)? {
                Action::Done => return Ok(0..0),
                Action::Payload { start, len } => return Ok(start..start + len),
                Action::Wait(microseconds) => {
                    transport.wait(microseconds);
                    if let Err(err) = transport.check() {
                        // A request of another kind ends with the connection.
                        let _ = self.step(Event::GiveUp);
                        return Err(err.into());
                    }
                    is_checked = true;
                    Event::TimePassed
                }
                Action::Send { object_type, len } => {
                    if !replace(&mut is_checked, false) {
                        transport.check()?;
                    }
                    Event::Answer(transport.exchange(object_type, &mut self.buffer, len)?)
                }
            };
        }
    }

    fn step(&mut self, event: Event<'_>) -> Result<Action, Failure> {
        let buffer = self.buffer.as_mut_bytes();

        Ok(self.requester.step(event, buffer, &mut self.evidence)?)
    }

    fn peer(&self) -> Option<&Peer> {
        self.requester.peer()
    }

    /// Tells whether there is a session.
    pub(super) fn has_session(&self) -> bool {
        self.requester.session().is_some()
    }

    /// Tells whether the device signs measurements.
    pub(super) fn signs_measurements(&self) -> bool {
        self.peer().is_some_and(Peer::signs_measurements)
    }

    /// Tells whether a slot of the device has a chain.
    pub(super) fn has_chain(&self, slot: Slot) -> bool {
        self.peer().is_some_and(|peer| peer.slots.has(slot))
    }

    /// Takes the first measurements, with a random nonce. Outside of a session, they count only with a
    /// signature.
    pub(super) fn measure_first(&mut self, transport: &Transport) -> Result<(), Failure> {
        let measures = self.peer().is_some_and(Peer::measures);

        match measures && (self.signs_measurements() || self.has_session()) {
            true => self.measure(KernelSuite.nonce(), transport),
            false => Ok(()),
        }
    }

    /// Takes measurements. Without a signature the device does not receive the nonce.
    pub(super) fn measure(&mut self, nonce: Nonce, transport: &Transport) -> Result<(), Failure> {
        self.nonce = self.signs_measurements().then_some(nonce);
        self.run(Event::Measure(nonce), transport)
    }

    /// Returns the evidence there is.
    pub(super) fn snapshot(&mut self, serial: &mut Serial) -> Result<Arc<Snapshot>, Failure> {
        let parts = self.evidence.freeze(serial)?;
        let peer = *self.peer().ok_or(EIO)?;
        let has_session = self.has_session();

        Ok(Snapshot::new(parts, peer, has_session, self.nonce, serial)?)
    }

    /// Reads the chain in a slot, and returns the evidence `shown` together with it.
    pub(super) fn read_slot(
        &mut self,
        slot: Slot,
        shown: &Snapshot,
        transport: &Transport,
        serial: &mut Serial,
    ) -> Result<Arc<Snapshot>, Failure> {
        self.run(Event::Read(slot), transport)?;
        let chain = self.evidence.freeze_part(Part::Chain(slot), serial)?;

        Ok(shown.with_chain(slot, chain)?)
    }

    /// Tells whether the connection outlived the failure of a request, which the device only refused.
    pub(super) fn is_alive(&self) -> bool {
        self.peer().is_some()
    }

    /// Ends the session, if there is one, with one message whatever the device answers to it.
    pub(super) fn end_at_once(&mut self, transport: &Transport) {
        if transport.check().is_err() {
            return;
        }
        if let Ok(Action::Send { object_type, len }) = self.step(Event::Disconnect) {
            let _ = transport.exchange(object_type, &mut self.buffer, len);
        }
    }

    /// Ends the session, if there is one. Whatever the device answers, its keys are cleared.
    pub(super) fn end(&mut self, transport: &Transport) {
        let _ = self.run(Event::Disconnect, transport);
    }
}
