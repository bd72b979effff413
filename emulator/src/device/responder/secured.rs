// SPDX-License-Identifier: GPL-2.0

//! Records of a session: DSP0277 1.1, in the transport of PCIe r6 6.31, which has no sequence
//! number and no random data.

use aes_gcm::aead::Payload;

use super::{
    super::suite::Cipher,
    key_schedule::Keys, //
};

/// Size of the session ID and of the length in front of a record.
const HEADER: usize = 6;

/// One direction of a session.
#[derive(Debug, Clone)]
pub(crate) struct Direction {
    cipher: Cipher,
    keys: Keys,
    /// Whether messages are encrypted, or only have a MAC.
    encrypt: bool,
    /// Number of records so far.
    sequence: u64,
}

impl Direction {
    /// Makes a direction that had no record yet.
    pub(crate) fn new(cipher: Cipher, keys: Keys, encrypt: bool) -> Self {
        Self {
            cipher,
            keys,
            encrypt,
            sequence: 0,
        }
    }

    /// Makes the nonce of the next record: the sequence number, little-endian, is XORed into the
    /// first bytes of the IV.
    fn nonce(&mut self) -> Vec<u8> {
        let mut nonce = self.keys.iv.clone();

        for (byte, number) in nonce.iter_mut().zip(self.sequence.to_le_bytes()) {
            *byte ^= number;
        }
        self.sequence += 1;
        nonce
    }

    /// Makes a record of a message.
    pub(crate) fn seal(&mut self, session: u32, message: &[u8]) -> Vec<u8> {
        // CAST: No message is near 64 KiB, as its length would not fit.
        let application = (message.len() as u16).to_le_bytes();
        let plain = match self.encrypt {
            true => [&application, message].concat(),
            false => message.to_vec(),
        };

        self.seal_plain(session, &plain)
    }

    /// Makes a record of what is encrypted: the message with its length, or the message alone.
    pub(crate) fn seal_plain(&mut self, session: u32, plain: &[u8]) -> Vec<u8> {
        // CAST: No message is near 64 KiB, so with its length and the tag it is shorter, too.
        let length = (plain.len() + Cipher::TAG) as u16;
        let mut record = [&session.to_le_bytes()[..], &length.to_le_bytes()].concat();
        let nonce = self.nonce();

        let sealed = match self.encrypt {
            true => self.apply(&nonce, &record, plain),
            false => {
                record.extend_from_slice(plain);
                self.apply(&nonce, &record, &[])
            }
        };
        record.extend_from_slice(&sealed);
        record
    }

    /// Encrypts, or only makes the tag of associated data.
    fn apply(&self, nonce: &[u8], aad: &[u8], msg: &[u8]) -> Vec<u8> {
        self.cipher
            .seal(&self.keys.key, nonce, Payload { msg, aad })
    }

    /// Returns the message in a record, if its MAC is right.
    pub(crate) fn open(&mut self, record: &[u8]) -> Option<Vec<u8>> {
        let (header, rest) = record.split_at_checked(HEADER)?;
        let length = usize::from(u16::from_le_bytes(header.get(4..)?.try_into().ok()?));
        let body = rest.get(..length)?;
        let nonce = self.nonce();

        if !self.encrypt {
            let (message, tag) = body.split_at_checked(length.checked_sub(Cipher::TAG)?)?;
            let aad = [header, message].concat();
            let payload = Payload {
                msg: tag,
                aad: &aad,
            };

            self.cipher.open(&self.keys.key, &nonce, payload)?;
            return Some(message.to_vec());
        }

        let payload = Payload {
            msg: body,
            aad: header,
        };
        let plain = self.cipher.open(&self.keys.key, &nonce, payload)?;
        let (size, message) = plain.split_at_checked(2)?;
        let size = u16::from_le_bytes(size.try_into().ok()?);

        message.get(..size.into()).map(<[u8]>::to_vec)
    }
}

/// Returns the ID of the session that a record is of.
pub(crate) fn session_of(record: &[u8]) -> Option<u32> {
    let id = record.get(..4)?;

    Some(u32::from_le_bytes(id.try_into().ok()?))
}
