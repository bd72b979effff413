// SPDX-License-Identifier: GPL-2.0

//! What a device can do wrong, one thing at a time: `wrong=NAME`.
//!
//! All else is right. A message that is changed is signed, and part of transcripts, as it is sent:
//! a requester cannot tell by a signature. Offsets are those of version 1.2 with P-384.

use super::unknown::Unknown;
use Edit::{
    Append,
    Cut,
    Set,
    SetBack, //
};

/// Declares what can be wrong: variants with their names.
macro_rules! wrongs {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)*) => {
        /// A thing that a device does wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Wrong {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl Wrong {
            /// All of them with their names.
            pub const ALL: &[(Self, &'static str)] = &[$((Self::$variant, $name),)*];

            /// Returns what it is, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)*
                }
            }
        }
    };
}

wrongs! {
    /// The mailbox is never ready.
    MailboxNeverReady = "mailbox-never-ready",
    /// The mailbox is busy for ever, whatever happens, but for a reset.
    MailboxBusy = "mailbox-busy",
    /// Go is an error.
    MailboxError = "mailbox-error",
    /// Go is an error, which Abort does not clear.
    MailboxDead = "mailbox-dead",
    /// The device resets itself at Go.
    MailboxReset = "mailbox-reset",
    /// The device vanishes in the middle of a response.
    MailboxVanish = "mailbox-vanish",
    /// Objects have another vendor ID.
    DoeVendor = "doe-vendor",
    /// Objects have another type.
    DoeType = "doe-type",
    /// The length of objects is 0, which means 2^18 DWORDs.
    DoeLength0 = "doe-length-0",
    /// The length of objects is 1: less than the header.
    DoeLength1 = "doe-length-1",
    /// The length of objects is 2: only the header.
    DoeLength2 = "doe-length-2",
    /// The length of objects is one DWORD less than what there is.
    DoeShort = "doe-short",
    /// The length of objects is one DWORD more than what there is.
    DoeLong = "doe-long",
    /// Objects are as long as they can be: 1 MiB.
    DoeMegabyte = "doe-megabyte",
    /// The object is the response to the request before.
    DoeEarlier = "doe-earlier",
    /// Discovery has a next index for each one.
    DiscoveryEndless = "discovery-endless",
    /// The response to discovery has 10 bytes.
    DiscoveryShort = "discovery-short",
    /// The response to discovery is only a header.
    DiscoveryEmpty = "discovery-empty",
    /// The response to all requests after negotiation is Busy.
    ErrorBusy = "error-busy",
    /// The response to all requests after negotiation is ResponseNotReady.
    ErrorNotReady = "error-not-ready",
    /// The response to all requests after negotiation is RequestResynch.
    ErrorResynch = "error-resynch",
    /// VERSION only has 2.0.
    VersionNoneCommon = "version-none-common",
    /// VERSION has no entry.
    VersionNoEntry = "version-no-entry",
    /// VERSION says that it has 255 entries.
    Version255 = "version-255",
    /// VERSION only has an alpha version of 1.2.
    VersionAlpha = "version-alpha",
    /// VERSION ends in front of its last entries.
    VersionShort = "version-short",
    /// `DataTransferSize` is 0.
    TransferSize0 = "transfer-size-0",
    /// `DataTransferSize` is one less than the least there is.
    TransferSize41 = "transfer-size-41",
    /// `DataTransferSize` is 2^32 - 1.
    TransferSizeMax = "transfer-size-max",
    /// `CTExponent` is 255.
    CtExponent255 = "ct-exponent-255",
    /// CAPABILITIES has version 1.1.
    CapabilitiesVersion = "capabilities-version",
    /// CAPABILITIES has a flag of no known meaning, which a requester ignores.
    CapabilitiesUnknown = "capabilities-unknown",
    /// ALGORITHMS selects no signature algorithm.
    AlgorithmNone = "algorithm-none",
    /// ALGORITHMS selects two signature algorithms.
    AlgorithmTwo = "algorithm-two",
    /// ALGORITHMS selects EdDSA, which was not offered.
    AlgorithmNotOffered = "algorithm-not-offered",
    /// ALGORITHMS says that it has no structure, and has some.
    AlgorithmsTail = "algorithms-tail",
    /// ALGORITHMS says that it has more structures than fit.
    AlgorithmsOverrun = "algorithms-overrun",
    /// ALGORITHMS has a structure twice.
    AlgorithmsDuplicate = "algorithms-duplicate",
    /// ALGORITHMS has structures in another order.
    AlgorithmsUnsorted = "algorithms-unsorted",
    /// ALGORITHMS says that it has an external algorithm.
    AlgorithmsExternal = "algorithms-external",
    /// ALGORITHMS selects no specification of measurements.
    MeasurementSpecUnset = "measurement-spec-unset",
    /// ALGORITHMS selects another base hash than the device uses.
    HashOther = "hash-other",
    /// DIGESTS is not about the chain.
    DigestOther = "digest-other",
    /// The mask in DIGESTS does not have slot 0.
    SlotMissing = "slot-missing",
    /// GET_CERTIFICATE of another slot than the first one is refused.
    SlotRefused = "slot-refused",
    /// CERTIFICATE has no byte of the chain.
    PortionZero = "portion-zero",
    /// CERTIFICATE says that it has more than was asked for.
    PortionLonger = "portion-longer",
    /// CERTIFICATE has 26 bytes, of a chain of 65,535: the chain begins again behind its end.
    PortionSmall = "portion-small",
    /// CERTIFICATE always has a remainder: the chain begins again behind its end.
    RemainderEndless = "remainder-endless",
    /// CERTIFICATE has a larger remainder each time: the chain begins again behind its end.
    RemainderGrows = "remainder-grows",
    /// CERTIFICATE ends in its header.
    CertificateShort = "certificate-short",
    /// CERTIFICATE is about another slot.
    SlotOther = "slot-other",
    /// The chain ends in its header.
    ChainShort = "chain-short",
    /// The chain has no certificate.
    ChainRootOnly = "chain-root-only",
    /// The leaf certificate has no definite length.
    DerIndefinite = "der-indefinite",
    /// The leaf certificate is longer than the chain.
    DerLonger = "der-longer",
    /// The leaf certificate says that it has 4 GiB.
    Der4Gib = "der-4gib",
    /// The chain is another one in each connection.
    ChainChanges = "chain-changes",
    /// The leaf key is of another curve than was negotiated.
    LeafCurve = "leaf-curve",
    /// The leaf key is of RSA with 512 bits.
    LeafRsa512 = "leaf-rsa-512",
    /// The leaf certificate has a key of no bits.
    LeafNoKey = "leaf-no-key",
    /// A bit of signatures is wrong.
    SignatureWrong = "signature-wrong",
    /// Signatures are of another transcript.
    SignatureOther = "signature-other",
    /// Signatures have the prefix of a requester.
    SignatureRequester = "signature-requester",
    /// `ResponderVerifyData` is wrong.
    VerifyDataWrong = "verify-data-wrong",
    /// KEY_EXCHANGE_RSP has no verify data, as if the handshake were in the clear.
    ClearHandshake = "clear-handshake",
    /// The exchange data is not on the curve.
    PointOffCurve = "point-off-curve",
    /// The exchange data is 0.
    PointInfinity = "point-infinity",
    /// The exchange data is that of the requester.
    PointEchoed = "point-echoed",
    /// The responder's half of session IDs is 0, which is right for the first one.
    SessionIdZero = "session-id-zero",
    /// Each session has the same half of an ID.
    SessionIdReused = "session-id-reused",
    /// KEY_EXCHANGE_RSP asks for mutual authentication.
    MutualAuthentication = "mutual-authentication",
    /// The opaque data of KEY_EXCHANGE_RSP is longer than the message.
    OpaqueOverrun = "opaque-overrun",
    /// KEY_EXCHANGE_RSP selects version 2.0 of secured messages.
    SecuredVersion = "secured-version",
    /// The response to KEY_EXCHANGE is PSK_EXCHANGE_RSP.
    KeyExchangePsk = "key-exchange-psk",
    /// KEY_EXCHANGE_RSP has version 1.1.
    KeyExchangeVersion = "key-exchange-version",
    /// FINISH_RSP is in the clear.
    FinishInClear = "finish-in-clear",
    /// The device forgets a session at the first request after FINISH.
    SessionForgotten = "session-forgotten",
    /// Records are of another session.
    RecordSession = "record-session",
    /// Records are shorter than a MAC.
    RecordLength = "record-length",
    /// The message in a record is longer than the record.
    RecordApplicationLength = "record-application-length",
    /// A bit of the MAC is wrong.
    RecordMac = "record-mac",
    /// A record comes twice.
    RecordReplay = "record-replay",
    /// Records have every other sequence number.
    RecordGap = "record-gap",
    /// There are bytes behind a record.
    RecordTrailing = "record-trailing",
    /// Messages of the session are in the clear.
    RecordPlain = "record-plain",
    /// The response to a record is an error in the clear.
    RecordError = "record-error",
    /// DIGESTS has the type of records.
    RecordBefore = "record-before",
    /// The response in a session is END_SESSION.
    EndSessionUnasked = "end-session-unasked",
    /// The response in a session is KEY_UPDATE.
    KeyUpdateUnasked = "key-update-unasked",
    /// A measurement block is longer than the record.
    BlockOverrun = "block-overrun",
    /// MEASUREMENTS says that it has 254 blocks.
    BlockCount = "block-count",
    /// A measurement block has index 0.
    BlockIndex0 = "block-index-0",
    /// A measurement block has index 255.
    BlockIndex255 = "block-index-255",
    /// A measurement block has an unknown specification.
    BlockSpec = "block-spec",
    /// Two measurement blocks have the same index.
    BlockDuplicate = "block-duplicate",
    /// MEASUREMENTS has no signature.
    MeasurementsUnsigned = "measurements-unsigned",
    /// There are no measurements, which is signed.
    MeasurementsNone = "measurements-none",
    /// GET_MEASUREMENTS is refused after the first time.
    MeasurementsRefused = "measurements-refused",
    /// The opaque data of MEASUREMENTS is longer than the message.
    MeasurementsOpaque = "measurements-opaque",
    /// The measurement record has 64 KiB.
    MeasurementsHuge = "measurements-huge",
    /// Measurements differ each time.
    MeasurementsChange = "measurements-change",
}

impl core::str::FromStr for Wrong {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);

        found.map(|(wrong, _)| *wrong).ok_or(Unknown)
    }
}

/// A change of a message.
#[derive(Debug, Clone, Copy)]
enum Edit {
    /// Overwrites bytes at an offset.
    Set(usize, &'static [u8]),
    /// Overwrites bytes that begin so many in front of the end.
    SetBack(usize, &'static [u8]),
    /// Cuts the message off at an offset.
    Cut(usize),
    /// Adds bytes.
    Append(&'static [u8]),
}

impl Edit {
    /// Changes a message.
    fn apply(self, message: &mut Vec<u8>) {
        match self {
            Set(offset, bytes) => overwrite(message, Some(offset), bytes),
            SetBack(offset, bytes) => {
                let offset = message.len().checked_sub(offset);
                overwrite(message, offset, bytes);
            }
            Cut(size) => message.truncate(size),
            Append(bytes) => message.extend_from_slice(bytes),
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
];

/// Changes a response in the clear as it is to be wrong.
pub(super) fn edit(wrong: Option<Wrong>, response: &mut Vec<u8>) {
    let code = response.get(1).copied();
    let wanted = |&&(it, of, _): &&(Wrong, u8, _)| Some(it) == wrong && Some(of) == code;

    for (_, _, edits) in EDITS.iter().filter(wanted) {
        edits.iter().for_each(|edit| edit.apply(response));
    }
}

/// Has a response to GET_CERTIFICATE say that there is more each time.
pub(super) fn grow(response: &mut [u8], times: u16) {
    let remainder = 0x1000u16.saturating_add(times.saturating_mul(0x100));

    overwrite(response, Some(6), &remainder.to_le_bytes());
}

/// Changes a leaf certificate, which begins with a tag and a length in three bytes.
pub(super) fn leaf(wrong: Option<Wrong>, der: &mut Vec<u8>) {
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
pub(super) fn chain(wrong: Option<Wrong>, chain: &mut Vec<u8>, header: usize) {
    match wrong {
        Some(Wrong::ChainShort) => chain.truncate(header - 1),
        Some(Wrong::ChainRootOnly) => chain.truncate(header),
        _ => {}
    }
}

/// Changes a data object that has a message or a record.
pub(super) fn object(wrong: Option<Wrong>, object: &mut Vec<u8>) {
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
