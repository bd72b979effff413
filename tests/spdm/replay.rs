// SPDX-License-Identifier: GPL-2.0

//! A requester that follows a capture.

use std::collections::HashMap;

use tsm_proto::{
    doe::{
        Header as DoeHeader,
        ObjectType, //
    },
    spdm::{
        algorithms::{
            Aead,
            BaseAsym,
            Dhe, //
        },
        chain::Chain,
        digests::GetDigests,
        end_session::EndSession,
        finish::Finish,
        get_version::GetVersion,
        key_exchange::SessionId,
        key_schedule::{
            KeySchedule,
            Keys, //
        },
        opaque,
        secured,
        suite::HashAlgorithm,
        transcript::{
            digest,
            Signer, //
        },
        Code,
        Error,
        ErrorCode,
        Layout,
        Padding,
        Request,
        Secret,
        SigningContext,
        Slot,
        Suite as _,
        Version, //
    },
};

use crate::{
    capture::{
        bytes,
        Object,
        Sender, //
    },
    key_exchange,
    request,
    suite::RustCrypto,
    vendor::{
        self,
        Vendor, //
    }, //
};

/// A session that is there, or being made.
struct Session {
    id: SessionId,
    /// The keys that open records.
    keys: Keys,
    /// The same keys once more, for making the records again.
    again: Keys,
    transcript: Vec<u8>,
    measurements: Vec<u8>,
}

/// The state of the replay.
pub(crate) struct Replay {
    name: String,
    suite: RustCrypto,
    layout: Layout,
    hash: HashAlgorithm,
    scheme: BaseAsym,
    schedule: Option<KeySchedule>,
    negotiation: Vec<u8>,
    identification: Vec<u8>,
    measurements: Vec<u8>,
    digests: HashMap<u8, Vec<u8>>,
    chains: HashMap<u8, Vec<u8>>,
    request: Vec<u8>,
    /// The request that ResponseNotReady answered.
    delayed: Vec<u8>,
    dhe: Option<Dhe>,
    private_key: Vec<u8>,
    session: Option<Session>,
    signatures: usize,
    records: usize,
    sessions: usize,
    vendor: Vendor,
}

impl Replay {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: String::from(name),
            suite: RustCrypto::default(),
            layout: Layout::new(Version::V1_0),
            hash: HashAlgorithm::Sha384,
            scheme: BaseAsym::ECDSA_P384,
            schedule: None,
            negotiation: Vec::new(),
            identification: Vec::new(),
            measurements: Vec::new(),
            digests: HashMap::new(),
            chains: HashMap::new(),
            request: Vec::new(),
            delayed: Vec::new(),
            dhe: None,
            private_key: Vec::new(),
            session: None,
            signatures: 0,
            records: 0,
            sessions: 0,
            vendor: Vendor::default(),
        }
    }

    /// Asserts that as much was recomputed as the capture's own checks say.
    pub(crate) fn check(&self, objects: &[Object]) {
        let count = |start: &str, end: &str| {
            let comments = objects.iter().flat_map(|object| &object.comments);
            let is_one = |comment: &&String| comment.starts_with(start) && comment.ends_with(end);
            comments.filter(is_one).count()
        };
        let signatures = count("check ok: ", " signature");
        // Sessions of other algorithms can't be replayed.
        let (in_session, records, sessions) = match self.schedule {
            None => (0, 0, 0),
            Some(_) => (
                count("check ok: ", " signature in session"),
                count("plaintext ", ""),
                count("secret master_secret ", ""),
            ),
        };

        assert!(!self.negotiation.is_empty(), "{}", self.name);
        assert_eq!(self.signatures, signatures + in_session, "{}", self.name);
        assert_eq!(self.records, records, "{}", self.name);
        assert_eq!(self.sessions, sessions, "{}", self.name);
        // Those with lengths of 32 bits are left out.
        let answers = match (&self.schedule, self.layout.version) {
            (None, _) | (_, Version::V1_4) => self.vendor.answers,
            _ => count("VENDOR_DEFINED_RESPONSE ", ""),
        };
        assert_eq!(self.vendor.answers, answers, "{}", self.name);
    }

    /// Follows one object.
    pub(crate) fn object(&mut self, object: &Object) {
        let asked = ObjectType::new(object.object_type);
        let payload = DoeHeader::parse(asked, &object.bytes).expect("it is an object");

        match (asked, object.sender) {
            (ObjectType::CMA_SPDM, Sender::Requester) => {
                self.request = payload[..object.len()].to_vec();
                self.sent(object);
            }
            (ObjectType::CMA_SPDM, Sender::Responder) => {
                self.received(payload, object, Padding::Dword);
            }
            (ObjectType::SECURED_CMA_SPDM, _) => self.record(payload, object),
            _ => {}
        }
    }

    /// Decrypts a record, and follows its message.
    fn record(&mut self, payload: &[u8], object: &Object) {
        let Some(session) = &mut self.session else {
            return;
        };
        let direction = match object.sender {
            Sender::Requester => &mut session.keys.request,
            Sender::Responder => &mut session.keys.response,
        };
        let mut record = payload.to_vec();
        let message = direction.open(&self.suite, session.id, &mut record);
        let message = message.expect("it is the next record").to_vec();
        let plaintext = object.hex("plaintext ").expect("it is in the capture");
        assert_eq!(message, plaintext[2..], "{}", self.name);
        self.records += 1;
        self.seal_again(&message, payload, object.sender);

        match object.sender {
            Sender::Requester => {
                self.request = message;
                self.sent(object);
                // The request is under the old keys, its answer under the new ones.
                self.update_keys(object);
            }
            Sender::Responder => self.received(&message, object, Padding::None),
        }
    }

    /// Asserts that the record is made as it was captured.
    fn seal_again(&mut self, message: &[u8], payload: &[u8], sender: Sender) {
        let session = self.session.as_mut().expect("there is one");
        let direction = match sender {
            Sender::Requester => &mut session.again.request,
            Sender::Responder => &mut session.again.response,
        };
        let mut buffer = vec![0; secured::OVERHEAD + message.len()];
        buffer[secured::MESSAGE..][..message.len()].copy_from_slice(message);
        let len = direction
            .seal(&self.suite, session.id, &mut buffer, message.len())
            .expect("there is room");
        assert_eq!(buffer[..len], payload[..len]);
    }

    /// Builds a request again.
    fn sent(&mut self, object: &Object) {
        let message = self.request.clone();
        let layout = self.layout;

        match Code::new(message[1]) {
            Code::GET_VERSION => request::check(&GetVersion, &layout, &message),
            Code::GET_CAPABILITIES => {
                self.layout.version = Version::new(message[0]).expect("it is known");
                request::check(&request::capabilities(&message), &self.layout, &message);
            }
            // This crate does not offer what 1.4 has in reserved bytes.
            Code::NEGOTIATE_ALGORITHMS if message[16..20] == [0; 4] => {
                request::check(&request::algorithms(&message), &layout, &message);
            }
            Code::GET_DIGESTS => request::check(&GetDigests, &layout, &message),
            Code::GET_CERTIFICATE => {
                let (request, is_large) = request::certificate(&message);
                if !is_large {
                    request::check(&request, &layout, &message);
                }
            }
            Code::CHALLENGE => request::check(&request::challenge(&message), &layout, &message),
            Code::GET_MEASUREMENTS => {
                let request = request::measurements(&message, &layout);
                request::check(&request, &layout, &message);
            }
            Code::KEY_EXCHANGE => self.sent_key_exchange(object),
            Code::FINISH => self.sent_finish(),
            Code::VENDOR_DEFINED_REQUEST => self.vendor.sent(&layout, &message),
            _ => {}
        }
    }

    fn sent_key_exchange(&mut self, object: &Object) {
        let mut versions = Vec::new();
        let mut message = self.request.clone();
        let request = key_exchange::parse(&self.request, &self.layout, &mut versions);
        if self.layout.version.has_session_policy() {
            // E lets the session go on when the firmware changes.
            message[6] = 0;
        }
        request::check(&request, &self.layout, &message);
        if let Some(key) = object.hex("secret requester ephemeral_private_key ") {
            self.private_key = key;
        }
    }

    fn sent_finish(&mut self) {
        let layout = self.layout;
        let hash = self.hash;
        let Some(session) = &mut self.session else {
            return;
        };
        let len = self.request.len() - hash.size();
        request::check(&Finish, &layout, &self.request[..len]);

        session.transcript.extend_from_slice(&self.request[..len]);
        let th = digest(&self.suite, hash, &session.transcript);
        let verify_data = session.keys.requester_verify_data(&self.suite, hash, &th);
        assert_eq!(
            verify_data.as_ref().map(|data| data.as_bytes()),
            Ok(&self.request[len..])
        );
        let mut buffer = self.request[..len].to_vec();
        buffer.resize(len + hash.size(), 0);
        let verify_data = verify_data.expect("it is right");
        assert_eq!(
            Finish::append(&mut buffer, len, verify_data.as_bytes()),
            Ok(self.request.len())
        );
        assert_eq!(buffer, self.request);
        session.transcript.extend_from_slice(&self.request[len..]);
    }

    /// Parses the response to `request`, which has to be accepted. Returns its message without padding.
    fn parse<'a, R: Request>(
        &self,
        request: &R,
        message: &'a [u8],
        padding: Padding,
    ) -> (R::Response<'a>, &'a [u8]) {
        match request.parse(&self.layout, message, padding) {
            Ok(parsed) => parsed,
            Err(err) => panic!("{}: {err:?} of {message:x?}", self.name),
        }
    }

    /// Parses a response.
    fn received(&mut self, message: &[u8], object: &Object, padding: Padding) {
        if Code::new(message[1]) == Code::ERROR {
            return self.received_error(message);
        }
        // The response to RESPOND_IF_READY is that to the request before.
        if Code::new(self.request[1]) == Code::RESPOND_IF_READY {
            self.request = std::mem::take(&mut self.delayed);
        }
        let before = self.request.clone();
        match Code::new(before[1]) {
            Code::GET_VERSION => {
                let (versions, message) = self.parse(&GetVersion, message, padding);
                assert_eq!(versions.select(Version::V1_4), Ok(Version::V1_4));
                assert_eq!(versions.count(), 5);
                self.negotiation = [&before, message].concat();
            }
            Code::GET_CAPABILITIES => {
                let request = request::capabilities(&before);
                let (capabilities, message) = self.parse(&request, message, padding);
                assert!(capabilities.has_challenge());
                assert_eq!(
                    capabilities.has_sessions(),
                    self.layout.version.has_sessions()
                );
                self.negotiation.extend([&before, message].concat());
            }
            Code::NEGOTIATE_ALGORITHMS => self.received_algorithms(&before, message, padding),
            Code::GET_DIGESTS => {
                let (digests, message) = self.parse(&GetDigests, message, padding);
                for slot in digests.slots().slots() {
                    let digest = digests.get(slot).expect("there is one").to_vec();
                    self.digests.insert(slot.number(), digest);
                }
                self.identified(&before, message, padding);
            }
            Code::GET_CERTIFICATE => self.received_certificate(&before, message, padding),
            Code::CHALLENGE => self.received_challenge(&before, message, padding),
            Code::GET_MEASUREMENTS => self.received_measurements(&before, message, padding),
            Code::KEY_EXCHANGE => self.received_key_exchange(&before, message, object),
            Code::FINISH => self.received_finish(message, padding),
            Code::END_SESSION => {
                self.parse(&EndSession, message, padding);
                self.session = None;
            }
            Code::VENDOR_DEFINED_REQUEST if before[2] & 0x80 == 0 => {
                let (payload, _) = self.parse(&vendor::parse(&before), message, padding);
                let state = object.comments.iter().find_map(|comment| {
                    let (_, state) = comment.split_once(" DEVICE_INTERFACE_STATE state=")?;
                    state.split_whitespace().next()?.parse().ok()
                });
                self.vendor.received(&before, payload, state);
                self.vendor.answers += 1;
            }
            _ => {}
        }
        if !matches!(Code::new(before[1]), Code::GET_MEASUREMENTS) {
            self.measurements.clear();
        }
    }

    fn received_error(&mut self, message: &[u8]) {
        let err = GetDigests.parse(&self.layout, message, Padding::Dword);
        let Err(Error::Peer(response)) = err else {
            panic!("{err:?} is no ERROR");
        };

        assert_eq!(response.code.raw(), message[2]);
        match (response.code, response.not_ready) {
            (ErrorCode::RESPONSE_NOT_READY, Some(not_ready)) => {
                let mut buffer = [0; 4];
                let len = not_ready.respond_if_ready(&self.layout, &mut buffer);
                assert_eq!(len, Ok(4));
                assert_eq!(buffer[2], self.request[1]);
                self.delayed = self.request.clone();
            }
            (ErrorCode::BUSY, None) => {}
            (_, None) => match &mut self.session {
                Some(session) => session.measurements.clear(),
                None => self.measurements.clear(),
            },
            _ => panic!("{response:?} is not ready"),
        }
    }

    fn received_algorithms(&mut self, before: &[u8], message: &[u8], padding: Padding) {
        let request = request::algorithms(before);
        let (algorithms, message) = self.parse(&request, message, padding);
        self.negotiation.extend([before, message].concat());
        self.layout = algorithms.layout(self.layout.version).expect("it is known");
        self.hash = algorithms.base_hash.try_into().expect("it is supported");
        self.scheme = algorithms.base_asym;
        self.dhe = algorithms.tables.dhe();

        let aead = algorithms.tables.aead();
        let aead = aead.filter(|aead| *aead != Aead::CHACHA20_POLY1305);
        self.schedule = aead.and_then(Aead::size).map(|key_size| KeySchedule {
            version: self.layout.version,
            hash: self.hash,
            key_size,
        });
    }

    /// Adds to M1 what is outside of a session.
    fn identified(&mut self, before: &[u8], message: &[u8], padding: Padding) {
        if padding == Padding::Dword {
            self.identification.extend([before, message].concat());
        }
    }

    fn received_certificate(&mut self, before: &[u8], message: &[u8], padding: Padding) {
        let (request, _) = request::certificate(before);
        let (portion, message) = self.parse(&request, message, padding);
        let chain = self.chains.entry(request.slot.number()).or_default();
        if request.offset == 0 {
            chain.clear();
        }
        chain.extend_from_slice(portion.bytes);

        let total = chain.len() as u16 + portion.remainder;
        let next = request.next(&portion, total).expect("it adds up");
        assert_eq!(next.is_none(), portion.remainder == 0);
        if next.is_none() {
            let found = digest(&self.suite, self.hash, chain);
            assert_eq!(self.digests[&request.slot.number()], found.as_bytes());
            let chain = Chain::parse(self.hash.size(), chain).expect("it is a chain");
            let root = chain.certificates().next().expect("there is one");
            let root = digest(&self.suite, self.hash, root);
            assert_eq!(root.as_bytes(), chain.root_hash());
        }
        self.identified(before, message, padding);
    }

    /// Verifies a signature of the responder.
    fn verify(&mut self, slot: Slot, context: SigningContext, transcript: &[u8], signature: &[u8]) {
        let chain = &self.chains[&slot.number()];
        let signer = Signer {
            version: self.layout.version,
            hash: self.hash,
            scheme: self.scheme,
            leaf: Chain::parse(self.hash.size(), chain)
                .expect("it is a chain")
                .leaf(),
        };
        let found = digest(&self.suite, self.hash, transcript);
        let verdict = signer.verify(&self.suite, context, &found, signature);
        assert_eq!(verdict, Ok(()), "{}: {context:?}", self.name);

        let mut wrong = signature.to_vec();
        wrong[0] ^= 1;
        let verdict = signer.verify(&self.suite, context, &found, &wrong);
        assert_eq!(verdict, Err(Error::Signature));
        self.signatures += 1;
    }

    fn received_challenge(&mut self, before: &[u8], message: &[u8], padding: Padding) {
        let request = request::challenge(before);
        let (auth, _) = self.parse(&request, message, padding);
        let slot = request.slot;
        assert_eq!(self.digests[&slot.number()], auth.chain_digest);
        assert!(auth.slots.has(slot));
        let identification = std::mem::take(&mut self.identification);
        let transcript = [&self.negotiation, &identification, before, auth.signed].concat();

        self.verify(slot, SigningContext::Challenge, &transcript, auth.signature);
    }

    fn received_measurements(&mut self, before: &[u8], message: &[u8], padding: Padding) {
        let request = request::measurements(before, &self.layout);
        let (answer, _) = self.parse(&request, message, padding);
        let mut transcript = match &mut self.session {
            Some(session) => std::mem::take(&mut session.measurements),
            None => std::mem::take(&mut self.measurements),
        };
        transcript.extend([before, answer.signed].concat());

        let Some((signature, signing)) = answer.signature.zip(request.signing) else {
            match &mut self.session {
                Some(session) => session.measurements = transcript,
                None => self.measurements = transcript,
            }
            return;
        };
        if self.layout.version.measures_negotiation() {
            transcript = [self.negotiation.clone(), transcript].concat();
        }
        let context = SigningContext::Measurements;
        self.verify(signing.slot, context, &transcript, signature);
    }

    fn received_key_exchange(&mut self, before: &[u8], message: &[u8], object: &Object) {
        let mut versions = Vec::new();
        let request = key_exchange::parse(before, &self.layout, &mut versions);
        let (answer, _) = self.parse(&request, message, Padding::Dword);
        let chain = &self.chains[&request.slot.number()];
        let chain = digest(&self.suite, self.hash, chain);
        let mut transcript = self.negotiation.clone();
        transcript.extend([chain.as_bytes(), before, answer.signed].concat());
        let context = SigningContext::KeyExchange;
        self.verify(request.slot, context, &transcript, answer.signature);
        let selected = opaque::parse_selection(self.layout.version, answer.opaque);
        let offered = request.secured_versions;
        assert!(selected.is_ok_and(|version| offered.contains(&version)));

        transcript.extend_from_slice(answer.signature);
        let Some(schedule) = self.schedule else {
            return;
        };
        let th1 = digest(&self.suite, self.hash, &transcript);
        let shared = self.agree(request.public_key, answer.public_key, object);
        let (mut keys, mut again) = (Keys::empty(), Keys::empty());
        for keys in [&mut keys, &mut again] {
            keys.derive_handshake(&self.suite, &schedule, &shared, &th1)
                .expect("it has the sizes");
        }
        let verdict = keys.check_responder(&self.suite, self.hash, &th1, answer.verify_data);
        assert_eq!(verdict, Ok(()));
        let wrong = keys.check_responder(&self.suite, self.hash, &chain, answer.verify_data);
        assert_eq!(wrong, Err(Error::VerifyData));
        transcript.extend_from_slice(answer.verify_data);
        self.session = Some(Session {
            id: SessionId::new(request.session_id, answer.session_id).expect("it is not 0"),
            keys,
            again,
            transcript,
            measurements: Vec::new(),
        });
    }

    /// Returns the secret that both sides share.
    fn agree(&self, own: &[u8], peer: &[u8], object: &Object) -> Secret {
        let suite = RustCrypto {
            private_key: self.private_key.clone(),
            ..self.suite.clone()
        };
        let group = self.dhe.expect("it was negotiated");
        let mut public = vec![0; own.len()];
        let ephemeral = suite.generate(group, &mut public).expect("it is a key");
        assert_eq!(public, own);

        let mut shared = Secret::empty();
        let secret = shared.reset(own.len() / 2);
        suite
            .agree(&ephemeral, peer, secret)
            .expect("it is a point");
        let expected = object.hex("secret shared_secret ");
        assert_eq!(expected.as_deref(), Some(shared.as_bytes()));
        shared
    }

    fn received_finish(&mut self, message: &[u8], padding: Padding) {
        let ((), message) = self.parse(&Finish, message, padding);
        let message = message.to_vec();
        let (Some(session), Some(schedule)) = (&mut self.session, &self.schedule) else {
            return;
        };

        session.transcript.extend_from_slice(&message);
        let th2 = digest(&self.suite, self.hash, &session.transcript);
        for keys in [&mut session.keys, &mut session.again] {
            keys.derive_application(&self.suite, schedule, &th2)
                .expect("it has the sizes");
        }
        self.sessions += 1;
    }

    /// Takes new keys from the capture, for this crate has no KEY_UPDATE.
    fn update_keys(&mut self, object: &Object) {
        let Some(session) = &mut self.session else {
            return;
        };
        let updates = object.comments.iter().filter_map(|comment| {
            let words: Vec<_> = comment.split_whitespace().collect();
            match words.as_slice() {
                ["KEY_UPDATE:", "secret", name, _, "key", key, "iv", iv, ..] => Some((
                    *name == "request_data_secret",
                    bytes(key),
                    bytes(iv.trim_end_matches(',')),
                )),
                _ => None,
            }
        });

        for (is_request, key, iv) in updates {
            for keys in [&mut session.keys, &mut session.again] {
                let direction = match is_request {
                    true => &mut keys.request,
                    false => &mut keys.response,
                };
                let (to_key, to_iv) = direction.restart();
                to_key.reset(key.len()).copy_from_slice(&key);
                to_iv.reset(iv.len()).copy_from_slice(&iv);
            }
        }
    }
}
