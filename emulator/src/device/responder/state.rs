// SPDX-License-Identifier: GPL-2.0

//! The state of a responder, and what several of its responses need.

use rand_chacha::{
    rand_core::RngCore as _,
    ChaCha8Rng, //
};

use super::{
    super::{
        chain::{
            self,
            Chain, //
        },
        misbehaviour::{
            self,
            Wrong, //
        },
        settings::{
            MutatedPart,
            Settings, //
        },
        tdi::{
            SessionNumber,
            Tdis, //
        },
        version::Version, //
    },
    message::{
        Failure,
        Result, //
    },
    negotiated::Negotiated,
    requester::{
        Requester,
        TRANSFER_SIZE, //
    },
    session::Session,
    signing::Purpose,
    transcript::Transcript, //
};
use crate::machine::mutator::Mutator;

/// How far negotiation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Phase {
    /// Only GET_VERSION is legal.
    #[default]
    Start,
    /// GET_CAPABILITIES is next.
    Version,
    /// NEGOTIATE_ALGORITHMS is next.
    Capabilities,
    /// All else is legal.
    Negotiated,
}

/// What GET_VERSION resets.
#[derive(Debug, Default)]
pub(super) struct Connection {
    pub(super) phase: Phase,
    pub(super) version: Version,
    pub(super) requester: Requester,
    pub(super) negotiated: Negotiated,
    pub(super) transcript: Transcript,
}

/// How a request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// In the clear.
    Plain,
    /// In the session with this index.
    Session(usize),
}

/// The responder of a device.
#[derive(Debug)]
pub(crate) struct Responder {
    pub(super) settings: Settings,
    /// The slots that are filled, in order.
    pub(super) chains: Vec<(u8, Chain)>,
    pub(super) random: ChaCha8Rng,
    pub(super) connection: Connection,
    pub(super) sessions: Vec<Session>,
    /// How many sessions there were.
    session_count: u64,
    /// The interfaces of the device.
    pub(super) tdis: Tdis,
    /// How often measurements were read, if they change.
    pub(super) reads: u8,
    /// How often a connection was made, if the chain changes.
    pub(super) connections: u8,
    /// How many portions of the chain were sent, if the remainder grows.
    pub(super) portions: u16,
    /// Whether the report of an interface was read since one was locked, if there is one report only.
    pub(super) is_reported: bool,
    /// A response that RESPOND_IF_READY is for.
    pub(super) late: Option<Vec<u8>>,
    /// What changes messages.
    pub(super) mutator: Option<Mutator>,
}

impl Responder {
    /// Makes the responder of a device.
    pub(crate) fn new(settings: Settings, tdis: Tdis) -> Self {
        let slots = (0..8).filter(|slot| settings.slots & (1 << slot) != 0);

        Self {
            chains: slots
                .map(|slot| (slot, Chain::new(&settings, slot)))
                .collect(),
            random: chain::random(settings.seed),
            connection: Connection::default(),
            sessions: vec![],
            session_count: 0,
            tdis,
            reads: 0,
            connections: 0,
            portions: 0,
            is_reported: false,
            late: None,
            mutator: settings.mutator(MutatedPart::Message),
            settings,
        }
    }

    /// Forgets what was negotiated, and all sessions.
    pub(crate) fn reset(&mut self) {
        self.connection = Connection::default();
        while !self.sessions.is_empty() {
            self.drop_session(0);
        }
    }

    /// Ends a session, and the locks that belong to it.
    pub(super) fn drop_session(&mut self, index: usize) {
        let session = self.sessions.remove(index);

        self.tdis.end_session(session.number);
    }

    /// Returns the number of the next session.
    pub(super) fn next_session(&mut self) -> SessionNumber {
        self.session_count += 1;
        SessionNumber(self.session_count)
    }

    /// Resets the device, which from then on does something else wrong, or nothing. Its random numbers go on.
    pub(crate) fn set_wrong(&mut self, wrong: Option<Wrong>) {
        let settings = Settings {
            wrong,
            ..self.settings.clone()
        };
        let made = Self::new(settings, self.tdis.clone());

        self.tdis.renew(wrong);
        *self = Self {
            random: self.random.clone(),
            session_count: self.session_count,
            ..made
        };
    }

    /// Returns whether the device does this wrong.
    pub(super) fn is(&self, wrong: Wrong) -> bool {
        self.settings.wrong == Some(wrong)
    }

    /// Changes a response as it is to be wrong, before it is signed or part of a transcript.
    pub(super) fn adjust(&self, response: &mut Vec<u8>) {
        misbehaviour::edit(self.settings.wrong, response);
    }

    /// Returns the negotiated version, if negotiation is over.
    pub(super) fn negotiated(&self) -> Result<Version> {
        match self.connection.phase {
            Phase::Negotiated => Ok(self.connection.version),
            _ => Err(Failure::UnexpectedRequest),
        }
    }

    /// Returns the chain of a slot.
    pub(super) fn chain(&self, slot: u8) -> Result<&Chain> {
        let found = self.chains.iter().find(|(it, _)| *it == slot);

        found.map(|(_, chain)| chain).ok_or(Failure::InvalidRequest)
    }

    /// Returns how many bytes there can be behind the header of a response.
    pub(super) fn room(&self, header: usize) -> usize {
        let size = self.connection.requester.transfer_size.min(TRANSFER_SIZE);

        // CAST: Widens.
        (size as usize).saturating_sub(header)
    }

    /// Makes 32 random bytes.
    pub(super) fn nonce(&mut self) -> [u8; 32] {
        let mut nonce = [0; 32];

        self.random.fill_bytes(&mut nonce);
        nonce
    }

    /// Returns a request as it is to be in a transcript. One that has a nonce has it behind the header.
    pub(super) fn as_signed(&self, request: &[u8], has_nonce: bool) -> Vec<u8> {
        let mut request = request.to_vec();

        if has_nonce && self.is(Wrong::NonceOther) {
            // PANIC: The nonce was read.
            request[4] ^= 1;
        }
        request
    }

    /// Signs a transcript with the key of a slot.
    pub(super) fn sign(&mut self, slot: u8, purpose: Purpose, transcript: &[u8]) -> Result {
        let Settings {
            hash, signature, ..
        } = self.settings;
        let version = self.connection.version;
        let digest = match self.settings.wrong {
            Some(Wrong::SignatureOther) => {
                purpose.digest(version, hash, &[transcript, &[0]].concat())
            }
            Some(Wrong::SignatureRequester) => Purpose::Requester.digest(version, hash, transcript),
            _ => purpose.digest(version, hash, transcript),
        };
        let found = self.chains.iter().find(|(it, _)| *it == slot);
        let (_, chain) = found.ok_or(Failure::InvalidRequest)?;

        let mut made = chain.sign(signature, hash, &digest, &mut self.random);
        if self.settings.wrong == Some(Wrong::SignatureWrong) {
            made[0] ^= 1;
        }
        Ok(made)
    }
}
