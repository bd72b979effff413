// SPDX-License-Identifier: GPL-2.0

//! GET_MEASUREMENTS and MEASUREMENTS: DSP0274, and "DMTF specification for the
//! Measurement field" for the blocks.

use super::{
    super::{
        misbehaviour::Wrong,
        suite::Hash,
        version::Version, //
    },
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
    },
    transcript::Transcript, //
};

/// A measurement: its index, and what is measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    index: u8,
    /// `DMTFSpecMeasurementValueType`, without bit 7.
    kind: u8,
    /// Whether there is a digest of it. If not the value is always raw.
    hashed: bool,
    /// Whether it belongs to the trusted computing base of the summary.
    trusted: bool,
    value: &'static [u8],
}

/// All measurements, by index.
const BLOCKS: [Block; 6] = [
    Block::new(
        0x01,
        0x0,
        true,
        true,
        b"tsm-rs emulated device: immutable ROM",
    ),
    Block::new(
        0x02,
        0x1,
        true,
        true,
        b"tsm-rs emulated device: mutable firmware",
    ),
    Block::new(
        0x03,
        0x2,
        true,
        false,
        b"tsm-rs emulated device: hardware configuration",
    ),
    Block::new(
        0x04,
        0x3,
        true,
        false,
        b"tsm-rs emulated device: firmware configuration",
    ),
    Block::new(0x10, 0x7, false, false, &7u64.to_le_bytes()),
    Block::new(
        0xfd,
        0x4,
        false,
        false,
        b"tsm-rs emulated device: measurement manifest",
    ),
];

impl Block {
    /// Makes a measurement.
    const fn new(index: u8, kind: u8, hashed: bool, trusted: bool, value: &'static [u8]) -> Self {
        Self {
            index,
            kind,
            hashed,
            trusted,
            value,
        }
    }

    /// Encodes the block with its header.
    fn encode(&self, hash: Hash, raw: bool) -> Vec<u8> {
        let (kind, value) = match self.hashed && !raw {
            true => (self.kind, hash.digest(self.value)),
            false => (self.kind | 0x80, self.value.to_vec()),
        };
        // CAST: No value is near 64 KiB.
        let size = value.len() as u16;
        let mut block = vec![self.index, 1];

        block.extend_from_slice(&(size + 3).to_le_bytes());
        block.push(kind);
        block.extend_from_slice(&size.to_le_bytes());
        block.extend_from_slice(&value);
        block
    }
}

/// Which blocks a request is about: Param2.
fn asked(operation: u8) -> Result<Vec<Block>> {
    let blocks: Vec<_> = match operation {
        0x00 => return Ok(vec![]),
        0xff => BLOCKS.to_vec(),
        index => BLOCKS.into_iter().filter(|it| it.index == index).collect(),
    };

    match blocks.is_empty() {
        true => Err(Failure::InvalidRequest),
        false => Ok(blocks),
    }
}

impl Responder {
    /// Responds to GET_MEASUREMENTS. A failure resets L1.
    pub(super) fn measurements(&mut self, request: &[u8], channel: Channel) -> Result {
        let response = self.measure(request, channel);

        if response.is_err() {
            self.transcript(channel).forget_measurements();
        }
        response
    }

    /// Makes the response, and signs it if asked to.
    fn measure(&mut self, request: &[u8], channel: Channel) -> Result {
        let version = self.negotiated()?;
        if self.settings.slots == 0 || !self.connection.negotiated.measurements {
            return Err(Failure::UnsupportedRequest(request[1]));
        }
        if self.is(Wrong::MeasurementsRefused) {
            self.reads = self.reads.saturating_add(1);
            if self.reads > 1 {
                return Err(Failure::Unspecified);
            }
        }
        let (attributes, operation) = (request[2], request[3]);
        let mut reader = Reader::new(request);
        let slot = self.asked_signature(attributes, &mut reader)?;
        let context = self.requester_context(&mut reader)?;
        let raw = version >= Version::V1_2 && attributes & 2 != 0;
        let mut blocks = asked(operation)?;
        if self.is(Wrong::MeasurementsNone) {
            blocks.clear();
        }
        if let (Some(Wrong::BlockDuplicate), [first, second, ..]) =
            (self.settings.wrong, &mut blocks[..])
        {
            second.index = first.index;
        }

        let record: Vec<_> = blocks
            .iter()
            .map(|block| block.encode(self.settings.hash, raw))
            .collect();
        let record = self.wrong_record(record.concat());
        let total = match operation {
            // CAST: A handful.
            0 => BLOCKS.len() as u8,
            _ => 0,
        };
        // Since version 1.2, a signed response says that nothing has changed.
        let changed = match slot.is_some() && version >= Version::V1_2 {
            true => 2 << 4,
            false => 0,
        };
        // CAST: A handful of bytes, and of blocks.
        let [low, high, highest, _] = (record.len() as u32).to_le_bytes();
        let nonce = self.nonce();
        let mut response = Writer::new(version, 0x60, total, slot.unwrap_or(0) | changed)
            .bytes(&[blocks.len() as u8, low, high, highest])
            .bytes(&record)
            .bytes(&nonce)
            .counted(&[])
            .bytes(context)
            .finish();
        self.adjust(&mut response);

        let request = self.as_signed(reader.so_far(), slot.is_some());
        self.transcript(channel).measured(&request, &response);
        if let Some(slot) = slot {
            let l1 = self.transcript(channel).l1(version);
            let signature = self.sign(slot, Purpose::Measurements, &l1)?;
            if !self.is(Wrong::MeasurementsUnsigned) {
                response.extend_from_slice(&signature);
            }
        }
        Ok(response)
    }

    /// Returns the record, as it is to be wrong.
    fn wrong_record(&mut self, mut record: Vec<u8>) -> Vec<u8> {
        match (self.settings.wrong, record.last_mut()) {
            (Some(Wrong::MeasurementsHuge), Some(_)) => {
                // One block with all that fits: index, specification, size, raw value.
                record = vec![0xfd, 1, 0xff, 0xff, 0x84, 0xfc, 0xff];
                record.resize(4 + 0xffff, 0);
            }
            (Some(Wrong::MeasurementsChange), Some(last)) => {
                *last = last.wrapping_add(self.reads);
                self.reads = self.reads.wrapping_add(1);
            }
            _ => {}
        }
        record
    }

    /// Reads what a request has that asks for a signature: a nonce and, since 1.1, a slot, which is
    /// returned.
    fn asked_signature(&self, attributes: u8, reader: &mut Reader<'_>) -> Result<Option<u8>> {
        if attributes & 1 == 0 {
            return Ok(None);
        }
        reader.bytes(32)?;
        let slot = match self.connection.version >= Version::V1_1 {
            true => reader.u8()? & 0xf,
            false => 0,
        };
        self.chain(slot)?;
        Ok(Some(slot))
    }

    /// Returns the transcript that measurements belong to.
    fn transcript(&mut self, channel: Channel) -> &mut Transcript {
        match channel {
            Channel::Plain => &mut self.connection.transcript,
            Channel::Session(index) => &mut self.sessions[index].transcript,
        }
    }

    /// Makes the hash over measurements that CHALLENGE and KEY_EXCHANGE may ask for: none, those of
    /// the trusted computing base, all. Blocks are hashed whole, as digests.
    pub(super) fn summary(&self, kind: u8) -> Result<Vec<u8>> {
        let all = match kind {
            0x00 => return Ok(vec![]),
            0x01 => false,
            0xff => true,
            _ => return Err(Failure::InvalidRequest),
        };
        if !self.connection.negotiated.measurements {
            return Err(Failure::InvalidRequest);
        }
        let hash = self.settings.hash;
        let blocks: Vec<_> = BLOCKS
            .iter()
            .filter(|block| all || block.trusted)
            .map(|block| block.encode(hash, false))
            .collect();

        Ok(hash.digest(&blocks.concat()))
    }
}
