// SPDX-License-Identifier: GPL-2.0

//! Changes of SPDM messages, of chains and of data objects. Offsets are those of version 1.2 with P-384.

use super::Wrong;
use Edit::{
    Append,
    Cut,
    Flip,
    Set,
    SetBack, //
};

/// A change of a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Edit {
    /// Overwrites bytes at an offset.
    Set(usize, &'static [u8]),
    /// Overwrites bytes that begin so many in front of the end.
    SetBack(usize, &'static [u8]),
    /// Cuts the message off at an offset.
    Cut(usize),
    /// Adds bytes.
    Append(&'static [u8]),
    /// Inverts bits of a byte at an offset.
    Flip(usize, u8),
}

impl Edit {
    /// Changes a message.
    pub(super) fn apply(self, message: &mut Vec<u8>) {
        match self {
            Set(offset, bytes) => overwrite(message, Some(offset), bytes),
            SetBack(offset, bytes) => {
                let offset = message.len().checked_sub(offset);
                overwrite(message, offset, bytes);
            }
            Cut(size) => message.truncate(size),
            Append(bytes) => message.extend_from_slice(bytes),
            Flip(offset, bits) => {
                if let Some(byte) = message.get_mut(offset) {
                    *byte ^= bits;
                }
            }
        }
    }
}

/// Overwrites bytes, where there are any.
fn overwrite(message: &mut [u8], offset: Option<usize>, bytes: &[u8]) {
    let rest = offset.and_then(|offset| message.get_mut(offset..));

    for (to, from) in rest.unwrap_or_default().iter_mut().zip(bytes) {
        *to = *from;
    }
}

/// What is wrong with a message: its code, and the changes.
const EDITS: &[(Wrong, u8, &[Edit])] = &[
    (
        Wrong::VersionNoneCommon,
        0x04,
        &[Cut(5), Append(&[1, 0x00, 0x20])],
    ),
    (Wrong::VersionNoEntry, 0x04, &[Cut(5), Append(&[0])]),
    (Wrong::Version255, 0x04, &[Set(5, &[255])]),
    (
        Wrong::VersionAlpha,
        0x04,
        &[Cut(5), Append(&[1, 0x01, 0x12])],
    ),
    (Wrong::VersionShort, 0x04, &[Cut(8)]),
    (Wrong::TransferSize0, 0x61, &[Set(12, &[0; 4])]),
    (Wrong::TransferSize41, 0x61, &[Set(12, &[41, 0, 0, 0])]),
    (Wrong::TransferSizeMax, 0x61, &[Set(12, &[0xff; 4])]),
    (Wrong::CtExponent255, 0x61, &[Set(5, &[255])]),
    (Wrong::CapabilitiesVersion, 0x61, &[Set(0, &[0x11])]),
    (Wrong::CapabilitiesUnknown, 0x61, &[Set(11, &[0x80])]),
    (Wrong::AlgorithmNone, 0x63, &[Set(12, &[0; 4])]),
    (Wrong::AlgorithmTwo, 0x63, &[Set(12, &[0x90])]),
    (Wrong::AlgorithmNotOffered, 0x63, &[Set(12, &[0, 8])]),
    (Wrong::AlgorithmsTail, 0x63, &[Set(2, &[0])]),
    (Wrong::AlgorithmsOverrun, 0x63, &[Set(2, &[9])]),
    (Wrong::AlgorithmsDuplicate, 0x63, &[Set(40, &[2])]),
    (
        Wrong::AlgorithmsUnsorted,
        0x63,
        &[Set(36, &[3]), Set(40, &[2])],
    ),
    (Wrong::AlgorithmsExternal, 0x63, &[Set(32, &[1])]),
    (Wrong::MeasurementSpecUnset, 0x63, &[Set(6, &[0])]),
    (Wrong::HashOther, 0x63, &[Set(16, &[4])]),
    (Wrong::DigestOther, 0x01, &[Set(4, &[0; 8])]),
    (Wrong::SlotMissing, 0x01, &[Set(3, &[0x80])]),
    (Wrong::PortionZero, 0x02, &[Set(4, &[0; 2]), Cut(8)]),
    (Wrong::PortionLonger, 0x02, &[Set(4, &[0xff, 0x7f])]),
    (Wrong::RemainderEndless, 0x02, &[Set(6, &[0xff, 0xff])]),
    (Wrong::CertificateShort, 0x02, &[Cut(4)]),
    (Wrong::SlotOther, 0x02, &[Set(2, &[1])]),
    (Wrong::MutualAuthentication, 0x64, &[Set(6, &[1])]),
    (Wrong::OpaqueOverrun, 0x64, &[SetBack(14, &[0xff, 0xff])]),
    (Wrong::SecuredVersion, 0x64, &[SetBack(2, &[0x00, 0x20])]),
    (Wrong::KeyExchangePsk, 0x64, &[Set(1, &[0x66])]),
    (Wrong::KeyExchangeVersion, 0x64, &[Set(0, &[0x11])]),
    (Wrong::BlockOverrun, 0x60, &[Set(10, &[0xff, 0xff])]),
    (Wrong::BlockCount, 0x60, &[Set(4, &[254])]),
    (Wrong::BlockIndex0, 0x60, &[Set(8, &[0])]),
    (Wrong::BlockIndex255, 0x60, &[Set(8, &[255])]),
    (Wrong::BlockSpec, 0x60, &[Set(9, &[4])]),
    (
        Wrong::MeasurementsOpaque,
        0x60,
        &[SetBack(2, &[0xff, 0xff])],
    ),
    (Wrong::VendorStandard, 0x7e, &[Set(4, &[0, 0])]),
    (Wrong::VendorLength0, 0x7e, &[Set(6, &[0])]),
    (Wrong::VendorLength255, 0x7e, &[Set(6, &[255])]),
    (Wrong::VendorPayloadLonger, 0x7e, &[Set(9, &[0xff, 0x7f])]),
    (Wrong::VendorProtocolOther, 0x7e, &[Set(11, &[0x7f])]),
];

/// Changes a response in the clear as it is to be wrong.
pub(in crate::device) fn edit(wrong: Option<Wrong>, response: &mut Vec<u8>) {
    let code = response.get(1).copied();

    apply(EDITS, wrong, response, |of| Some(of) == code);
}

/// Applies what a table has for what is wrong, of the messages that are meant.
pub(super) fn apply<Of: Copy>(
    table: &[(Wrong, Of, &[Edit])],
    wrong: Option<Wrong>,
    message: &mut Vec<u8>,
    is_meant: impl Fn(Of) -> bool,
) {
    for (it, of, edits) in table {
        if Some(*it) == wrong && is_meant(*of) {
            edits.iter().for_each(|edit| edit.apply(message));
        }
    }
}

/// Returns a remainder that grows with the number of portions that were sent.
pub(in crate::device) fn remainder(portions: u16) -> [u8; 2] {
    0x1000u16
        .saturating_add(portions.saturating_mul(0x100))
        .to_le_bytes()
}

/// Has a response to GET_CERTIFICATE say that there is more each time.
pub(in crate::device) fn grow(response: &mut [u8], times: u16) {
    overwrite(response, Some(6), &remainder(times));
}

/// Changes a leaf certificate, which begins with a tag and a length in three bytes.
pub(in crate::device) fn leaf(wrong: Option<Wrong>, der: &mut Vec<u8>) {
    match wrong {
        Some(Wrong::DerIndefinite) => Set(1, &[0x80]).apply(der),
        Some(Wrong::DerLonger) => Set(2, &[0x7f]).apply(der),
        Some(Wrong::Der4Gib) => {
            Set(1, &[0x84]).apply(der);
            der.splice(2..4, [0xff; 4]);
        }
        _ => {}
    }
}

/// Changes a chain, which has its header still without a length, and the hash of the root.
pub(in crate::device) fn chain(wrong: Option<Wrong>, chain: &mut Vec<u8>, header: usize) {
    match wrong {
        Some(Wrong::ChainShort) => chain.truncate(header - 1),
        Some(Wrong::ChainRootOnly) => chain.truncate(header),
        _ => {}
    }
}

/// Changes a data object that has a message or a record.
pub(in crate::device) fn object(wrong: Option<Wrong>, object: &mut Vec<u8>) {
    // CAST: No object is longer than 1 MiB.
    let dwords = (object.len() / 4) as u32;
    let edit = match wrong {
        Some(Wrong::DoeVendor) => Set(0, &[0x86, 0x80]),
        Some(Wrong::DoeType) => Set(2, &[0xff]),
        Some(Wrong::DoeLength0) => Set(4, &[0; 4]),
        Some(Wrong::DoeLength1) => Set(4, &[1, 0, 0, 0]),
        Some(Wrong::DoeLength2) => Set(4, &[2, 0, 0, 0]),
        Some(Wrong::DoeShort) => return length(object, dwords - 1),
        Some(Wrong::DoeLong) => return length(object, dwords + 1),
        Some(Wrong::DoeMegabyte) => {
            object.resize(1 << 20, 0);
            Set(4, &[0; 4])
        }
        _ => return,
    };

    edit.apply(object);
}

/// Sets the length of an object.
fn length(object: &mut [u8], dwords: u32) {
    overwrite(object, Some(4), &dwords.to_le_bytes());
}
