// SPDX-License-Identifier: GPL-2.0

//! Records of a session. DSP0277 1.2, table "Secured Message format", as PCI Express binds it: revision 6,
//! section 6.31.3: no sequence number in the record, MAC of 16 bytes, no random data.
//!
//! | offset | size | field | |
//! |---|---|---|---|
//! | 0 | 4 | session ID | associated data |
//! | 4 | 2 | length of what follows | associated data |
//! | 6 | 2 | length of the message | encrypted |
//! | 8 | n | message | encrypted |
//! | 8 + n | 16 | MAC | |

use super::{
    key_exchange::SessionId,
    secret::Secret,
    suite::{
        Suite,
        AEAD_NONCE,
        AEAD_TAG, //
    },
    Error,
    Reader,
    Result,
    Writer, //
};

/// Where the message is in a record.
pub const MESSAGE: usize = HEADER + LENGTH;
/// Bytes of a record besides the message.
pub const OVERHEAD: usize = MESSAGE + AEAD_TAG;

/// Session ID and length.
const HEADER: usize = 6;
/// The length of the message.
const LENGTH: usize = 2;

/// One direction of a session: its key, and the number of the next record.
#[derive(Debug)]
pub struct Direction {
    key: Secret,
    iv: Secret,
    sequence: u64,
}

impl Direction {
    /// Has no key yet.
    pub const fn empty() -> Self {
        Self {
            key: Secret::empty(),
            iv: Secret::empty(),
            sequence: 0,
        }
    }

    /// Starts at record 0 and lets the caller write key and IV.
    pub fn restart(&mut self) -> (&mut Secret, &mut Secret) {
        self.sequence = 0;
        (&mut self.key, &mut self.iv)
    }

    /// Goes on with the record of this number, if it is above the next one: no number is used twice.
    pub fn skip_to(&mut self, sequence: u64) {
        self.sequence = self.sequence.max(sequence);
    }

    /// Clears the keys.
    pub fn clear(&mut self) {
        self.key.clear();
        self.iv.clear();
    }

    /// Returns the nonce of the next record, and counts it.
    ///
    /// The sequence number is XORed little-endian into the first bytes of the IV. DSP0277 1.0 and 1.1 left
    /// the order open; E and version 1.2 have this one.
    ///
    /// # Errors
    ///
    /// [`Error::SequenceEnd`] after 2^64 - 1 records, and without a key.
    fn next_nonce(&mut self) -> Result<[u8; AEAD_NONCE]> {
        let mut nonce =
            <[u8; AEAD_NONCE]>::try_from(self.iv.as_bytes()).map_err(|_| Error::SequenceEnd)?;
        let next = self.sequence.checked_add(1).ok_or(Error::SequenceEnd)?;

        for (byte, number) in nonce.iter_mut().zip(self.sequence.to_le_bytes()) {
            *byte ^= number;
        }
        self.sequence = next;
        Ok(nonce)
    }

    /// Makes a record of the `len` bytes at [`MESSAGE`] in `buffer`, in place. Returns its length.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] when the message is too long for a record or for the buffer,
    /// [`Error::SequenceEnd`] when there are no more records.
    pub fn seal<S: Suite>(
        &mut self,
        suite: &S,
        session: SessionId,
        buffer: &mut [u8],
        len: usize,
    ) -> Result<usize> {
        let message_len = u16::try_from(len).map_err(|_| Error::TooLarge)?;
        // OVERFLOW: The length has 16 bits.
        let total = u16::try_from(LENGTH + len + AEAD_TAG).map_err(|_| Error::TooLarge)?;
        let record = buffer.get_mut(..OVERHEAD + len).ok_or(Error::TooLarge)?;
        let mut fields = Writer::new(record);
        fields.bytes(&session.to_bytes())?;
        fields.u16(total)?;
        fields.u16(message_len)?;

        let (header, text, tag) = parts(record)?;
        let nonce = self.next_nonce()?;
        suite.seal(self.key.as_bytes(), &nonce, header, text, tag)?;
        Ok(OVERHEAD + len)
    }

    /// Returns the message in `record`, which is decrypted in place and may be followed by padding.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] or [`Error::Record`] when a length is wrong, [`Error::OtherSession`] when the record
    /// is of another session, [`Error::Mac`] when it does not authenticate as the next one,
    /// [`Error::SequenceEnd`] when there are no more records. The session has to end after any of them.
    pub fn open<'a, S: Suite>(
        &mut self,
        suite: &S,
        session: SessionId,
        record: &'a mut [u8],
    ) -> Result<&'a mut [u8]> {
        let (header, rest) = record
            .split_first_chunk_mut::<HEADER>()
            .ok_or(Error::Truncated)?;
        let mut fields = Reader::new(header);
        if *fields.array()? != session.to_bytes() {
            return Err(Error::OtherSession);
        }
        let length = usize::from(fields.u16()?);
        let padding = rest.len().checked_sub(length).ok_or(Error::Truncated)?;
        let text_len = length.checked_sub(AEAD_TAG).ok_or(Error::Record)?;
        if padding > 3 || text_len < LENGTH {
            return Err(Error::Record);
        }

        let (text, tag) = rest.split_at_mut_checked(text_len).ok_or(Error::Record)?;
        let tag = tag.first_chunk().ok_or(Error::Record)?;
        let nonce = self.next_nonce()?;
        suite.open(self.key.as_bytes(), &nonce, header, text, tag)?;
        let (len, message) = text.split_first_chunk_mut().ok_or(Error::Record)?;
        match usize::from(u16::from_le_bytes(*len)) == message.len() {
            true => Ok(message),
            false => Err(Error::Record),
        }
    }
}

/// A record as its associated data, its encrypted text and its MAC.
type Parts<'a> = (&'a [u8; HEADER], &'a mut [u8], &'a mut [u8; AEAD_TAG]);

/// Splits a record.
fn parts(record: &mut [u8]) -> Result<Parts<'_>> {
    let (header, rest) = record.split_first_chunk_mut().ok_or(Error::Truncated)?;
    let (text, tag) = rest.split_last_chunk_mut().ok_or(Error::Truncated)?;

    Ok((header, text, tag))
}
