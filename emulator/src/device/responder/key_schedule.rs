// SPDX-License-Identifier: GPL-2.0

//! The keys of a session: DSP0274.

use super::{
    super::{
        suite::{
            Cipher,
            Hash, //
        },
        version::Version, //
    }, //
};

/// What all keys of a connection have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    /// Negotiated version: part of each label.
    pub(crate) version: Version,
    /// Negotiated base hash.
    pub(crate) hash: Hash,
    /// Negotiated cipher.
    pub(crate) cipher: Cipher,
}

/// Keys of one direction in one phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keys {
    /// Key of the cipher.
    pub(crate) key: Vec<u8>,
    /// What becomes a nonce with the sequence number.
    pub(crate) iv: Vec<u8>,
}

/// Secrets of the handshake.
#[derive(Debug, Clone)]
pub(crate) struct Handshake {
    secret: Vec<u8>,
    /// Secret of the requester.
    pub(crate) request: Vec<u8>,
    /// Secret of the responder.
    pub(crate) response: Vec<u8>,
}

/// Secrets of the application phase.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    /// Secret of the requester.
    pub(crate) request: Vec<u8>,
    /// Secret of the responder.
    pub(crate) response: Vec<u8>,
}

impl Schedule {
    /// Makes the information for `HKDF-Expand`: `BinConcat`. The length is that of the
    /// output; the label has the version in front, then a blank.
    fn information(&self, size: usize, label: &str, context: &[u8]) -> Vec<u8> {
        // CAST: No output is longer than a digest.
        let mut information = (size as u16).to_le_bytes().to_vec();

        information.extend_from_slice(b"spdm");
        information.extend_from_slice(self.version.text().as_bytes());
        information.extend_from_slice(b" ");
        information.extend_from_slice(label.as_bytes());
        information.extend_from_slice(context);
        information
    }

    /// Makes a secret of another one.
    fn derive(&self, secret: &[u8], label: &str, context: &[u8], size: usize) -> Vec<u8> {
        let information = self.information(size, label, context);

        self.hash.expand(secret, &information, size)
    }

    /// Makes the secrets of the handshake. `th1` is the hash of the transcript up to the signature.
    pub(crate) fn handshake(&self, shared: &[u8], th1: &[u8]) -> Handshake {
        let size = self.hash.size();
        let secret = self.hash.extract(&vec![0; size], shared);

        Handshake {
            request: self.derive(&secret, "req hs data", th1, size),
            response: self.derive(&secret, "rsp hs data", th1, size),
            secret,
        }
    }

    /// Makes the secrets of the application phase. `th2` is the hash of the whole transcript.
    pub(crate) fn application(&self, handshake: &Handshake, th2: &[u8]) -> Application {
        let size = self.hash.size();
        let salt = self.derive(&handshake.secret, "derived", &[], size);
        let master = self.hash.extract(&salt, &vec![0; size]);

        Application {
            request: self.derive(&master, "req app data", th2, size),
            response: self.derive(&master, "rsp app data", th2, size),
        }
    }

    /// Makes the key of the verify data.
    pub(crate) fn finished(&self, secret: &[u8]) -> Vec<u8> {
        self.derive(secret, "finished", &[], self.hash.size())
    }

    /// Makes the keys of one direction.
    pub(crate) fn keys(&self, secret: &[u8]) -> Keys {
        Keys {
            key: self.derive(secret, "key", &[], self.cipher.key_size()),
            iv: self.derive(secret, "iv", &[], Cipher::NONCE),
        }
    }
}
