// SPDX-License-Identifier: GPL-2.0

//! What user space sees of a refusal. Only KUnit runs this: cargo builds no errno.

use kernel::prelude::*;

#[kunit_tests(tsm_errno)]
mod tests {
    use tsm_proto::{
        doe,
        ide_km,
        snp::{
            self,
            certificates,
            svsm,
            tio,
            FirmwareStatus, //
        },
        spdm::{
            self,
            Code,
            ErrorCode,
            ErrorResponse, //
        },
        tdisp,
        tdx::{
            self,
            connect,
            quote::{
                self,
                Status, //
            },
            OperandId,
            VmcallStatus, //
        },
        Exhausted,
        LengthError, //
    };

    /// Returns the number that user space gets.
    fn errno(error: impl Into<kernel::error::Error>) -> i32 {
        -error.into().to_errno()
    }

    #[test]
    fn tells_a_message_of_wrong_length() {
        assert_eq!(errno(LengthError::Truncated), 90); // EMSGSIZE
        assert_eq!(errno(LengthError::Trailing), 90);
        assert_eq!(errno(tdx::Error::Truncated), 90);
        assert_eq!(errno(tdx::Error::Trailing), 90);
        assert_eq!(errno(quote::Error::Truncated), 90);
        assert_eq!(errno(quote::Error::Report(tdx::Error::Trailing)), 90);
        assert_eq!(errno(snp::Error::Truncated), 90);
        assert_eq!(errno(snp::Error::Trailing), 90);
    }

    #[test]
    fn tells_a_message_of_wrong_contents() {
        assert_eq!(errno(tdx::Error::UnknownType), 74); // EBADMSG
        assert_eq!(errno(tdx::Error::UnknownSubtype), 74);
        assert_eq!(errno(tdx::Error::UnknownVersion), 74);
        assert_eq!(errno(tdx::Error::ReservedSet), 74);
        assert_eq!(errno(quote::Error::UnknownVersion), 74);
        assert_eq!(errno(quote::Error::Report(tdx::Error::ReservedSet)), 74);
        assert_eq!(errno(snp::Error::UnknownVersion), 74);
    }

    #[test]
    fn tells_an_argument_that_is_wrong() {
        assert_eq!(errno(tdx::Error::NoSuchRegister), 22); // EINVAL
        assert_eq!(errno(Exhausted), 16); // EBUSY
    }

    #[test]
    fn tells_what_the_tdx_module_refused() {
        let errno = |status: tdx::Status| -kernel::error::Error::from(status).to_errno();
        assert_eq!(errno(tdx::Status::OPERAND_BUSY.of(OperandId::RTMR)), 16); // EBUSY
        assert_eq!(errno(tdx::Status::OPERAND_INVALID.of(OperandId::RCX)), 5); // EIO
        assert_eq!(errno(tdx::Status::OPERAND_ADDR_RANGE_ERROR), 5);
        assert_eq!(errno(tdx::Status::METADATA_FIELD_ID_INCORRECT), 5); // EIO
    }

    #[test]
    fn tells_what_the_vmm_refused() {
        let errno = |status: VmcallStatus| -kernel::error::Error::from(status).to_errno();
        assert_eq!(errno(VmcallStatus::RETRY), 16); // EBUSY
        assert_eq!(errno(VmcallStatus::GPA_IN_USE), 16);
        assert_eq!(errno(VmcallStatus::INVALID_OPERAND), 5); // EIO
        assert_eq!(errno(VmcallStatus::SUBFUNC_UNSUPPORTED), 112); // EHOSTDOWN
    }

    #[test]
    fn tells_why_there_is_no_quote() {
        assert_eq!(errno(quote::Error::InFlight), 16); // EBUSY
        assert_eq!(errno(quote::Error::Failed(Status::ERROR)), 5); // EIO
        assert_eq!(errno(quote::Error::Failed(Status::new(0x1234))), 5);
        assert_eq!(
            errno(quote::Error::Failed(Status::SERVICE_UNAVAILABLE)),
            112
        ); // EHOSTDOWN
        assert_eq!(errno(quote::Error::Empty), 71); // EPROTO
        assert_eq!(errno(quote::Error::TooLarge), 27); // EFBIG
    }
    #[test]
    fn tells_why_there_is_no_report() {
        let refused = |status| errno(snp::Error::Refused(FirmwareStatus::new(status)));
        assert_eq!(refused(0x16), 22); // EINVAL
        assert_eq!(refused(0x27), 129); // EKEYREJECTED
        assert_eq!(refused(0x1234), 121); // EREMOTEIO
        assert_eq!(errno(snp::Error::NoSuchLevel), 22);
    }

    #[test]
    fn tells_what_is_wrong_with_certificates() {
        assert_eq!(errno(certificates::Error::Unterminated), 71); // EPROTO
        assert_eq!(errno(certificates::Error::Outside(1)), 71);
    }

    #[test]
    fn tells_why_the_svsm_attests_nothing() {
        let refused = |status| errno(svsm::Error::Refused(svsm::Status::new(status)));
        assert_eq!(refused(0x8000_0005), 22); // EINVAL
        assert_eq!(refused(0x8000_0001), 22);
        assert_eq!(refused(0x8000_0002), 22);
        assert_eq!(refused(0x8000_0006), 121); // EREMOTEIO
        assert_eq!(errno(svsm::Error::Length(1)), 71); // EPROTO
        assert_eq!(errno(svsm::Error::TooLarge), 27); // EFBIG
    }

    #[test]
    fn tells_what_is_wrong_with_sev_tio() {
        use tio::{
            Error,
            Kind,
            MessageVersion,
            MmioConfigStatus,
            MmioValidateStatus,
            SdteStatus,
            TdiStatus, //
        };

        for length in [Error::Truncated, Error::Trailing, Error::TooLarge] {
            assert_eq!(errno(length), 90); // EMSGSIZE
        }
        for refused in [
            Error::NotBound(TdiStatus::UNBOUND),
            Error::MmioValidate(MmioValidateStatus::NOT_4K),
            Error::MmioConfig(MmioConfigStatus::COULD_NOT_CHANGE),
            Error::SdteWrite(SdteStatus::RESERVED),
        ] {
            assert_eq!(errno(refused), 121); // EREMOTEIO
        }
        for kind in [Kind::Certificates, Kind::Measurements, Kind::Report] {
            assert_eq!(errno(Error::Missing(kind)), 61); // ENODATA
            assert_eq!(errno(Error::NoDigest(kind)), 61);
            assert_eq!(errno(Error::Digest(kind)), 74); // EBADMSG
        }
        assert_eq!(errno(Error::Version(MessageVersion::new(3))), 74);
        for broken in [
            Error::OtherTdi,
            Error::Mismatch,
            Error::Unterminated,
            Error::Outside(1),
            Error::Overlap(1),
            Error::Duplicate(1),
        ] {
            assert_eq!(errno(broken), 71); // EPROTO
        }
        assert_eq!(errno(Error::Pages), 22); // EINVAL
        assert_eq!(errno(Error::Vtom), 22);
    }

    #[test]
    fn tells_what_is_wrong_with_tdx_connect() {
        use connect::{
            Error,
            Kind,
            TdcmError,
            TdcmStatus, //
        };

        let status = |status: tdx::Status| errno(Error::Status(status));
        assert_eq!(status(tdx::Status::OPERAND_BUSY.of(OperandId::RCX)), 16); // EBUSY
        assert_eq!(status(tdx::Status::TDI_NOT_PRESENT), 5); // EIO
        assert_eq!(status(tdx::Status::PAGE_ALREADY_ACCEPTED), 5);
        for length in [Error::Truncated, Error::Trailing, Error::TooLarge] {
            assert_eq!(errno(length), 90); // EMSGSIZE
        }
        assert_eq!(errno(Error::Refused(TdcmError::DEVICE)), 121); // EREMOTEIO
        for busy in [Error::Pending, Error::Stalled] {
            assert_eq!(errno(busy), 16);
        }
        for kind in [Kind::Report, Kind::DeviceInfo] {
            assert_eq!(errno(Error::Empty(kind)), 61); // ENODATA
            assert_eq!(errno(Error::Digest(kind)), 74); // EBADMSG
        }
        assert_eq!(errno(Error::State(4)), 74);
        for broken in [
            Error::HashLength(32),
            Error::Resumption,
            Error::UnknownStatus(TdcmStatus::new(3)),
        ] {
            assert_eq!(errno(broken), 71); // EPROTO
        }
        for asked in [Error::Page, Error::Pages] {
            assert_eq!(errno(asked), 22); // EINVAL
        }
    }

    #[test]
    fn tells_what_a_mailbox_does_wrong() {
        use doe::{
            Error,
            ObjectType,
            Vendor, //
        };

        for broken in [
            Error::Truncated,
            Error::Trailing,
            Error::Length(1),
            Error::Vendor(Vendor::new(0x8086)),
            Error::Type(ObjectType::new(3)),
            Error::DiscoveryLoop(1),
        ] {
            assert_eq!(errno(broken), 71); // EPROTO
        }
        assert_eq!(errno(Error::TooLarge), 90); // EMSGSIZE
    }

    #[test]
    fn tells_what_a_device_breaks() {
        use spdm::Error;

        for broken in [
            Error::Truncated,
            Error::Trailing,
            Error::MessageVersion(0x13),
            Error::UnexpectedCode(Code::ERROR),
            Error::Capabilities,
            Error::NotOffered,
            Error::AlgorithmTable,
            Error::NotNegotiated,
            Error::Mismatch,
            Error::Portion,
            Error::ChainDigest,
            Error::Chain,
            Error::MeasurementBlock,
            Error::MeasurementCount,
            Error::Opaque,
            Error::PublicKey,
            Error::OtherSession,
            Error::Record,
        ] {
            assert_eq!(errno(broken), 71); // EPROTO
        }
    }

    #[test]
    fn tells_what_of_a_device_does_not_authenticate() {
        assert_eq!(errno(spdm::Error::Signature), 129); // EKEYREJECTED
        assert_eq!(errno(spdm::Error::Certificate), 74); // EBADMSG
        assert_eq!(errno(spdm::Error::VerifyData), 74);
        assert_eq!(errno(spdm::Error::Mac), 74);
        assert_eq!(errno(spdm::Error::Reserved), 74);
        assert_eq!(errno(spdm::Error::SessionId), 74);
    }

    #[test]
    fn tells_what_a_device_does_not_do() {
        let refused = |code| ErrorResponse {
            code: ErrorCode::new(code),
            data: 0,
            not_ready: None,
        };

        for code in 0..=0xff {
            assert_eq!(errno(spdm::Error::Peer(refused(code))), 121); // EREMOTEIO
            assert_eq!(errno(spdm::Error::Withdrawn(refused(code))), 121);
        }
        assert_eq!(errno(spdm::Error::NotReady), 110); // ETIMEDOUT
        assert_eq!(errno(spdm::Error::Incapable), 95); // EOPNOTSUPP
        assert_eq!(errno(spdm::Error::NoCommonVersion), 95);
        assert_eq!(errno(spdm::Error::EmptySlot), 61); // ENODATA
    }

    #[test]
    fn tells_what_can_not_be_done_with_a_device() {
        assert_eq!(errno(spdm::Error::NoSuchSlot), 22); // EINVAL
        assert_eq!(errno(spdm::Error::State), 107); // ENOTCONN
        assert_eq!(errno(spdm::Error::SequenceEnd), 107);
        assert_eq!(errno(spdm::Error::NoAlgorithm), 65); // ENOPKG
        assert_eq!(errno(spdm::Error::TooLarge), 90); // EMSGSIZE
        assert_eq!(errno(spdm::Error::NoMemory), 12); // ENOMEM
        assert_eq!(errno(spdm::Error::Crypto), 5); // EIO
    }

    #[test]
    fn tells_what_is_wrong_with_an_interface() {
        let refused = tdisp::ErrorResponse {
            code: tdisp::ErrorCode::INVALID_NONCE,
            data: 0,
        };
        assert_eq!(errno(tdisp::Error::Peer(refused)), 121); // EREMOTEIO
        assert_eq!(errno(tdisp::Error::NoCommonVersion), 95); // EOPNOTSUPP
        assert_eq!(errno(tdisp::Error::Message(spdm::Error::TooLarge)), 90); // EMSGSIZE
        for broken in [
            tdisp::Error::Message(spdm::Error::Truncated),
            tdisp::Error::Version(0x11),
            tdisp::Error::UnexpectedType(tdisp::MessageType::ERROR),
            tdisp::Error::Interface(tdisp::FunctionId::new(0)),
            tdisp::Error::Portion,
            tdisp::Error::Report,
            tdisp::Error::Range,
        ] {
            assert_eq!(errno(broken), 71); // EPROTO
        }
        assert_eq!(errno(tdisp::Error::State(4)), 74); // EBADMSG
        let status = ide_km::Status::UNSUPPORTED_PORT;
        assert_eq!(errno(ide_km::Error::Refused(status)), 121);
        for broken in [
            ide_km::Error::Message(spdm::Error::Trailing),
            ide_km::Error::UnexpectedObject(ide_km::ObjectId::KP_ACK),
            ide_km::Error::Mismatch,
            ide_km::Error::Port,
            ide_km::Error::Registers,
        ] {
            assert_eq!(errno(broken), 71);
        }
    }

    /// Tells whether a client takes this errno for the absence of a TSM.
    fn means_absence(errno: i32) -> bool {
        // ENOENT, ENXIO, ENODEV, ENOTTY, EOPNOTSUPP
        [2, 6, 19, 25, 95].contains(&errno)
    }

    #[test]
    fn an_answer_from_outside_never_means_that_there_is_no_tsm() {
        for number in 0..0x1000_u32 {
            let high = u64::from(number) << 32;

            for status in [
                high,
                high | 1 << 63,
                high | 3 << 62,
                u64::from(number) | 1 << 63,
            ] {
                let tdcall = kernel::error::Error::from(tdx::Status::new(status));
                assert!(!means_absence(-tdcall.to_errno()));
                let vmcall = kernel::error::Error::from(VmcallStatus::new(status));
                assert!(!means_absence(-vmcall.to_errno()));
                assert!(!means_absence(errno(quote::Error::Failed(Status::new(
                    status
                )))));
            }
            let firmware = FirmwareStatus::new(number);
            assert!(!means_absence(errno(snp::Error::Refused(firmware))));
            let svsm = svsm::Status::new(number | 1 << 31);
            assert!(!means_absence(errno(svsm::Error::Refused(svsm))));
        }
    }
}
