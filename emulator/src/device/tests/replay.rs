// SPDX-License-Identifier: GPL-2.0

//! Makes a captured conversation again: its hashes, signatures, secrets and records.

use std::collections::HashMap;

use tsm_keys::Curve;

use super::{
    capture::{
        read,
        CapturedMessage, //
    },
    leaf, //
};
use crate::device::{
    responder::testing::{
        select,
        Purpose,
        Schedule,
        Session,
        Stage,
        Transcript, //
    },
    suite::Cipher,
    Hash,
    Signature,
    Version, //
};

/// What has been made again: a test wants all of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Checked {
    challenges: usize,
    measurements: usize,
    exchanges: usize,
    records: usize,
}

/// What a conversation has come to.
pub(super) struct Replay {
    version: Version,
    pub(super) hash: Hash,
    pub(super) signature: Signature,
    cipher: Cipher,
    transcript: Transcript,
    /// Chains by slot.
    chains: HashMap<u8, Vec<u8>>,
    private: Vec<u8>,
    session: Option<Session>,
    encrypt: bool,
    checked: Checked,
}

impl Replay {
    /// Starts a conversation.
    pub(super) fn new(version: Version, algorithms: &HashMap<String, String>) -> Self {
        Self {
            version,
            hash: match &*algorithms["hash"] {
                "sha256" => Hash::Sha256,
                "sha384" => Hash::Sha384,
                other => panic!("{other}"),
            },
            signature: match &*algorithms["asym"] {
                "ECDSA_P256" => Signature::EcdsaP256,
                "ECDSA_P384" => Signature::EcdsaP384,
                "RSAPSS_3072" => Signature::RsaPss3072,
                "RSASSA_3072" => Signature::RsaSsa3072,
                other => panic!("{other}"),
            },
            cipher: match &*algorithms["aead"] {
                "AES_128_GCM" => Cipher::Aes128Gcm,
                _ => Cipher::Aes256Gcm,
            },
            transcript: Transcript::default(),
            chains: HashMap::new(),
            private: vec![],
            session: None,
            encrypt: true,
            checked: Checked::default(),
        }
    }

    /// Checks a signature of the chain in a slot.
    fn verify(&self, slot: u8, purpose: Purpose, transcript: &[u8], signature: &[u8]) {
        let digest = purpose.digest(self.version, self.hash, transcript);
        let algorithms = (self.hash, self.signature);

        assert!(leaf::verifies(
            &self.chains[&slot],
            algorithms,
            &digest,
            signature
        ));
    }

    /// Takes a request in the clear and its response.
    fn plain(&mut self, request: &CapturedMessage, response: &CapturedMessage) {
        let (asked, got) = (request.message(), response.message());

        self.transcript.begin(asked[1]);
        match got[1] {
            0x04 | 0x61 | 0x63 => self.transcript.negotiated(asked, got),
            0x01 => self.transcript.identified(asked, got),
            0x02 => self.certificate(asked, got),
            0x03 => self.challenge(asked, response),
            0x60 => {
                let mut transcript = std::mem::take(&mut self.transcript);
                self.measurements(&mut transcript, asked, got, response);
                self.transcript = transcript;
            }
            0x64 => self.exchange(asked, response),
            0x7f if asked[1] == 0xe0 => self.transcript.forget_measurements(),
            0x7f => {}
            other => panic!("{other:#x}"),
        }
        if asked[1] == 0xe1 && asked.len() >= 12 {
            self.encrypt = asked[8] & (1 << 6) != 0;
        }
    }

    /// Takes a part of a chain.
    fn certificate(&mut self, asked: &[u8], got: &[u8]) {
        let header = if got[2] & 0x80 == 0 { 8 } else { 16 };
        let first = match header {
            8 => asked[4..6] == [0, 0],
            _ => asked[8..12] == [0, 0, 0, 0],
        };
        let chain = self.chains.entry(got[2] & 0xf).or_default();

        if first {
            chain.clear();
        }
        chain.extend_from_slice(&got[header..]);
        self.transcript.identified(asked, got);
    }

    /// Takes CHALLENGE.
    fn challenge(&mut self, asked: &[u8], response: &CapturedMessage) {
        let got = response.message();
        let (signed, signature) = got.split_at(got.len() - self.signature.size());
        let m1 = self.transcript.m1(asked, signed);

        assert_eq!(self.hash.digest(&m1), response.values["M1"]);
        assert_eq!(
            got[4..4 + self.hash.size()],
            self.hash.digest(&self.chains[&asked[2]])
        );
        self.verify(asked[2], Purpose::Challenge, &m1, signature);
        self.checked.challenges += 1;
    }

    /// Takes measurements, wherever they were asked for.
    fn measurements(
        &mut self,
        transcript: &mut Transcript,
        asked: &[u8],
        got: &[u8],
        response: &CapturedMessage,
    ) {
        if asked[2] & 1 == 0 {
            return transcript.measured(asked, got);
        }
        let (signed, signature) = got.split_at(got.len() - self.signature.size());
        transcript.measured(asked, signed);
        let l1 = transcript.l1(self.version);
        // Version 1.0 has no slot.
        let slot = asked.get(36).copied().unwrap_or(0);

        assert_eq!(self.hash.digest(&l1), response.values["L1"]);
        self.verify(slot, Purpose::Measurements, &l1, signature);
        self.checked.measurements += 1;
    }

    /// Takes KEY_EXCHANGE. The requester's private key takes the place of the responder's.
    fn exchange(&mut self, asked: &[u8], response: &CapturedMessage) {
        let got = response.message();
        let secret = |name: &str| &response.values[name];
        let (signed, rest) = got.split_at(got.len() - self.signature.size() - self.hash.size());
        let (signature, verify_data) = rest.split_at(self.signature.size());
        let chain_hash = self.hash.digest(&self.chains[&asked[3]]);
        let th = [self.transcript.vca(), &chain_hash, asked, signed].concat();

        self.verify(asked[3], Purpose::KeyExchange, &th, signature);
        // The opaque data selects the same version.
        let opaque = &asked[40 + 2 * self.private.len()..];
        let selected = select(&opaque[2..], self.version).unwrap();
        let length = u16::try_from(selected.len()).unwrap().to_le_bytes();
        assert!(signed.ends_with(&[&length[..], &selected].concat()));

        let shared = self.shared(&got[40..]);
        assert_eq!(&shared, secret("shared_secret"));

        let schedule = Schedule {
            version: self.version,
            hash: self.hash,
            cipher: self.cipher,
        };
        let th = [&th, signature].concat();
        let handshake = schedule.handshake(&shared, &self.hash.digest(&th));
        assert_eq!(&handshake.request, secret("request_handshake_secret"));
        assert_eq!(&handshake.response, secret("response_handshake_secret"));
        let keys = schedule.keys(&handshake.response);
        assert_eq!(&keys.key, secret("response_handshake_key"));
        assert_eq!(&keys.iv, secret("response_handshake_iv"));

        let id = [&asked[4..6], &got[4..6]].concat();
        let mut session = Session::new(
            u32::from_le_bytes(id.try_into().unwrap()),
            schedule,
            self.encrypt,
            &shared,
            th,
            self.transcript.for_session(),
        );
        assert_eq!(session.verify_data(), verify_data);
        self.session = Some(session);
        self.checked.exchanges += 1;
    }

    /// Makes the shared secret of the requester's private key and the responder's point.
    fn shared(&self, behind: &[u8]) -> Vec<u8> {
        let (curve, size) = match self.private.len() {
            32 => (Curve::P256, 64),
            48 => (Curve::P384, 96),
            other => panic!("{other}"),
        };

        curve.agree(&self.private, &behind[..size]).unwrap()
    }

    /// Takes a record and the one in response: the same record must come out again.
    fn secured(&mut self, request: &CapturedMessage, response: &CapturedMessage) {
        let hash = self.hash;
        let size = if self.encrypt { 2 } else { 0 };
        let session = self.session.as_mut().unwrap();
        let before = session.stage;
        let asked = session.open(&request.payload).unwrap();
        session.transcript.begin(asked[1]);
        assert_eq!(asked, request.values["plaintext"][size..]);

        let got = &response.values["plaintext"][size..];
        if asked[1] == 0xe5 {
            let (head, data) = asked.split_at(asked.len() - hash.size());
            assert!(session.verify(head, data));
            session.finished(got);
        }
        let record = session.seal(got, before);
        assert_eq!(record, response.payload[..record.len()]);
        assert!(response.payload.len() < record.len() + 4);
        if asked[1] == 0xe5 {
            assert_eq!(session.stage, Stage::Application);
        }
        self.checked.records += 2;
        if asked[1] == 0xe0 && got[1] == 0x60 {
            let mut transcript = std::mem::take(&mut session.transcript);
            self.measurements(&mut transcript, &asked, got, response);
            self.session.as_mut().unwrap().transcript = transcript;
        }
    }
}

/// Makes a conversation again.
pub(super) fn replay(version: Version, text: &str) -> Checked {
    let (algorithms, lines) = read(text);
    let mut replay = Replay::new(version, &algorithms);
    let mut lines = lines.iter().filter(|line| line.kind != 0);

    while let Some(request) = lines.next() {
        assert!(request.from_requester);
        let Some(response) = lines.next() else {
            break;
        };
        assert!(!response.from_requester);
        if let Some(private) = request.values.get("ephemeral_private_key") {
            replay.private.clone_from(private);
        }
        match request.kind {
            1 => replay.plain(request, response),
            _ => replay.secured(request, response),
        }
    }
    replay.checked
}

/// Makes what a capture has to have.
pub(super) fn checked(
    challenges: usize,
    measurements: usize,
    exchanges: usize,
    records: usize,
) -> Checked {
    Checked {
        challenges,
        measurements,
        exchanges,
        records,
    }
}
