// SPDX-License-Identifier: GPL-2.0

//! A replay of a capture, with the suite of the module.

use kernel::prelude::*;
use tsm_ext::crypto::{
    Curve,
    PrivateKey, //
};
use tsm_proto::spdm::{
    algorithms::{
        Aead,
        BaseAsym,
        Dhe, //
    },
    chain::Chain,
    challenge::Summary,
    finish::Finish,
    key_exchange::{
        KeyExchange,
        KeyExchangeRsp,
        SessionId, //
    },
    key_schedule::{
        KeySchedule,
        Keys, //
    },
    transcript::Signer,
    Code,
    Digest,
    Error,
    HashAlgorithm,
    Layout,
    Padding,
    Request as _,
    Secret,
    SigningContext,
    Slot,
    Suite as _,
    Version, //
};

use crate::suite::KernelSuite;

use super::{
    capture::{
        Object,
        Objects,
        Sender, //
    },
    failure::{
        same,
        Failure,
        Result, //
    },
    hash::digest,
    request,
    session::{
        code,
        Session, //
    },
    signature::Signature, //
};

/// How much was recomputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) signatures: usize,
    pub(super) sessions: usize,
    pub(super) records: usize,
}

/// The state of the replay.
pub(super) struct Replay {
    layout: Layout,
    hash: HashAlgorithm,
    scheme: BaseAsym,
    /// None when the algorithms are not those of the suite; there are no records then.
    schedule: Option<KeySchedule>,
    curve: Option<Curve>,
    negotiation: KVec<u8>,
    identification: KVec<u8>,
    measurements: KVec<u8>,
    chains: [KVec<u8>; 8],
    request: KVec<u8>,
    private_key: KVec<u8>,
    /// It is large.
    session: Option<KBox<Session>>,
    counts: Counts,
}

/// Replays a capture, and returns how much was recomputed.
pub(super) fn replay(capture: &str) -> Result<Counts> {
    let mut objects = Objects {
        lines: capture.lines(),
    };
    let mut replay = Replay {
        layout: Layout::new(Version::V1_0),
        hash: HashAlgorithm::Sha384,
        scheme: BaseAsym::ECDSA_P384,
        schedule: None,
        curve: None,
        negotiation: KVec::new(),
        identification: KVec::new(),
        measurements: KVec::new(),
        chains: [const { KVec::new() }; 8],
        request: KVec::new(),
        private_key: KVec::new(),
        session: None,
        counts: Counts {
            signatures: 0,
            sessions: 0,
            records: 0,
        },
    };

    while let Some(object) = objects.next()? {
        replay.object(&object)?;
    }
    Ok(replay.counts)
}

/// Appends each part.
fn append(to: &mut KVec<u8>, parts: &[&[u8]]) -> Result {
    for part in parts {
        to.extend_from_slice(part, GFP_KERNEL)?;
    }
    Ok(())
}

impl Replay {
    fn object(&mut self, object: &Object<'_>) -> Result {
        let mut copy = KVec::new();

        if !object.is_secured {
            append(&mut copy, &[object.message()?])?;
        } else if let Some(session) = &mut self.session {
            copy = session.open(object)?;
            self.counts.records += 1;
        } else {
            return Ok(());
        }
        match object.sender {
            Sender::Requester => {
                self.request = copy;
                self.sent(object)?;
                match &mut self.session {
                    Some(session) => session.update(object),
                    None => Ok(()),
                }
            }
            Sender::Responder => {
                let request = core::mem::take(&mut self.request);
                self.received(&request, &copy, object)?;
                self.request = request;
                Ok(())
            }
        }
    }

    fn sent(&mut self, object: &Object<'_>) -> Result {
        match code(&self.request)? {
            Code::GET_CAPABILITIES => {
                let version = self.request.first().ok_or(Failure::Capture)?;
                self.layout.version = Version::new(*version).ok_or(Failure::Capture)?;
                Ok(())
            }
            Code::KEY_EXCHANGE => {
                let key = object.hex("secret requester ephemeral_private_key ");
                self.private_key = key.unwrap_or_default();
                Ok(())
            }
            Code::FINISH => self.sent_finish(),
            _ => Ok(()),
        }
    }

    /// Recomputes RequesterVerifyData.
    fn sent_finish(&mut self) -> Result {
        let Some(session) = &mut self.session else {
            return Ok(());
        };
        let (message, verify_data) = self
            .request
            .split_at_checked(self.request.len() - self.hash.size())
            .ok_or(Failure::Capture)?;
        append(&mut session.transcript, &[message])?;
        let th = digest(self.hash, &[&session.transcript])?;
        let [keys, ..] = &session.keys;
        let computed = keys.requester_verify_data(&KernelSuite, self.hash, &th)?;

        same(computed.as_bytes(), verify_data, "RequesterVerifyData")?;
        append(&mut session.transcript, &[verify_data])
    }

    fn received(&mut self, request: &[u8], message: &[u8], object: &Object<'_>) -> Result {
        if code(message)? == Code::ERROR {
            match &mut self.session {
                Some(session) => session.measurements.clear(),
                None => self.measurements.clear(),
            }
            return Ok(());
        }
        match code(request)? {
            Code::GET_VERSION => {
                self.negotiation.clear();
                append(&mut self.negotiation, &[request, message])?;
            }
            Code::GET_CAPABILITIES => append(&mut self.negotiation, &[request, message])?,
            Code::NEGOTIATE_ALGORITHMS => self.received_algorithms(request, message)?,
            Code::GET_DIGESTS if !object.is_secured => {
                append(&mut self.identification, &[request, message])?;
            }
            Code::GET_CERTIFICATE => self.received_certificate(request, message, object)?,
            Code::CHALLENGE => self.received_challenge(request, message)?,
            Code::GET_MEASUREMENTS => self.received_measurements(request, message)?,
            Code::KEY_EXCHANGE => self.received_key_exchange(request, message, object)?,
            Code::FINISH => self.received_finish(message)?,
            Code::END_SESSION => self.session = None,
            _ => {}
        }
        if code(request)? != Code::GET_MEASUREMENTS {
            self.measurements.clear();
        }
        Ok(())
    }

    fn received_algorithms(&mut self, request: &[u8], message: &[u8]) -> Result {
        let offer = request::algorithms(request);
        let (algorithms, _) = offer.parse(&self.layout, message, Padding::None)?;
        append(&mut self.negotiation, &[request, message])?;
        self.layout = algorithms.layout(self.layout.version)?;
        self.hash = algorithms.base_hash.try_into()?;
        self.scheme = algorithms.base_asym;
        self.curve = match algorithms.tables.dhe() {
            Some(Dhe::SECP_256_R1) => Some(Curve::P256),
            Some(Dhe::SECP_384_R1) => Some(Curve::P384),
            _ => None,
        };
        let is_ours = algorithms.tables.aead() == Some(Aead::AES_256_GCM);
        self.schedule = is_ours.then_some(KeySchedule {
            version: self.layout.version,
            hash: self.hash,
            key_size: 32,
        });
        Ok(())
    }

    fn received_certificate(
        &mut self,
        request: &[u8],
        message: &[u8],
        object: &Object<'_>,
    ) -> Result {
        let (get, _) = request::certificate(request);
        let (portion, _) = get.parse(&self.layout, message, Padding::None)?;
        let slot = usize::from(get.slot.number());
        let chain = self.chains.get_mut(slot).ok_or(Failure::Capture)?;

        if get.offset == 0 {
            chain.clear();
        }
        append(chain, &[portion.bytes])?;
        if portion.remainder == 0 {
            let chain = Chain::parse(self.hash.size(), chain)?;
            let root = chain.certificates().next().ok_or(Failure::Capture)?;
            same(
                digest(self.hash, &[root])?.as_bytes(),
                chain.root_hash(),
                "root hash",
            )?;
        }
        match object.is_secured {
            true => Ok(()),
            false => append(&mut self.identification, &[request, message]),
        }
    }

    fn slot_chain(&self, slot: Slot) -> Result<&[u8]> {
        let chain = self.chains.get(usize::from(slot.number()));

        Ok(chain.ok_or(Failure::Capture)?)
    }

    /// Verifies a signature. The first of a capture is also changed in each way, which takes long.
    fn verify(
        &mut self,
        slot: Slot,
        context: SigningContext,
        transcript: &Digest,
        signature: &[u8],
    ) -> Result {
        let is_first = self.counts.signatures == 0;
        self.counts.signatures += 1;
        let chain = Chain::parse(self.hash.size(), self.slot_chain(slot)?)?;
        let signature = Signature {
            signer: Signer {
                version: self.layout.version,
                hash: self.hash,
                scheme: self.scheme,
                leaf: chain.leaf(),
            },
            context,
            transcript,
            bytes: signature,
        };

        signature.verify()?;
        match is_first {
            true => signature.refuse_changes(),
            false => Ok(()),
        }
    }

    fn received_challenge(&mut self, request: &[u8], message: &[u8]) -> Result {
        let challenge = request::challenge(request);
        let (auth, _) = challenge.parse(&self.layout, message, Padding::None)?;
        let chain = digest(self.hash, &[self.slot_chain(challenge.slot)?])?;
        same(chain.as_bytes(), auth.chain_digest, "digest of the chain")?;
        let parts = [
            &self.negotiation[..],
            &self.identification,
            request,
            auth.signed,
        ];
        let transcript = digest(self.hash, &parts)?;

        self.identification.clear();
        let context = SigningContext::Challenge;
        self.verify(challenge.slot, context, &transcript, auth.signature)
    }

    fn received_measurements(&mut self, request: &[u8], message: &[u8]) -> Result {
        let get = request::measurements(request, &self.layout);
        let (answer, _) = get.parse(&self.layout, message, Padding::None)?;
        let measurements = match &mut self.session {
            Some(session) => &mut session.measurements,
            None => &mut self.measurements,
        };
        append(measurements, &[request, answer.signed])?;
        let Some((signature, signing)) = answer.signature.zip(get.signing) else {
            return Ok(());
        };
        let negotiation = match self.layout.version.measures_negotiation() {
            true => &self.negotiation[..],
            false => &[],
        };
        let transcript = digest(self.hash, &[negotiation, measurements])?;

        measurements.clear();
        let context = SigningContext::Measurements;
        self.verify(signing.slot, context, &transcript, signature)
    }

    fn received_key_exchange(
        &mut self,
        request: &[u8],
        message: &[u8],
        object: &Object<'_>,
    ) -> Result {
        let exchange = key_exchange(request, &self.layout)?;
        let (answer, _) = exchange.parse(&self.layout, message, Padding::None)?;
        let chain = digest(self.hash, &[self.slot_chain(exchange.slot)?])?;
        let mut transcript = KVec::new();
        append(
            &mut transcript,
            &[&self.negotiation, chain.as_bytes(), request, answer.signed],
        )?;
        let context = SigningContext::KeyExchange;
        let signed = digest(self.hash, &[&transcript])?;
        self.verify(exchange.slot, context, &signed, answer.signature)?;

        append(&mut transcript, &[answer.signature])?;
        let Some(curve) = self.curve else {
            return Ok(());
        };
        let mut shared = Secret::empty();
        self.agree(curve, &exchange, &answer, shared.reset(curve.size()))?;
        let captured = object.hex("secret shared_secret ")?;
        same(shared.as_bytes(), &captured[..], "shared secret")?;
        let Some(schedule) = self.schedule else {
            return Ok(());
        };

        let mut session = KBox::new(
            Session {
                id: SessionId::new(exchange.session_id, answer.session_id)?,
                keys: [const { Keys::empty() }; 3],
                transcript,
                measurements: KVec::new(),
                records: 0,
            },
            GFP_KERNEL,
        )?;
        let th1 = digest(self.hash, &[&session.transcript])?;
        for keys in &mut session.keys {
            keys.derive_handshake(&KernelSuite, &schedule, &shared, &th1)?;
            keys.check_responder(&KernelSuite, self.hash, &th1, answer.verify_data)?;
            let wrong = keys.check_responder(&KernelSuite, self.hash, &chain, answer.verify_data);
            same(&wrong, &Err(Error::VerifyData), "ResponderVerifyData")?;
        }
        append(&mut session.transcript, &[answer.verify_data])?;
        self.session = Some(session);
        Ok(())
    }

    /// Writes the secret that both sides share.
    fn agree(
        &self,
        curve: Curve,
        exchange: &KeyExchange<'_>,
        answer: &KeyExchangeRsp<'_>,
        secret: &mut [u8],
    ) -> Result {
        let own = PrivateKey::parse(curve, &self.private_key)?;
        let public = own.public()?;
        same(public.as_bytes(), exchange.public_key, "public key")?;

        // The peer's point with another Y, and half of it.
        let mut wrong = KVec::new();
        append(&mut wrong, &[answer.public_key])?;
        if let Some(last) = wrong.last_mut() {
            *last ^= 1;
        }
        let refused = KernelSuite.agree(&own, &wrong, secret);
        same(&refused, &Err(Error::PublicKey), "a point off the curve")?;
        let half = wrong.get(..curve.size()).ok_or(Failure::Capture)?;
        let refused = KernelSuite.agree(&own, half, secret);
        same(&refused, &Err(Error::PublicKey), "half a point")?;

        Ok(KernelSuite.agree(&own, answer.public_key, secret)?)
    }

    fn received_finish(&mut self, message: &[u8]) -> Result {
        let (Some(session), Some(schedule)) = (&mut self.session, &self.schedule) else {
            return Ok(());
        };
        Finish.parse(&self.layout, message, Padding::None)?;
        append(&mut session.transcript, &[message])?;
        let th2 = digest(self.hash, &[&session.transcript])?;

        for keys in &mut session.keys {
            keys.derive_application(&KernelSuite, schedule, &th2)?;
        }
        self.counts.sessions += 1;
        Ok(())
    }
}

/// Returns a KEY_EXCHANGE, without its opaque data.
fn key_exchange<'a>(bytes: &'a [u8], layout: &Layout) -> Result<KeyExchange<'a>> {
    let at = |offset: usize| bytes.get(offset).copied().ok_or(Failure::Capture);
    let random = bytes.get(8..).and_then(|bytes| bytes.first_chunk());
    let public_key = bytes.get(40..40 + layout.exchange);

    Ok(KeyExchange {
        slot: Slot::new(at(3)?)?,
        summary: Summary::new(at(2)?),
        session_id: u16::from_le_bytes([at(4)?, at(5)?]),
        random: *random.ok_or(Failure::Capture)?,
        public_key: public_key.ok_or(Failure::Capture)?,
        secured_versions: &[],
    })
}
