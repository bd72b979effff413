// SPDX-License-Identifier: GPL-2.0

//! A requester for tests: its messages are byte strings, in the order of the tables of DSP0274.

mod session;

use super::leaf;
use crate::device::{
    responder::testing::Purpose,
    Hash,
    Mailbox,
    Settings,
    Signature,
    Version, //
};

pub(super) use session::{
    key_pair,
    Session, //
};

/// All capabilities that the responder has too: CERT, CHAL, ENCRYPT, MAC, KEY_EX.
const FLAGS: u32 = 0x2c6;

/// A requester, and the device that it talks to.
pub(super) struct Requester {
    pub(super) mailbox: Mailbox,
    pub(super) settings: Settings,
    pub(super) version: u8,
    pub(super) flags: u32,
    /// `AlgSupported` of groups and ciphers.
    pub(super) groups: u16,
    pub(super) ciphers: u16,
    /// VCA.
    pub(super) vca: Vec<u8>,
    /// What M1 has behind VCA.
    pub(super) identified: Vec<u8>,
    /// Pairs for L1.
    pub(super) measured: Vec<u8>,
    pub(super) chain: Vec<u8>,
    pub(super) session: Option<Session>,
    /// How many keys of a link it has made.
    pub(super) keys: u64,
}

/// Makes a data object of a type.
pub(super) fn object(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut object = vec![1, 0, kind, 0];
    let padded = payload.len().div_ceil(4) * 4;

    object.extend_from_slice(&u32::try_from(2 + padded / 4).unwrap().to_le_bytes());
    object.extend_from_slice(payload);
    object.resize(8 + padded, 0);
    object
}

impl Requester {
    /// Makes a requester and its device.
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            mailbox: Mailbox::new(settings.clone()),
            version: settings.spdm.byte(),
            settings,
            flags: FLAGS,
            groups: 0x18,
            ciphers: 3,
            vca: vec![],
            identified: vec![],
            measured: vec![],
            chain: vec![],
            session: None,
            keys: 0,
        }
    }

    /// Exchanges messages in the clear. The response has its padding.
    pub(super) fn exchange(&mut self, request: &[u8]) -> Vec<u8> {
        let response = self.mailbox.exchange(&object(1, request)).unwrap();

        assert_eq!(response[..4], [1, 0, 1, 0]);
        assert_eq!(
            response.len(),
            4 * usize::from(u16::from_le_bytes([response[4], response[5]]))
        );
        response[8..].to_vec()
    }

    /// Exchanges messages in the session.
    pub(super) fn secured(&mut self, request: &[u8]) -> Vec<u8> {
        let session = self.session.as_mut().unwrap();
        let record = session.outgoing.seal(session.id, request);
        let response = self.mailbox.exchange(&object(2, &record)).unwrap();

        assert_eq!(response[..4], [1, 0, 2, 0]);
        session.incoming.open(&response[8..]).unwrap()
    }

    /// Makes a header.
    pub(super) fn header(&self, code: u8, param1: u8, param2: u8) -> Vec<u8> {
        vec![self.version, code, param1, param2]
    }

    /// Negotiates as far as GET_VERSION.
    pub(super) fn ask_version(&mut self) -> Vec<u8> {
        let request = [0x10, 0x84, 0, 0];
        let response = self.exchange(&request);
        let size = 6 + 2 * usize::from(response[5]);

        self.note(&request, &response[..size.min(response.len())]);
        response
    }

    /// Makes GET_CAPABILITIES.
    pub(super) fn capabilities(&self) -> Vec<u8> {
        let mut request = self.header(0xe1, 0, 0);
        if self.version >= 0x11 {
            request.extend_from_slice(&[0; 4]);
            request.extend_from_slice(&self.flags.to_le_bytes());
        }
        if self.version >= 0x12 {
            request.extend_from_slice(&[0, 0x12, 0, 0, 0, 0x12, 0, 0]);
        }
        request
    }

    /// Sends GET_CAPABILITIES.
    pub(super) fn ask_capabilities(&mut self) -> Vec<u8> {
        let request = self.capabilities();
        let response = self.exchange(&request);
        let size = if self.version >= 0x12 { 20 } else { 12 };

        self.note(&request, &response[..size.min(response.len())]);
        response
    }

    /// Makes NEGOTIATE_ALGORITHMS.
    pub(super) fn offer(&self) -> Vec<u8> {
        let structures = match self.version {
            0x10 => vec![],
            _ => [[2, 0x20], [3, 0x20], [5, 0x20]]
                .iter()
                .zip([self.groups, self.ciphers, 1])
                .flat_map(|(head, mask)| [&head[..], &mask.to_le_bytes()].concat())
                .collect(),
        };
        let mut request = self.header(0xe3, u8::try_from(structures.len() / 4).unwrap(), 0);

        request.push(u8::try_from(32 + structures.len()).unwrap());
        request.extend_from_slice(&[0, 1, if self.version >= 0x12 { 2 } else { 0 }]);
        // All signatures and hashes that have a number.
        request.extend_from_slice(&0x1ff_u32.to_le_bytes());
        request.extend_from_slice(&0x7_u32.to_le_bytes());
        request.extend_from_slice(&[0; 16]);
        request.extend_from_slice(&structures);
        request
    }

    /// Sends NEGOTIATE_ALGORITHMS.
    pub(super) fn ask_algorithms(&mut self) -> Vec<u8> {
        let request = self.offer();
        let response = self.exchange(&request);

        self.note(&request, &response);
        response
    }

    /// Adds to VCA.
    fn note(&mut self, request: &[u8], response: &[u8]) {
        self.vca.extend_from_slice(request);
        self.vca.extend_from_slice(response);
    }

    /// Negotiates.
    pub(super) fn negotiate(&mut self) {
        self.ask_version();
        self.ask_capabilities();
        let response = self.ask_algorithms();

        assert_eq!(response[1], 0x63);
    }

    /// Adds to M1.
    fn identify(&mut self, request: &[u8], response: &[u8]) {
        self.identified.extend_from_slice(request);
        self.identified.extend_from_slice(response);
    }

    /// Gets the digests: the mask and the digests.
    pub(super) fn digests(&mut self) -> (u8, Vec<u8>) {
        let request = self.header(0x81, 0, 0);
        let response = self.exchange(&request);

        assert_eq!(response[1], 1);
        self.identify(&request, &response);
        (response[3], response[4..].to_vec())
    }

    /// Gets a chain in portions of a size.
    pub(super) fn get_chain(&mut self, slot: u8, portion: u16) {
        self.chain.clear();
        loop {
            let mut request = self.header(0x82, slot, 0);
            let offset = u16::try_from(self.chain.len()).unwrap();
            request.extend_from_slice(&offset.to_le_bytes());
            request.extend_from_slice(&portion.to_le_bytes());
            let response = self.exchange(&request);

            assert_eq!(response[1..3], [2, slot]);
            let length = usize::from(u16::from_le_bytes([response[4], response[5]]));
            assert!(length <= portion.into());
            self.chain.extend_from_slice(&response[8..8 + length]);
            self.identify(&request, &response[..8 + length]);
            if response[6..8] == [0, 0] {
                return;
            }
        }
    }

    /// Returns whether a signature is right.
    pub(super) fn verifies(&self, purpose: Purpose, transcript: &[u8], signature: &[u8]) -> bool {
        let Settings {
            hash,
            signature: algorithm,
            ..
        } = self.settings;
        let version = Version::from_byte(self.version).unwrap();
        let digest = purpose.digest(version, hash, transcript);

        leaf::verifies(&self.chain, (hash, algorithm), &digest, signature)
    }

    /// Returns `RequesterContext`, of the versions that have it.
    fn context(&self) -> &'static [u8] {
        match self.version >= 0x13 {
            true => b"context!",
            false => &[],
        }
    }

    /// Sends CHALLENGE, and returns whether its signature is right.
    pub(super) fn challenge(&mut self, slot: u8, summary: u8) -> bool {
        let Settings {
            hash, signature, ..
        } = self.settings;
        let request = [
            &self.header(0x83, slot, summary)[..],
            &[0x5a; 32],
            self.context(),
        ]
        .concat();
        let response = self.exchange(&request);
        let summary = if summary == 0 { 0 } else { hash.size() };
        let size = 4 + hash.size() + 32 + summary + 2 + self.context().len();
        let (signed, rest) = response.split_at(size);

        assert_eq!(signed[..3], [self.version, 3, slot]);
        assert_eq!(signed[4..4 + hash.size()], hash.digest(&self.chain));
        assert!(signed.ends_with(self.context()));
        let m1 = [&self.vca, &self.identified[..], &request, signed].concat();
        self.identified.clear();
        self.verifies(Purpose::Challenge, &m1, &rest[..signature.size()])
    }

    /// Makes GET_MEASUREMENTS.
    pub(super) fn get_measurements(&self, attributes: u8, operation: u8) -> Vec<u8> {
        let mut request = self.header(0xe0, attributes, operation);

        if attributes & 1 != 0 {
            request.extend_from_slice(&[0xa5; 32]);
            if self.version >= 0x11 {
                request.push(0);
            }
        }
        [&request, self.context()].concat()
    }

    /// Takes MEASUREMENTS: checks the signature if there is one, and returns the record.
    pub(super) fn measured(&mut self, request: &[u8], response: &[u8]) -> Vec<u8> {
        assert_eq!(response[1], 0x60);
        let length = usize::from(u16::from_le_bytes([response[5], response[6]]));
        let size = 8 + length + 32 + 2 + self.context().len();
        let (signed, rest) = response.split_at(size);

        self.measured.extend_from_slice(request);
        self.measured.extend_from_slice(signed);
        if request[2] & 1 != 0 {
            let vca = if self.version >= 0x12 {
                &self.vca[..]
            } else {
                &[]
            };
            let l1 = [vca, &self.measured].concat();
            let signature = &rest[..self.settings.signature.size()];
            assert!(self.verifies(Purpose::Measurements, &l1, signature));
            self.measured.clear();
        }
        signed[8..8 + length].to_vec()
    }
}

/// Returns settings with these algorithms.
pub(super) fn settings(spdm: Version, hash: Hash, signature: Signature) -> Settings {
    Settings {
        spdm,
        hash,
        signature,
        ..Settings::default()
    }
}
