// SPDX-License-Identifier: GPL-2.0

//! What a device sends that has the keys of [`NullSuite`](super::null_suite::NullSuite).

use super::null_suite::MARK;

/// A message of a device.
#[derive(Clone, Copy)]
pub(super) struct Message {
    bytes: [u8; 400],
    pub(super) len: usize,
}

impl Message {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let empty = Self {
            bytes: [0; 400],
            len: 0,
        };

        empty.and(bytes)
    }

    pub(super) fn and(mut self, bytes: &[u8]) -> Self {
        let to = self.bytes.iter_mut().skip(self.len);

        to.zip(bytes).for_each(|(to, from)| *to = *from);
        self.len += bytes.len();
        self
    }

    pub(super) fn zeros(self, count: usize) -> Self {
        Self {
            len: self.len + count,
            ..self
        }
    }

    pub(super) fn set(mut self, offset: usize, value: u8) -> Self {
        if let Some(byte) = self.bytes.get_mut(offset) {
            *byte = value;
        }
        self
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Returns the message in a record.
    pub(super) fn sealed(&self) -> Self {
        let [low, high, ..] = self.len.to_le_bytes();
        let [record_low, record_high, ..] = (self.len + 18).to_le_bytes();

        Self::new(&[0xff, 0xff, 0xfe, 0xff, record_low, record_high, low, high])
            .and(self.as_bytes())
            .zeros(16)
    }
}

/// CERT, CHAL, MEAS_SIG, ENCRYPT, MAC, KEY_EX.
pub(super) const SESSIONS: u16 = 0x2d6;
/// CERT, CHAL, MEAS_SIG.
pub(super) const CHALLENGE: u16 = 0x16;
/// CERT, CHAL.
pub(super) const NO_MEASUREMENTS: u16 = 0x6;

pub(super) fn version() -> Message {
    Message::new(&[0x10, 4, 0, 0, 0, 1, 0, 0x12])
}

pub(super) fn capabilities(flags: u16) -> Message {
    let [low, high] = flags.to_le_bytes();

    Message::new(&[0x12, 0x61, 0, 0, 0, 0, 0, 0, low, high, 0, 0])
        .and(&[0, 0x10, 0, 0, 0, 0x10, 0, 0])
}

/// P-384 and SHA-384. Without measurements there is no hash of them.
pub(super) fn algorithms(flags: u16) -> Message {
    let (specification, hash) = if flags & 0x18 == 0 { (0, 0) } else { (1, 4) };

    Message::new(&[
        0x12,
        0x63,
        3,
        0,
        48,
        0,
        specification,
        2,
        hash,
        0,
        0,
        0,
        0x80,
        0,
    ])
    .and(&[0, 0, 2, 0, 0, 0])
    .zeros(16)
    .and(&[2, 0x20, 0x10, 0, 3, 0x20, 2, 0, 5, 0x20, 1, 0])
}

pub(super) fn digests() -> Message {
    Message::new(&[0x12, 1, 0, 3]).zeros(96)
}

pub(super) fn certificate(slot: u8) -> Message {
    Message::new(&[0x12, 2, slot, 0, 54, 0, 0, 0, 54, 0, 0, 0])
        .zeros(48)
        .and(&[0x30, 0])
}

pub(super) fn key_exchange() -> Message {
    Message::new(&[0x12, 0x64, 0, 0, 0xfe, 0xff, 0, 0])
        .zeros(32 + 95)
        .and(&[7])
        .zeros(48)
        .and(&[12, 0, 1, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0x12, MARK])
        .zeros(95 + 48)
}

pub(super) fn finish() -> Message {
    Message::new(&[0x12, 0x65, 0, 0])
}

pub(super) fn challenge(summary: usize) -> Message {
    Message::new(&[0x12, 3, 0, 1])
        .zeros(48 + 32 + summary + 2)
        .and(&[MARK])
        .zeros(95)
}

pub(super) fn measurements() -> Message {
    Message::new(&[0x12, 0x60, 0, 0, 1, 8, 0, 0, 1, 1, 4, 0, 0x87, 1, 0, 0xef])
        .zeros(32 + 2)
        .and(&[MARK])
        .zeros(95)
}

pub(super) fn ended() -> Message {
    Message::new(&[0x12, 0x6c, 0, 0])
}

/// A response about TDISP with this payload.
pub(super) fn vendor(payload: &[u8]) -> Message {
    let [low, high, ..] = (payload.len() + 1).to_le_bytes();

    Message::new(&[0x12, 0x7e, 0, 0, 3, 0, 2, 1, 0, low, high, 1]).and(payload)
}

pub(super) fn error(code: u8) -> Message {
    // The extended data is of ResponseNotReady: GET_DIGESTS, 2 us.
    match code {
        0x42 => Message::new(&[0x12, 0x7f, code, 0, 1, 0x81, 7, 2]),
        _ => Message::new(&[0x12, 0x7f, code, 0]),
    }
}
