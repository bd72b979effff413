// SPDX-License-Identifier: GPL-2.0

//! `IDE_KM`, by which the keys of a stream come to the device: PCIe r6 6.33.3.
//!
//! | object | in front of other fields | behind them |
//! |---|---|---|
//! | `QUERY` | reserved, port | |
//! | `QUERY_RESP` | reserved, port, function, bus, segment, last port | registers |
//! | `KEY_PROG` | 2 reserved, stream, reserved, key, port | key and IV |
//! | `K_SET_GO`, `K_SET_STOP` | the same | |
//! | `KP_ACK` | 2 reserved, stream, status, key, port | |
//! | `K_GOSTOP_ACK` | 2 reserved, stream, reserved, key, port | |

use super::{
    message::{
        Failure,
        Result, //
    },
    state::Responder, //
};
use crate::device::{
    misbehaviour,
    tdi::{
        KeyName,
        KeyValue,
        SessionNumber, //
    }, //
};

/// `QUERY`.
const QUERY: u8 = 0;
/// `QUERY_RESP`.
const QUERY_RESP: u8 = 1;
/// `KEY_PROG`.
const KEY_PROG: u8 = 2;
/// `KP_ACK`.
const KP_ACK: u8 = 3;
/// `K_SET_GO`.
const K_SET_GO: u8 = 4;
/// `K_SET_STOP`.
const K_SET_STOP: u8 = 5;
/// `K_GOSTOP_ACK`.
const K_GOSTOP_ACK: u8 = 6;

/// The only port: that of the link.
const PORT: u8 = 0;
/// Bytes of the IV, which is behind the key.
const IV: usize = 8;

/// What KP_ACK says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    /// The key was taken.
    Success,
    /// The message is too short or too long.
    IncorrectLength,
    /// There is no such port.
    UnsupportedPort,
    /// There is no such key.
    UnsupportedValue,
    /// The key is in use, or there was the same one before.
    Unspecified,
}

impl Status {
    /// Returns the value as it is in a message.
    const fn raw(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::IncorrectLength => 1,
            Self::UnsupportedPort => 2,
            Self::UnsupportedValue => 3,
            Self::Unspecified => 4,
        }
    }
}

/// The key that a message is about, as the message says.
#[derive(Debug, Clone, Copy)]
struct KeySlot {
    stream: u8,
    key: u8,
    port: u8,
}

impl KeySlot {
    /// Splits a request into these fields and the rest.
    fn split(fields: &[u8]) -> Result<(Self, &[u8])> {
        let (&[_, _, stream, _, key, port], rest) =
            fields.split_first_chunk().ok_or(Failure::InvalidRequest)?;

        Ok((Self { stream, key, port }, rest))
    }

    /// Makes an acknowledgement.
    fn acknowledge(self, object: u8, status: u8) -> Vec<u8> {
        vec![object, 0, 0, self.stream, status, self.key, self.port]
    }
}

impl Responder {
    /// Responds to a message of a session.
    pub(super) fn ide_km(&mut self, request: &[u8], session: SessionNumber) -> Result {
        let mut response = self.ide_km_response(request, session)?;

        misbehaviour::ide_km(self.settings.wrong, &mut response);
        Ok(response)
    }

    /// Hands a request to the function for its object.
    fn ide_km_response(&mut self, request: &[u8], session: SessionNumber) -> Result {
        let (&object, fields) = request.split_first().ok_or(Failure::InvalidRequest)?;

        match object {
            QUERY => self.query(fields),
            KEY_PROG => {
                let (slot, key) = KeySlot::split(fields)?;
                let status = self.program(slot, key, session);
                Ok(slot.acknowledge(KP_ACK, status.raw()))
            }
            K_SET_GO | K_SET_STOP => {
                let (slot, rest) = KeySlot::split(fields)?;
                let name = KeyName::try_new(slot.key);
                let name = name.filter(|_| slot.port == PORT && rest.is_empty());
                let name = name.ok_or(Failure::InvalidRequest)?;
                match object {
                    K_SET_STOP => self.tdis.stop_key(slot.stream, name),
                    // There has to be a key.
                    _ if self.tdis.use_key(slot.stream, name, session) => {}
                    _ => return Err(Failure::InvalidRequest),
                }
                Ok(slot.acknowledge(K_GOSTOP_ACK, 0))
            }
            _ => Err(Failure::InvalidRequest),
        }
    }

    /// Responds to QUERY.
    fn query(&self, fields: &[u8]) -> Result {
        if fields != [0, PORT] {
            return Err(Failure::InvalidRequest);
        }
        let [function, bus] = self.settings.requester_id().raw().to_le_bytes();
        let mut response = vec![QUERY_RESP, 0, PORT, function, bus, 0, PORT];

        for register in self.tdis.ide_registers() {
            response.extend_from_slice(&register.to_le_bytes());
        }
        Ok(response)
    }

    /// Takes a key of KEY_PROG.
    fn program(&mut self, slot: KeySlot, key: &[u8], session: SessionNumber) -> Status {
        let parts = key.split_first_chunk();
        let Some((value, _)) = parts.filter(|(_, iv)| iv.len() == IV) else {
            return Status::IncorrectLength;
        };
        if slot.port != PORT {
            return Status::UnsupportedPort;
        }
        let Some(name) = KeyName::try_new(slot.key) else {
            return Status::UnsupportedValue;
        };

        let value = KeyValue(*value);
        match self.tdis.program_key(slot.stream, name, session, value) {
            true => Status::Success,
            false => Status::Unspecified,
        }
    }
}
