// SPDX-License-Identifier: GPL-2.0

//! A session of a capture.

use kernel::prelude::*;
use tsm_proto::spdm::{
    key_exchange::SessionId,
    key_schedule::Keys,
    secured,
    Code,
    Error, //
};

use crate::{
    hex::bytes,
    suite::KernelSuite, //
};

use super::{
    capture::{
        Object,
        Sender, //
    },
    failure::{
        same,
        Failure,
        Result, //
    },
};

/// A session that is there, or being made. It is large.
pub(super) struct Session {
    pub(super) id: SessionId,
    /// The keys three times: to open records, to make them again, and to refuse them when they are changed.
    pub(super) keys: [Keys; 3],
    pub(super) transcript: KVec<u8>,
    pub(super) measurements: KVec<u8>,
    pub(super) records: usize,
}

/// Where the encrypted part of a record is, after session ID and length.
const ENCRYPTED: usize = 6;

impl Session {
    /// Opens a record, seals it again, and returns its message.
    pub(super) fn open(&mut self, object: &Object<'_>) -> Result<KVec<u8>> {
        let directions = self.keys.each_mut().map(|keys| match object.sender {
            Sender::Requester => &mut keys.request,
            Sender::Responder => &mut keys.response,
        });
        let [open, seal, refuse] = directions;
        let mut record = KVec::new();
        record.extend_from_slice(&object.payload, GFP_KERNEL)?;

        let opened = open.open(&KernelSuite, self.id, &mut record)?;
        let plaintext = object.hex("plaintext ")?;
        let captured = plaintext.get(2..).ok_or(Failure::Capture)?;
        same(&*opened, captured, "plaintext")?;

        let mut again = KVec::from_elem(0, secured::OVERHEAD + captured.len(), GFP_KERNEL)?;
        let room = again.iter_mut().skip(secured::MESSAGE);
        room.zip(captured).for_each(|(to, from)| *to = *from);
        let len = seal.seal(&KernelSuite, self.id, &mut again, captured.len())?;
        let sealed = object.payload.get(..len).ok_or(Failure::Capture)?;
        same(&again[..], sealed, "record")?;

        // A byte of the length, the message or the tag. A record that is refused is counted, too.
        let at = ENCRYPTED + self.records % (len - ENCRYPTED);
        *again.get_mut(at).ok_or(Failure::Capture)? ^= 1;
        let refused = refuse.open(&KernelSuite, self.id, &mut again);
        same(&refused.map(|_| ()), &Err(Error::Mac), "a changed record")?;
        self.records += 1;

        let mut message = KVec::new();
        message.extend_from_slice(captured, GFP_KERNEL)?;
        Ok(message)
    }

    /// Takes new keys from the capture, for there is no KEY_UPDATE in `tsm_proto`.
    pub(super) fn update(&mut self, object: &Object<'_>) -> Result {
        for update in object.comments("KEY_UPDATE: secret ") {
            let mut words = update.split(' ');
            let is_request = words.next() == Some("request_data_secret");
            let mut after = |name| -> Result<KVec<u8>> {
                let value = words.by_ref().skip_while(|word| *word != name).nth(1);
                Ok(bytes(value.ok_or(Failure::Capture)?.trim_end_matches(','))?)
            };
            let (key, iv) = (after("key")?, after("iv")?);

            for keys in &mut self.keys {
                let direction = match is_request {
                    true => &mut keys.request,
                    false => &mut keys.response,
                };
                let (to_key, to_iv) = direction.restart();
                let (to_key, to_iv) = (to_key.reset(key.len()), to_iv.reset(iv.len()));
                to_key
                    .iter_mut()
                    .zip(&key)
                    .for_each(|(to, from)| *to = *from);
                to_iv.iter_mut().zip(&iv).for_each(|(to, from)| *to = *from);
            }
        }
        Ok(())
    }
}

/// Returns the code of a message.
pub(super) fn code(message: &[u8]) -> Result<Code> {
    let code = message.get(1).ok_or(Failure::Capture)?;

    Ok(Code::new(*code))
}
