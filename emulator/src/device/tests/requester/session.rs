// SPDX-License-Identifier: GPL-2.0

//! The requester's side of sessions.

use tsm_keys::Curve;

use super::Requester;
use crate::device::{
    responder::testing::{
        Direction,
        Handshake,
        Purpose,
        Schedule, //
    },
    suite::Cipher,
    Hash,
    Version, //
};

/// The requester's side of a session.
pub(in crate::device::tests) struct Session {
    pub(in crate::device::tests) id: u32,
    pub(in crate::device::tests) outgoing: Direction,
    pub(in crate::device::tests) incoming: Direction,
    schedule: Schedule,
    shared: Vec<u8>,
    secrets: Option<Handshake>,
    th: Vec<u8>,
}

impl Session {
    /// Makes a session without keys.
    fn new(requester: &Requester, id: [u8; 4], shared: Vec<u8>) -> Self {
        let cipher = match requester.ciphers & 2 {
            0 => Cipher::Aes128Gcm,
            _ => Cipher::Aes256Gcm,
        };
        let schedule = Schedule {
            version: Version::from_byte(requester.version).unwrap(),
            hash: requester.settings.hash,
            cipher,
        };
        let none = Direction::new(cipher, schedule.keys(&vec![0; schedule.hash.size()]), true);

        Self {
            id: u32::from_le_bytes(id),
            outgoing: none.clone(),
            incoming: none,
            schedule,
            shared,
            secrets: None,
            th: vec![],
        }
    }

    fn hash(&self) -> Hash {
        self.schedule.hash
    }

    /// Goes on with the keys of the handshake, and makes the responder's verify data.
    fn handshake(&mut self, encrypt: bool) -> Vec<u8> {
        let schedule = self.schedule;
        let th1 = self.hash().digest(&self.th);
        let handshake = schedule.handshake(&self.shared, &th1);
        let direction =
            |secret: &[u8]| Direction::new(schedule.cipher, schedule.keys(secret), encrypt);

        self.outgoing = direction(&handshake.request);
        self.incoming = direction(&handshake.response);
        let key = schedule.finished(&handshake.response);
        self.secrets = Some(handshake);
        self.hash().hmac(&key, &th1)
    }

    /// Makes the requester's verify data of TH, which ends in front of it.
    fn verify_data(&self) -> Vec<u8> {
        let key = self
            .schedule
            .finished(&self.secrets.as_ref().unwrap().request);

        self.hash().hmac(&key, &self.hash().digest(&self.th))
    }

    /// Goes on with the keys of the application phase.
    fn application(&mut self, encrypt: bool) {
        let schedule = self.schedule;
        let th2 = self.hash().digest(&self.th);
        let secrets = schedule.application(self.secrets.as_ref().unwrap(), &th2);
        let direction =
            |secret: &[u8]| Direction::new(schedule.cipher, schedule.keys(secret), encrypt);

        self.outgoing = direction(&secrets.request);
        self.incoming = direction(&secrets.response);
    }
}

/// A private key of the requester.
pub(in crate::device::tests) struct Private {
    curve: Curve,
    key: Vec<u8>,
}

/// Makes a key pair: the private key, and the point without the byte 4 in front.
pub(in crate::device::tests) fn key_pair(p384: bool) -> (Private, Vec<u8>) {
    let (curve, key) = match p384 {
        false => (Curve::P256, vec![0x42; 32]),
        true => (Curve::P384, vec![0x42; 48]),
    };
    let point = curve.public(&key).unwrap();

    (Private { curve, key }, point)
}

impl Private {
    /// Makes the shared secret.
    fn agree(&self, point: &[u8]) -> Vec<u8> {
        self.curve.agree(&self.key, point).unwrap()
    }
}

impl Requester {
    /// Makes KEY_EXCHANGE, with the list of versions 1.0 to 1.2 of secured messages.
    pub(in crate::device::tests) fn key_exchange(&self, point: &[u8]) -> Vec<u8> {
        let list = [
            0, 0, 9, 0, 1, 1, 3, 0x00, 0x10, 0x00, 0x11, 0x00, 0x12, 0, 0, 0,
        ];
        let mut request = self.header(0xe4, 0xff, 0);

        request.extend_from_slice(&[0x34, 0x12, 0, 0]);
        request.extend_from_slice(&[0xc3; 32]);
        request.extend_from_slice(point);
        match self.version {
            0x11 => request.extend_from_slice(b"\x18\0FTMD\x01\x01\0\0"),
            _ => request.extend_from_slice(&[20, 0, 1, 0, 0, 0]),
        }
        request.extend_from_slice(&list);
        request
    }

    /// Starts a session as far as KEY_EXCHANGE_RSP, whose signature and verify data must be right.
    pub(in crate::device::tests) fn start_session(&mut self) {
        let (private, point) = key_pair(self.groups & 0x10 != 0);
        let request = self.key_exchange(&point);
        let response = self.exchange(&request);
        let hash = self.settings.hash;

        assert_eq!(response[1], 0x64);
        let end = 40 + point.len() + hash.size();
        let opaque = usize::from(u16::from_le_bytes([response[end], response[end + 1]]));
        let (signed, rest) = response.split_at(end + 2 + opaque);
        // The selection of 1.2 is the end of the opaque data.
        assert!(signed.ends_with(&[0, 0, 4, 0, 1, 0, 0x00, 0x12]));
        let (signature, rest) = rest.split_at(self.settings.signature.size());
        let th = [&self.vca, &hash.digest(&self.chain)[..], &request, signed].concat();
        assert!(self.verifies(Purpose::KeyExchange, &th, signature));

        let shared = private.agree(&response[40..40 + point.len()]);
        let mut session = Session::new(self, [0x34, 0x12, response[4], response[5]], shared);
        session.th = [&th, signature].concat();
        let verify_data = session.handshake(self.flags & 0x40 != 0);
        assert_eq!(rest[..hash.size()], verify_data);
        session.th.extend_from_slice(&verify_data);
        self.session = Some(session);
    }

    /// Makes FINISH.
    pub(in crate::device::tests) fn make_finish(&mut self) -> Vec<u8> {
        let mut request = self.header(0xe5, 0, 0);
        if self.version >= 0x14 {
            request.extend_from_slice(&[0, 0]);
        }
        let session = self.session.as_mut().unwrap();
        session.th.extend_from_slice(&request);
        let data = session.verify_data();
        session.th.extend_from_slice(&data);
        request.extend_from_slice(&data);
        request
    }

    /// Ends the handshake.
    pub(in crate::device::tests) fn finish(&mut self) {
        let request = self.make_finish();
        let response = self.secured(&request);
        let encrypt = self.flags & 0x40 != 0;

        assert_eq!(response[..4], [self.version, 0x65, 0, 0]);
        let session = self.session.as_mut().unwrap();
        session.th.extend_from_slice(&response);
        session.application(encrypt);
    }
}
