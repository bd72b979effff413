// SPDX-License-Identifier: GPL-2.0

//! Requests of a capture, as the types that build them again. KUnit has these, too.

use tsm_proto::spdm::{
    algorithms::{
        BaseAsym,
        BaseHash,
        NegotiateAlgorithms,
        Table,
        Tables, //
    },
    capabilities::{
        Flags,
        GetCapabilities, //
    },
    certificate::GetCertificate,
    challenge::{
        Challenge,
        Summary, //
    },
    measurements::{
        GetMeasurements,
        Index,
        Operation,
        Signing, //
    },
    Layout,
    Request,
    Slot, //
};

/// Returns the number of 16 bits at `offset`.
pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes([bytes[offset], bytes[offset + 1]])
}

/// Returns the number of 32 bits at `offset`.
fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from(u16_at(bytes, offset)) | (u32::from(u16_at(bytes, offset + 2)) << 16)
}

/// Asserts that `request` is built as it was captured.
pub(crate) fn check(request: &impl Request, layout: &Layout, captured: &[u8]) {
    let mut buffer = [0xcc; 1024];
    let len = request.encode(layout, &mut buffer).expect("it has room");

    assert_eq!(&buffer[..len], captured);
}

pub(crate) fn capabilities(bytes: &[u8]) -> GetCapabilities {
    let at = |offset: usize| match bytes.len() > offset {
        true => u32_at(bytes, offset),
        false => 0,
    };

    GetCapabilities {
        ct_exponent: at(4).to_le_bytes()[1],
        flags: Flags::new(at(8)),
        data_transfer_size: at(12),
        max_message_size: at(16),
    }
}

pub(crate) fn algorithms(bytes: &[u8]) -> NegotiateAlgorithms {
    let tables = bytes[32..]
        .chunks_exact(4)
        .fold(Tables::NONE, |tables, table| {
            tables.with(Table::new(table[0]), u16_at(table, 2))
        });

    NegotiateAlgorithms {
        measurement_specification: bytes[6],
        other_params: bytes[7],
        base_asym: BaseAsym::new(u32_at(bytes, 8)),
        base_hash: BaseHash::new(u32_at(bytes, 12)),
        measurement_log: bytes[31],
        tables,
    }
}

/// Returns the request, and whether it has lengths of 32 bits.
pub(crate) fn certificate(bytes: &[u8]) -> (GetCertificate, bool) {
    let is_large = bytes[2] & 0x80 != 0;
    let (offset, length) = match is_large {
        true => (u32_at(bytes, 8), u32_at(bytes, 12)),
        false => (u16_at(bytes, 4).into(), u16_at(bytes, 6).into()),
    };

    let request = GetCertificate {
        slot: Slot::new(bytes[2] & 0xf).expect("there is such a slot"),
        offset: offset.try_into().expect("no chain is longer"),
        length: length.try_into().unwrap_or(u16::MAX),
    };
    (request, is_large)
}

pub(crate) fn challenge(bytes: &[u8]) -> Challenge {
    Challenge {
        slot: Slot::new(bytes[2]).expect("there is such a slot"),
        summary: Summary::new(bytes[3]),
        nonce: bytes[4..36].try_into().expect("it has the size"),
        context: context(&bytes[36..]),
    }
}

/// Returns the context at the end of a request, if there is one.
fn context(bytes: &[u8]) -> [u8; 8] {
    bytes.try_into().unwrap_or_default()
}

pub(crate) fn measurements(bytes: &[u8], layout: &Layout) -> GetMeasurements {
    let is_signed = bytes[2] & 1 != 0;
    let slot = match layout.version.has_measurement_slot() {
        true => bytes.get(36).copied().unwrap_or(0),
        false => 0,
    };
    let signing = is_signed.then(|| Signing {
        nonce: bytes[4..36].try_into().expect("it has the size"),
        slot: Slot::new(slot).expect("there is such a slot"),
    });

    GetMeasurements {
        operation: match bytes[3] {
            0 => Operation::Count,
            0xff => Operation::All,
            index => Operation::One(Index::new(index).expect("it is neither")),
        },
        raw: bytes[2] & 2 != 0,
        signing,
        context: match layout.version.has_requester_context() {
            true => context(&bytes[bytes.len() - 8..]),
            false => [0; 8],
        },
    }
}
