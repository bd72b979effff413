// SPDX-License-Identifier: GPL-2.0

//! CHALLENGE and CHALLENGE_AUTH: DSP0274.

use super::{
    super::version::Version,
    message::{
        Failure,
        Reader,
        Result,
        Writer, //
    },
    signing::Purpose,
    state::{
        Channel,
        Responder, //
    }, //
};

impl Responder {
    /// Responds to CHALLENGE, which is only legal outside sessions.
    pub(super) fn challenge(&mut self, request: &[u8], channel: Channel) -> Result {
        let version = self.negotiated()?;
        if channel != Channel::Plain {
            return Err(Failure::UnexpectedRequest);
        }
        let (slot, kind) = (request[2], request[3]);
        let mut reader = Reader::new(request);
        reader.bytes(32)?;
        let context = self.requester_context(&mut reader)?;
        let summary = self.summary(kind)?;
        let chain_hash = self.chain_hash(slot)?;
        let nonce = self.nonce();

        let mask = self.settings.slots;
        let mut response = Writer::new(version, 0x03, slot, mask)
            .bytes(&chain_hash)
            .bytes(&nonce)
            .bytes(&summary)
            .counted(&[])
            .bytes(context)
            .finish();
        self.adjust(&mut response);

        let request = self.as_signed(reader.so_far(), true);
        let m1 = self.connection.transcript.m1(&request, &response);
        let signature = self.sign(slot, Purpose::Challenge, &m1)?;
        response.extend_from_slice(&signature);
        Ok(response)
    }

    /// Reads `RequesterContext`, which requests have since version 1.3. It is returned.
    pub(super) fn requester_context<'a>(&self, reader: &mut Reader<'a>) -> Result<&'a [u8]> {
        match self.connection.version >= Version::V1_3 {
            true => reader.bytes(8),
            false => Ok(&[]),
        }
    }

    /// Returns the hash of a chain.
    pub(super) fn chain_hash(&self, slot: u8) -> Result<Vec<u8>> {
        Ok(self.settings.hash.digest(self.chain(slot)?.bytes()))
    }
}
