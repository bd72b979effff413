// SPDX-License-Identifier: GPL-2.0

//! What the requester says of each thing that a device does wrong.

use tsm_emulator::device::{
    Mailbox,
    Settings,
    Wrong, //
};
use tsm_proto::{
    doe::{
        self,
        ObjectType,
        Vendor, //
    },
    spdm::{
        requester::Event,
        Code,
        Error,
        ErrorCode,
        ErrorResponse,
        Slot, //
    },
};

use crate::device_bench::{
    Bench,
    Fault, //
};

/// A connection and measurements, twice: some devices only differ from the first time.
fn whole(bench: &mut Bench) -> Result<(), Fault> {
    for nonce in [[1; 32], [2; 32]] {
        bench.discover()?;
        bench.run(Event::Connect(Slot::FIRST))?;
        bench.run(Event::Measure(nonce))?;
        bench.run(Event::Measure(nonce))?;
        bench.run(Event::Disconnect)?;
    }
    Ok(())
}

/// Returns what is expected of a name. What a device may do is no fault.
fn expected(name: &str) -> Result<(), Fault> {
    use Error::*;

    let spdm = |err| Err(Fault::Spdm(err));
    let doe = |err| Err(Fault::Doe(err));
    let message = |code| spdm(UnexpectedCode(Code::new(code)));
    let error = |code| ErrorResponse {
        code,
        data: 0,
        not_ready: None,
    };
    let resynch = error(ErrorCode::REQUEST_RESYNCH);
    let unspecified = error(ErrorCode::UNSPECIFIED);

    match name {
        // There are no registers here.
        "mailbox-never-ready"
        | "mailbox-busy"
        | "mailbox-error"
        | "mailbox-dead"
        | "mailbox-reset"
        | "mailbox-vanish" => Ok(()),

        // Reserved bits and times are not for the requester; an ID is only in use once at a time; which chain
        // and which measurements are right is for the user. Only one slot is read.
        "capabilities-unknown"
        | "ct-exponent-255"
        | "session-id-zero"
        | "session-id-reused"
        | "chain-changes"
        | "measurements-change"
        | "measurements-none"
        | "slot-refused" => Ok(()),

        // No interface is locked here.
        name if ["vendor-", "ide-", "tdisp-", "report-"]
            .iter()
            .any(|protocol| name.starts_with(protocol)) =>
        {
            Ok(())
        }

        "doe-vendor" => doe(doe::Error::Vendor(Vendor::new(0x8086))),
        "doe-type" => doe(doe::Error::Type(ObjectType::new(0xff))),
        "doe-length-1" => doe(doe::Error::Length(1)),
        "doe-length-2" => doe(doe::Error::Length(2)),
        "doe-short" => doe(doe::Error::Length(4)),
        "doe-length-0" | "doe-long" | "discovery-short" | "discovery-empty" => {
            doe(doe::Error::Truncated)
        }
        "discovery-endless" => doe(doe::Error::DiscoveryLoop(1)),
        "doe-megabyte" | "measurements-huge" => spdm(TooLarge),
        // The answer to GET_CAPABILITIES is VERSION, which has version 1.0.
        "doe-earlier" => spdm(MessageVersion(0x10)),

        "error-busy" | "error-not-ready" => spdm(NotReady),
        "error-resynch" => spdm(Peer(resynch)),
        "measurements-refused" => spdm(Peer(unspecified)),
        "version-none-common" | "version-no-entry" | "version-alpha" => spdm(NoCommonVersion),
        "version-255" | "version-short" => spdm(Truncated),
        // MaxSPDMmsgSize is not below DataTransferSize.
        "transfer-size-0" | "transfer-size-41" | "transfer-size-max" => spdm(Capabilities),
        "capabilities-version" | "key-exchange-version" => spdm(MessageVersion(0x11)),
        "algorithm-none" => spdm(NoAlgorithm),
        "algorithm-two" | "algorithm-not-offered" | "measurement-spec-unset" | "hash-other" => {
            spdm(NotOffered)
        }
        "algorithms-tail" => spdm(Trailing),
        "algorithms-overrun" => spdm(Truncated),
        "algorithms-duplicate" | "algorithms-unsorted" | "algorithms-external" => {
            spdm(AlgorithmTable)
        }

        "digest-other" | "portion-small" => spdm(ChainDigest),
        "slot-missing" => spdm(EmptySlot),
        "portion-zero" | "portion-longer" | "remainder-endless" | "remainder-grows" => {
            spdm(Portion)
        }
        "certificate-short" => spdm(Truncated),
        "slot-other" => spdm(Mismatch),
        "chain-short" | "chain-root-only" | "der-indefinite" | "der-longer" | "der-4gib" => {
            spdm(Chain)
        }
        "signature-wrong" | "signature-other" | "signature-requester" | "nonce-other" => {
            spdm(Signature)
        }

        "verify-data-wrong" => spdm(VerifyData),
        // Signatures of the other curve are shorter.
        "leaf-curve" => spdm(Truncated),
        "leaf-rsa-512" | "leaf-no-key" => spdm(Signature),
        "clear-handshake" | "opaque-overrun" => spdm(Truncated),
        "point-off-curve" | "point-infinity" | "point-echoed" => spdm(PublicKey),
        "mutual-authentication" => spdm(NotNegotiated),
        "secured-version" => spdm(Opaque),
        "key-exchange-psk" => message(0x66),

        "record-session" => spdm(OtherSession),
        "record-length" | "record-application-length" | "record-trailing" => spdm(Record),
        "record-mac" | "record-replay" | "record-gap" => spdm(Mac),
        "finish-in-clear" | "record-plain" | "record-error" | "session-forgotten" => {
            doe(doe::Error::Type(ObjectType::CMA_SPDM))
        }
        "record-before" => doe(doe::Error::Type(ObjectType::SECURED_CMA_SPDM)),
        "end-session-unasked" => message(0xec),
        "key-update-unasked" => message(0xe9),

        "block-overrun" | "block-index-0" | "block-index-255" | "block-spec"
        | "block-duplicate" => spdm(MeasurementBlock),
        "block-count" => spdm(MeasurementCount),
        "measurements-unsigned" | "measurements-opaque" => spdm(Truncated),
        _ => panic!("{name} is not in this table"),
    }
}

#[test]
fn says_what_is_wrong_and_connects_to_what_is_right() {
    for (wrong, name) in Wrong::ALL {
        let mut bench = Bench::new(
            Settings {
                wrong: Some(*wrong),
                ..Settings::default()
            },
            4032,
        );
        let found = whole(&mut bench);
        assert_eq!((name, found), (name, expected(name)));
        // Only what is refused leaves the session.
        let stays = *wrong == Wrong::MeasurementsRefused;
        assert_eq!(bench.requester.session().is_some(), stays, "{name}");
        assert_eq!(bench.run(Event::Disconnect), Ok(()), "{name}");

        bench.mailbox = Mailbox::new(Settings::default());
        assert_eq!((name, whole(&mut bench)), (name, Ok(())));
    }
}
