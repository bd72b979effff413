// SPDX-License-Identifier: GPL-2.0

//! A responder that injects faults into its answers.

use tsm_keys::P384;
use tsm_proto::{
    doe::ObjectType,
    spdm::{
        algorithms::Dhe,
        key_exchange::SessionId,
        key_schedule::{
            KeySchedule,
            Keys, //
        },
        secured,
        suite::HashAlgorithm,
        transcript::digest,
        Hash as _,
        Secret,
        SigningContext,
        Suite as _,
        Version, //
    },
};

use crate::{
    certificate,
    suite::RustCrypto, //
};

/// A fault to inject: changes an answer with this code, or a record.
pub(crate) type Fault = Box<dyn FnMut(u8, &mut Vec<u8>)>;

const HASH: HashAlgorithm = HashAlgorithm::Sha384;
/// One block: index 1, of the DMTF, a digest of four bytes.
pub(crate) const RECORD: [u8; 11] = [1, 1, 7, 0, 0, 4, 0, 0xa, 0xb, 0xc, 0xd];

/// A responder.
pub(crate) struct Responder {
    suite: RustCrypto,
    version: Version,
    flags: u32,
    key: P384,
    chain: Vec<u8>,
    negotiation: Vec<u8>,
    identification: Vec<u8>,
    transcript: Vec<u8>,
    keys: Keys,
    session: Option<SessionId>,
    /// Changes messages before they are encrypted.
    pub(crate) fault: Fault,
    /// Changes records after they are encrypted.
    pub(crate) record_fault: Fault,
    /// Codes of the requests that came.
    pub(crate) requests: Vec<u8>,
    /// The most bytes of a portion.
    pub(crate) portion: usize,
    /// The measurement blocks.
    pub(crate) blocks: Vec<Vec<u8>>,
    /// Whether all blocks are too large for one response.
    pub(crate) is_too_large: bool,
    /// What L1 has besides the negotiation.
    measured: Vec<u8>,
}

impl Responder {
    pub(crate) fn new(version: Version, flags: u32) -> Self {
        let key = P384::new(&[0x11; 48]).expect("it is in range");

        Self {
            suite: RustCrypto {
                nonce: [0x22; 32],
                private_key: vec![0x33; 48],
                ..RustCrypto::default()
            },
            version,
            flags,
            chain: certificate::chain(&key),
            key,
            negotiation: Vec::new(),
            identification: Vec::new(),
            transcript: Vec::new(),
            keys: Keys::empty(),
            session: None,
            fault: Box::new(|_, _| ()),
            record_fault: Box::new(|_, _| ()),
            requests: Vec::new(),
            portion: 700,
            blocks: vec![RECORD.to_vec()],
            is_too_large: false,
            measured: Vec::new(),
        }
    }

    /// Has another key and a chain for it from now on.
    pub(crate) fn use_key(&mut self, key: &[u8; 48]) {
        self.key = P384::new(key).expect("it is in range");
        self.chain = certificate::chain(&self.key);
    }

    /// Answers an object.
    pub(crate) fn answer(&mut self, object_type: ObjectType, payload: &[u8]) -> Vec<u8> {
        if object_type == ObjectType::CMA_SPDM {
            self.session = None;
            return self.message(payload);
        }
        let session = self.session.expect("there is a session");
        let mut record = payload.to_vec();
        let request = self.keys.request.open(&self.suite, session, &mut record);
        let request = request.expect("it is the next record").to_vec();
        let response = self.message(&request);

        let mut record = vec![0; secured::OVERHEAD + response.len()];
        record[secured::MESSAGE..][..response.len()].copy_from_slice(&response);
        let direction = &mut self.keys.response;
        direction
            .seal(&self.suite, session, &mut record, response.len())
            .expect("there is room");
        if request[1] == 0xe5 {
            let th2 = digest(&self.suite, HASH, &self.transcript);
            self.keys
                .derive_application(&self.suite, &self.schedule(), &th2)
                .expect("it has the sizes");
        }
        (self.record_fault)(response[1], &mut record);
        record
    }

    fn schedule(&self) -> KeySchedule {
        KeySchedule {
            version: self.version,
            hash: HASH,
            key_size: 32,
        }
    }

    /// Answers a message.
    fn message(&mut self, request: &[u8]) -> Vec<u8> {
        self.requests.push(request[1]);
        let delayed = [request[0], request[2], 0, 0];
        let request = match request[1] {
            // RESPOND_IF_READY, for a request without parameters.
            0xff => &delayed,
            _ => request,
        };
        let code = request[1] & 0x7f;
        let version = if code == 4 { 0x10 } else { self.version.raw() };
        let mut response = vec![version, code, 0, 0];
        match code {
            0x04 => response.extend([0, 2, 0, 0x10, 0, self.version.raw()]),
            0x61 => self.capabilities(&mut response),
            0x63 => self.algorithms(&mut response),
            0x01 => self.digests(&mut response),
            0x02 => self.certificate(request, &mut response),
            0x03 => self.challenge(request, &mut response),
            0x64 => self.key_exchange(request, &mut response),
            0x60 => self.measurements(request, &mut response),
            0x65 => {
                self.transcript.extend_from_slice(request);
                if self.version == Version::V1_4 {
                    response.extend([0, 0]);
                }
                self.transcript.extend_from_slice(&response);
            }
            0x6c => {}
            _ => panic!("{request:x?} is not a request of this crate"),
        }
        match code {
            0x04 => {
                self.negotiation = [request, &response].concat();
                self.measured.clear();
            }
            0x61 | 0x63 => self.negotiation.extend([request, &response].concat()),
            0x01 if self.session.is_none() => self.identification = [request, &response].concat(),
            0x02 => self.identification.extend([request, &response].concat()),
            _ => {}
        }
        (self.fault)(code, &mut response);
        response
    }

    fn capabilities(&self, response: &mut Vec<u8>) {
        response.extend([0, 10, 0, 0]);
        response.extend(self.flags.to_le_bytes());
        if self.version >= Version::V1_2 {
            response.extend([0, 16, 0, 0, 0, 16, 0, 0]);
        }
    }

    fn algorithms(&self, response: &mut Vec<u8>) {
        let tables: &[u8] = match self.version {
            Version::V1_0 => &[],
            _ => &[2, 0x20, 0x10, 0, 3, 0x20, 2, 0, 5, 0x20, 1, 0],
        };
        let other = if self.version >= Version::V1_2 { 2 } else { 0 };

        response[2] = tables.len() as u8 / 4;
        response.extend([
            36 + tables.len() as u8,
            0,
            1,
            other,
            4,
            0,
            0,
            0,
            0x80,
            0,
            0,
            0,
        ]);
        response.extend([2, 0, 0, 0]);
        response.extend([0; 16]);
        response.extend(tables);
    }

    fn digests(&self, response: &mut Vec<u8>) {
        let chain = digest(&self.suite, HASH, &self.chain);

        // The same chain is in slots 0 and 2.
        response[3] = 0b101;
        response.extend_from_slice(chain.as_bytes());
        response.extend_from_slice(chain.as_bytes());
    }

    fn certificate(&self, request: &[u8], response: &mut Vec<u8>) {
        let at = |offset| usize::from(u16::from_le_bytes([request[offset], request[offset + 1]]));
        let rest = &self.chain[at(4)..];
        let len = rest.len().min(at(6)).min(self.portion);

        response[2] = request[2];
        response.extend((len as u16).to_le_bytes());
        response.extend(((rest.len() - len) as u16).to_le_bytes());
        response.extend_from_slice(&rest[..len]);
    }

    fn context(&self, request: &[u8], response: &mut Vec<u8>) {
        if self.version >= Version::V1_3 {
            response.extend_from_slice(&request[request.len() - 8..]);
        }
    }

    /// Appends the signature over a transcript that ends with the response.
    fn sign(&self, context: SigningContext, transcript: &[&[u8]], response: &mut Vec<u8>) {
        let transcript = [&transcript.concat(), response.as_slice()].concat();
        let mut signed = digest(&self.suite, HASH, &transcript);
        if let Some(prefix) = self.version.signing_prefix(context).bytes() {
            let mut hash = self.suite.hash(HASH);
            hash.update(prefix);
            hash.update(signed.as_bytes());
            signed = hash.finish();
        }
        let signature = self.key.sign_digest(signed.as_bytes()).expect("it signs");
        response.extend_from_slice(&signature);
    }

    fn summary(&self, wanted: u8) -> Vec<u8> {
        match wanted {
            0 => Vec::new(),
            _ => digest(&self.suite, HASH, &RECORD).as_bytes().to_vec(),
        }
    }

    fn challenge(&self, request: &[u8], response: &mut Vec<u8>) {
        response[2] = request[2];
        response[3] = 0b101;
        response.extend_from_slice(digest(&self.suite, HASH, &self.chain).as_bytes());
        response.extend([0x44; 32]);
        response.extend(self.summary(request[3]));
        response.extend([0, 0]);
        self.context(request, response);
        let transcript = [&self.negotiation, &self.identification, request];
        self.sign(SigningContext::Challenge, &transcript, response);
    }

    fn measurements(&mut self, request: &[u8], response: &mut Vec<u8>) {
        let blocks: Vec<_> = match request[3] {
            0 => Vec::new(),
            0xff => self.blocks.clone(),
            index => {
                let blocks = self.blocks.iter();
                blocks.filter(|block| block[0] == index).cloned().collect()
            }
        };
        let error = match request[3] {
            0xff if self.is_too_large => 0x0d,
            1..=0xfe if blocks.is_empty() => 1,
            _ => 0,
        };
        if error != 0 {
            *response = vec![self.version.raw(), 0x7f, error, 0];
            self.measured.clear();
            return;
        }

        if request[3] == 0 {
            response[2] = self.blocks.len() as u8;
        }
        // The slot of a request that wants a signature, from 1.1 on.
        response[3] = request.get(36).copied().unwrap_or(0);
        response.push(blocks.len() as u8);
        response.extend([blocks.concat().len() as u8, 0, 0]);
        response.extend(blocks.concat());
        response.extend([0x55; 32]);
        response.extend([0, 0]);
        self.context(request, response);
        let negotiation: &[u8] = match self.version {
            Version::V1_0 | Version::V1_1 => &[],
            _ => &self.negotiation,
        };
        self.measured.extend_from_slice(request);
        if request[2] & 1 == 0 {
            self.measured.extend_from_slice(response);
            return;
        }
        let transcript = [negotiation, &self.measured];
        self.sign(SigningContext::Measurements, &transcript, response);
        self.measured.clear();
    }

    fn key_exchange(&mut self, request: &[u8], response: &mut Vec<u8>) {
        let own_half = [0xfe, 0xff];
        let mut public = [0; 96];
        let own = self.suite.generate(Dhe::SECP_384_R1, &mut public);
        let own = own.expect("it is a key");
        response.extend(own_half);
        response.extend([0, 0]);
        response.extend([0x66; 32]);
        response.extend(public);
        response.extend(self.summary(request[2]));
        match self.version {
            Version::V1_1 => response.extend([
                16, 0, 0x46, 0x54, 0x4d, 0x44, 1, 1, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0x11,
            ]),
            _ => response.extend([12, 0, 1, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0x12]),
        }
        let chain = digest(&self.suite, HASH, &self.chain);
        let before = [&self.negotiation, chain.as_bytes(), request];
        self.sign(SigningContext::KeyExchange, &before, response);
        self.transcript = [&before.concat(), response.as_slice()].concat();

        let th1 = digest(&self.suite, HASH, &self.transcript);
        let mut shared = Secret::empty();
        self.suite
            .agree(&own, &request[40..136], shared.reset(48))
            .expect("it is a point");
        self.keys
            .derive_handshake(&self.suite, &self.schedule(), &shared, &th1)
            .expect("it has the sizes");
        response.extend(self.verify_data(&shared, &th1));
        self.transcript.extend(&response[response.len() - 48..]);
        let half = u16::from_le_bytes([request[4], request[5]]);
        let session = SessionId::new(half, u16::from_le_bytes(own_half));
        self.session = Some(session.expect("it is not 0"));
    }

    /// Returns ResponderVerifyData, whose key [`Keys`] does not give.
    fn verify_data(&self, shared: &Secret, th1: &tsm_proto::spdm::Digest) -> Vec<u8> {
        let expand = |secret: &[u8], label: &[u8], context: &[u8]| {
            let info = [
                &[48, 0],
                self.version.label().as_slice(),
                label,
                context,
                &[1],
            ]
            .concat();
            let mut output = [0; 48];
            self.suite.hmac(HASH, secret, &info, &mut output);
            output
        };
        let mut handshake = [0; 48];
        self.suite
            .hmac(HASH, &[0; 48], shared.as_bytes(), &mut handshake);
        let secret = expand(&handshake, b"rsp hs data", th1.as_bytes());
        let finished = expand(&secret, b"finished", &[]);
        let mut mac = [0; 48];
        self.suite.hmac(HASH, &finished, th1.as_bytes(), &mut mac);
        mac.to_vec()
    }
}
