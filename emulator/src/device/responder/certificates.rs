// SPDX-License-Identifier: GPL-2.0

//! GET_DIGESTS, DIGESTS, GET_CERTIFICATE and CERTIFICATE: DSP0274, with the large form of 1.4.

use super::{
    super::{
        misbehaviour::{
            self,
            Wrong, //
        },
        version::Version, //
    },
    message::{
        Failure,
        Reader,
        Result,
        Writer, //
    },
    state::{
        Channel,
        Responder, //
    }, //
};

/// Bytes of the smallest portion that no requester can refuse for its size: of a message with 42 bytes, less
/// the large form of the header.
const SMALL: usize = 26;
/// Bytes of the longest chain.
const LONGEST: usize = 0xffff;

/// Bit of Param1 by which a request for a certificate has offset and length of 32 bits.
const LARGE: u8 = 1 << 7;

impl Responder {
    /// Responds to GET_DIGESTS.
    pub(super) fn digests(&mut self, request: &[u8], channel: Channel) -> Result {
        let version = self.negotiated()?;
        let mask = self.settings.slots;
        // All slots that there are can be filled: `SupportedSlotMask`.
        let supported = if version >= Version::V1_3 { mask } else { 0 };
        let hash = self.settings.hash;

        if mask == 0 {
            return Err(Failure::UnsupportedRequest(request[1]));
        }
        let digests: Vec<_> = self
            .chains
            .iter()
            .map(|(_, chain)| hash.digest(chain.bytes()))
            .collect();
        let mut response = Writer::new(version, 0x01, supported, mask)
            .bytes(&digests.concat())
            .finish();

        self.adjust(&mut response);
        self.identified(&request[..4], &response, channel);
        Ok(response)
    }

    /// Responds to GET_CERTIFICATE with as much of the chain as fits.
    pub(super) fn certificate(&mut self, request: &[u8], channel: Channel) -> Result {
        let version = self.negotiated()?;
        let mut reader = Reader::new(request);
        let slot = request[2] & 0xf;
        let large = version >= Version::V1_4 && request[2] & LARGE != 0;
        let short = (u32::from(reader.u16()?), u32::from(reader.u16()?));
        let (offset, length) = match large {
            true => (reader.u32()?, reader.u32()?),
            false => short,
        };
        if slot != 0 && self.is(Wrong::SlotRefused) {
            return Err(Failure::Unspecified);
        }
        let chain = self.chain(slot)?.bytes();
        // SlotSizeRequested: the size instead of a portion.
        let size_only = version >= Version::V1_3 && request[3] & 1 != 0;
        let header = if large { 16 } else { 8 };

        let (portion, remainder) = match size_only {
            true => (vec![], chain.len()),
            false => self.portion(chain, offset, length, header)?,
        };
        let response = match large {
            true => Writer::new(version, 0x02, LARGE | slot, 0)
                .u32(0)
                // CAST: A chain has less than 64 KiB.
                .u32(portion.len() as u32)
                .u32(remainder as u32),
            false => Writer::new(version, 0x02, slot, 0)
                // CAST: A chain has less than 64 KiB.
                .u16(portion.len() as u16)
                .u16(remainder as u16),
        };
        let mut response = response.bytes(&portion).finish();

        self.adjust(&mut response);
        if self.is(Wrong::RemainderGrows) {
            self.portions = self.portions.saturating_add(1);
            misbehaviour::grow(&mut response, self.portions);
        }
        self.identified(reader.so_far(), &response, channel);
        Ok(response)
    }

    /// Returns a part of a chain that fits into a response, and how much there is behind it.
    fn portion(
        &self,
        chain: &[u8],
        offset: u32,
        length: u32,
        header: usize,
    ) -> Result<(Vec<u8>, usize)> {
        // CAST: Widens.
        let length = (length as usize).min(self.room(header));
        let length = length.min(self.settings.portion.into());
        // CAST: Widens.
        let offset = offset as usize;
        let offset = match self.settings.wrong {
            Some(Wrong::PortionSmall) => return Ok(small_portion(chain, offset)),
            Some(Wrong::RemainderEndless | Wrong::RemainderGrows) => offset % chain.len().max(1),
            _ => offset,
        };
        let rest = chain
            .get(offset..)
            .filter(|rest| !rest.is_empty())
            .ok_or(Failure::InvalidRequest)?;
        let portion = &rest[..length.min(rest.len())];

        Ok((portion.to_vec(), rest.len() - portion.len()))
    }

    /// Adds messages to M1, which has nothing of what is said inside a session.
    fn identified(&mut self, request: &[u8], response: &[u8], channel: Channel) {
        if channel == Channel::Plain {
            self.connection.transcript.identified(request, response);
        }
    }
}

/// Returns a small part of the longest chain there is, and how much there is behind it.
fn small_portion(chain: &[u8], offset: usize) -> (Vec<u8>, usize) {
    let rest = LONGEST.saturating_sub(offset);
    let portion: Vec<_> = chain
        .iter()
        .cycle()
        .skip(offset % chain.len().max(1))
        .take(SMALL.min(rest))
        .copied()
        .collect();
    let remainder = rest - portion.len();

    (portion, remainder)
}
