// SPDX-License-Identifier: GPL-2.0

//! A requester and a device, with data objects between them.

use tsm_emulator::device::{
    Mailbox,
    Settings, //
};
use tsm_proto::{
    doe::{
        self,
        Discovery,
        Header,
        ObjectType,
        Padded, //
    },
    spdm::{
        chain::Chain,
        requester::{
            Action,
            Config,
            Event,
            Requester, //
        },
        transcript::{
            digest,
            Evidence as _,
            Part,
            Signer, //
        },
        Error,
        Nonce,
        SigningContext,
        Version, //
    },
};
use zerocopy::IntoBytes as _;

use crate::{
    evidence::Memory,
    suite::RustCrypto, //
};

/// What is wrong with a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A data object.
    Doe(doe::Error),
    /// A message.
    Spdm(Error),
}

impl From<doe::Error> for Fault {
    fn from(err: doe::Error) -> Self {
        Self::Doe(err)
    }
}

impl From<Error> for Fault {
    fn from(err: Error) -> Self {
        Self::Spdm(err)
    }
}

/// Both sides.
pub(crate) struct Bench {
    pub(crate) requester: Requester<RustCrypto>,
    pub(crate) mailbox: Mailbox,
    pub(crate) evidence: Memory,
    buffer: Vec<u8>,
    /// Data objects that were exchanged.
    pub(crate) exchanges: usize,
}

impl Bench {
    pub(crate) fn new(settings: Settings, transfer_size: u16) -> Self {
        let suite = RustCrypto {
            nonce: [0x77; 32],
            private_key: vec![0x44; 48],
            ..RustCrypto::default()
        };
        let config = Config {
            highest: Version::V1_4,
            transfer_size,
        };

        Self {
            requester: Requester::new(suite, config),
            mailbox: Mailbox::new(settings),
            evidence: Memory::default(),
            buffer: vec![0xcc; 4096],
            exchanges: 0,
        }
    }

    /// Sends a payload and returns that of the answer.
    fn exchange(&mut self, object_type: ObjectType, payload: &[u8]) -> Result<Vec<u8>, Fault> {
        let padded = Padded::new(payload.len());
        let mut object = Header::new(object_type, padded)?.as_bytes().to_vec();
        object.extend_from_slice(payload);
        object.resize(Header::SIZE + 4 * padded.dwords(), 0);
        let answer = self.mailbox.exchange(&object);

        self.exchanges += 1;
        let answer = answer.expect("the device answers what is right");
        Ok(Header::parse(object_type, &answer)?.to_vec())
    }

    /// Asks for the types of objects, and returns how many there are.
    pub(crate) fn discover(&mut self) -> Result<usize, Fault> {
        let (mut count, mut next) = (0, Some(Discovery::FIRST));

        while let Some(discovery) = next {
            let answer = self.exchange(ObjectType::DISCOVERY, &discovery.request())?;
            (_, next) = discovery.parse(&answer)?;
            count += 1;
        }
        Ok(count)
    }

    /// Exchanges messages between both sides after an event, until no request is left.
    pub(crate) fn run(&mut self, event: Event) -> Result<(), Fault> {
        let mut event = event;

        for _ in 0..3000 {
            let (buffer, evidence) = (&mut self.buffer, &mut self.evidence);
            event = match self.requester.step(event, buffer, evidence)? {
                Action::Done | Action::Payload { .. } => return Ok(()),
                Action::Wait(_) => Event::TimePassed,
                Action::Send { object_type, len } => {
                    let request = self.buffer[..len].to_vec();
                    match self.exchange(object_type, &request) {
                        Ok(answer) => {
                            let to = self.buffer.iter_mut();
                            to.zip(&answer).for_each(|(to, from)| *to = *from);
                            Event::Answer(answer.len())
                        }
                        Err(fault) => {
                            // A mailbox that fails ends the connection.
                            let (buffer, evidence) = (&mut self.buffer, &mut self.evidence);
                            let end = Event::Answer(usize::MAX);
                            let ended = self.requester.step(end, buffer, evidence);
                            assert_eq!(ended, Err(Error::TooLarge));
                            return Err(fault);
                        }
                    }
                }
            };
        }
        panic!("this does not end");
    }

    /// Verifies a signature as any reader of the evidence can.
    fn verify(&self, context: SigningContext, parts: &[&[u8]], signature: Part) {
        let peer = self.requester.peer().expect("it is authenticated");
        let chain = self.evidence.get(Part::Chain(peer.slot));
        let chain = Chain::parse(peer.layout.hash, chain).expect("it is a chain");
        let signer = Signer {
            version: peer.layout.version,
            hash: peer.hash,
            scheme: peer.scheme,
            leaf: chain.leaf(),
        };
        let suite = RustCrypto::default();
        let found = digest(&suite, peer.hash, &parts.concat());
        let signature = self.evidence.get(signature);

        assert_eq!(signer.verify(&suite, context, &found, signature), Ok(()));
    }

    /// Checks the evidence of a connection.
    pub(crate) fn check_connection(&self) {
        let (context, part, signature) = match self.requester.session() {
            Some(_) => (
                SigningContext::KeyExchange,
                Part::Session,
                Part::SessionSignature,
            ),
            None => (
                SigningContext::Challenge,
                Part::Challenge,
                Part::ChallengeSignature,
            ),
        };
        let negotiation = self.evidence.get(Part::Negotiation);

        self.verify(context, &[negotiation, self.evidence.get(part)], signature);
    }

    /// Checks the evidence of measurements.
    pub(crate) fn check_measurements(&self, nonce: &Nonce) {
        let peer = self.requester.peer().expect("it is authenticated");
        let negotiation = match peer.layout.version.measures_negotiation() {
            true => self.evidence.get(Part::Negotiation),
            false => &[],
        };
        let measured = self.evidence.get(Part::Measurements);
        let signature = Part::MeasurementsSignature;

        self.verify(
            SigningContext::Measurements,
            &[negotiation, measured],
            signature,
        );
        assert!(measured.windows(nonce.len()).any(|found| found == nonce));
        assert!(!self.evidence.get(Part::Record).is_empty());
    }
}
