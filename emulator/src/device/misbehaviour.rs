// SPDX-License-Identifier: GPL-2.0

//! What a device can do wrong, one thing at a time: `wrong=NAME`.
//!
//! All else is right. A message that is changed is signed, and part of transcripts, as it is sent:
//! a requester cannot tell by a signature.
//!
//! ```text
//! edits.rs      changes of SPDM messages, chains and data objects
//! protocols.rs  changes of messages of `IDE_KM` and TDISP
//! ```

mod edits;
mod protocols;

use super::unknown::Unknown;

pub(super) use edits::{
    chain,
    edit,
    grow,
    leaf,
    object,
    remainder, //
};
pub(super) use protocols::{
    ide_km,
    tdisp, //
};

/// Declares what can be wrong: variants with their names.
macro_rules! wrongs {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)*) => {
        /// A misbehaviour of a device.
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
    /// The mailbox is busy until a reset.
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
    /// Measurements and challenges are signed as if the requester's nonce were another one.
    NonceOther = "nonce-other",
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
    /// Vendor-defined responses are of the standards body DMTF.
    VendorStandard = "vendor-standard",
    /// Vendor-defined responses have a vendor ID of no bytes.
    VendorLength0 = "vendor-length-0",
    /// Vendor-defined responses have a vendor ID of 255 bytes.
    VendorLength255 = "vendor-length-255",
    /// The payload of vendor-defined responses is longer than the message.
    VendorPayloadLonger = "vendor-payload-longer",
    /// The protocol of vendor-defined responses is unknown.
    VendorProtocolOther = "vendor-protocol-other",
    /// The response to TDISP requests is of `IDE_KM`: `K_GOSTOP_ACK`.
    VendorIdeForTdisp = "vendor-ide-for-tdisp",
    /// `QUERY_RESP` is about port 255.
    IdePort255 = "ide-port-255",
    /// `QUERY_RESP` is about port 1, and port 0 is the last.
    IdeMaxPortLess = "ide-max-port-less",
    /// The registers in `QUERY_RESP` are not those of configuration space.
    IdeRegistersDiffer = "ide-registers-differ",
    /// `KP_ACK` is about another stream.
    IdeAckStream = "ide-ack-stream",
    /// `KP_ACK` is about another sub-stream.
    IdeAckSubStream = "ide-ack-sub-stream",
    /// `KP_ACK` is about the other key set.
    IdeAckKeySet = "ide-ack-key-set",
    /// `KP_ACK` says that the length is incorrect.
    IdeStatus1 = "ide-status-1",
    /// `KP_ACK` says that there is no such port.
    IdeStatus2 = "ide-status-2",
    /// `KP_ACK` says that a value is not supported.
    IdeStatus3 = "ide-status-3",
    /// `KP_ACK` says that there is a failure.
    IdeStatus4 = "ide-status-4",
    /// `KP_ACK` has an unknown status.
    IdeStatus255 = "ide-status-255",
    /// The stream stays insecure with any keys.
    IdeInsecure = "ide-insecure",
    /// TDISP responses are about another interface.
    TdispInterfaceOther = "tdisp-interface-other",
    /// TDISP responses have version 2.0.
    TdispVersionOther = "tdisp-version-other",
    /// An interface can be locked though the link has no keys.
    TdispLockWithoutKeys = "tdisp-lock-without-keys",
    /// The interface stays in CONFIG_UNLOCKED when it is locked.
    TdispLockNotMoving = "tdisp-lock-not-moving",
    /// The interface is locked, and the response to that is ready a second later.
    TdispLockNotReady = "tdisp-lock-not-ready",
    /// The interface is locked, and the response to that is ResponseNotReady and then ERROR.
    TdispLockWithdrawn = "tdisp-lock-withdrawn",
    /// The interface is in RUN when it is locked.
    TdispRunWithoutStart = "tdisp-run-without-start",
    /// There is one report for each lock; a second one is refused.
    TdispReportOnce = "tdisp-report-once",
    /// The interface is unlocked and locked again by itself after its report.
    TdispRelocked = "tdisp-relocked",
    /// DEVICE_INTERFACE_REPORT has no byte of the report, and all remain.
    TdispPortionZero = "tdisp-portion-zero",
    /// More of the report remains each time: it begins again behind its end.
    TdispRemainderGrows = "tdisp-remainder-grows",
    /// DEVICE_INTERFACE_STATE has state 4.
    TdispStateUnknown = "tdisp-state-unknown",
    /// DEVICE_INTERFACE_STATE has state 255.
    TdispState255 = "tdisp-state-255",
    /// The interface stays in CONFIG_LOCKED when it is started.
    TdispStartNotMoving = "tdisp-start-not-moving",
    /// The interface starts with any nonce.
    TdispStartAnyNonce = "tdisp-start-any-nonce",
    /// The response to all TDISP requests is TDISP_ERROR with BUSY.
    TdispErrorBusy = "tdisp-error-busy",
    /// The response to all TDISP requests is TDISP_ERROR with INVALID_REQUEST.
    TdispErrorRequest = "tdisp-error-request",
    /// The response to all TDISP requests is TDISP_ERROR with INVALID_INTERFACE_STATE.
    TdispErrorState = "tdisp-error-state",
    /// The response to all TDISP requests is TDISP_ERROR with UNSPECIFIED.
    TdispErrorUnspecified = "tdisp-error-unspecified",
    /// The response to all TDISP requests is TDISP_ERROR with UNSUPPORTED_REQUEST.
    TdispErrorUnsupported = "tdisp-error-unsupported",
    /// The response to all TDISP requests is TDISP_ERROR with VERSION_MISMATCH.
    TdispErrorVersion = "tdisp-error-version",
    /// The response to all TDISP requests is TDISP_ERROR with VENDOR_SPECIFIC_ERROR.
    TdispErrorVendor = "tdisp-error-vendor",
    /// The response to all TDISP requests is TDISP_ERROR with INVALID_INTERFACE.
    TdispErrorInterface = "tdisp-error-interface",
    /// The response to all TDISP requests is TDISP_ERROR with INVALID_NONCE.
    TdispErrorNonce = "tdisp-error-nonce",
    /// The response to all TDISP requests is TDISP_ERROR with INSUFFICIENT_ENTROPY.
    TdispErrorEntropy = "tdisp-error-entropy",
    /// The response to all TDISP requests is TDISP_ERROR with INVALID_DEVICE_CONFIGURATION.
    TdispErrorConfiguration = "tdisp-error-configuration",
    /// The response to all TDISP requests is TDISP_ERROR with an unknown code.
    TdispErrorUnknown = "tdisp-error-unknown",
    /// The report has no bytes.
    ReportEmpty = "report-empty",
    /// The report has 15 bytes.
    Report15 = "report-15",
    /// The report has 65,535 bytes, nearly all of them of the vendor, which is right.
    Report65535 = "report-65535",
    /// The report says that it has 2^32 - 1 ranges.
    ReportCountMax = "report-count-max",
    /// The last range has 2^20 pages, which are 2^32 bytes.
    ReportPagesOverflow = "report-pages-overflow",
    /// The first page of the last range is the last of 2^64 bytes.
    ReportFirstPageMax = "report-first-page-max",
    /// The last range is one page longer than its BAR.
    ReportRangeOutside = "report-range-outside",
    /// There is a range for the last page of the last one.
    ReportRangeOverlap = "report-range-overlap",
    /// The ranges are in the opposite order.
    ReportBarOrder = "report-bar-order",
    /// There are ranges of BARs 6 and 7, which is right: they are not mapped.
    ReportBar6 = "report-bar-6",
    /// All reserved bits of the report are set, which a requester ignores.
    ReportReservedBits = "report-reserved-bits",
}

impl core::str::FromStr for Wrong {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);

        found.map(|(wrong, _)| *wrong).ok_or(Unknown)
    }
}
