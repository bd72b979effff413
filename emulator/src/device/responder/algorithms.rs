// SPDX-License-Identifier: GPL-2.0

//! NEGOTIATE_ALGORITHMS and ALGORITHMS: DSP0274.

use super::{
    super::version::Version,
    message::{
        Failure,
        Reader,
        Result,
        Writer, //
    },
    negotiated::Negotiated,
    requester::KEY_EX,
    state::{
        Phase,
        Responder, //
    }, //
};

/// `MeasurementSpecification`: DMTF's.
const DMTF: u8 = 1 << 0;
/// `OtherParamsSupport`: the general format of opaque data.
const OPAQUE_FORMAT_1: u8 = 1 << 1;

/// The fields of NEGOTIATE_ALGORITHMS that count here.
struct Offer {
    measurement: u8,
    other: u8,
    signatures: u32,
    hashes: u32,
    /// Structures: type and mask of algorithms.
    structures: Vec<(u8, u16)>,
}

impl Offer {
    /// Reads the request, all of it: `Length` must be what its parts add up to.
    fn read(reader: &mut Reader<'_>, count: u8, version: Version) -> Result<Self> {
        let length = reader.u16()?;
        let measurement = reader.u8()?;
        let other = reader.u8()?;
        let signatures = reader.u32()?;
        let hashes = reader.u32()?;
        reader.bytes(12)?;
        let external = [reader.u8()?, reader.u8()?];
        reader.bytes(2)?;
        for count in external {
            reader.bytes(4 * usize::from(count))?;
        }

        let count = if version > Version::V1_0 { count } else { 0 };
        let structures: Vec<_> = (0..count)
            .map(|_| structure(reader))
            .collect::<Result<_>>()?;
        // Types are in ascending order, none twice.
        if !structures.is_sorted_by(|(a, _), (b, _)| a < b) || reader.taken() != usize::from(length)
        {
            return Err(Failure::InvalidRequest);
        }
        Ok(Self {
            measurement,
            other,
            signatures,
            hashes,
            structures,
        })
    }
}

/// Reads an algorithm structure: `AlgType`, `AlgCount`, `AlgSupported` of two bytes, `AlgExternal`.
fn structure(reader: &mut Reader<'_>) -> Result<(u8, u16)> {
    let kind = reader.u8()?;
    let count = reader.u8()?;

    if count >> 4 != 2 {
        return Err(Failure::InvalidRequest);
    }
    let supported = reader.u16()?;
    reader.bytes(4 * usize::from(count & 0xf))?;
    Ok((kind, supported))
}

impl Responder {
    /// Responds to NEGOTIATE_ALGORITHMS.
    pub(super) fn algorithms(&mut self, request: &[u8]) -> Result {
        if self.connection.phase != Phase::Capabilities {
            return Err(Failure::UnexpectedRequest);
        }
        let version = self.connection.version;
        let mut reader = Reader::new(request);
        let offer = Offer::read(&mut reader, request[2], version)?;
        let (hash, signature) = (self.settings.hash, self.settings.signature);

        if offer.hashes & hash.bit() == 0 || offer.signatures & signature.bit() == 0 {
            return Err(Failure::InvalidRequest);
        }
        let mut negotiated = Negotiated {
            measurements: offer.measurement & DMTF != 0,
            ..Negotiated::default()
        };
        let opaque = match version >= Version::V1_2 {
            true => offer.other & OPAQUE_FORMAT_1,
            false => 0,
        };
        negotiated.opaque = opaque != 0 || version < Version::V1_2;
        let structures: Vec<_> = offer
            .structures
            .iter()
            .map(|&(kind, offered)| (kind, negotiated.choose(kind, offered)))
            .collect();

        let measurement_hash = match negotiated.measurements {
            true => hash.measurement_bit(),
            false => 0,
        };
        // CAST: As many as in the request, where a byte counts them.
        let count = structures.len() as u8;
        let response = Writer::new(version, 0x63, count, 0)
            .u16(36 + 4 * u16::from(count))
            .u8(offer.measurement & DMTF)
            .u8(opaque)
            .u32(measurement_hash)
            .u32(signature.bit())
            .u32(hash.bit())
            .bytes(&[0; 16]);
        let mut response = structures
            .iter()
            .fold(response, |response, &(kind, chosen)| {
                response.u8(kind).u8(0x20).u16(chosen)
            })
            .finish();

        self.adjust(&mut response);
        self.connection.negotiated = negotiated;
        self.connection.phase = Phase::Negotiated;
        self.connection
            .transcript
            .negotiated(reader.so_far(), &response);
        Ok(response)
    }

    /// Returns whether both sides can have sessions.
    pub(super) fn has_sessions(&self) -> bool {
        let connection = &self.connection;
        let flags = self.flags(connection.version) & connection.requester.flags;

        flags & KEY_EX != 0
    }
}
