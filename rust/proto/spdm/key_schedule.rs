// SPDX-License-Identifier: GPL-2.0

//! Keys of a session. DSP0274 1.4, section "Key schedule".
//!
//! ```text
//! handshake = Extract(zeros, shared secret)
//!   Expand(handshake, "req hs data" | TH1), Expand(handshake, "rsp hs data" | TH1)
//! master = Extract(Expand(handshake, "derived"), zeros)
//!   Expand(master, "req app data" | TH2), Expand(master, "rsp app data" | TH2)
//! of each of the four: Expand(secret, "key"), Expand(secret, "iv"); of the first two also "finished"
//! ```

use super::{
    hkdf,
    secret::{
        is_equal,
        Secret, //
    },
    secured::Direction,
    suite::{
        HashAlgorithm,
        Suite,
        AEAD_NONCE, //
    },
    Digest,
    Error,
    Result,
    Version,
    Writer, //
};

/// What the derivation of keys depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySchedule {
    /// The negotiated version.
    pub version: Version,
    /// The negotiated hash.
    pub hash: HashAlgorithm,
    /// Bytes of a key of the negotiated AEAD.
    pub key_size: usize,
}

impl KeySchedule {
    /// HKDF-Extract.
    fn extract<S: Suite>(&self, suite: &S, salt: &[u8], input: &[u8], output: &mut Secret) {
        hkdf::extract(suite, self.hash, salt, input, output);
    }

    /// HKDF-Expand with BinConcat of `label` and `context` as info.
    fn expand<S: Suite>(
        &self,
        suite: &S,
        secret: &Secret,
        label: &[u8],
        context: &[u8],
        len: usize,
        output: &mut Secret,
    ) -> Result {
        let write_info = |writer: &mut Writer<'_>| {
            writer.u16(u16::try_from(len).map_err(|_| Error::TooLarge)?)?;
            writer.bytes(self.version.label())?;
            writer.bytes(label)?;
            writer.bytes(context)
        };

        hkdf::expand(suite, self.hash, secret, write_info, len, output)
    }

    /// Derives key and IV of a direction from its secret.
    fn direction<S: Suite>(&self, suite: &S, secret: &Secret, direction: &mut Direction) -> Result {
        let (key, iv) = direction.restart();

        self.expand(suite, secret, b"key", &[], self.key_size, key)?;
        self.expand(suite, secret, b"iv", &[], AEAD_NONCE, iv)
    }
}

/// The keys of a session.
#[derive(Debug)]
pub struct Keys {
    /// The handshake secret, until the master secret is derived from it.
    handshake: Secret,
    request_finished: Secret,
    response_finished: Secret,
    /// What the requester sends.
    pub request: Direction,
    /// What the responder sends.
    pub response: Direction,
}

impl Keys {
    /// Has no keys yet.
    pub const fn empty() -> Self {
        Self {
            handshake: Secret::empty(),
            request_finished: Secret::empty(),
            response_finished: Secret::empty(),
            request: Direction::empty(),
            response: Direction::empty(),
        }
    }

    /// Clears all keys.
    pub fn clear(&mut self) {
        self.handshake.clear();
        self.request_finished.clear();
        self.response_finished.clear();
        self.request.clear();
        self.response.clear();
    }

    /// Derives the keys of the handshake. `th1` is the digest of the transcript up to the signature of
    /// KEY_EXCHANGE_RSP, which is in it; `ResponderVerifyData` is not.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when the size of a key is not possible.
    pub fn derive_handshake<S: Suite>(
        &mut self,
        suite: &S,
        schedule: &KeySchedule,
        shared: &Secret,
        th1: &Digest,
    ) -> Result {
        let size = schedule.hash.size();
        let zeros = [0; Digest::MAX];
        let salt = zeros.get(..size).ok_or(Error::TooLarge)?;
        let mut secret = Secret::empty();

        schedule.extract(suite, salt, shared.as_bytes(), &mut self.handshake);
        let handshake = &self.handshake;
        let th1 = th1.as_bytes();
        schedule.expand(suite, handshake, b"req hs data", th1, size, &mut secret)?;
        schedule.direction(suite, &secret, &mut self.request)?;
        let finished = &mut self.request_finished;
        schedule.expand(suite, &secret, b"finished", &[], size, finished)?;

        schedule.expand(suite, handshake, b"rsp hs data", th1, size, &mut secret)?;
        schedule.direction(suite, &secret, &mut self.response)?;
        let finished = &mut self.response_finished;
        schedule.expand(suite, &secret, b"finished", &[], size, finished)
    }

    /// Derives the keys of the application phase, and clears what is needed no more. `th2` is the digest of
    /// the transcript up to FINISH_RSP.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when the size of a key is not possible.
    pub fn derive_application<S: Suite>(
        &mut self,
        suite: &S,
        schedule: &KeySchedule,
        th2: &Digest,
    ) -> Result {
        let size = schedule.hash.size();
        let zeros = [0; Digest::MAX];
        let zeros = zeros.get(..size).ok_or(Error::TooLarge)?;
        let (mut salt, mut master, mut secret) =
            (Secret::empty(), Secret::empty(), Secret::empty());

        schedule.expand(suite, &self.handshake, b"derived", &[], size, &mut salt)?;
        schedule.extract(suite, salt.as_bytes(), zeros, &mut master);
        self.handshake.clear();
        self.request_finished.clear();
        self.response_finished.clear();

        let th2 = th2.as_bytes();
        schedule.expand(suite, &master, b"req app data", th2, size, &mut secret)?;
        schedule.direction(suite, &secret, &mut self.request)?;
        schedule.expand(suite, &master, b"rsp app data", th2, size, &mut secret)?;
        schedule.direction(suite, &secret, &mut self.response)
    }

    /// Checks `ResponderVerifyData`. `th` is the digest that the handshake keys were derived with.
    ///
    /// # Errors
    ///
    /// [`Error::VerifyData`] when it is wrong.
    pub fn check_responder<S: Suite>(
        &self,
        suite: &S,
        hash: HashAlgorithm,
        th: &Digest,
        verify_data: &[u8],
    ) -> Result {
        let mut mac = Secret::empty();
        let key = self.response_finished.as_bytes();

        suite.hmac(hash, key, th.as_bytes(), mac.reset(hash.size()));
        match is_equal(mac.as_bytes(), verify_data) {
            true => Ok(()),
            false => Err(Error::VerifyData),
        }
    }

    /// Returns `RequesterVerifyData`. `th` is the digest of the transcript up to it.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] never, for a hash of this crate.
    pub fn requester_verify_data<S: Suite>(
        &self,
        suite: &S,
        hash: HashAlgorithm,
        th: &Digest,
    ) -> Result<Digest> {
        let mut mac = [0; Digest::MAX];
        let mac = mac.get_mut(..hash.size()).ok_or(Error::TooLarge)?;

        suite.hmac(hash, self.request_finished.as_bytes(), th.as_bytes(), mac);
        Digest::new(mac)
    }
}
