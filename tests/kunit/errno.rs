// SPDX-License-Identifier: GPL-2.0

//! What user space sees of a refusal. Only KUnit runs this: there is no errno on the host.

use kernel::prelude::*;

#[kunit_tests(tsm_errno)]
mod tests {
    use tsm_proto::{
        snp::{
            svsm,
            FirmwareStatus, //
        },
        tdx::{
            self,
            quote::Status,
            Operand,
            VmcallStatus, //
        },
        Error, //
    };

    /// Returns the number that user space gets.
    fn errno(error: Error) -> i32 {
        -kernel::error::Error::from(error).to_errno()
    }

    #[test]
    fn tells_a_message_of_wrong_length() {
        assert_eq!(errno(Error::Truncated), 90); // EMSGSIZE
        assert_eq!(errno(Error::Trailing), 90);
    }

    #[test]
    fn tells_a_message_of_wrong_contents() {
        assert_eq!(errno(Error::UnknownType), 74); // EBADMSG
        assert_eq!(errno(Error::UnknownSubtype), 74);
        assert_eq!(errno(Error::UnknownVersion), 74);
        assert_eq!(errno(Error::ReservedSet), 74);
    }

    #[test]
    fn tells_an_argument_that_is_wrong() {
        assert_eq!(errno(Error::NoSuchRegister), 22); // EINVAL
        assert_eq!(errno(Error::Exhausted), 16); // EBUSY
    }

    #[test]
    fn tells_what_the_tdx_module_refused() {
        let errno = |status: tdx::Status| -kernel::error::Error::from(status).to_errno();
        assert_eq!(errno(tdx::Status::OPERAND_BUSY.of(Operand::RTMR)), 16); // EBUSY
        assert_eq!(errno(tdx::Status::OPERAND_INVALID.of(Operand::RCX)), 5); // EIO
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
        assert_eq!(errno(Error::QuoteInFlight), 16); // EBUSY
        assert_eq!(errno(Error::QuoteFailed(Status::ERROR)), 5); // EIO
        assert_eq!(errno(Error::QuoteFailed(Status::new(0x1234))), 5);
        assert_eq!(errno(Error::QuoteFailed(Status::SERVICE_UNAVAILABLE)), 112); // EHOSTDOWN
        assert_eq!(errno(Error::QuoteEmpty), 71); // EPROTO
        assert_eq!(errno(Error::QuoteTooLarge), 27); // EFBIG
    }
    #[test]
    fn tells_why_there_is_no_report() {
        let refused = |status| errno(Error::FirmwareRefused(FirmwareStatus::new(status)));
        assert_eq!(refused(0x16), 22); // EINVAL
        assert_eq!(refused(0x27), 129); // EKEYREJECTED
        assert_eq!(refused(0x1234), 121); // EREMOTEIO
        assert_eq!(errno(Error::NoSuchLevel), 22);
    }

    #[test]
    fn tells_what_is_wrong_with_certificates() {
        assert_eq!(errno(Error::TableUnterminated), 71); // EPROTO
        assert_eq!(errno(Error::CertificateOutside(1)), 71);
        assert_eq!(errno(Error::TooLarge), 27); // EFBIG
    }

    #[test]
    fn tells_why_the_svsm_attests_nothing() {
        let refused = |status| errno(Error::SvsmRefused(svsm::Status::new(status)));
        assert_eq!(refused(0x8000_0005), 22); // EINVAL
        assert_eq!(refused(0x8000_0001), 22);
        assert_eq!(refused(0x8000_0002), 22);
        assert_eq!(refused(0x8000_0006), 121); // EREMOTEIO
        assert_eq!(errno(Error::SvsmLength(1)), 71); // EPROTO
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
                assert!(!means_absence(errno(Error::QuoteFailed(Status::new(
                    status
                )))));
            }
            let firmware = FirmwareStatus::new(number);
            assert!(!means_absence(errno(Error::FirmwareRefused(firmware))));
            let svsm = svsm::Status::new(number | 1 << 31);
            assert!(!means_absence(errno(Error::SvsmRefused(svsm))));
        }
    }
}
